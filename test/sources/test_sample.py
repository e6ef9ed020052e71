"""The shipped sample: small, calibrated, and happy to the end."""

from __future__ import annotations

import numpy as np
import pytest

from fer_ros.config import share_dir
from fer_ros.sources import open_source

SAMPLE = share_dir() / 'samples' / 'astronaut.mcap'


@pytest.fixture(scope='module')
def frames():
    with open_source(SAMPLE) as source:
        return list(source)


def test_it_is_a_camera_of_30_hertz(frames):
    stamps = np.array([frame.stamp_ns for frame in frames])
    assert len(frames) == 240
    assert np.abs(np.diff(stamps) - 1e9 / 30).max() <= 1
    assert {frame.pixels.shape for frame in frames} == {(480, 640, 3)}


def test_it_is_small_and_calibrated():
    assert SAMPLE.stat().st_size <= 3_000_000
    with open_source(SAMPLE) as source:
        assert source.info.topic == '/camera/image/compressed'
        assert source.intrinsics is not None
        assert source.intrinsics.fx == 800.0


def test_its_pictures_differ(frames):
    grey = np.stack([frame.pixels[::8, ::8].mean(axis=2) for frame in frames])
    assert np.abs(np.diff(grey, axis=0)).mean(axis=(1, 2)).min() > 0.1
