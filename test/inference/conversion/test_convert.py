"""The entry point: what it writes, and what it says when it can not."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from fer_ros.errors import MissingExtra, ModelError
from fer_ros.inference.conversion import convert_wheel, extras
from fer_ros.inference.conversion.reader import read_tflite
from fer_ros.inference.conversion.recipes import RECIPES
from fer_ros.inference.conversion.wheel import WHEEL_VARIABLE, find_wheel
from fer_ros.inference.manifest import load_manifest
from fer_ros.inference.store import model_dir, verify


@pytest.mark.reference
def test_the_shipped_files_come_out_again_to_the_byte(wheel: Path, tmp_path: Path) -> None:
    written = convert_wheel(wheel, tmp_path / 'new')
    assert len(written) == 2 * len(RECIPES)
    assert sorted(written) == sorted((tmp_path / 'new').iterdir())
    for path in written:
        assert path.read_bytes() == (model_dir() / path.name).read_bytes(), path.name
        if path.suffix == '.yaml':
            verify(load_manifest(path))


@pytest.mark.parametrize('recipe', RECIPES, ids=lambda recipe: recipe.id)
def test_shipped_manifests_are_those_of_the_recipes(recipe: Any) -> None:
    manifest = load_manifest(model_dir() / f'{recipe.id}.yaml')
    assert (manifest.id, manifest.task.value) == (recipe.id, recipe.task)
    assert manifest.options == recipe.options
    assert manifest.source == recipe.source


def test_wheel_with_another_file(tmp_path: Path) -> None:
    wheel = tmp_path / 'mediapipe.whl'
    with zipfile.ZipFile(wheel, 'w') as archive:
        archive.writestr(RECIPES[0].path, b'another')
    with pytest.raises(ModelError, match=r'expected sha256 bbff11.*found.*pip download'):
        convert_wheel(wheel, tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('content', [None, b'no zip', b''])
def test_wheel_that_can_not_be_read(tmp_path: Path, content: bytes | None) -> None:
    wheel = tmp_path / 'mediapipe.whl'
    if content is not None:
        wheel.write_bytes(content)
    with pytest.raises(ModelError, match='can not read mediapipe/modules'):
        convert_wheel(wheel, tmp_path / 'out')


def test_wheel_without_the_models(tmp_path: Path) -> None:
    (tmp_path / 'mediapipe').mkdir()
    with pytest.raises(ModelError, match='can not read mediapipe/modules'):
        convert_wheel(tmp_path, tmp_path / 'out')


def test_no_wheel_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WHEEL_VARIABLE, raising=False)
    monkeypatch.setattr('fer_ros.inference.conversion.wheel.find_spec', lambda _: None)
    with pytest.raises(ModelError, match=r'pip download mediapipe==0\.10\.21'):
        find_wheel()


def test_the_variable_names_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WHEEL_VARIABLE, '/somewhere/mediapipe.whl')
    assert find_wheel() == Path('/somewhere/mediapipe.whl')


def test_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(extras, 'import_module', missing)
    with pytest.raises(MissingExtra, match=r"package 'onnx'.*fer_ros\[convert\]"):
        convert_wheel(tmp_path, tmp_path)


@pytest.mark.parametrize('data', [b'', b'PK\x03\x04', b'\0' * 64])
def test_no_tflite_file(data: bytes) -> None:
    with pytest.raises(ModelError, match='expected a TFLite file'):
        read_tflite(data)
