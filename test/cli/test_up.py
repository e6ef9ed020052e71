"""Parameter files of ``fer-ros up``, before any node is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_ros.cli import up
from fer_ros.cli.main import main


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Note what a node would be started with."""
    found: list[list[str]] = []
    monkeypatch.setattr(up.signals, 'listen', lambda: None)
    monkeypatch.setattr(up, '_face', lambda arguments: found.append(arguments) or 0)
    return found


@pytest.mark.parametrize(
    ('name', 'fits'),
    [
        ('/**', True),
        ('/fer/robot_face', True),
        ('/fer/*', True),
        ('/fer', False),
        ('camera', False),
    ],
)
def test_a_file_for_other_nodes_is_refused(
    name: str,
    fits: bool,
    tmp_path: Path,
    started: list[list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / 'p.yaml'
    path.write_text(f'{name}:\n  ros__parameters: {{rate_hz: 50.0}}\n', encoding='utf-8')
    assert main(['up', '--face-only', '--params', str(path)]) == (0 if fits else 2)
    assert bool(started) is fits
    found = f'found those of /{name.lstrip("/")}\n'
    assert capsys.readouterr().err.endswith('' if fits else found)


def test_a_node_by_another_name_is_the_users(tmp_path: Path, started: list[list[str]]) -> None:
    path = tmp_path / 'p.yaml'
    path.write_text('/eye:\n  ros__parameters: {rate_hz: 50.0}\n', encoding='utf-8')
    assert main(['up', '--face-only', '--params', str(path), '-r', '__node:=eye']) == 0
    assert started
