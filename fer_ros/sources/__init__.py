"""The sources room: videos, folders, cameras and bags, all as frames."""

from fer_ros.sources.base import Source, SourceInfo
from fer_ros.sources.factory import open_source

__all__ = ['Source', 'SourceInfo', 'open_source']
