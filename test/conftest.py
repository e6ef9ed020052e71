"""What all tests share: real faces, a graph of their own, and the stand-in for ROS."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# Each test process its own domain on loopback, so that runs side by side never hear each other.
# Before anything can import rclpy: the middleware reads these once.
os.environ.pop('ROS_DOMAIN_ID', None)
os.environ.pop('ROS_AUTOMATIC_DISCOVERY_RANGE', None)
os.environ.pop('ROS_LOCALHOST_ONLY', None)

# Nothing that a test makes ends up in the user's cache.
os.environ['FER_ROS_CACHE'] = tempfile.mkdtemp(prefix='fer_ros_cache_')
atexit.register(shutil.rmtree, os.environ['FER_ROS_CACHE'], ignore_errors=True)
# The same backend on every machine; set FER_ROS_TEST_GPU for the tests that are marked gpu.
if not os.environ.get('FER_ROS_TEST_GPU'):
    os.environ['CUDA_VISIBLE_DEVICES'] = ''

from browser import Browser, program

from fer_ros import rosless
from fer_ros.cli.common import choose_domain, stay_on_this_machine

stay_on_this_machine()
choose_domain()
rosless.install()

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / 'test-output'  # pictures for people to look at


def data_dir() -> Path:
    """Return the folder of real faces."""
    return Path(os.environ.get('FER_ROS_DATA', ROOT.parent / 'shared' / 'data'))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs something that is not here, and say so."""
    if data_dir().is_dir():
        return
    reason = f'needs real faces in {data_dir()}: set FER_ROS_DATA to their folder'
    for item in items:
        if item.get_closest_marker('data'):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope='session')
def media() -> Path:
    """Return the folder of photos and clips; for tests that are marked data."""
    return data_dir() / 'media'


@pytest.fixture(scope='session')
def sample() -> Path:
    """Return the shipped sample."""
    return ROOT / 'samples' / 'astronaut.mcap'


@pytest.fixture(scope='session')
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a page of a headless browser; for tests that are marked browser."""
    path = program()
    if path is None:
        pytest.skip('needs chromium or chrome: set FER_ROS_BROWSER to one')
    try:
        found = Browser(path, tmp_path_factory.mktemp('profile'))
    except (OSError, RuntimeError) as error:  # TimeoutError is one of the former
        pytest.skip(f'needs a browser, and {path} does not start here: {error}')
    yield found
    found.close()


@pytest.fixture(scope='session')
def output() -> Path:
    """Return where tests leave pictures for people; nothing of it is committed."""
    OUTPUT.mkdir(exist_ok=True)
    return OUTPUT
