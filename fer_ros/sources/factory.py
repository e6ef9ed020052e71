"""Which source a name means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fer_ros.errors import SourceError
from fer_ros.sources import bag, images
from fer_ros.sources.base import Source
from fer_ros.sources.video import CameraSource, VideoSource

FRAME_ID = 'camera_optical_frame'


def open_source(
    name: str,
    *,
    now_ns: Callable[[], int],
    topic: str = '',
    fps: float = 10.0,
    frame_id: str = FRAME_ID,
) -> Source:
    """Open a video, an image, a folder of images, a bag, or a camera by its number.

    :param now_ns: the clock that stamps a camera's frames.
    :param topic: of a bag with several image topics.
    :param fps: rate of a folder of images.
    :raises SourceError: there is nothing of that name, or it can not be read.
    """
    number = name.removeprefix('camera:')
    if number.isdigit() and not Path(name).exists():
        return CameraSource(int(number), frame_id, now_ns)
    path = Path(name).expanduser()
    if not path.exists():
        raise SourceError(
            f'{name}: expected a video, image, folder, bag or the number of a camera, found no '
            'such file'
        )
    if path.suffix.lower() in bag.SUFFIXES or (path / 'metadata.yaml').is_file():
        return bag.BagSource(path, topic)
    if path.is_dir() or path.suffix.lower() in images.SUFFIXES:
        return images.ImagesSource(path, frame_id, fps)
    return VideoSource(path, frame_id)
