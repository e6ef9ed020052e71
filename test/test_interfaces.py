"""Messages, parameters and docs say the same."""

import re
from pathlib import Path

import pytest
import yaml
from rosbags.interfaces import Nodetype

from fer_ros import rosless
from fer_ros.generation import (
    DirectorConfig,
    LayerConfig,
    OutputKind,
    RequestState,
    load_rig,
)
from fer_ros.nodes import generation_parameters
from fer_ros.nodes.parameters import PARAMETERS, defaults, pipeline_config, refusal
from fer_ros.pipeline import PipelineConfig
from fer_ros.taxonomy import EMOTION_TO_HRI, EMOTIONS, HRI_EXPRESSIONS, Phase, QualityFlag

ROOT = Path(__file__).resolve().parents[1]
MESSAGES = (
    'ActionUnit',
    'Evidence',
    'ExpressionEvent',
    'ExpressionRequest',
    'FaceExpression',
    'FaceExpressionArray',
    'RequestStatus',
    'RigState',
)


def words(description) -> str:  # type: ignore[no-untyped-def]
    """Return a field's type as a .msg file writes it."""
    kind, detail = description
    if kind == Nodetype.BASE:
        return detail[0]
    if kind == Nodetype.NAME:
        return detail.replace('/msg/', '/').removeprefix('fer_msgs/')
    element, length = detail
    return f'{words(element)}[{length or ""}]'


def rows(start: str) -> list[list[str]]:
    """Return the cells of the first table of docs/interfaces.md below a heading."""
    text = (ROOT / 'docs' / 'interfaces.md').read_text(encoding='utf-8')
    text = text[text.index(start) :]
    table = text[text.index('| --- ') :].split('\n\n')[0]
    return [
        [cell.strip() for cell in row.strip('| ').split(' | ')] for row in table.split('\n')[1:]
    ]


def test_fer_msgs_parse_and_their_fields_equal_the_docs() -> None:
    store = rosless.typestore()
    told = [tuple(row[:3]) for row in rows('## Messages of fer_msgs') if row[0]]
    found = [
        (message, field, words(description))
        for message in MESSAGES
        for field, description in store.fielddefs[f'fer_msgs/msg/{message}'][1]
    ]
    assert sorted(told) == sorted(found)


def test_constants_of_the_messages_equal_the_enums() -> None:
    from fer_msgs.msg import FaceExpression

    for phase in Phase:
        assert getattr(FaceExpression, f'PHASE_{phase.name}') == phase
    for flag in QualityFlag:
        if flag:
            assert getattr(FaceExpression, f'QUALITY_{flag.name}') == flag


NODES = [
    ('fer.yaml', '## Parameters\n', defaults()),
    ('generation.yaml', "## Parameters of the robot's face", generation_parameters.defaults()),
]


@pytest.mark.parametrize(('file', 'heading', 'values'), NODES)
def test_the_parameter_file_holds_every_parameter_with_its_default(
    file: str, heading: str, values: dict[str, object]
) -> None:
    content = yaml.safe_load((ROOT / 'config' / file).read_text(encoding='utf-8'))
    assert content == {'/**': {'ros__parameters': values}}
    for name, value in content['/**']['ros__parameters'].items():
        assert type(value) is type(values[name]), name


@pytest.mark.parametrize(('file', 'heading', 'values'), NODES)
def test_the_docs_tell_every_parameter_and_its_default(
    file: str, heading: str, values: dict[str, object]
) -> None:
    told = {re.sub(r'[`]|\(c\)', '', row[0]).strip(): row[1].strip('`') for row in rows(heading)}
    expected = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
    }
    assert told == expected


def test_default_parameters_make_the_default_face() -> None:
    values = generation_parameters.defaults()
    assert generation_parameters.director_config(values) == DirectorConfig()
    assert generation_parameters.layer_config(values) == LayerConfig()
    files = generation_parameters.load_files(values)
    refused = generation_parameters.refusal(values, values, running=False, known=files[:2])
    assert refused == ''


def test_states_of_a_request_equal_those_of_the_message() -> None:
    from fer_msgs.msg import RequestStatus

    for state in RequestState:
        assert getattr(RequestStatus, state.name) == state


def test_every_parameter_has_a_description_and_a_range() -> None:
    for parameter in (*PARAMETERS, *generation_parameters.PARAMETERS):
        descriptor = parameter.descriptor()
        assert descriptor.description.endswith('.') or descriptor.description, parameter.name
        numeric = isinstance(parameter.default, (int, float)) and not isinstance(
            parameter.default, bool
        )
        ranges = [*descriptor.integer_range, *descriptor.floating_point_range]
        assert bool(ranges) == numeric, parameter.name


def test_default_parameters_make_the_default_pipeline() -> None:
    assert pipeline_config(defaults()) == PipelineConfig()
    assert refusal(defaults(), defaults(), running=False) == ''


@pytest.mark.parametrize(
    ('name', 'value', 'words'),
    [
        ('device', 'gpu', 'expected one of auto, cpu, cuda, tensorrt'),
        ('contempt_alias', 'contempt', 'expected one of neutral'),
        ('offset_intensity', 0.9, 'expected at most onset_intensity'),
        ('latency_error_ms', 1.0, 'expected at least latency_warn_ms'),
        ('states_file', '/nowhere/states.yaml', 'expected a YAML file, found none'),
    ],
)
def test_refuses_what_a_range_can_not(name: str, value: object, words: str) -> None:
    values = {**defaults(), name: value}
    assert words in refusal(values, [name], running=False)  # type: ignore[arg-type]


def test_a_bad_value_of_a_file_does_not_stand_in_the_way_of_others() -> None:
    values = {**defaults(), 'device': 'gpu', 'max_faces': 3}
    assert 'expected one of' in refusal(values, values, running=False)
    assert refusal(values, ['max_faces'], running=False) == ''
    face = {**generation_parameters.defaults(), 'target': 'nobody', 'min_hold_s': 1.0}
    given = {'running': False, 'known': None}
    assert 'expected one of' in generation_parameters.refusal(face, face, **given)  # type: ignore[arg-type]
    assert generation_parameters.refusal(face, ['min_hold_s'], **given) == ''  # type: ignore[arg-type]


def test_fixed_parameters_are_refused_while_configured() -> None:
    values = {**defaults(), 'device': 'cpu'}
    assert refusal(values, ['device'], running=False) == ''
    assert 'cleanup' in refusal(values, ['device'], running=True)


def test_every_emotion_has_a_name_that_libhri_knows() -> None:
    assert len(HRI_EXPRESSIONS) == len(set(HRI_EXPRESSIONS)) == 25
    assert set(EMOTION_TO_HRI) == set(EMOTIONS)
    assert set(EMOTION_TO_HRI.values()) <= set(HRI_EXPRESSIONS)


def test_every_file_names_the_same_version_and_maintainer() -> None:
    versions = {
        re.search(pattern, (ROOT / path).read_text(encoding='utf-8'))[1]  # type: ignore[index]
        for path, pattern in (
            ('package.xml', r'<version>(.*)</version>'),
            ('fer_msgs/package.xml', r'<version>(.*)</version>'),
            ('setup.py', r"version='(.*)'"),
            ('fer_ros/__init__.py', r"__version__ = '(.*)'"),
        )
    }
    assert len(versions) == 1
    # colcon takes a package with an invalid address for plain Python, and says nothing.
    for path in ('package.xml', 'fer_msgs/package.xml'):
        [address] = re.findall(r'email="([^"]*)"', (ROOT / path).read_text(encoding='utf-8'))
        assert re.fullmatch(r'[\w.+-]+@[\w-]+\.[a-z]{2,}', address)


def test_rosdep_installs_what_the_default_rig_sends_with() -> None:
    [default] = (p.default for p in generation_parameters.PARAMETERS if p.name == 'rig')
    kinds = {output.kind for output in load_rig(str(default)).outputs}
    needed = 'python3-aiohttp' if OutputKind.WEBSOCKET in kinds else 'rclpy'
    package = (ROOT / 'package.xml').read_text(encoding='utf-8')
    assert f'<exec_depend>{needed}</exec_depend>' in package
