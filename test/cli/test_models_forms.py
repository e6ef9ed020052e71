"""Other forms of a model, made and compared on the stored face."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('onnx', reason='needs onnx: the gpu extra')

from fer_ros.cli.main import main
from fer_ros.inference.conversion.half import to_half
from fer_ros.inference.manifest import Task, load_manifest
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.parity import stored_batch
from fer_ros.inference.store import find_manifest, model_dir
from fer_ros.pipeline import PipelineConfig

MODEL = PipelineConfig().expression_model


@pytest.fixture(scope='module')
def npz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return eight views of the stored face in the format of FER+."""
    face = cv2.imread(str(model_dir() / 'data' / 'parity.png'), cv2.IMREAD_GRAYSCALE)
    views = [face[step : 192 - step, step : 192 - step] for step in range(20, 36, 2)]
    images = np.stack([cv2.resize(view, (48, 48)) for view in views])
    path = tmp_path_factory.mktemp('faces') / 'faces.npz'
    votes = np.tile(np.array([0, 10, 0, 0, 0, 0, 0, 0, 0, 0], np.uint8), (8, 1))
    np.savez(path, images=images, votes=votes)
    return path


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = main(['models', *words])
    return status, capsys.readouterr().out


def test_int8_is_a_model_of_its_own(
    npz: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ('--npz', str(npz), '--faces', '8', '--out', str(tmp_path))
    status, out = said(capsys, 'quantise', *words)
    path = Path(out.strip())
    assert status == 0
    assert path == tmp_path / f'{MODEL}-int8.yaml'
    manifest = find_manifest(str(path), Task.STATIC_EXPRESSION)
    original = find_manifest(MODEL, Task.STATIC_EXPRESSION)
    assert manifest.labels == original.labels
    # A byte a weight, where the model's own file keeps two.
    assert manifest.file.stat().st_size < 0.6 * original.file.stat().st_size
    assert OnnxRuntimeEngine(manifest).backend == 'onnxruntime-cpu int8'
    status, out = said(
        capsys, 'parity', '--npz', str(npz), '--model', str(path), '--reference', MODEL, '--json'
    )
    (row,) = json.loads(out)
    assert row['faces'] == 8
    assert row['label_agreement'] == 1.0
    assert 0.0 < row['probability'] < 0.2


def test_only_static_models_are_quantised(
    npz: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ['--model', 'facemesh-468', '--npz', str(npz), '--out', str(tmp_path)]
    assert main(['models', 'quantise', *words]) == 2
    assert 'expected a static expression model' in capsys.readouterr().err


def test_half_is_a_model_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = said(capsys, 'half', '--model', 'blazeface-short', '--out', str(tmp_path))
    assert status == 0
    manifest = find_manifest(out.strip(), Task.FACE_DETECTION)
    assert manifest.options['precision'] == 'fp16'
    assert manifest.id == 'blazeface-short-fp16'
    # float16 of what is float16 already is refused.
    assert main(['models', 'half', '--model', out.strip(), '--out', str(tmp_path)]) == 2


def test_parity_of_a_model_with_itself(npz: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ('--npz', str(npz), '--faces', '2', '--model', 'facemesh-468', '--json')
    status, out = said(capsys, 'parity', *words)
    assert status == 0
    assert json.loads(out) == [
        {
            'model': 'facemesh-468',
            'backend': 'onnxruntime-cpu fp32',
            'reference': 'onnxruntime-cpu fp32',
            'faces': 2,
            'landmark_px': 0.0,
            'score': 0.0,
            'within_tolerance': True,
            'excess': '',
        }
    ]


def test_beyond_the_tolerance_is_a_failure(
    npz: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = model_dir() / 'facemesh-468.yaml'
    text = source.read_text(encoding='utf-8').replace(
        'file: facemesh-468.onnx', f'file: {source.with_suffix(".onnx")}'
    )
    strict = tmp_path / 'strict.yaml'
    strict.write_text(f'{text}tolerance:\n  landmark_px: 0.0001\n', encoding='utf-8')
    assert load_manifest(strict).tolerance.landmark_px == 0.0001
    words = ('--npz', str(npz), '--faces', '2', '--model', str(strict), '--json')
    assert said(capsys, 'parity', *words)[0] == 0
    status, out = said(capsys, 'parity', *words, '--precision', 'fp16')
    assert status == 1
    assert 'landmark_px differs by' in json.loads(out)[0]['excess']


def test_half_keeps_its_ends_in_float32(tmp_path: Path) -> None:
    import onnx

    source = model_dir() / 'blazeface-short.onnx'
    batch = stored_batch(load_manifest(source.with_suffix('.yaml')))
    to_half(source, tmp_path / 'half.onnx', {'image': batch})
    net = onnx.load(str(tmp_path / 'half.onnx'))
    ends = [*net.graph.input, *net.graph.output]
    assert {end.type.tensor_type.elem_type for end in ends} == {onnx.TensorProto.FLOAT}
    weights = {tensor.data_type for tensor in net.graph.initializer}
    assert {onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT} <= weights
