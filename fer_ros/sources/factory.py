"""One door to every kind of source."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fer_ros.errors import ConfigError, SourceError
from fer_ros.sources.bag import BAG_SUFFIXES, BagSource
from fer_ros.sources.base import FRAME_ID, Source
from fer_ros.sources.camera import CameraSource
from fer_ros.sources.images import IMAGE_SUFFIXES, ImageSource, list_images
from fer_ros.sources.video import VideoSource

_CAMERA = re.compile(r'(?:camera:|/dev/video)?(\d+)')
_STREAM = re.compile(r'(?:rtsp|rtmp|http|https|udp)://')
_KINDS = 'a video, an image, a folder of images, a bag or camera:0'


def open_source(
    spec: str | Path,
    *,
    topic: str = '',
    fps: float = 10.0,
    start_ns: int = 0,
    frame_id: str = FRAME_ID,
    now_ns: Callable[[], int] | None = None,
    typestore: Any = None,
) -> Source:
    """Open a source of frames by what its name says.

    :param spec: path of a video, image, folder of images or bag (MCAP, SQLite3, or the folder
        around them); ``camera:0`` or ``0``; or the address of a network stream.
    :param topic: image topic of a bag; not needed where it has one only.
    :param fps: rate of images in a folder.
    :param start_ns: stamp of the first frame of a video or image.
    :param frame_id: TF frame of the camera, where the source does not say.
    :param now_ns: clock that stamps a camera's frames.
    :param typestore: rosbags typestore for bags without message definitions.
    :raises SourceError: it can not be read, in one line.
    """
    name = str(spec)
    camera = _CAMERA.fullmatch(name)
    if camera or _STREAM.match(name):
        if now_ns is None:
            raise ConfigError(
                f'{name}: expected a recording, found a live camera, whose frames need a clock '
                '(now_ns); use fer-ros run or play, or record it first'
            )
        device = int(camera.group(1)) if camera else name
        return CameraSource(device, now_ns, frame_id=frame_id)
    path = Path(spec).expanduser()
    _require_content(path)
    suffix = path.suffix.lower()
    if suffix in BAG_SUFFIXES or _is_bag_folder(path):
        return BagSource(path, topic=topic, typestore=typestore)
    if path.is_dir() or suffix in IMAGE_SUFFIXES:
        images = list_images(path) if path.is_dir() else [path]
        if not images:
            raise SourceError(
                f'{path}: expected images ({", ".join(sorted(IMAGE_SUFFIXES))}) or a bag, found '
                'a folder with neither'
            )
        return ImageSource(
            path.resolve().name, images, fps=fps, start_ns=start_ns, frame_id=frame_id
        )
    return VideoSource(path, start_ns=start_ns, frame_id=frame_id)


def _require_content(path: Path) -> None:
    """Refuse what is not there, can not be read or is empty."""
    try:
        empty = path.is_file() and not path.stat().st_size
        if path.is_dir():
            next(path.iterdir(), None)
        elif path.exists():
            path.open('rb').close()
        else:
            raise SourceError(f'{path}: expected {_KINDS}, found nothing of that name')
    except PermissionError:
        raise SourceError(
            f'{path}: expected {_KINDS}, found no permission to read it; change its permissions'
        ) from None
    if empty:
        raise SourceError(f'{path}: expected {_KINDS}, found an empty file; was it copied whole?')


def _is_bag_folder(path: Path) -> bool:
    """Tell a rosbag2 folder; one that was interrupted has no metadata yet."""
    if not path.is_dir():
        return False
    return (path / 'metadata.yaml').is_file() or any(
        child.suffix in BAG_SUFFIXES for child in path.iterdir()
    )
