from __future__ import annotations

import json

import pytest
from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterAlreadyDeclaredException,
    ParameterException,
    ParameterNotDeclaredException,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

SHARE = ParameterDescriptor(
    floating_point_range=[FloatingPointRange(from_value=0.0, to_value=1.0)]
)
EVEN = ParameterDescriptor(integer_range=[IntegerRange(from_value=2, to_value=7, step=2)])


def set_one(node, name, value):
    (result,) = node.set_parameters([Parameter(name, value=value)])
    return result


def test_declare_and_get(node):
    assert node.declare_parameter('x', 0.5).value == 0.5
    assert node.get_parameter('x').value == 0.5
    assert node.get_parameter('x').type_ == Parameter.Type.DOUBLE
    assert node.has_parameter('x')
    with pytest.raises(ParameterAlreadyDeclaredException):
        node.declare_parameter('x', 1.0)
    with pytest.raises(ParameterNotDeclaredException):
        node.get_parameter('y')


@pytest.mark.parametrize(
    ('default', 'value'), [(0.5, 1), (1, 1.0), ('a', 1), (True, 1), (1, True), (['a'], [1])]
)
def test_another_type_is_refused(node, default, value):
    node.declare_parameter('x', default)
    result = set_one(node, 'x', value)
    assert not result.successful
    assert 'expected' in result.reason
    assert node.get_parameter('x').value == default


@pytest.mark.parametrize('value', [-0.1, 1.1, float('nan'), float('inf')])
def test_a_value_out_of_range_is_refused(node, value):
    node.declare_parameter('x', 0.5, SHARE)
    result = set_one(node, 'x', value)
    assert not result.successful
    assert 'Min: 0.0, Max: 1.0' in result.reason
    assert node.get_parameter('x').value == 0.5


def test_a_value_in_range_is_taken(node):
    node.declare_parameter('x', 0.5, SHARE)
    for value in (0.0, 1.0):
        assert set_one(node, 'x', value).successful
        assert node.get_parameter('x').value == value


@pytest.mark.parametrize(('value', 'good'), [(2, True), (3, False), (6, True), (7, True)])
def test_steps(node, value, good):
    node.declare_parameter('x', 4, EVEN)
    assert set_one(node, 'x', value).successful is good


def test_a_default_out_of_range_is_a_mistake_of_the_program(node):
    with pytest.raises(InvalidParameterValueException):
        node.declare_parameter('x', 2.0, SHARE)


def test_read_only(node):
    node.declare_parameter('x', 1, ParameterDescriptor(read_only=True))
    assert not set_one(node, 'x', 2).successful


def test_a_callback_may_refuse(node):
    node.declare_parameter('x', 1)
    asked = []

    def callback(changes):
        asked.append([(change.name, change.value) for change in changes])
        return SetParametersResult(successful=changes[0].value < 5, reason='too many')

    node.add_on_set_parameters_callback(callback)
    assert set_one(node, 'x', 2).successful
    refused = set_one(node, 'x', 5)
    assert (refused.successful, refused.reason) == (False, 'too many')
    assert node.get_parameter('x').value == 2
    node.remove_on_set_parameters_callback(callback)
    assert set_one(node, 'x', 5).successful
    assert asked == [[('x', 2)], [('x', 5)]]


def test_overrides_are_checked_as_they_are_declared(context):
    node = Node('n', parameter_overrides=[Parameter('x', value=3), Parameter('y', value=9.0)])
    try:
        with pytest.raises(InvalidParameterTypeException, match='DOUBLE'):
            node.declare_parameter('x', 0.5)
        with pytest.raises(InvalidParameterValueException, match='out of range'):
            node.declare_parameter('y', 0.5, SHARE)
    finally:
        node.destroy_node()


def test_a_value_that_is_no_parameter(node):
    with pytest.raises(ParameterException):
        node.declare_parameter('x', {'a': 1})


def test_the_command_line_reaches_a_node(peer, tmp_path):
    path = tmp_path / 'p.yaml'
    path.write_text(
        '/**:\n  ros__parameters: {threshold: 0.25, count: 7, unknown: 1, group: {inner: 5}}\n'
    )
    words = [
        '--params-file', str(path), '-p', 'count:=8', '-p', 'label:=b', '-p', 'flag:=true',
        '-p', 'group.words:=[x]', '-r', '__node:=other', '-r', '__ns:=/robot',
        '-r', 'image:=/camera/image_raw',
    ]  # fmt: skip
    status, out, err = peer('parameters', '--ros-args', *words).end()
    assert status == 0, err
    assert json.loads(out) == {
        'name': '/robot/other', 'topic': '/camera/image_raw', 'private': '/robot/other/out',
        'threshold': 0.25, 'count': 8, 'label': 'b', 'flag': True,
        'group.inner': 5, 'group.words': ['x'],
    }  # fmt: skip


def test_a_bad_value_on_the_command_line_ends_the_program(peer):
    status, _, err = peer('parameters', '--ros-args', '-p', 'threshold:=1').end()
    assert status != 0
    # rclpy's own words, to the letter.
    text = "Trying to set parameter 'threshold' to '1' of type 'INTEGER', expecting type 'DOUBLE'"
    assert text in err.splitlines()[-1]
