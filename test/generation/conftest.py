"""The shipped library, and a rig of two actuators that is easy to reckon with."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_ros.generation import Library, Rig, load_library, load_rig

TINY = """name: tiny
rate_hz: 100
defaults: {velocity: 4.0, acceleration: 40.0, jerk: 800.0}
actuators:
  mouth: {min: -0.5, max: 1.0, units: {12: 0.5, 15: -0.5}}
  jaw: {min: 0.0, max: 0.4, units: {26: 1.0}}
outputs:
  - {kind: joint_state, topic: /tiny/joints}
"""


@pytest.fixture(scope='session')
def library() -> Library:
    return load_library()


@pytest.fixture
def tiny_file(tmp_path: Path) -> Path:
    path = tmp_path / 'tiny.yaml'
    path.write_text(TINY, encoding='utf-8')
    return path


@pytest.fixture
def tiny(tiny_file: Path) -> Rig:
    return load_rig(str(tiny_file))
