"""The real node over real DDS, in processes of their own, on real faces."""

from __future__ import annotations

import json
import math
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from listener import FACE_TOPICS, Listener, finish, stamp_ns, start
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from fer_ros.taxonomy import EMOTIONS, HRI_EXPRESSIONS

pytestmark = pytest.mark.xdist_group('dds')


def play(listener: Listener, source: Path, *words: str) -> None:
    """Play a source to its end for node and listener, and until its last result has come."""
    player = start('play', str(source), '--quiet', '--subscribers', '2', *words)
    try:
        listener.spin_until(lambda: player.poll() is not None, 'the player')
        last = listener.sent[-1][0]
        listener.spin_until(
            lambda: any(stamp_ns(message) == last for message in listener.heard['expressions']),
            'the last result',
        )
        listener.spin_for(0.5)
    finally:
        status, text = finish(player)
    assert status == 0, text


@pytest.mark.data
def test_one_face_smiles(listener: Listener, perception: None, media: Path) -> None:
    play(listener, media / 'single_face.mp4', '--fov', '60', '--rate', '0.5')
    arrays = listener.heard['expressions']
    labels = [face.expression for array in arrays for face in array.faces]
    assert [label for label, _ in groupby(labels)] == ['neutral', 'happiness', 'neutral']
    ids = {face.face_id for array in arrays for face in array.faces}
    assert len(ids) == 1
    face = arrays[len(arrays) // 2].faces[0]
    assert list(face.labels) == list(EMOTIONS)
    assert sum(face.probabilities) == pytest.approx(1.0, abs=1e-3)
    assert face.expression == 'happiness'
    assert face.valence > 0.5
    assert face.intensity > 0.8
    assert not face.abstained
    assert all(
        label in HRI_EXPRESSIONS for label in (m.expression for m in listener.heard['expression'])
    )
    assert 'happy' in {message.expression for message in listener.heard['expression']}
    for name in FACE_TOPICS:
        assert listener.heard[name], f'nothing on {name}'
    kinds = [(event.expression, event.kind) for event in listener.heard['events']]
    assert kinds[:3] == [('happiness', kind) for kind in (1, 2, 3)]
    check_headers(listener)
    check_json(listener)
    check_shapes(listener)
    check_transforms(listener, ids.pop())


def check_headers(listener: Listener) -> None:
    """Every header is that of an image, to the nanosecond."""
    sent = set(listener.sent)
    first, _ = min(sent)  # of those that came once the player had found who listens here
    for name in (*FACE_TOPICS, 'expressions', 'events', 'tracked'):
        for message in listener.heard[name]:
            if (name == 'tracked' and not message.ids) or stamp_ns(message) < first:
                continue
            assert (stamp_ns(message), message.header.frame_id) in sent, name


def check_json(listener: Listener) -> None:
    """The JSON says what the message says."""
    items = map(decode, listener.heard['json'])
    told = {tuple(item['header']['stamp'].values()): item for item in items}
    for array in listener.heard['expressions']:
        item = told[array.header.stamp.sec, array.header.stamp.nanosec]
        assert [face['expression'] for face in item['faces']] == [
            face.expression for face in array.faces
        ]


def decode(message: Any) -> Any:
    return json.loads(message.data)


def check_shapes(listener: Listener) -> None:
    """What REP-155 says of each message."""
    roi = listener.heard['roi'][-1]
    assert 0 <= roi.xmin < roi.xmax <= 1
    assert 0 <= roi.ymin < roi.ymax <= 1
    landmarks = listener.heard['landmarks'][-1]
    points = np.array([(point.x, point.y) for point in landmarks.landmarks])
    assert points.shape == (70, 2)
    assert (landmarks.width, landmarks.height) == (640, 360)
    # The subject's own right is on the image's left; the chin is below the brows.
    assert points[68, 0] < points[69, 0]
    assert points[0, 0] < points[16, 0]
    assert points[8, 1] > points[30, 1] > points[21, 1]
    facs = listener.heard['facs'][-1]
    assert len(facs.intensity) == len(facs.confidence) == 99
    assert facs.confidence[12] > 0.0
    assert facs.confidence[51] > 0.9
    aligned = listener.heard['aligned'][-1]
    assert (aligned.width, aligned.height, aligned.encoding) == (128, 128, 'rgb8')
    assert listener.heard['cropped'][-1].width > 100


def check_transforms(listener: Listener, face_id: str) -> None:
    """The head is in front of the camera, about upright and turned to it."""
    transforms = {
        item.child_frame_id: item for tf in listener.heard['tf'] for item in tf.transforms
    }
    assert set(transforms) == {f'face_{face_id}', f'gaze_{face_id}'}
    face = transforms[f'face_{face_id}'].transform
    assert transforms[f'face_{face_id}'].header.frame_id == 'camera_optical_frame'
    assert 0.2 < face.translation.z < 2.0
    rotation = face.rotation
    x, y, z, w = rotation.x, rotation.y, rotation.z, rotation.w
    # x out of the face points back at the camera: along -z of the optical frame.
    out_of_face = np.array([1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)])
    assert out_of_face @ (0, 0, -1) > math.cos(math.radians(25))


@pytest.mark.data
def test_a_track_ends(listener: Listener, perception: None, media: Path) -> None:
    play(listener, media / 'face_noface.mov')
    tracked = listener.heard['tracked']
    last_seen = max(stamp_ns(m) for m in listener.heard['roi'])
    empty = next(m for m in tracked if stamp_ns(m) > last_seen and not m.ids)
    # Frames may be dropped on a busy machine: the last one that still has the face is in time.
    kept = max(stamp_ns(m) for m in tracked if m.ids)
    assert last_seen <= kept <= last_seen + 10**9
    assert not any(kept < stamp_ns(m) < stamp_ns(empty) for m in tracked)
    assert all(not m.ids for m in tracked if stamp_ns(m) >= stamp_ns(empty))
    # The topics of a face close with it.
    face_id = next(m.ids[0] for m in tracked if m.ids)
    topic = f'/humans/faces/{face_id}/expression'
    listener.spin_until(lambda: not listener.count_publishers(topic), 'closed topics')
    assert not listener.heard['expressions'][-1].faces


@pytest.mark.data
def test_five_faces(listener: Listener, perception: None, media: Path) -> None:
    play(listener, media / 'multi_face.jpg')
    assert len({face.face_id for face in listener.heard['expressions'][-1].faces}) == 5
    ids = list(listener.heard['tracked'][-1].ids)
    assert len(ids) == 5
    for name in FACE_TOPICS:
        [publisher] = listener.get_publishers_info_by_topic(f'/humans/faces/{ids[0]}/{name}')
        assert publisher.qos_profile.reliability == ReliabilityPolicy.RELIABLE
        assert publisher.qos_profile.durability == DurabilityPolicy.VOLATILE


def test_the_sample_is_happy(listener: Listener, perception: None, sample: Path) -> None:
    play(listener, sample)
    faces = [face for array in listener.heard['expressions'] for face in array.faces]
    assert len({face.face_id for face in faces}) == 1
    mean = np.mean([face.probabilities for face in faces], axis=0)
    assert EMOTIONS[int(mean.argmax())] == 'happiness'
    assert listener.heard['tf']


def image(stamp: int, **fields: object) -> Image:
    """Return a grey image, or a broken one."""
    header = Header(stamp=Time(sec=stamp, nanosec=0), frame_id='camera')
    values = {
        'width': 64,
        'height': 48,
        'step': 192,
        'encoding': 'rgb8',
        'data': bytes(64 * 48 * 3),
    }
    return Image(header=header, **{**values, **fields})


def test_bad_images_are_counted_and_survived(listener: Listener, perception: None) -> None:
    publisher = listener.create_publisher(Image, 'image', 10)
    wake(listener, publisher)
    cases = [
        ('bad_encoding', image(2001, encoding='rgb7')),
        ('bad_data', image(2002, data=bytes(100))),
        ('bad_data', image(2003, width=0, height=0, step=0, data=b'')),
        ('too_large', image(2004, width=40000, height=40000)),
        ('time_back', image(2000)),
    ]
    send(listener, publisher, image(2000), 'frame')
    for count, (reason, message) in enumerate(cases, start=1):
        publisher.publish(message)
        listener.spin_until(lambda n=count: sum(listener.drops().values()) == n, reason)
    assert {reason: n for reason, n in listener.drops().items() if n} == {
        'bad_encoding': 1,
        'bad_data': 2,
        'too_large': 1,
        'time_back': 1,
    }
    # A recording that starts again is not dropped: the node begins anew.
    send(listener, publisher, image(2), 'frame after a restart')
    assert listener.drops()['error'] == 0


def test_images_without_a_stamp_count_when_they_come(listener: Listener, perception: None) -> None:
    publisher = listener.create_publisher(Image, 'image', 10)
    listener.spin_until(lambda: publisher.get_subscription_count() > 0, 'the node')
    for _ in range(50):  # until one is heard: each side finds the other in its own time
        publisher.publish(image(0))
        listener.spin_for(0.2)
        if listener.heard['expressions']:
            break
    heard = len(listener.heard['expressions'])
    for count in range(heard + 1, heard + 3):
        publisher.publish(image(0))
        listener.spin_until(lambda n=count: len(listener.heard['expressions']) >= n, 'a result')
    assert {stamp_ns(message) for message in listener.heard['expressions']} == {0}


def wake(listener: Listener, publisher: Any) -> None:
    """Publish images until the first is heard: each side finds the other in its own time."""
    for stamp in range(1000, 1999):
        publisher.publish(image(stamp))
        listener.spin_for(0.2)
        if listener.heard['expressions']:
            break
    last = stamp_ns(image(stamp))
    listener.spin_until(lambda: stamp_ns(listener.heard['expressions'][-1]) == last, 'the last')


def send(listener: Listener, publisher: Any, message: Image, what: str) -> None:
    """Publish an image and wait for its result."""
    publisher.publish(message)
    listener.spin_until(
        lambda: stamp_ns(message) in map(stamp_ns, listener.heard['expressions']), what
    )


def test_a_silent_camera_is_a_warning(listener: Listener, perception: None) -> None:
    def warned(words: str = '') -> bool:
        return any(
            b'\x01' in (status.level, bytes([ord(status.level)]))
            and 'no image' in status.message
            and words in status.message
            for message in listener.heard['diagnostics']
            for status in message.status
        )

    listener.spin_until(warned, 'a warning about the camera')
    listener.create_publisher(CompressedImage, 'image/compressed', 10)
    hint = '/image/compressed is published: set image to /image, image_transport to compressed'
    listener.spin_until(lambda: warned(hint), 'what to do about it')


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        (['-p', 'smoothing_s:=-1.0'], 'smoothing_s'),
        (['-p', 'smoothing_s:=fast'], 'smoothing_s'),
        (['-p', 'device:=tensorrt'], 'device'),
        (['-p', 'expression_model:=nobody'], "model 'nobody'"),
        (['--params', '/nowhere.yaml'], '/nowhere.yaml'),
    ],
)
def test_a_bad_start_is_one_clear_line(words: list[str], expected: str) -> None:
    process = start('up', *words)
    process.wait(timeout=60)
    status, text = finish(process)
    assert status != 0
    assert len(text.strip().splitlines()) == 1, text
    assert expected in text
    assert 'Traceback' not in text


def test_a_corrupt_model_is_named(tmp_path: Path) -> None:
    models = Path(__file__).resolve().parents[2] / 'models'
    manifest = (models / 'fer-static-r4.yaml').read_text(encoding='utf-8')
    (tmp_path / 'mine.yaml').write_text(manifest, encoding='utf-8')
    (tmp_path / 'fer-static-r4.onnx').write_bytes(b'broken')
    process = start('up', '-p', f'expression_model:={tmp_path / "mine.yaml"}')
    process.wait(timeout=60)
    status, text = finish(process)
    assert status != 0
    assert 'corrupt' in text
    assert 'sha256' in text
    assert 'Traceback' not in text
