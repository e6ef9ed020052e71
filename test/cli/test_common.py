from __future__ import annotations

import json
import math
import os
import socket
from pathlib import Path

import pytest

from fer_ros.cli import common
from fer_ros.errors import ConfigError


def test_a_domain_in_use_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('ROS_DOMAIN_ID')
    common.choose_domain()
    first = int(os.environ['ROS_DOMAIN_ID'])
    assert 1 <= first <= 100
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as node:
        # As DDS opens it: shared by every node of the domain.
        node.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        node.bind(('', 7400 + 250 * first))
        monkeypatch.delenv('ROS_DOMAIN_ID')
        common.choose_domain()
        assert os.environ['ROS_DOMAIN_ID'] != str(first)


def test_a_domain_of_the_users_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('ROS_DOMAIN_ID', '42')
    common.choose_domain()
    assert os.environ['ROS_DOMAIN_ID'] == '42'


def test_no_bar_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    """In a log it would leave an empty line beside the one that tells of an error."""
    assert list(common.progress('ab')) == ['a', 'b']
    assert capsys.readouterr() == ('', '')


def test_json_has_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    common.print_json({'a': math.nan, 'b': [math.inf, 0.1234567891]})
    assert json.loads(capsys.readouterr().out) == {'a': None, 'b': [None, 0.1234567891]}


@pytest.mark.skipif(common.fcntl is None, reason='locks of POSIX')
def test_a_folder_is_one_runs_at_a_time(tmp_path: Path) -> None:
    out = tmp_path / 'a' / 'out'
    with common.claimed(out):
        assert list(out.iterdir()) == []
        with pytest.raises(ConfigError, match='another run writes to'), common.claimed(out):
            pass
        with common.claimed(tmp_path / 'b'), common.claimed(None):
            pass
    with common.claimed(out):
        pass
