from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fer_ros.errors import ModelError
from fer_ros.inference.manifest import Manifest, Task
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.store import find_manifest


@pytest.fixture
def manifest() -> Manifest:
    return find_manifest('fer-static-r4', Task.STATIC_EXPRESSION)


def faces(manifest: Manifest, count: int) -> np.ndarray:
    spec = manifest.input
    shape = (count, spec.colour.channels, spec.height, spec.width)
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def refused(manifest: Manifest) -> str:
    with pytest.raises(ModelError) as caught:
        OnnxRuntimeEngine(manifest)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_outputs_come_in_the_order_of_the_manifest(manifest: Manifest) -> None:
    batch = faces(manifest, 3)
    logits, embedding = OnnxRuntimeEngine(manifest).run(batch)
    assert logits.shape == (3, 8)
    assert len(embedding) == 3
    turned = replace(manifest, outputs=manifest.outputs[::-1])
    other, again = OnnxRuntimeEngine(turned).run(batch)
    np.testing.assert_array_equal(other, embedding)
    np.testing.assert_array_equal(again, logits)
    (alone,) = OnnxRuntimeEngine(replace(manifest, outputs=('logits',))).run(batch)
    np.testing.assert_array_equal(alone, logits)


def test_labels_and_classes_are_as_many(manifest: Manifest) -> None:
    text = refused(replace(manifest, labels=manifest.labels[:7]))
    assert 'expected 7 classes' in text
    assert 'found 8' in text


def test_each_face_of_a_batch_is_its_own(manifest: Manifest) -> None:
    engine, batch = OnnxRuntimeEngine(manifest), faces(manifest, 4)
    whole = engine.run(batch)[0]
    for index in range(4):
        one = engine.run(batch[index : index + 1])[0]
        np.testing.assert_allclose(one[0], whole[index], atol=1e-4)


def test_takes_a_mirrored_view(manifest: Manifest) -> None:
    engine, batch = OnnxRuntimeEngine(manifest), faces(manifest, 2)
    mirrored = batch[:, :, :, ::-1]
    np.testing.assert_array_equal(engine.run(mirrored)[0], engine.run(mirrored.copy())[0])


def test_tells_model_and_backend(manifest: Manifest) -> None:
    engine = OnnxRuntimeEngine(manifest)
    assert engine.manifest is manifest
    assert engine.backend == 'onnxruntime-cpu fp32'


@pytest.mark.parametrize('content', [b'', b'no net', b'\x08\x08' * 50])
def test_a_corrupt_file_is_one_line(manifest: Manifest, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'broken.onnx'
    path.write_bytes(content)
    text = refused(replace(manifest, file=path))
    assert text.startswith("model 'fer-static-r4': ONNX Runtime can not load it: ")


def test_a_truncated_file_is_one_line(manifest: Manifest, tmp_path: Path) -> None:
    path = tmp_path / 'half.onnx'
    content = manifest.file.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert 'can not load it' in refused(replace(manifest, file=path))


def test_a_missing_output_is_named(manifest: Manifest) -> None:
    text = refused(replace(manifest, outputs=('logits', 'smile')))
    assert "expected the outputs ['logits', 'smile'], found " in text
    assert "'embedding'" in text
    assert text.endswith('correct the manifest')


def test_a_missing_input_is_named(manifest: Manifest) -> None:
    text = refused(replace(manifest, input=replace(manifest.input, name='picture')))
    assert "expected the input ['picture'], found ['image']" in text


def test_images_of_another_size_are_refused(manifest: Manifest) -> None:
    """Otherwise the first face would be told in the runtime's own words."""
    text = refused(replace(manifest, input=replace(manifest.input, width=64)))
    assert 'expected images of (1, 48, 64)' in text
    assert 'found (1, 48, 48) in the net' in text


def test_the_runtime_reports_to_nobody(tmp_path: Path) -> None:
    """It would keep an id of the machine in its home, and send events with it."""
    code = (
        'from fer_ros.inference.manifest import Task\n'
        'from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine\n'
        'from fer_ros.inference.store import find_manifest\n'
        'OnnxRuntimeEngine(find_manifest("fer-static-r4", Task.STATIC_EXPRESSION))\n'
    )
    environment = {**os.environ, 'HOME': str(tmp_path)}
    environment.pop('ORT_DISABLE_TELEMETRY', None)
    environment.pop('XDG_CACHE_HOME', None)
    subprocess.run([sys.executable, '-c', code], env=environment, check=True)
    assert list(tmp_path.rglob('*')) == []
