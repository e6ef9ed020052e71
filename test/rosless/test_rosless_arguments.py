from __future__ import annotations

import pytest

from fer_ros.errors import ConfigError
from fer_ros.rosless.arguments import matches, parse
from fer_ros.rosless.logging import LoggingSeverity


def ros(*words: str):
    return parse(['prog', '--ros-args', *words])


def test_words_outside_ros_args_are_not_ours():
    found = parse(['-p', 'a:=1', '--ros-args', '-p', 'b:=2', '--', '-p', 'c:=3'])
    assert found.overrides('/n') == {'b': 2}


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('1', 1),
        ('1.5', 1.5),
        ('1e-3', 0.001),
        ('.5', 0.5),
        ('true', True),
        ('abc', 'abc'),
        ("'1'", '1'),
        ('[1, 2]', [1, 2]),
        ('/a:b', '/a:b'),
    ],
)
def test_values_are_yaml_as_ros_reads_it(text, value):
    found = ros('-p', f'x:={text}').overrides('/n')['x']
    assert found == value
    assert type(found) is type(value)


def test_the_later_of_two_wins():
    assert ros('-p', 'x:=1', '-p', 'x:=2').overrides('/n') == {'x': 2}


def test_a_parameter_of_one_node():
    found = ros('-p', 'fer:x:=1')
    assert found.overrides('/fer') == {'x': 1}
    assert found.overrides('/other') == {}


def test_log_level():
    assert ros('--log-level', 'debug').level == LoggingSeverity.DEBUG
    assert ros('--log-level', 'fer:=error').level == LoggingSeverity.ERROR


def test_remaps_of_one_node_and_of_all():
    found = ros('-r', 'a:b:=c', '-r', 'b:=d', '-r', '__node:=new', '-r', '__ns:=/robot')
    assert found.remaps_of('a') == {'b': 'c', '__node': 'new', '__ns': '/robot'}
    assert found.remaps_of('other')['b'] == 'd'
    for name in ('/', '~/image', '/robot_1/{node}/image', 'rostopic://image'):
        assert ros('-r', f'a:={name}').remaps_of('n') == {'a': name}


@pytest.mark.parametrize(
    ('words', 'what'),
    [
        (['-p'], 'a value after it'),
        (['-p', 'x'], 'name:=value'),
        (['-p', ':=1'], 'name:=value'),
        (['-p', 'x:=[1'], 'YAML'),
        (['-r', 'x'], 'name:=value'),
        (['-r', 'image:=a topic!'], 'expected a name'),
        (['-r', 'image:=/camera/'], 'expected a name'),
        (['-r', 'image:=/2nd/image'], 'expected a name'),
        (['--log-level', 'loud'], 'one of'),
        (['--nonsense', '1'], '--nonsense'),
        (['--params-file', '/nowhere.yaml'], '/nowhere.yaml'),
    ],
)
def test_mistakes_are_named(words, what):
    with pytest.raises(ConfigError, match=what):
        ros(*words)


@pytest.mark.parametrize(
    ('pattern', 'name', 'fits'),
    [
        ('/**', '/fer', True),
        ('/**', '/robot/head/fer', True),
        ('/*', '/fer', True),
        ('/*', '/robot/fer', False),
        ('/**/fer', '/fer', True),
        ('/**/fer', '/robot/head/fer', True),
        ('/**/fer', '/robot/other', False),
        ('/*/fer', '/robot/fer', True),
        ('/*/fer', '/fer', False),
        ('/robot/*', '/robot/fer', True),
        ('/robot/**', '/robot/head/fer', True),
        ('/fer', '/fer', True),
        ('/fer', '/fern', False),
        ('/f.r', '/fer', False),
    ],
)
def test_wildcards(pattern, name, fits):
    assert matches(pattern, name) is fits


FILE = """
/**:
  ros__parameters:
    x: 1
    group: {inner: 2}
fer:
  ros__parameters:
    x: 3
robot:
  "*":
    ros__parameters: {y: 4}
"""


def test_a_file_with_wildcards_and_nesting(tmp_path):
    path = tmp_path / 'p.yaml'
    path.write_text(FILE)
    found = ros('--params-file', str(path))
    assert found.overrides('/other') == {'x': 1, 'group.inner': 2}
    assert found.overrides('/fer') == {'x': 3, 'group.inner': 2}
    assert found.overrides('/robot/a') == {'x': 1, 'group.inner': 2, 'y': 4}


def test_a_full_name_goes_before_a_pattern_as_in_rclpy(tmp_path):
    path = tmp_path / 'p.yaml'
    path.write_text(FILE)
    found = ros('--params-file', str(path), '-p', 'x:=9')
    assert found.overrides('/fer')['x'] == 3
    assert found.overrides('/other')['x'] == 9


@pytest.mark.parametrize('text', ['[1, 2]', 'fer: 1', 'fer: {ros__parameters: 1}', 'a: [', '\0'])
def test_a_broken_file_is_named(tmp_path, text):
    path = tmp_path / 'p.yaml'
    path.write_text(text)
    with pytest.raises(ConfigError, match=r'p\.yaml'):
        ros('--params-file', str(path))
