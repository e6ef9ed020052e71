from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fer_ros.cli.main import main
from fer_ros.inference import store
from fer_ros.inference.store import model_dir, shipped

KEYS = {'id', 'task', 'licence', 'source'}


@pytest.fixture
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of two shipped models, to spoil."""
    folder = tmp_path / 'models'
    folder.mkdir()
    for name in ('blazeface-short', 'facemesh-468'):
        for suffix in ('.yaml', '.onnx'):
            shutil.copy(model_dir() / f'{name}{suffix}', folder)
    monkeypatch.setattr(store, 'share_dir', lambda: tmp_path)
    return folder


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['models', 'list', '--json']) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row['id'] for row in rows] == shipped()
    assert all(set(row) == KEYS and all(row.values()) for row in rows)


def test_verify(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['models', 'verify', '--json']) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row['id'] for row in rows] == shipped()
    assert all(set(row) == KEYS | {'state'} for row in rows)
    assert {row['state'] for row in rows} == {'ok'}


def test_text_names_every_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['models', 'list']) == 0
    out = capsys.readouterr().out
    assert 'licence' in out
    assert 'facemesh' in out


def test_verify_tells_a_spoilt_model(own_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own_models / 'facemesh-468.onnx').write_bytes(b'spoilt')
    assert main(['models', 'verify', '--json']) == 1
    good, bad = json.loads(capsys.readouterr().out)
    assert (good['id'], good['state']) == ('blazeface-short', 'ok')
    assert 'corrupt' in bad['state']
    assert str(own_models / 'facemesh-468.onnx') in bad['state']


def test_verify_tells_a_missing_file(own_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own_models / 'blazeface-short.onnx').unlink()
    assert main(['models', 'verify', '--json']) == 1
    bad, good = json.loads(capsys.readouterr().out)
    assert 'not readable' in bad['state']
    assert good['state'] == 'ok'


def test_a_spoilt_manifest_is_one_line(
    own_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own_models / 'facemesh-468.yaml').write_text('id: facemesh-468\n', encoding='utf-8')
    assert main(['models', 'verify']) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert err.startswith(f'fer-ros models: {own_models / "facemesh-468.yaml"}: expected the ent')
    assert len(err.splitlines()) == 1
