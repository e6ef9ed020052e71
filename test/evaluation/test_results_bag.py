from __future__ import annotations

import math
from contextlib import closing, suppress

import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from fer_msgs.msg import FaceExpression, FaceExpressionArray
from hri_msgs.msg import IdsList
from rclpy.serialization import serialize_message
from rosbags.highlevel import AnyReader
from std_msgs.msg import Header

from fer_ros.errors import DataError, SourceError
from fer_ros.evaluation.recorder import ResultsBag
from fer_ros.evaluation.results import frame_row, read_results
from fer_ros.rosless import typestore
from fer_ros.taxonomy import Phase

ARRAY = 'fer_msgs/msg/FaceExpressionArray'
STAMP_NS = 1_700_000_000_123_456_789


def header(stamp_ns: int):
    sec, nanosec = divmod(stamp_ns, 1_000_000_000)
    return Header(stamp=Time(sec=sec, nanosec=nanosec), frame_id='cam')


def expressions(stamp_ns: int, face_id: str = 'anna'):
    face = FaceExpression(
        face_id=face_id, roi_xmin=0.1, roi_ymin=0.2, roi_xmax=0.3, roi_ymax=0.4,
        labels=['neutral', 'happiness'], probabilities=[0.25, 0.75],
        expression='happiness',
        compound_expression='', compound_share=0.0, valence=0.5, arousal=-0.25, intensity=0.5,
        phase=2, phase_start=Time(sec=1, nanosec=2), action_units=[],
        head_yaw_rad=math.nan, head_pitch_rad=0.0, head_roll_rad=0.0, quality=1.0,
        quality_flags=0, confidence=0.75, abstained=True, abstained_reason='blur',
        model_ids=['m'],
    )  # fmt: skip
    return FaceExpressionArray(
        header=header(stamp_ns), faces=[face], latency_ms=12.5, inference_ms=4.0,
        frames_processed=7, frames_dropped=3,
    )  # fmt: skip


def diagnostics(stamp_ns: int):
    pairs = {'drops_replaced': '5', 'backend': 'cpu', 'models': 'a, b'}
    values = [KeyValue(key=key, value=value) for key, value in pairs.items()]
    status = DiagnosticStatus(level=DiagnosticStatus.OK, name='fer: perception', values=values)
    return DiagnosticArray(header=header(stamp_ns), status=[status])


def write(path, count: int = 2):
    with closing(ResultsBag(path, typestore())) as bag:
        put(bag, '/diagnostics', 'diagnostic_msgs/msg/DiagnosticArray', diagnostics(STAMP_NS), 0)
        for index in range(count):
            put(bag, '/fer/expressions', ARRAY, expressions(STAMP_NS + index), index)
        put(bag, '/humans/faces/tracked', 'hri_msgs/msg/IdsList', ids(), count)


def ids():
    return IdsList(header=header(STAMP_NS), ids=['anna'])


def put(bag, topic: str, kind: str, message, index: int) -> None:
    bag.write(topic, kind, serialize_message(message), STAMP_NS + 1_000_000 + index)


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / 'deep' / 'results.mcap'
    write(path)
    rows, health = read_results(path)
    assert [row.stamp_ns for row in rows] == [STAMP_NS, STAMP_NS + 1]
    assert (rows[0].latency_ms, rows[0].inference_ms) == (12.5, 4.0)
    assert (rows[0].frames_processed, rows[0].frames_dropped) == (7, 3)
    face = rows[0].faces[0]
    assert (face.face_id, face.labels, face.probabilities) == (
        'anna', ('neutral', 'happiness'), (0.25, 0.75),
    )  # fmt: skip
    assert (face.expression, face.confidence, face.intensity) == ('happiness', 0.75, 0.5)
    assert (face.phase, face.valence, face.arousal) == (Phase.APEX, 0.5, -0.25)
    assert face.abstained == 'blur'
    assert face.roi == pytest.approx((0.1, 0.2, 0.3, 0.4))
    assert health.drops == {'replaced': 5}
    assert (health.backend, health.models) == ('cpu', ('a', 'b'))


def test_any_reader_knows_every_message_without_our_definitions(tmp_path):
    path = tmp_path / 'results.mcap'
    write(path)
    with AnyReader([path]) as reader:
        found = {c.topic: reader.deserialize(raw, c.msgtype) for c, _, raw in reader.messages()}
    assert found['/humans/faces/tracked'].ids == ['anna']
    assert found['/fer/expressions'].faces[0].expression == 'happiness'


def test_only_the_result_is_left(tmp_path):
    write(tmp_path / 'results.mcap')
    assert [path.name for path in tmp_path.iterdir()] == ['results.mcap']


def test_an_error_leaves_what_was_written(tmp_path):
    path = tmp_path / 'results.mcap'
    bag = ResultsBag(path, typestore())
    with suppress(KeyboardInterrupt), closing(bag):
        put(bag, '/fer/expressions', ARRAY, expressions(STAMP_NS), 0)
        raise KeyboardInterrupt
    assert len(read_results(path)[0]) == 1


def test_an_older_result_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / 'results.mcap'
    write(path, count=1)
    with closing(ResultsBag(path, typestore())) as bag:
        put(bag, '/fer/expressions', ARRAY, expressions(STAMP_NS), 0)
        assert len(read_results(path)[0]) == 1
        put(bag, '/fer/expressions', ARRAY, expressions(STAMP_NS + 1), 1)
    assert len(read_results(path)[0]) == 2


def test_no_bag(tmp_path):
    path = tmp_path / 'results.mcap'
    path.write_bytes(b'nothing')
    with pytest.raises(SourceError) as error:
        read_results(path)
    assert '\n' not in str(error.value)


def test_of_a_file_that_was_cut_off_what_is_whole_is_read(tmp_path):
    path = tmp_path / 'results.mcap'
    write(path, count=40)
    cut = tmp_path / 'cut.mcap'
    content = path.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    rows, _ = read_results(cut)
    assert 0 < len(rows) < 40
    assert [row.stamp_ns for row in rows] == [STAMP_NS + index for index in range(len(rows))]


def test_no_label_without_a_reason_is_no_label():
    message = expressions(STAMP_NS)
    message.faces[0].abstained_reason = ''
    assert frame_row(message).faces[0].abstained == 'abstained'
    message.faces[0].abstained = False
    assert frame_row(message).faces[0].abstained == ''


def test_results_that_can_not_be_ours(tmp_path):
    path = tmp_path / 'results.mcap'
    message = expressions(STAMP_NS)
    message.faces[0].phase = 200
    with closing(ResultsBag(path, typestore())) as bag:
        put(bag, '/fer/expressions', ARRAY, message, 0)
    with pytest.raises(DataError, match='expected results of fer_ros, found: 200') as error:
        read_results(path)
    assert '\n' not in str(error.value)


def test_no_file(tmp_path):
    with pytest.raises(SourceError, match=r'results\.mcap'):
        read_results(tmp_path / 'results.mcap')
