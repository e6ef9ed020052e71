"""What a GPU does with a frame, stage by stage: upload, landmarks, recognition, detection.

Each stage is timed from the call to its results on the host. The bare copy of a frame to the
device is timed beside it: no upload can be faster.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fer_ros.alignment import describe
from fer_ros.detection import TrackingConfig
from fer_ros.errors import DeviceError, FerError
from fer_ros.evaluation.bench.scenes import scene
from fer_ros.evaluation.summary import percentiles
from fer_ros.inference.factory import Device
from fer_ros.pipeline import Pipeline, PipelineConfig
from fer_ros.roi import roi_from_landmarks
from fer_ros.types import Frame, UInt8

SIZES = ('720p', '2160p')
FACES = (1, 4, 16, 64)
CASES = tuple((size, faces) for size in SIZES for faces in FACES)


def gpu_figures(
    portrait: UInt8,
    devices: Sequence[Device],
    frames: int,
    warm_up: int,
    say: Callable[[str], None],
    cases: Sequence[tuple[str, int]] = CASES,
) -> dict[str, Any]:
    """Return the figures of every GPU backend, and why others can not be had.

    :param frames: timed ones of each case, after ``warm_up`` others.
    :param cases: sizes of the frame and numbers of faces.
    """
    refused: dict[str, str] = {}
    stages: list[dict[str, Any]] = []
    for device in devices:
        if device is Device.CPU:
            continue
        try:
            for size, faces in cases:
                say(f'stages on {device.value}, {faces} faces at {size}')
                found = list(scene(portrait, size, faces, frames + warm_up))
                stages.append(
                    {'device': device.value, 'size': size, 'faces': faces}
                    | _case(device, found, warm_up)
                )
        except FerError as error:
            refused[device.value] = str(error)
    return {'refused': refused, 'stages': stages}


def _case(device: Device, frames: Sequence[Frame], warm_up: int) -> dict[str, Any]:
    """Time the whole chain, then its stages on the device."""
    pipeline = Pipeline(PipelineConfig(device=device, tracking=TrackingConfig(max_faces=64)))
    times: defaultdict[str, list[float]] = defaultdict(list)
    for index, frame in enumerate(frames):
        began_s = time.perf_counter()
        states = pipeline.process(frame).states
        if index >= warm_up:
            times['chain'].append((time.perf_counter() - began_s) * 1e3)
    if pipeline.device_failed:
        raise DeviceError(f'it failed in mid-run: {pipeline.backend_reason}')
    figures: dict[str, Any] = {'backend': pipeline.backend, 'faces_seen': len(states)}
    if pipeline.device_rooms is not None:
        pipeline.reset()
        figures |= _stages(pipeline, frames, warm_up, times)
    return figures | {f'{name}_ms': percentiles(found) for name, found in times.items()}


def _stages(
    pipeline: Pipeline,
    frames: Sequence[Frame],
    warm_up: int,
    times: defaultdict[str, list[float]],
) -> dict[str, Any]:
    """Time each stage on the same faces in every frame."""
    rooms = pipeline.device_rooms
    assert rooms is not None, 'its caller asked'
    guard, chain = rooms.guard, rooms.guard.chain
    tracked = pipeline.find(frames[0])
    rois = [roi_from_landmarks(one.landmarks.points_px) for one in tracked]
    faces = [describe(frames[0], one.face_id, one.landmarks) for one in tracked]

    def transfer(frame: Frame) -> None:
        guard.run(lambda: chain.transfer(np.ascontiguousarray(frame.pixels)), _fail)

    steps: dict[str, Callable[[Frame], Any]] = {
        'copy_alone': transfer,
        'upload': guard.take,
        'landmarks': lambda frame: rooms.landmarker.locate(frame, rois),
        'recognition': lambda frame: rooms.recogniser.align(frame, faces),
        'look': rooms.detector.detect,
    }
    steady = ('upload', 'landmarks', 'recognition')
    launches = downloaded = 0
    for index, frame in enumerate(frames):
        total_ms = 0.0
        for name, step in steps.items():
            before = chain.launches, chain.downloaded_bytes
            taken_ms = _timed(step, frame, chain.wait)
            if name in steady:
                total_ms += taken_ms
                launches += chain.launches - before[0]
                downloaded += chain.downloaded_bytes - before[1]
            if index >= warm_up:
                times[name].append(taken_ms)
        if index >= warm_up:
            times['device_frame'].append(total_ms)
    if guard.failure:
        raise DeviceError(f'it failed in mid-run: {guard.failure}')
    copied_s = float(np.median(times['copy_alone'])) / 1e3
    return {
        'launches_per_frame': launches / len(frames),
        'uploaded_bytes': frames[0].pixels.nbytes,
        'downloaded_bytes': downloaded // len(frames),
        'copy_gb_per_s': round(frames[0].pixels.nbytes / copied_s / 1e9, 2),
    }


def _timed(step: Callable[[Frame], Any], frame: Frame, wait: Callable[[], None]) -> float:
    """Return the milliseconds that a stage takes on an idle device."""
    wait()
    began_s = time.perf_counter()
    step(frame)
    wait()
    return (time.perf_counter() - began_s) * 1e3


def _fail() -> None:
    raise DeviceError('the device has failed')
