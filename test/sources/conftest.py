"""Tiny videos and bags, made by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from tiny_bags import COMPRESSED, IMAGE, INFO, NS_PER_S, START_NS, STEP_NS


@pytest.fixture
def store():
    return get_typestore(Stores.ROS2_JAZZY)


def grey(level: int, width: int = 32, height: int = 24):
    return np.full((height, width, 3), level, np.uint8)


@pytest.fixture
def make_video(tmp_path):
    """Write frames of known brightness, one step of 20 apart."""

    def make(name: str = 'clip.avi', count: int = 6, fps: float = 25.0) -> Path:
        path = tmp_path / name
        code = 'MJPG' if name.endswith('.avi') else 'mp4v'
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), fps, (32, 24))
        for index in range(count):
            writer.write(grey((20 * index + 20) % 250))
        writer.release()
        return path

    return make


@pytest.fixture
def messages(store):
    """Make messages as a camera's driver does."""
    types = store.types

    def header(stamp_ns: int, frame_id: str = 'cam_optical'):
        stamp = types['builtin_interfaces/msg/Time'](*divmod(stamp_ns, NS_PER_S))
        return types['std_msgs/msg/Header'](stamp, frame_id)

    def raw(stamp_ns: int, level: int, encoding: str = 'rgb8', short: int = 0):
        data = grey(level).reshape(-1)
        data = data[: data.size - short]
        return types[IMAGE](header(stamp_ns), 24, 32, encoding, 0, 96, data)

    def jpeg(stamp_ns: int, level: int):
        data = cv2.imencode('.jpg', grey(level))[1].reshape(-1)
        return types[COMPRESSED](header(stamp_ns), 'jpeg', data)

    def info(stamp_ns: int, focal: float):
        roi = types['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
        k = np.array([focal, 0, 16, 0, focal, 12, 0, 0, 1.0])
        return types[INFO](
            header(stamp_ns), 24, 32, 'plumb_bob', np.zeros(5), k, np.eye(3).reshape(-1),
            np.zeros(12), 0, 0, roi,
        )  # fmt: skip

    return SimpleNamespace(raw=raw, jpeg=jpeg, info=info)


@pytest.fixture
def make_bag(tmp_path, store):
    """Write (topic, type, stamp_ns, message) in order; return the bag's folder."""

    def make(rows, *, name: str = 'bag', sqlite: bool = False, zstd: bool = False) -> Path:
        folder = tmp_path / name
        plugin = StoragePlugin.SQLITE3 if sqlite else StoragePlugin.MCAP
        writer = Writer(folder, version=9, storage_plugin=plugin)
        if zstd:
            writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
        with writer:
            connections = {}
            for topic, kind, stamp_ns, message in rows:
                if topic not in connections:
                    connections[topic] = writer.add_connection(topic, kind, typestore=store)
                data = store.serialize_cdr(message, kind)
                writer.write(connections[topic], stamp_ns, data)
        return folder

    return make


@pytest.fixture
def camera_bag(make_bag, messages):
    """Five raw images of growing brightness, with a calibration beside them."""

    def make(count: int = 5, noisy: bool = False, **how) -> Path:
        rows, random = [], np.random.default_rng(0)
        for index in range(count):
            stamp_ns = START_NS + index * STEP_NS
            # Recorded 2 ms after it was taken: the header's stamp is the one that counts.
            log_ns = stamp_ns + 2_000_000
            image = messages.raw(stamp_ns, (20 * index + 20) % 250)
            if noisy:  # does not compress
                image.data[:] = random.integers(0, 256, image.data.size)
            rows.append(('/cam/image_raw', IMAGE, log_ns, image))
            rows.append(('/cam/camera_info', INFO, log_ns, messages.info(stamp_ns, 40.0)))
        return make_bag(rows, **how)

    return make
