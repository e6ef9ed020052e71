"""The walk with pixels on the device, run by torch on the CPU, against OpenCV and ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='needs torch: the gpu extra')
pytest.importorskip('onnx', reason='needs onnx: the gpu extra')

from fer_ros.alignment import Landmarker, align, describe
from fer_ros.alignment.crop import warp
from fer_ros.alignment.landmarker import crop_face
from fer_ros.detection import FaceDetector
from fer_ros.detection import detector as detector_module
from fer_ros.detection.blazeface import Candidates
from fer_ros.detection.blazeface import suppress as suppress_on_cpu
from fer_ros.detection.squares import Pyramid, Square
from fer_ros.device import sampling
from fer_ros.device.atlas import ENCODINGS, Atlas, Levels, halved, raw_size, to_rgb
from fer_ros.device.rooms import DeviceRooms, on_device
from fer_ros.device.suppression import suppress
from fer_ros.errors import FrameError
from fer_ros.evaluation.bench.stages import gpu_figures
from fer_ros.inference.factory import Device, load_engine
from fer_ros.inference.manifest import Task
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.store import find_manifest
from fer_ros.inference.torch_engine import TorchEngine
from fer_ros.pipeline import Pipeline, PipelineConfig, loading
from fer_ros.recognition import StaticRecogniser
from fer_ros.roi import crop_to_frame, roi_from_detection
from fer_ros.sources import open_source
from fer_ros.sources.encodings import to_rgb as to_rgb_on_cpu
from fer_ros.types import Frame, RotatedRoi, UInt8

pytestmark = pytest.mark.torch
torch.set_num_threads(1)
CPU = torch.device('cpu')
CONFIG = PipelineConfig()


def on_torch(name: str, task: Task, *_: Any) -> Any:
    """Load a net onto torch's CPU, but for those that no GPU runs."""
    if task is Task.TEMPORAL_EXPRESSION:
        return load_engine(name, task, Device.CPU)
    return TorchEngine(find_manifest(name, task), 'cpu')


def rooms(load: Callable[..., Any]) -> tuple[FaceDetector, Landmarker, StaticRecogniser]:
    full, short = (load(f'blazeface-{n}', Task.FACE_DETECTION) for n in ('full', 'short'))
    return (
        FaceDetector(full, short),
        Landmarker(load(CONFIG.landmark_model, Task.FACE_LANDMARKS)),
        StaticRecogniser(load(CONFIG.expression_model, Task.STATIC_EXPRESSION)),
    )


@pytest.fixture(scope='module')
def cpu() -> tuple[FaceDetector, Landmarker, StaticRecogniser]:
    return rooms(lambda name, task: OnnxRuntimeEngine(find_manifest(name, task)))


@pytest.fixture(scope='module')
def shared() -> DeviceRooms:
    made = on_device(*rooms(on_torch))
    assert made is not None
    return made


@pytest.fixture
def device(shared: DeviceRooms) -> DeviceRooms:
    shared.guard.failure = ''
    return shared


@pytest.fixture(scope='module')
def frames(sample: Path) -> list[Frame]:
    with open_source(sample) as source:
        iterator = iter(source)
        return [next(iterator) for _ in range(3)]


def noise(height: int, width: int, seed: int = 0) -> UInt8:
    """Return blurred noise: detail at every scale, but no pixel on its own."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 1.5), np.uint8)


# Colours and levels


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_colours_are_those_of_opencv(encoding: str) -> None:
    width, height = 32, 24
    raw = np.random.default_rng(1).integers(0, 256, raw_size(width, height, encoding), np.uint8)
    step = raw.size // height if encoding not in ('nv12', 'nv21') else width
    wanted = to_rgb_on_cpu(raw, encoding, width, height, step)
    found = to_rgb(torch.from_numpy(raw), encoding, width, height).numpy()
    assert np.abs(found.astype(int) - wanted).max() <= 1


def test_other_encodings_are_refused() -> None:
    with pytest.raises(FrameError, match="on the device, found 'bayer_rggb8'; decode it first"):
        raw_size(32, 24, 'bayer_rggb8')


@pytest.mark.parametrize(('height', 'width'), [(24, 32), (25, 33), (2, 3)])
def test_halves_are_those_of_opencv(height: int, width: int) -> None:
    pixels = noise(height, width)
    even = pixels[: height // 2 * 2, : width // 2 * 2]
    wanted = cv2.resize(even, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(halved(torch.from_numpy(pixels)).numpy(), wanted)


def test_levels_lie_one_behind_the_other() -> None:
    levels = Levels.of(13, 8)
    assert levels.widths == (13, 6, 3, 1)
    assert levels.heights == (8, 4, 2, 1)
    assert levels.starts == (0, 104, 128, 134)
    assert levels.total == 135


# Crops


def crops_of(pixels: UInt8, matrix: Any, halvings: int, size: int, **words: Any) -> UInt8:
    height, width = pixels.shape[:2]
    atlas = Atlas(width, height, 'rgb8', CPU)
    atlas.upload(pixels)
    atlas.fill()
    places = sampling.Crops.room_for(1, CPU)
    places.copy_from(*sampling.on_levels(matrix[None], np.array([halvings]), atlas.levels))
    found = sampling.sample(atlas.pixels, places, size, **words)
    return found[0].numpy().astype(np.uint8)


@pytest.mark.parametrize(
    ('roi', 'halvings'),
    [
        (RotatedRoi(60.0, 50.0, 60.0, 0.4), 0),
        (RotatedRoi(61.3, 47.9, 100.0, -0.2), 1),
        (RotatedRoi(5.0, 90.0, 150.0, 2.5), 2),  # beyond the edge
    ],
)
def test_landmark_crops_are_those_of_the_room(roi: RotatedRoi, halvings: int) -> None:
    pixels, size = noise(96, 128), 32
    matrix = crop_to_frame(roi, size)
    matrix[:, 2] -= matrix[:, :2].sum(axis=1) / 2
    found = crops_of(pixels, matrix, halvings, size, cubic=False, black=False)
    assert np.abs(found.astype(int) - crop_face(pixels, roi, size)).max() <= 1


@pytest.mark.parametrize('square', [Square(10, 5, 60), Square(-16, -32, 160), Square(3.3, 1, 40)])
def test_looks_are_those_of_the_room(square: Square) -> None:
    pixels, size = noise(96, 128), 32
    scale = square.side / size
    matrix = np.array([[scale, 0, square.x], [0, scale, square.y]])
    halvings = max(int(np.log2(scale)), 0)
    found = crops_of(pixels, matrix, halvings, size, cubic=False, black=True)
    assert np.abs(found.astype(int) - Pyramid(pixels).cut(square, size)).max() <= 1


@pytest.mark.parametrize(('scale', 'halvings'), [(1.7, 0), (0.9, 0), (0.5, 1), (0.21, 2)])
def test_aligned_crops_are_those_of_the_room(scale: float, halvings: int) -> None:
    pixels, size = noise(100, 140), 24
    angle = 0.3
    a, b = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[a, -b], [b, a]])
    matrix = np.column_stack([linear, 12 - linear @ (65.2, 48.7)])
    back = np.linalg.inv(linear)
    inverse = np.column_stack([back, -back @ matrix[:, 2]])
    found = crops_of(pixels, inverse, halvings, size, cubic=True, black=False)
    assert np.abs(found.astype(int) - warp(pixels, matrix, size)).max() <= 1


# Merging


@pytest.mark.parametrize('seed', range(6))
def test_merging_is_that_of_the_room(seed: int) -> None:
    rng = np.random.default_rng(seed)
    faces = rng.uniform(0, 300, (7, 2))
    middle = (faces[rng.integers(0, 7, 60)] + rng.normal(0, 8, (60, 2))).astype(np.float32)
    half = rng.uniform(15, 40, (60, 1)).astype(np.float32)
    boxes = np.concatenate([middle - half, middle + half], axis=1)
    keypoints = rng.uniform(0, 300, (60, 6, 2)).astype(np.float32)
    scores = rng.uniform(0.3, 1.0, 60).astype(np.float32)
    wanted = suppress_on_cpu(Candidates(boxes, keypoints, scores), 0.3)
    tensors = map(torch.from_numpy, (boxes, keypoints, scores))
    found = [one.numpy() for one in suppress(*tensors, 0.3, 1024)]
    kept = found[2] > 0
    np.testing.assert_allclose(found[0][kept], wanted.boxes, atol=1e-3)
    np.testing.assert_allclose(found[1][kept], wanted.keypoints, atol=1e-3)
    np.testing.assert_allclose(found[2][kept], wanted.scores)


def test_nothing_found_is_nothing() -> None:
    _, _, scores = suppress(torch.zeros(9, 4), torch.zeros(9, 6, 2), torch.zeros(9), 0.3, 4)
    assert scores.tolist() == [0.0] * 4


# Rooms


def test_rooms_say_the_same(cpu: Any, device: DeviceRooms, frames: list[Frame]) -> None:
    detector, landmarker, recogniser = cpu
    (wanted,), (found,) = detector.detect(frames[0]), device.detector.detect(frames[0])
    assert found.score == pytest.approx(wanted.score, abs=1e-3)
    assert found.roi.iou(wanted.roi) > 0.999
    np.testing.assert_allclose(found.keypoints_px, wanted.keypoints_px, atol=0.1)
    roi = roi_from_detection(wanted)
    landmarks, others = (r.locate(frames[0], [roi])[0] for r in (landmarker, device.landmarker))
    assert others.presence == pytest.approx(landmarks.presence, abs=1e-3)
    apart = np.linalg.norm(others.points_px[:, :2] - landmarks.points_px[:, :2], axis=1)
    assert apart.max() < 0.05
    face = describe(frames[0], 'f', landmarks)
    crop = align(frames[0], face, recogniser.engine.manifest.input.width)
    (other,) = device.recogniser.align(frames[0], [face])
    assert np.abs(other.pixels.astype(int) - crop.pixels).max() <= 1
    (expression,), (same,) = recogniser.recognise([crop]), device.recogniser.recognise([other])
    assert same.dominant == expression.dominant
    np.testing.assert_allclose(same.probabilities, expression.probabilities, atol=0.01)
    assert device.guard.failure == ''


def test_mirror_images_are_averaged(cpu: Any, frames: list[Frame]) -> None:
    detector, landmarker, recogniser = rooms(on_torch)
    made = on_device(detector, landmarker, StaticRecogniser(recogniser.engine, mirror_below=1.0))
    assert made is not None
    roi = roi_from_detection(cpu[0].detect(frames[0])[0])
    face = describe(frames[0], 'f', cpu[1].locate(frames[0], [roi])[0])
    crops = made.recogniser.align(frames[0], [face])
    wanted = StaticRecogniser(cpu[2].engine, mirror_below=1.0).recognise(crops)[0]
    found = made.recogniser.recognise(crops)[0]
    np.testing.assert_allclose(found.probabilities, wanted.probabilities, atol=1e-3)


def test_faces_that_are_not_looked_at_are_left_out(
    cpu: Any, device: DeviceRooms, frames: list[Frame]
) -> None:
    roi = roi_from_detection(cpu[0].detect(frames[0])[0])
    near = cpu[1].locate(frames[0], [roi])[0]
    aside = RotatedRoi(roi.centre_x + 9, roi.centre_y, roi.size, 0.3)
    faces = [describe(frames[0], 'f', one) for one in (near, *cpu[1].locate(frames[0], [aside]))]
    crops = device.recogniser.align(frames[0], faces)
    both, (second,) = device.recogniser.recognise(crops), device.recogniser.recognise(crops[1:])
    np.testing.assert_array_equal(second.probabilities, both[1].probabilities)


def test_no_faces_are_no_work(device: DeviceRooms, frames: list[Frame]) -> None:
    assert device.landmarker.locate(frames[0], []) == []
    assert device.recogniser.align(frames[0], []) == []


def test_each_frame_is_uploaded_once(
    device: DeviceRooms, frames: list[Frame], monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = []
    upload = Atlas.upload
    monkeypatch.setattr(
        Atlas, 'upload', lambda self, data: (uploads.append(1), upload(self, data))
    )
    device.guard.chain._frame = None
    roi = RotatedRoi(320.0, 240.0, 200.0, 0.0)
    device.detector.detect(frames[1])
    device.landmarker.locate(frames[1], [roi])
    device.landmarker.locate(frames[1], [roi, roi])
    device.landmarker.locate(frames[2], [roi])
    assert len(uploads) == 2


def test_what_fails_on_the_device_is_done_by_the_rooms(
    cpu: Any, device: DeviceRooms, frames: list[Frame], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError('CUDA error: device-side assert triggered\nmore')

    monkeypatch.setattr(type(device.guard.chain), 'locate', fail)
    roi = RotatedRoi(320.0, 240.0, 200.0, 0.0)
    found = device.landmarker.locate(frames[0], [roi])[0]
    assert device.guard.failure == 'CUDA error: device-side assert triggered'
    wanted = cpu[1].locate(frames[0], [roi])[0]
    np.testing.assert_allclose(found.points_px, wanted.points_px, atol=0.01)
    monkeypatch.undo()
    monkeypatch.setattr(device.guard.chain, 'look', lambda *_: pytest.fail('asked again'))
    assert len(device.detector.detect(frames[0])) == 1


def test_the_whole_pipeline_says_the_same(
    frames: list[Frame], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [Pipeline(PipelineConfig(device=Device.CPU)).process(frames[0])]
    monkeypatch.setattr(loading, 'load_engine', on_torch)
    monkeypatch.setattr(detector_module, 'load_engine', on_torch)
    pipeline = Pipeline()
    found = [pipeline.process(frame) for frame in frames]
    assert 'pixels on it' in pipeline.backend_reason
    assert not pipeline.device_failed
    (state,), (other,) = wanted[0].states, found[0].states
    assert other.label == state.label
    apart = np.abs(other.face.landmarks_px - state.face.landmarks_px)[:, :2]
    assert apart.max() < 0.1
    assert [len(result.states) for result in found] == [1, 1, 1]
    assert pipeline._device is not None
    pipeline._device.guard.failure = 'lost'
    assert pipeline.device_failed
    assert 'pixels left the device: lost' in pipeline.backend_reason


def test_stages_are_measured(frames: list[Frame], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, 'load_engine', on_torch)
    monkeypatch.setattr(detector_module, 'load_engine', on_torch)
    portrait = np.ascontiguousarray(frames[0].pixels[50:400, 150:500])
    devices = (Device.CPU, Device.CUDA)
    cases = [('360p', 1)]
    found = gpu_figures(portrait, devices, 2, 1, lambda _: None, cases)
    assert found['refused'] == {}
    (row,) = found['stages']
    assert (row['device'], row['size'], row['faces_seen']) == ('cuda', '360p', 1)
    assert row['launches_per_frame'] == 3.0
    assert row['uploaded_bytes'] == 640 * 360 * 3
    # 478 points of 3, a presence, a crop of 48 px, eight logits and the embedding.
    embedding = 256
    assert row['downloaded_bytes'] == 4 * (478 * 3 + 1 + 8 + embedding) + 48 * 48 * 3
    stages = ('upload', 'landmarks', 'recognition', 'look', 'chain', 'device_frame')
    assert all(row[f'{name}_ms']['p50'] > 0 for name in stages)


def test_a_gpu_that_is_not_there_is_refused(frames: list[Frame]) -> None:
    found = gpu_figures(frames[0].pixels, (Device.CUDA,), 1, 0, lambda _: None, [('360p', 1)])
    assert found['stages'] == []
    assert 'can not be had: no GPU' in found['refused']['cuda']
