"""The shipped ONNX files as they are: whole, batched and right about one well-known face."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from nchw_batch import Float32, nchw
from numpy.typing import NDArray

from fer_ros.inference.conversion.builder import OPSET
from fer_ros.inference.manifest import load_manifest
from fer_ros.inference.store import model_dir, verify

IDS = ['blazeface-short', 'blazeface-full', 'facemesh-468', 'facemesh-478']
# From the TFLite files by MediaPipe's own interpreter: (point, x, y) in the first crop.
FROZEN = {
    468: """
        1 94.5 106.2   10 97.6 42.0    33 64.9 76.4    61 73.2 115.5   133 84.3 79.5
        152 92.9 153.1  159 73.2 73.2   263 127.4 79.2  291 116.1 117.3  362 107.9 80.7""",
    478: """
        1 96.5 107.5   10 100.1 41.7   33 66.5 77.1    61 74.3 114.7   133 85.7 79.8
        152 93.9 153.9  159 74.9 74.1   263 127.2 81.0  291 115.5 116.5  362 107.7 81.0
        468 75.3 77.5   473 116.9 80.0""",
}


def session(name: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(model_dir() / f'{name}.onnx'), options, providers=['CPUExecutionProvider']
    )


def run(name: str, batch: Float32) -> list[NDArray[Any]]:
    return list(session(name).run(None, {'image': batch}))


@pytest.mark.parametrize('name', IDS)
def test_file_is_the_one_of_the_manifest(name: str) -> None:
    manifest = load_manifest(model_dir() / f'{name}.yaml')
    verify(manifest)
    assert manifest.id == name
    size = manifest.file.stat().st_size
    assert 0.35e6 < size < 5.8e6
    assert (model_dir() / 'cards' / f'{name.partition("-")[0]}.md').is_file()


@pytest.mark.parametrize('name', IDS)
def test_interface(name: str) -> None:
    manifest = load_manifest(model_dir() / f'{name}.yaml')
    model = onnx.load(str(manifest.file))
    onnx.checker.check_model(model, full_check=True)
    assert [(o.domain, o.version) for o in model.opset_import] == [('', OPSET)]
    loaded = session(name)
    (image,) = loaded.get_inputs()
    size = manifest.input.width
    assert (image.name, image.type, image.shape) == (
        manifest.input.name,
        'tensor(float)',
        ['N', 3, size, size],
    )
    assert tuple(o.name for o in loaded.get_outputs()) == manifest.outputs
    shapes = [o.shape[1:] for o in loaded.get_outputs()]
    if 'anchors' in manifest.options:
        options = manifest.options
        cells = [(size // stride) ** 2 for stride in options['strides']]
        counted = sum(n * k for n, k in zip(cells, options['anchors_per_cell'], strict=True))
        assert counted == options['anchors']
        assert shapes == [[options['anchors'], 16], [options['anchors']]]
    else:
        assert shapes == [[manifest.options['points'], 3], [1]]


@pytest.mark.parametrize('name', IDS)
@pytest.mark.parametrize('count', [1, 2, 5])
def test_a_batch_is_its_images_one_by_one(name: str, count: int, portrait: Any) -> None:
    manifest = load_manifest(model_dir() / f'{name}.yaml')
    size = manifest.input.width
    mean, std = manifest.input.mean[0], manifest.input.std[0]
    images = [
        (cv2.resize(portrait[20:, i * 20 :], (size, size)).astype(np.float32) - mean) / std
        for i in range(count)
    ]
    together = run(name, nchw(*images))
    for i, one in enumerate(images):
        for batched, alone in zip(together, run(name, nchw(one)), strict=True):
            assert len(batched) == count
            np.testing.assert_allclose(batched[i], alone[0], atol=1e-4)


@pytest.mark.parametrize('points', [468, 478])
def test_landmarks_of_a_portrait(points: int, face_crops: list[Float32]) -> None:
    landmarks, presence = run(f'facemesh-{points}', nchw(*face_crops))
    assert presence.min() > 0.9
    expected = np.array(FROZEN[points].split(), float).reshape(-1, 3)
    chosen = expected[:, 0].astype(int)
    np.testing.assert_allclose(landmarks[0, chosen, :2], expected[:, 1:], atol=0.5)


def test_irises_lie_in_their_eyes(face_crops: list[Float32]) -> None:
    landmarks, _ = run('facemesh-478', nchw(*face_crops))
    for iris, outer, inner, upper, lower in ((468, 33, 133, 159, 145), (473, 263, 362, 386, 374)):
        for points in landmarks:
            xs, ys = sorted(points[[outer, inner], 0]), sorted(points[[upper, lower], 1])
            assert xs[0] < points[iris, 0] < xs[1]
            assert ys[0] - 2 < points[iris, 1] < ys[1] + 2
            edges = points[iris + 1 : iris + 5]
            np.testing.assert_allclose(edges[:, :2].mean(0), points[iris, :2], atol=1)
            assert np.ptp(points[iris : iris + 5, 2]) < 1e-4


def test_no_face_no_presence(portrait: Any) -> None:
    rocket = cv2.resize(portrait[:200, 330:], (192, 192)).astype(np.float32) / 255
    for points in (468, 478):
        _, presence = run(f'facemesh-{points}', nchw(rocket))
        assert presence[0, 0] < 0.1


def anchor_centres(options: Mapping[str, Any], size: int) -> NDArray[Any]:
    """Return the centres of all anchors in input pixels, (anchors, 2) of x, y."""
    grids = []
    for stride, per_cell in zip(options['strides'], options['anchors_per_cell'], strict=True):
        rows, columns = np.mgrid[: size // stride, : size // stride] + 0.5
        cells = np.stack([columns, rows], -1).reshape(-1, 2) * stride
        grids.append(np.repeat(cells, per_cell, axis=0))
    return np.concatenate(grids)


@pytest.mark.parametrize(('name', 'size'), [('blazeface-short', 128), ('blazeface-full', 192)])
def test_detector_finds_the_portrait(name: str, size: int, portrait: Any) -> None:
    small = cv2.resize(portrait, (size, size), interpolation=cv2.INTER_AREA)
    boxes, scores = run(name, nchw((small.astype(np.float32) - 127.5) / 127.5))
    best = int(scores[0].argmax())
    assert 1 / (1 + np.exp(-scores[0, best])) > 0.8
    options = load_manifest(model_dir() / f'{name}.yaml').options
    places = (boxes[0, best, 4:].reshape(6, 2) + anchor_centres(options, size)[best]) / size * 512
    keypoints = dict(zip(options['keypoints'], places, strict=True))
    # In pixels of the portrait, by eye.
    for keypoint, place in {
        'right_eye': (203, 101),
        'left_eye': (247, 103),
        'mouth_centre': (226, 144),
    }.items():
        np.testing.assert_allclose(keypoints[keypoint], place, atol=8)


def test_canonical_face() -> None:
    face = np.loadtxt(model_dir() / 'data' / 'canonical_face.csv', delimiter=',')
    assert face.shape == (468, 4)
    # Outer eye corners are mirror images, 9 cm apart; the nose tip (4) is farthest in front of it.
    np.testing.assert_allclose(face[33, :3] * (-1, 1, 1), face[263, :3])
    assert 8 < face[263, 0] - face[33, 0] < 10
    assert face[4, 2] > face[[33, 263, 61, 291, 152], 2].max()
    assert (face[:, 3] > 0).sum() == 33


def test_folder_holds_no_leftovers() -> None:
    assert [p for p in Path(model_dir()).iterdir() if p.name.startswith('.')] == []
