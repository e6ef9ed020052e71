from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from builtin_interfaces.msg import Time
from fer_msgs.msg import FaceExpressionArray
from made_faces import expression, face, frame, pose, quality, state
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from fer_ros.errors import FrameError
from fer_ros.evaluation.results import event_row, frame_row
from fer_ros.nodes import conversions
from fer_ros.taxonomy import (
    EMOTION_TO_HRI,
    EMOTIONS,
    HRI_EXPRESSIONS,
    EventKind,
    Phase,
    QualityFlag,
)
from fer_ros.types import (
    ActionUnit,
    CameraIntrinsics,
    ClipExpression,
    Compound,
    Evidence,
    ExpressionEvent,
    FaceState,
    Roi,
)

NS = 1_000_000_000
HEADER = Header(stamp=Time(sec=12, nanosec=34), frame_id='camera')


@pytest.mark.parametrize(
    ('stamp_ns', 'sec', 'nanosec'),
    [
        (0, 0, 0),
        (1, 0, 1),
        (999_999_999, 0, 999_999_999),
        (NS, 1, 0),
        (1_700_000_000_123_456_789, 1_700_000_000, 123_456_789),
        (-1, -1, 999_999_999),
        (-NS, -1, 0),
        (-1_500_000_000, -2, 500_000_000),
        ((2**31 - 1) * NS + 999_999_999, 2**31 - 1, 999_999_999),
        (-(2**31) * NS, -(2**31), 0),
    ],
)
def test_stamps_to_the_nanosecond(stamp_ns: int, sec: int, nanosec: int) -> None:
    stamp = conversions.ns_to_stamp(stamp_ns)
    assert (stamp.sec, stamp.nanosec) == (sec, nanosec)
    assert conversions.stamp_to_ns(stamp) == stamp_ns


def test_image_there_and_back() -> None:
    pixels = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    message = conversions.image_from(pixels, HEADER)
    assert (message.height, message.width, message.step) == (4, 5, 15)
    assert message.encoding == 'rgb8'
    found = conversions.frame_from(message, 7, max_pixels=20)
    np.testing.assert_array_equal(found.pixels, pixels)
    assert (found.stamp_ns, found.frame_id, found.sequence) == (12 * NS + 34, 'camera', 7)


def test_bgr_is_turned_and_padding_left_out() -> None:
    rows = [bytes([1, 2, 3, 4, 5, 6, 99, 99]), bytes([7, 8, 9, 10, 11, 12, 99, 99])]
    message = Image(header=HEADER, height=2, width=2, encoding='bgr8', step=8, data=b''.join(rows))
    found = conversions.frame_from(message, 0, max_pixels=4).pixels
    assert found.tolist() == [[[3, 2, 1], [6, 5, 4]], [[9, 8, 7], [12, 11, 10]]]


def test_compressed_image() -> None:
    bgr = np.zeros((4, 5, 3), np.uint8)
    bgr[1, 2] = (10, 20, 200)
    data = cv2.imencode('.png', bgr)[1].tobytes()
    message = CompressedImage(header=HEADER, format='rgb8; png compressed bgr8', data=data)
    found = conversions.frame_from(message, 0, max_pixels=20)
    assert found.pixels[1, 2].tolist() == [200, 20, 10]
    assert found.stamp_ns == 12 * NS + 34


@pytest.mark.parametrize(
    ('fields', 'reason'),
    [
        ({'encoding': 'rgb7'}, 'bad_encoding'),
        ({'data': bytes(11)}, 'bad_data'),
        ({'width': 0, 'data': b''}, 'bad_data'),
        ({'width': 5, 'height': 5, 'step': 15, 'data': bytes(75)}, 'too_large'),
    ],
)
def test_what_can_not_be_used_names_its_counter(fields: dict[str, Any], reason: str) -> None:
    values = {'height': 2, 'width': 2, 'encoding': 'rgb8', 'step': 6, 'data': bytes(12)}
    message = Image(header=HEADER, **{**values, **fields})
    with pytest.raises(FrameError) as caught:
        conversions.frame_from(message, 0, max_pixels=20)
    assert caught.value.reason == reason


def test_camera_info_there_and_back() -> None:
    camera = CameraIntrinsics(640, 480, 500.0, 510.0, 320.5, 240.5)
    message = conversions.camera_info_from(camera, frame(), HEADER)
    assert conversions.intrinsics_from(message) == camera
    assert list(message.k) == [500.0, 0.0, 320.5, 0.0, 510.0, 240.5, 0.0, 0.0, 1.0]
    assert list(message.p) == [
        500.0, 0.0, 320.5, 0.0,
        0.0, 510.0, 240.5, 0.0,
        0.0, 0.0, 1.0, 0.0,
    ]  # fmt: skip
    assert (message.header, message.distortion_model) == (HEADER, 'plumb_bob')


def test_camera_info_of_frames_of_another_size() -> None:
    camera = CameraIntrinsics(640, 480, 500.0, 510.0, 320.0, 240.0)
    message = conversions.camera_info_from(camera, frame(width=320, height=240), HEADER)
    assert (message.width, message.height) == (320, 240)
    assert message.k[0] == 250.0


@pytest.mark.parametrize(
    'fields',
    [
        {},
        {'k': [math.nan] * 9},
        {'k': [500.0, 0.0, math.nan, 0.0, 500.0, 240.0, 0.0, 0.0, 1.0]},
        {'k': [math.inf, 0.0, 320.0, 0.0, 500.0, 240.0, 0.0, 0.0, 1.0]},
        {'k': [-500.0, 0.0, 320.0, 0.0, 500.0, 240.0, 0.0, 0.0, 1.0]},
        {'width': 0, 'k': [500.0, 0.0, 320.0, 0.0, 500.0, 240.0, 0.0, 0.0, 1.0]},
    ],
)
def test_a_camera_that_is_not_calibrated(fields: dict[str, Any]) -> None:
    message = CameraInfo(**{'width': 640, 'height': 480, **fields})
    assert conversions.intrinsics_from(message) is None


def test_no_calibration_is_k_of_zeros() -> None:
    message = conversions.camera_info_from(None, frame(), HEADER)
    assert list(message.k) == [0.0] * 9
    assert (message.width, message.height) == (640, 480)
    assert conversions.intrinsics_from(message) is None


@pytest.mark.parametrize(
    ('roi', 'expected'),
    [
        (Roi(64.0, 48.0, 128.0, 96.0), (0.1, 0.1, 0.3, 0.3)),
        (Roi(-64.0, -48.0, 128.0, 96.0), (0.0, 0.0, 0.1, 0.1)),
        (Roi(576.0, 432.0, 128.0, 96.0), (0.9, 0.9, 1.0, 1.0)),
        (Roi(-10.0, -10.0, 1000.0, 1000.0), (0.0, 0.0, 1.0, 1.0)),
        (Roi(700.0, 0.0, 50.0, 48.0), (1.0, 0.0, 1.0, 0.1)),
    ],
)
def test_roi_in_shares_of_the_image(roi: Roi, expected: tuple[float, ...]) -> None:
    message = conversions.roi_from(roi, 0.75, frame(), HEADER)
    found = (message.xmin, message.ymin, message.xmax, message.ymax)
    assert found == pytest.approx(expected, abs=1e-6)
    assert message.c == 0.75
    assert message.header == HEADER


def test_landmarks_keep_their_place_and_lose_confidence_outside() -> None:
    points = np.full((478, 3), 120.0, np.float32)
    points[:, 0] = np.linspace(-100, 740, 478)
    message = conversions.landmarks_from(state(face=face(landmarks_px=points)), frame(), HEADER)
    assert (message.width, message.height) == (640, 480)
    assert len(message.landmarks) == 70
    sides = {(point.x < 0, point.x > 1) for point in message.landmarks}
    assert len(sides) == 3
    for point in message.landmarks:
        assert point.y == pytest.approx(0.25)
        assert point.c == (0.75 if 0 <= point.x <= 1 else 0.0)
    # dlib's chin (8) is point 152 of the mesh.
    assert message.landmarks[8].x == pytest.approx(points[152, 0] / 640, abs=1e-6)


def units(message: Any) -> dict[int, tuple[float, float]]:
    """Return what a message of action units says of the codes that it estimates."""
    assert len(message.intensity) == len(message.confidence) == 99
    return {
        code: (message.intensity[code], message.confidence[code])
        for code in range(99)
        if message.confidence[code] or message.intensity[code]
    }


def test_action_units_stand_at_their_code() -> None:
    shown = expression(happiness=0.75)
    smiling = {6: ActionUnit(0.5, 0.25), 12: ActionUnit(1.0, 0.5)}
    shown = type(shown)(
        shown.labels, shown.probabilities, 0.0, 0.0, 0.75, ('made',), action_units=smiling
    )
    turned = face(
        head_pose=pose(yaw_rad=-math.radians(30)),
        quality=quality(0.5, QualityFlag.OCCLUDED_LOWER),
    )
    message = conversions.facs_from(state(face=turned, expression=shown), HEADER)
    assert units(message) == {
        6: (0.5, 0.25),
        12: (1.0, 0.5),
        51: (0.0, 0.75),
        52: (pytest.approx(0.5), 0.75),
        53: (0.0, 0.75),
        54: (0.0, 0.75),
        55: (0.0, 0.75),
        56: (0.0, 0.75),
        70: (0.0, 0.75),
        71: (0.0, 0.75),
        72: (1.0, 0.75),
        73: (0.0, 0.75),
    }


def test_without_a_pose_only_visibility_is_estimated() -> None:
    assert set(units(conversions.facs_from(state(), HEADER))) == {70, 71, 72, 73}


@pytest.mark.parametrize('label', EMOTIONS)
def test_every_label_has_a_rep_155_name(label: str) -> None:
    share = 0.875
    shown = expression(**{label: share})
    message = conversions.expression_from(
        state(expression=shown, label=label), 'neutral', 'annoyed', HEADER
    )
    expected = 'annoyed' if label == 'contempt' else EMOTION_TO_HRI[label]
    assert message.expression == expected
    assert message.expression in HRI_EXPRESSIONS
    assert message.confidence == pytest.approx(shown.confidence)
    assert (message.valence, message.arousal) == (0.25, -0.5)
    assert message.header == HEADER


def abstained(**shares: float) -> FaceState:
    return state(expression=expression(**shares), label='anger', abstained='blur')


def test_an_abstention_repeats_the_last_certain_label_with_low_confidence() -> None:
    message = conversions.expression_from(
        abstained(anger=0.5, happiness=0.3), 'happiness', 'skeptical', HEADER
    )
    assert message.expression == 'happy'
    assert message.confidence == pytest.approx(0.1)
    message = conversions.expression_from(
        abstained(anger=0.5, happiness=0.03125), 'happiness', 'skeptical', HEADER
    )
    assert message.confidence == 0.03125


def test_an_abstention_of_contempt_uses_the_alias() -> None:
    message = conversions.expression_from(abstained(), 'contempt', 'annoyed', HEADER)
    assert message.expression == 'annoyed'


def test_an_abstention_of_a_model_without_neutral() -> None:
    shown = expression(('anger', 'fear'), fear=0.5)
    message = conversions.expression_from(
        state(expression=shown, abstained='dark'), 'neutral', 'annoyed', HEADER
    )
    assert (message.expression, message.confidence) == ('neutral', 0.0)


def test_everything_of_a_face() -> None:
    shown = state(
        face=face(head_pose=pose(0.5, -0.25, 0.125), quality=quality(0.5, QualityFlag(2 + 4))),
        phase=Phase.OFFSET,
        phase_started_ns=3 * NS + 5,
        compound=Compound('surprise', 0.375),
        abstained='low_confidence',
    )
    message = conversions.face_expression_from(shown, frame(), ['detector', 'net'])
    assert message.face_id == 'f1'
    corners = (message.roi_xmin, message.roi_ymin, message.roi_xmax, message.roi_ymax)
    assert corners == pytest.approx((0.1, 0.1, 0.3, 0.3), abs=1e-6)
    assert list(message.labels) == list(EMOTIONS)
    assert list(message.probabilities) == [0.25, 0.75, 0, 0, 0, 0, 0, 0]
    assert (message.expression, message.compound_expression) == ('happiness', 'surprise')
    assert (message.compound_share, message.intensity) == (0.375, 0.75)
    assert (message.valence, message.arousal, message.confidence) == (0.25, -0.5, 0.75)
    assert message.phase == message.PHASE_OFFSET
    assert (message.phase_start.sec, message.phase_start.nanosec) == (3, 5)
    pose_rad = (message.head_yaw_rad, message.head_pitch_rad, message.head_roll_rad)
    assert pose_rad == (0.5, -0.25, 0.125)
    assert message.quality == 0.5
    assert message.quality_flags == message.QUALITY_BLUR + message.QUALITY_DARK
    assert message.abstained is True
    assert message.abstained_reason == 'low_confidence'
    assert list(message.model_ids) == ['detector', 'net']


@pytest.mark.parametrize('flag', [flag for flag in QualityFlag if flag])
def test_flags_of_the_message_are_ours(flag: QualityFlag) -> None:
    message = conversions.face_expression_from(
        state(face=face(quality=quality(0.5, flag))), frame(), []
    )
    assert message.quality_flags == getattr(message, f'QUALITY_{flag.name}')


def test_unknown_numbers_are_null_in_json() -> None:
    message = FaceExpressionArray(
        header=HEADER,
        faces=[conversions.face_expression_from(state(), frame(), ['net'])],
        latency_ms=math.inf,
        inference_ms=2.5,
        frames_processed=3,
        frames_dropped=0,
    )
    found = json.loads(json.dumps(conversions.as_json(message), allow_nan=False))
    assert found['header'] == {'stamp': {'sec': 12, 'nanosec': 34}, 'frame_id': 'camera'}
    assert (found['latency_ms'], found['inference_ms']) == (None, 2.5)
    (one,) = found['faces']
    assert one['head_yaw_rad'] is None
    assert one['labels'] == list(EMOTIONS)
    assert one['probabilities'][1] == 0.75
    assert one['abstained'] is False
    assert one['compound_expression'] == ''


def test_numbers_in_arrays_are_null_too() -> None:
    message = conversions.camera_info_from(None, frame(), HEADER)
    message.k = [math.nan, 1.0, *[0.0] * 7]
    assert conversions.as_json(message)['k'] == [None, 1.0, *[0.0] * 7]


def test_transforms_of_a_face_that_looks_at_the_camera() -> None:
    found = conversions.transforms_from(state(face=face(head_pose=pose())), HEADER)
    assert [item.child_frame_id for item in found] == ['face_f1', 'gaze_f1']
    for item in found:
        assert item.header == HEADER
        place = item.transform.translation
        assert (place.x, place.y, place.z) == (0.0, 0.0, 1.0)
        turn = item.transform.rotation
        assert turn.x**2 + turn.y**2 + turn.z**2 + turn.w**2 == pytest.approx(1.0)
    assert conversions.transforms_from(state(), HEADER) == []


def test_octets_are_an_array() -> None:
    assert conversions.octets(b'\x00\xff').tolist() == [0, 255]


def test_an_event_there_and_back() -> None:
    event = ExpressionEvent(
        'f1', 5_500_000_000, EventKind.APEX, 'surprise', 0.75, 3_000_000_001, apex_ns=5_000_000_000
    )
    header = Header(stamp=Time(sec=5, nanosec=500_000_000), frame_id='camera')
    message = conversions.event_from(event, header)
    assert (message.kind, message.expression, message.header.frame_id) == (2, 'surprise', 'camera')
    assert (message.onset.sec, message.onset.nanosec) == (3, 1)
    assert (message.end.sec, message.end.nanosec) == (0, 0)
    assert message.duration_s == pytest.approx(2.499999999)
    assert event_row(message) == event


def test_what_a_clip_model_said() -> None:
    shares = np.array([0.25, 0.75], np.float32)
    clip = ClipExpression(('boredom', 'joy'), shares, 2_000_000_003, 500_000_000)
    message = conversions.face_expression_from(state(clip=clip), frame(), ('made',))
    assert list(message.clip_labels) == ['boredom', 'joy']
    assert list(message.clip_probabilities) == [0.25, 0.75]
    assert (message.clip_stamp.sec, message.clip_stamp.nanosec) == (2, 3)
    without = conversions.face_expression_from(state(), frame(), ('made',))
    assert list(without.clip_labels) == []


def test_a_message_reads_the_same_before_it_is_sent_and_after() -> None:
    shares = np.array([0.1, 0.2, 0.7], np.float32)
    seen = replace(
        expression(('neutral', 'sadness', 'fear'), fear=0.7),
        probabilities=shares,
        valence=0.1,
        arousal=-0.3,
        confidence=0.7,
        action_units={1: ActionUnit(0.1, 0.3), 12: ActionUnit(0.7, 0.9, 0.6, 0.8)},
    )
    shown = state(
        face=face(roi=Roi(1.1, 2.2, 33.3, 44.4), head_pose=pose(0.1, 0.2, 0.3)),
        expression=seen,
        intensity=0.3,
        states={'engaged': 0.1, 'bored': 0.7},
        evidence=(Evidence('fear', (1, 2), (12,), 0.3),),
    )
    message = FaceExpressionArray(
        header=HEADER,
        faces=[conversions.face_expression_from(shown, frame(), ('made',))],
        latency_ms=1.1,
        inference_ms=0.1,
    )
    sent = deserialize_message(serialize_message(message), FaceExpressionArray)
    row = frame_row(message)
    assert row == frame_row(sent)
    assert row.faces[0].valence == float(np.float32(0.1)) != 0.1
    told = ExpressionEvent('f1', 5, EventKind.ONSET, 'fear', 0.1, 3)
    happened = conversions.event_from(told, HEADER)
    again = deserialize_message(serialize_message(happened), type(happened))
    assert event_row(happened) == event_row(again)
