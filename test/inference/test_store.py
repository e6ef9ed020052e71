from __future__ import annotations

from pathlib import Path

import pytest
from made_manifest import write

from fer_ros.errors import ModelError
from fer_ros.inference import store
from fer_ros.inference.manifest import Task
from fer_ros.inference.store import find_manifest, load_table, shipped

STATIC, LANDMARKS = Task.STATIC_EXPRESSION, Task.FACE_LANDMARKS


def refused(name: str, task: Task) -> str:
    with pytest.raises(ModelError) as caught:
        find_manifest(name, task)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_finds_a_shipped_model_by_its_id() -> None:
    manifest = find_manifest('facemesh-478', LANDMARKS)
    assert manifest.id == 'facemesh-478'
    assert manifest.file.is_file()


def test_finds_the_users_own_by_its_path(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert find_manifest(str(path), STATIC).file == tmp_path / 'mine.onnx'
    path.rename(tmp_path / 'other.yml')
    assert find_manifest(str(tmp_path / 'other.yml'), STATIC).id == 'mine'


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('HOME', str(tmp_path))
    write(tmp_path)
    assert find_manifest('~/mine.yaml', STATIC).id == 'mine'


def test_lists_what_is_shipped() -> None:
    assert shipped(LANDMARKS) == ['facemesh-468', 'facemesh-478']
    assert set(shipped()) >= {'blazeface-short', 'facemesh-478', 'fer-static-r4'}
    assert set(shipped(STATIC)) <= set(shipped())


def test_an_unknown_id_lists_the_shipped_ones_of_its_task(tmp_path: Path) -> None:
    text = refused('nobody', LANDMARKS)
    assert text.startswith("model 'nobody': expected a manifest at ")
    assert text.endswith('found none; shipped: facemesh-468, facemesh-478')
    assert str(tmp_path / 'mine.yaml') in refused(str(tmp_path / 'mine.yaml'), STATIC)


def test_a_model_of_another_task_is_refused() -> None:
    text = refused('facemesh-478', STATIC)
    assert 'expected a model for static_expression, found face_landmarks' in text
    assert text.endswith(f'shipped: {", ".join(shipped(STATIC))}')


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / 'mine.onnx').unlink()
    assert refused(str(path), STATIC) == (
        f"model 'mine': expected {tmp_path / 'mine.onnx'}, not readable: No such file or "
        'directory; install the package again or fetch the model'
    )


@pytest.mark.parametrize('content', [b'', b'stands for a neT', b'stands for a net\n'])
def test_a_changed_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path)
    (tmp_path / 'mine.onnx').write_bytes(content)
    text = refused(str(path), STATIC)
    assert f'{tmp_path / "mine.onnx"} is corrupt or another file: expected sha256 ' in text


def test_upper_case_digits_are_the_same_sum(tmp_path: Path) -> None:
    sha256 = find_manifest(str(write(tmp_path)), STATIC).sha256
    assert find_manifest(str(write(tmp_path, {'sha256': sha256.upper()})), STATIC)


def test_shipped_models_are_beside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'models').mkdir()
    write(tmp_path / 'models')
    monkeypatch.setattr(store, 'share_dir', lambda: tmp_path)
    assert shipped() == ['mine']
    assert shipped(LANDMARKS) == []


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('1,2\n3,4\n', None),
        ('1,2\n', 'expected 2 rows x,weight, found'),
        ('1,2,3\n4,5,6\n', 'expected 2 rows x,weight, found (2, 3)'),
        ('1,0\n3,0\n', 'expected 2 rows x,weight, found (2, 2)'),
        ('a,b\n', 'expected a table, not readable'),
        (None, 'expected a table, not readable'),
    ],
)
def test_tables_are_what_they_must_be(
    text: str | None, words: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, 'model_dir', lambda: tmp_path)
    (tmp_path / 'data').mkdir()
    if text is not None:
        (tmp_path / 'data' / 'some.csv').write_text(text, encoding='utf-8')
    if words is None:
        assert load_table('some.csv', 'a table', 2, 'x,weight').tolist() == [[1, 2], [3, 4]]
        return
    with pytest.raises(ModelError) as caught:
        load_table('some.csv', 'a table', 2, 'x,weight')
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
