from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from made_manifest import ABSENT, ENTRIES, write

from fer_ros.errors import ModelError
from fer_ros.inference.manifest import Colour, InputSpec, Task, load_manifest
from fer_ros.inference.store import model_dir, verify

SHIPPED = sorted(path.stem for path in model_dir().glob('*.yaml'))


def refused(path: Path) -> str:
    """Return the one line that says why a manifest is refused, without its path."""
    with pytest.raises(ModelError) as caught:
        load_manifest(path)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    assert text.startswith(f'{path}: ')
    return text.removeprefix(f'{path}: ')


def test_reads_every_entry(tmp_path: Path) -> None:
    manifest = load_manifest(write(tmp_path))
    assert (manifest.id, manifest.task) == ('mine', Task.STATIC_EXPRESSION)
    assert manifest.file == tmp_path / 'mine.onnx'
    assert manifest.sha256 == ENTRIES['sha256']
    assert (manifest.licence, manifest.source, manifest.url) == ('MIT', 'made for a test', None)
    assert manifest.input == InputSpec(
        'image', 64, 48, Colour.BGR, (1.0, 2.5, 3.0), (4.0, 5.0, 6.0)
    )
    assert manifest.outputs == ('logits', 'embedding')
    assert manifest.labels == ('neutral', 'happiness')
    assert manifest.temperature == 1.5
    assert manifest.options == {'template': 'ferplus'}


def test_some_entries_may_be_left_out(tmp_path: Path) -> None:
    changes = dict.fromkeys(('url', 'labels', 'temperature', 'options'), ABSENT)
    manifest = load_manifest(write(tmp_path, {**changes, 'task': 'face_landmarks'}))
    assert (manifest.url, manifest.labels) == (None, ())
    assert (manifest.temperature, manifest.options) == (1.0, {})


@pytest.mark.parametrize(
    'name',
    [
        'id', 'task', 'file', 'sha256', 'licence', 'source', 'input', 'outputs',
        'input.name', 'input.width', 'input.height', 'input.colour', 'input.mean', 'input.std',
    ],
)  # fmt: skip
@pytest.mark.parametrize('value', [ABSENT, None])
def test_a_missing_entry_is_named(tmp_path: Path, name: str, value: Any) -> None:
    assert refused(write(tmp_path, {name: value})) == f"expected the entry '{name}', found none"


TASKS = ', '.join(task.value for task in Task)


@pytest.mark.parametrize(
    ('name', 'value', 'words'),
    [
        ('id', 5, 'id: expected text, found 5'),
        ('file', '', "file: expected text, found ''"),
        ('task', 'faces', f"task: expected one of {TASKS}, found 'faces'"),
        ('sha256', 'abc', "sha256: expected 64 hex digits, found 'abc'"),
        ('sha256', 'g' * 64, f"sha256: expected 64 hex digits, found '{'g' * 64}'"),
        ('url', 7, 'url: expected text, found 7'),
        ('input', 48, 'input: expected a mapping, found 48'),
        ('input.width', '48 px', "input.width: expected a whole number, found '48 px'"),
        ('input.width', 48.5, 'input.width: expected a whole number, found 48.5'),
        ('input.height', 0, 'input: expected a positive size, found 64x0'),
        ('input.colour', 'grey', "input.colour: expected one of rgb, bgr, gray, found 'grey'"),
        ('input.mean', 128, 'input.mean: expected a list of numbers, found 128'),
        ('input.mean', [1], 'input.mean: expected 3 numbers for bgr, found 1'),
        ('input.mean', ['a', 2, 3], "input.mean: expected a list of numbers, found ['a', 2, 3]"),
        ('input.std', [1, 0, 1], 'input.std: expected positive numbers, found (1.0, 0.0, 1.0)'),
        (
            'input.std',
            [1, math.nan, 1],
            'input.std: expected a list of numbers, found [1, nan, 1]',
        ),
        ('outputs', 'logits', "outputs: expected a list of names, found 'logits'"),
        ('outputs', [], 'outputs: expected a list of names, found []'),
        ('labels', 'happiness', "labels: expected a list of names, found 'happiness'"),
        # YAML reads an unquoted no as false.
        ('labels', ['yes', False], "labels: expected a list of names, found ['yes', False]"),
        ('labels', ['a', 'b', 'a'], "labels: expected each label once, found ['a', 'b', 'a']"),
        ('labels', ['a'], "labels: expected two or more, found ['a']"),
        ('labels', ABSENT, 'labels: expected two or more, found []'),
        ('temperature', 'warm', "temperature: expected a number, found 'warm'"),
        ('temperature', 0, 'temperature: expected a positive number, found 0.0'),
        ('temperature', math.inf, 'temperature: expected a number, found inf'),
        ('options', ['a'], "options: expected a mapping, found ['a']"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, name: str, value: Any, words: str) -> None:
    assert refused(write(tmp_path, {name: value})) == words


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'broken.yaml'
    path.write_text('id: [1', encoding='utf-8')
    assert refused(path).startswith('not readable as YAML: ')
    assert 'found none' in refused(tmp_path / 'none.yaml')


@pytest.mark.parametrize('name', SHIPPED)
def test_every_shipped_manifest_loads_and_its_file_is_whole(name: str) -> None:
    manifest = load_manifest(model_dir() / f'{name}.yaml')
    verify(manifest)
    assert manifest.id == name
    assert manifest.licence == 'Apache-2.0'
    assert manifest.source


def test_all_tasks_are_served() -> None:
    tasks = {load_manifest(model_dir() / f'{name}.yaml').task for name in SHIPPED}
    # Clip models are the user's own.
    assert tasks == set(Task) - {Task.CLIP_EXPRESSION}


def test_all_models_together_are_small() -> None:
    files = [path for path in model_dir().rglob('*') if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 25e6
