from __future__ import annotations

import struct
import time
from array import array
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from fer_msgs.msg import ExpressionEvent, FaceExpression, FaceExpressionArray
from hri_msgs.msg import Expression, FacialActionUnits, FacialLandmarks
from rosbags.interfaces import Nodetype
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from fer_ros.errors import DataError, MiddlewareError
from fer_ros.rosless.codec import deserialize, serialize
from fer_ros.rosless.definitions import message_names, once, typestore
from fer_ros.rosless.fields import Numbers
from fer_ros.rosless.hook import PACKAGES
from fer_ros.rosless.messages import message_class


def header():
    return Header(stamp=Time(sec=1, nanosec=2), frame_id='camera')


def again(message):
    return deserialize(serialize(message), type(message))


def test_an_image_in_bytes_by_hand():
    message = Image(header=header(), height=1, width=2, encoding='mono8', step=2, data=b'\x07\x08')
    # CDR, little endian: stamp, 'camera' with its length, height, width, 'mono8' with its length,
    # is_bigendian, step, data with its length; numbers of 4 bytes begin at multiples of 4.
    expected = (
        '00010000' '01000000' '02000000' '07000000' '63616d65726100' '00'
        '01000000' '02000000' '06000000' '6d6f6e6f3800' '00' '00' '02000000'
        '02000000' '0708' '0000'
    )  # fmt: skip
    assert serialize(message).hex() == expected
    assert again(message) == message


def test_what_is_sent_is_a_multiple_of_four_long():
    for size in range(5):
        assert len(serialize(Image(data=bytes(size)))) % 4 == 0


def test_fields_have_rclpys_defaults():
    info = CameraInfo()
    assert info.k.shape == (9,)
    assert info.k.dtype == np.float64
    assert list(info.d) == []
    assert info.header.frame_id == ''
    assert DiagnosticStatus().level == b'\0'


def test_a_wrong_name_is_refused():
    with pytest.raises(AttributeError, match='frame'):
        Header(frame='camera')
    with pytest.raises(AttributeError, match='frame'):
        Header().frame = 'camera'


@pytest.mark.parametrize(
    ('kind', 'field', 'value'),
    [
        (Expression, 'valence', 1),  # rclpy on Humble wants a float
        (Expression, 'valence', np.float32(1)),
        (Expression, 'valence', '1'),
        (Expression, 'expression', 1),
        (Expression, 'header', Time()),
        (Image, 'height', -1),
        (Image, 'height', 2**32),
        (Image, 'height', 1.0),
        (Image, 'height', np.int64(1)),
        (Image, 'is_bigendian', 256),
        (Image, 'data', np.zeros(3, np.uint8)),
        (Image, 'data', [256]),
        (Image, 'data', array('H', [1])),
        (FacialActionUnits, 'intensity', [0.0] * 98),
        (FacialActionUnits, 'intensity', np.zeros(99, np.float64)),
        (FaceExpression, 'probabilities', [1]),
        (FaceExpression, 'probabilities', array('d', [1.0])),
        (FaceExpression, 'labels', 'happiness'),
        (FaceExpression, 'labels', [1]),
        (FaceExpression, 'abstained', 1),
        (FaceExpressionArray, 'faces', [Header()]),
        (FacialLandmarks, 'landmarks', []),
        (DiagnosticStatus, 'level', 0),
        (DiagnosticStatus, 'level', b'12'),
    ],
)
def test_what_rclpy_refuses_is_refused(kind, field, value):
    with pytest.raises(TypeError, match=f'{field}: expected'):
        kind(**{field: value})


@pytest.mark.parametrize(
    'value', [b'\1\2', bytearray(b'\1\2'), [1, 2], (1, 2), array('B', [1, 2])]
)
def test_sequences_take_what_rclpy_takes(value):
    data = Image(data=value).data
    assert data == [1, 2]
    assert bytes(data) == b'\1\2'
    assert np.frombuffer(data, np.uint8).tolist() == [1, 2]


def test_arrays_take_lists_and_numpy():
    by_list = FacialActionUnits(intensity=[0.5] * 99)
    by_numpy = FacialActionUnits(intensity=np.full(99, 0.5, np.float32))
    assert by_list == by_numpy
    assert by_list != FacialActionUnits()


def test_numbers_are_pythons():
    face = again(FaceExpression(probabilities=[0.25, 0.75]))
    assert face.probabilities
    assert not FaceExpression().probabilities
    assert isinstance(face.probabilities, Numbers)
    assert [type(value) for value in face.probabilities] == [float, float]
    assert type(face.probabilities[0]) is float
    assert face.probabilities[1:] == [0.75]
    assert face.probabilities != [0.25, 0.5]
    assert face.probabilities.tolist() == [0.25, 0.75]


def test_nested_messages_are_of_the_same_classes():
    status = DiagnosticStatus(level=DiagnosticStatus.WARN, values=[KeyValue(key='a', value='b')])
    found = again(DiagnosticArray(header=header(), status=[status]))
    assert type(found.status[0]) is DiagnosticStatus
    assert type(found.status[0].values[0]) is KeyValue
    assert type(found.header.stamp) is Time
    assert found.status[0].level == DiagnosticStatus.WARN == b'\1'


def test_constants():
    assert (ExpressionEvent.ONSET, ExpressionEvent.APEX, ExpressionEvent.OFFSET) == (1, 2, 3)
    assert FaceExpression.QUALITY_OVEREXPOSED == 64
    assert DiagnosticStatus.OK == b'\0'
    assert Expression.HAPPY == 'happy'


def test_fields_and_types_as_rclpy_names_them():
    assert FacialLandmarks.get_fields_and_field_types() == {
        'header': 'std_msgs/msg/Header',
        'landmarks': 'hri_msgs/msg/NormalizedPointOfInterest2D[70]',
        'height': 'uint32',
        'width': 'uint32',
    }
    assert FaceExpression.get_fields_and_field_types()['probabilities'] == 'sequence<float32>'


def test_an_unknown_message_is_named():
    with pytest.raises(MiddlewareError, match='nav_msgs/msg/Nothing'):
        message_class('nav_msgs/msg/Nothing')
    with pytest.raises(ImportError):
        from std_msgs.msg import Nothing  # noqa: F401


def test_the_definitions_that_rosbags_lacks():
    assert set(message_names('hri_msgs')) == {
        'Expression', 'FacialActionUnits', 'FacialLandmarks', 'IdsList',
        'NormalizedPointOfInterest2D', 'NormalizedRegionOfInterest2D',
    }  # fmt: skip
    assert 'FaceExpressionArray' in message_names('fer_msgs')
    assert typestore().hash_rihs01('hri_msgs/msg/Expression').startswith('RIHS01_')


def anything(description, random):
    """Return a value of a field."""
    node, detail = description
    if node == Nodetype.NAME:
        return filled(detail, random)
    if node in (Nodetype.ARRAY, Nodetype.SEQUENCE):
        element, length = detail
        count = length if node == Nodetype.ARRAY else int(random.integers(0, 4))
        values = [anything(element, random) for _ in range(count)]
        # Bytes are a sequence of numbers, but bytes where they are alone.
        return [value[0] if isinstance(value, bytes) else value for value in values]
    if detail[0] == 'string':
        return 'äb'[: int(random.integers(0, 3))] * int(random.integers(0, 3))
    if detail[0] == 'byte':
        return bytes([int(random.integers(0, 128))])  # rosbags refuses the others
    if detail[0] == 'bool':
        return bool(random.integers(0, 2))
    number = int(random.integers(0, 127))
    return number / 8 if detail[0].startswith('float') else number


def filled(typename, random):
    """Return a message with something in every field."""
    fields = typestore().fielddefs[typename][1]
    return message_class(typename)(**{name: anything(kind, random) for name, kind in fields})


@pytest.mark.parametrize('package', sorted(PACKAGES))
def test_every_message_has_the_bytes_that_rosbags_gives_it(package):
    random = np.random.default_rng(3)
    for name in message_names(package):
        typename = f'{package}/msg/{name}'
        for _ in range(10):
            message = filled(typename, random)
            bytes_of_rosbags = bytes(typestore().serialize_cdr(message, typename))
            found = serialize(message)
            assert found == bytes_of_rosbags + bytes(len(found) - len(bytes_of_rosbags)), typename
            assert len(found) % 4 == 0


@pytest.mark.parametrize('package', sorted(PACKAGES))
def test_every_message_is_read_as_it_was(package):
    random = np.random.default_rng(4)
    for name in message_names(package):
        for _ in range(10):
            message = filled(f'{package}/msg/{name}', random)
            found = again(message)
            assert found == message, name
            assert serialize(found) == serialize(message), name
            assert repr(found) == repr(message), name  # of the same types, too


@pytest.mark.parametrize('package', sorted(PACKAGES))
def test_a_part_of_a_message_is_refused(package):
    random = np.random.default_rng(5)
    for name in message_names(package):
        message = filled(f'{package}/msg/{name}', random)
        data = bytes(typestore().serialize_cdr(message, message.TYPENAME))
        for length in range(4, len(data) - 1, max(len(data) // 40, 1)):
            with pytest.raises((DataError, struct.error)):
                deserialize(data[:length], type(message))


def test_text_that_is_none_is_replaced_as_in_rclpy():
    face = FaceExpression(face_id='abc', labels=['xyz'])
    data = serialize(FaceExpressionArray(faces=[face]))
    found = deserialize(
        data.replace(b'abc', b'a\xffc').replace(b'xyz', b'\xffyz'), FaceExpressionArray
    )
    assert found.faces[0].face_id.startswith('a\ufffdc')
    assert found.faces[0].labels[0].startswith('\ufffdyz')


def test_the_other_byte_order_is_read_too():
    message = filled('fer_msgs/msg/FaceExpression', np.random.default_rng(6))
    data = typestore().serialize_cdr(message, message.TYPENAME, little_endian=False)
    assert deserialize(bytes(data), FaceExpression) == message


def test_numbers_that_came_are_views_of_what_came():
    image = Image(height=1, width=4, step=4, data=bytes(4))
    data = bytearray(serialize(image))
    found = deserialize(memoryview(data), Image)
    data[-4:] = b'\1\2\3\4'
    assert found.data == [1, 2, 3, 4]
    assert not again(image).data.flags.writeable


def test_two_threads_that_ask_at_once_get_one_thing():
    together = Barrier(8)

    @once
    def made(name):
        time.sleep(0.01)  # as long as a type takes that is made of others
        return object()

    def ask(_):
        together.wait()
        return made('a')

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
