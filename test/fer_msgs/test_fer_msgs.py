"""The definitions as ROS's own tools will read them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from rosbags.typesys import get_types_from_msg

PACKAGE = Path(__file__).resolve().parents[2] / 'fer_msgs'
FILES = sorted((PACKAGE / 'msg').glob('*.msg'))


def fields(path: Path) -> list[str]:
    lines = [line.partition('#')[0].strip() for line in path.read_text().splitlines()]
    return [line.split()[1] for line in lines if line and '=' not in line]


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.stem)
def test_it_parses(path):
    name = f'fer_msgs/msg/{path.stem}'
    _, found = get_types_from_msg(path.read_text(), name)[name]
    assert [field for field, _ in found] == fields(path)


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.stem)
def test_names_are_what_rosidl_takes(path):
    assert re.fullmatch('[A-Z][A-Za-z0-9]*', path.stem)
    for field in fields(path):
        assert re.fullmatch('[a-z](_?[a-z0-9]+)*', field), field


def test_cmake_generates_every_message():
    text = (PACKAGE / 'CMakeLists.txt').read_text()
    assert re.findall(r'msg/(\w+)\.msg', text) == [path.stem for path in FILES]


def test_the_manifest():
    root = ET.parse(PACKAGE / 'package.xml').getroot()
    assert root.get('format') == '3'
    assert root.findtext('license') == 'Apache-2.0'
    # colcon silently drops the ROS environment hooks of a package with an invalid address.
    assert re.fullmatch(r'[^@\s]+@[^@\s]+\.[a-z]+', root.find('maintainer').get('email'))
    assert root.findtext('member_of_group') == 'rosidl_interface_packages'
    depends = {element.text for element in root.findall('depend')}
    used = {
        match
        for path in FILES
        for match in re.findall(r'^(\w+)/\w+', path.read_text(), flags=re.MULTILINE)
    }
    assert used <= depends


def test_the_first_release_stays_as_it_is():
    """Fields are only ever added at the end: recorded bags and other people's nodes rely on it."""
    released = {
        'ActionUnit': 'code intensity confidence',
        'Evidence': 'label units_for units_against support',
        'ExpressionEvent': 'header face_id expression kind duration_s peak',
        'ExpressionRequest': (
            'header request_id expression second_expression second_share valence arousal '
            'intensity priority duration_s queue cancel'
        ),
        'FaceExpression': (
            'face_id roi_xmin roi_ymin roi_xmax roi_ymax labels probabilities expression '
            'compound_expression compound_share valence arousal intensity phase phase_start '
            'action_units head_yaw_rad head_pitch_rad head_roll_rad quality quality_flags '
            'confidence abstained abstained_reason model_ids'
        ),
        'FaceExpressionArray': (
            'header faces latency_ms inference_ms frames_processed frames_dropped'
        ),
        'RequestStatus': 'header request_id expression state reason',
        'RigState': 'header rig expression action_units limits_hit estopped',
    }
    for path in FILES:
        first = released[path.stem].split()
        assert fields(path)[: len(first)] == first
