"""A clip that a list names, wherever its set keeps it."""

from __future__ import annotations

from pathlib import Path

from fer_ros.evaluation.datasets.folder import images
from fer_ros.evaluation.datasets.samples import Media, OwnClass, Sample


def clip(
    name: str,
    places: tuple[Path, ...],
    label: OwnClass,
    split: str,
    fold: int | None,
    groups: dict[str, str] | None = None,
) -> Sample:
    """Return the clip at the first place that is there: a video, or a folder of frames.

    Where none is, the clip keeps its first place: whoever reads it counts it as unreadable.
    """
    place = next((path for path in places if path.exists()), places[0])
    frames = images(place) if place.is_dir() else []
    return Sample(
        name=name,
        media=Media.FRAMES if frames else Media.VIDEO,
        paths=tuple(frames) or (place,),
        label=label,
        split=split,
        fold=fold,
        groups=groups or {},
    )
