"""A source of one second that is made here."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from made_clip import FRAMES

from fer_ros.sources import open_source


@pytest.fixture(scope='session')
def made_clip(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Path:
    """Write 15 frames of the sample's face as a video of 15 Hz."""
    path = tmp_path_factory.mktemp('clip') / 'made.avi'
    with open_source(sample) as source:
        size = (source.info.width, source.info.height)
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 15.0, size)
        for frame, _ in zip(source, range(FRAMES)):
            writer.write(cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2BGR))
        writer.release()
    return path
