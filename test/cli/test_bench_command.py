"""The benchmark runs and says what it measured; its figures are no matter of tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fer_ros.cli.main import main

pytestmark = pytest.mark.xdist_group('dds')


def test_quick(tmp_path: Path) -> None:
    path = tmp_path / 'bench.json'
    # In a process of its own: it binds itself to a core.
    words = ['bench', '--quick', '--json', '--out', str(path)]
    done = subprocess.run(
        [sys.executable, '-m', 'fer_ros.cli.main', *words],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures == json.loads(path.read_text(encoding='utf-8'))
    names = list(figures)
    assert names[0] == 'ratio_to_facemesh_1face'
    assert {'ratio_to_facemesh_4faces', 'ratio_to_fer_1face', 'machine', 'peers'} <= {*names}
    (chain,) = figures['chain']
    assert chain['faces_seen'] == 1
    assert {'p50', 'p90', 'p99', 'cpu_ms_per_frame', 'size', 'backend'} <= set(chain)
    (rooms,) = figures['rooms_ms_per_frame'].values()
    assert any(room.startswith('recognition') for room in rooms)
    assert set(figures['start_up']) == {
        'import_s', 'load_models_s', 'first_frame_ms', 'resident_mb',
    }  # fmt: skip
    node = figures['node']
    assert node['1face']['answered'] > 0
    assert node['1face']['faces_seen'] == 1
    assert set(node['1face']['transport_ms']) == {'p50', 'p90', 'p99'}


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        (['--frames', '0'], 'frames: expected 1 or more, found 0'),
        (['--seconds', '0'], 'seconds: expected 0.1 to 3600, found 0'),
    ],
)
def test_a_bad_start_is_one_line(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['bench', *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ('', f'fer-ros bench: {expected}\n')
