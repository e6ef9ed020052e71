"""LiveLink Face, protocol version 6: one datagram a frame, numbers big-endian.

::

    uint8    6
    int32    length of the device id, then its bytes
    int32    length of the subject's name, then its bytes
    int32    frame number, float32 fraction of a frame
    int32    frames a second: numerator, int32 denominator
    uint8    61, then as many float32: 52 blendshapes, head yaw, pitch, roll, and yaw, pitch and
             roll of the left and of the right eye
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

VERSION = 6
DEVICE_ID = 'fer00000-0000-4000-8000-0000000000f5'
# LiveLink's own order: both eyes, jaw, mouth, brows, cheeks, nose, tongue.
BLENDSHAPES = (
    'eyeBlinkLeft', 'eyeLookDownLeft', 'eyeLookInLeft', 'eyeLookOutLeft', 'eyeLookUpLeft',
    'eyeSquintLeft', 'eyeWideLeft', 'eyeBlinkRight', 'eyeLookDownRight', 'eyeLookInRight',
    'eyeLookOutRight', 'eyeLookUpRight', 'eyeSquintRight', 'eyeWideRight', 'jawForward',
    'jawLeft', 'jawRight', 'jawOpen', 'mouthClose', 'mouthFunnel', 'mouthPucker', 'mouthLeft',
    'mouthRight', 'mouthSmileLeft', 'mouthSmileRight', 'mouthFrownLeft', 'mouthFrownRight',
    'mouthDimpleLeft', 'mouthDimpleRight', 'mouthStretchLeft', 'mouthStretchRight',
    'mouthRollLower', 'mouthRollUpper', 'mouthShrugLower', 'mouthShrugUpper', 'mouthPressLeft',
    'mouthPressRight', 'mouthLowerDownLeft', 'mouthLowerDownRight', 'mouthUpperUpLeft',
    'mouthUpperUpRight', 'browDownLeft', 'browDownRight', 'browInnerUp', 'browOuterUpLeft',
    'browOuterUpRight', 'cheekPuff', 'cheekSquintLeft', 'cheekSquintRight', 'noseSneerLeft',
    'noseSneerRight', 'tongueOut',
)  # fmt: skip
HEAD = ('headYaw', 'headPitch', 'headRoll')
# An eye that looks as far as its blendshape goes, radians.
EYE_RAD = 0.6


def livelink_packet(
    values: Mapping[str, float], subject: str, stamp_ns: int, rate_hz: int = 60
) -> bytes:
    """Return a datagram of blendshapes and head angles by name; what is missing is 0.

    :param stamp_ns: turned into a frame number and a fraction.
    """
    device, name = DEVICE_ID.encode(), subject.encode()
    frames, rest_ns = divmod(stamp_ns * rate_hz, 1_000_000_000)
    numbers = [values.get(key, 0.0) for key in (*BLENDSHAPES, *HEAD)]
    for side in ('Left', 'Right'):
        # To the subject's own left is out of the left eye and into the right one.
        left, right = ('Out', 'In') if side == 'Left' else ('In', 'Out')
        yaw = values.get(f'eyeLook{left}{side}', 0.0) - values.get(f'eyeLook{right}{side}', 0.0)
        pitch = values.get(f'eyeLookDown{side}', 0.0) - values.get(f'eyeLookUp{side}', 0.0)
        numbers += [EYE_RAD * yaw, EYE_RAD * pitch, 0.0]
    return b''.join(
        (
            struct.pack('>Bi', VERSION, len(device)),
            device,
            struct.pack('>i', len(name)),
            name,
            struct.pack('>if2i', frames & 0x7FFFFFFF, rest_ns / 1e9, rate_hz, 1),
            struct.pack(f'>B{len(numbers)}f', len(numbers), *numbers),
        )
    )
