from __future__ import annotations

import os
import subprocess
import sys

import pytest

NODE = (
    'import sys, types; '
    "sys.modules['fer_ros.nodes.{0}_node'] = types.SimpleNamespace(main=lambda: None); "
    'from fer_ros.nodes import executables; executables.{0}()'
)
ENTRIES = {
    'command': "from fer_ros.cli.main import main; main(['models', 'list'])",
    'perception': NODE.format('perception'),
    'generation': NODE.format('generation'),
}
TELL = "; import os; print(os.environ.get('OPENBLAS_NUM_THREADS'))"


def told(script: str, **environment: str) -> str:
    usual = {k: v for k, v in os.environ.items() if k != 'OPENBLAS_NUM_THREADS'}
    done = subprocess.run(
        [sys.executable, '-c', script], env=usual | environment,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.split()[-1]


@pytest.mark.parametrize('entry', ENTRIES)
def test_processes_of_ours_keep_to_one_thread(entry: str) -> None:
    assert told(ENTRIES[entry] + TELL) == '1'


def test_users_may_ask_for_more() -> None:
    assert told(ENTRIES['command'] + TELL, OPENBLAS_NUM_THREADS='4') == '4'


def test_it_is_told_before_numpy_is_there() -> None:
    loaded = (
        "import sys, fer_ros.cli.main, fer_ros.nodes.executables; print('numpy' in sys.modules)"
    )
    assert told(loaded) == 'False'
