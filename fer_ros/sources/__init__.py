"""Everything that gives frames: videos, images, cameras and bags."""

from fer_ros.sources.base import Source, SourceInfo
from fer_ros.sources.encodings import MAX_PIXELS, decode_compressed, to_rgb
from fer_ros.sources.factory import open_source

__all__ = [
    'MAX_PIXELS',
    'Source',
    'SourceInfo',
    'decode_compressed',
    'open_source',
    'to_rgb',
]
