"""The shipped library, and a rig of two actuators that is easy to reckon with."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_rig import TINY

from fer_ros.generation import Library, Rig, load_library, load_rig


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
