from __future__ import annotations

import os
import socket

import pytest

from fer_ros.cli import common


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
