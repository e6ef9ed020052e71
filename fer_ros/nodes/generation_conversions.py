"""Messages of the robot's face to the vocabulary of generation and back."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np
from builtin_interfaces.msg import Duration, Time
from fer_msgs.msg import ActionUnit, RequestStatus, RigState
from hri_msgs.msg import FacialActionUnits
from std_msgs.msg import Header
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from fer_ros.errors import DataError
from fer_ros.generation import Aim, Face, Person, Request
from fer_ros.generation import RequestStatus as Status
from fer_ros.generation.safety import Guard
from fer_ros.generation.units import CODES, channels_of
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import Float64

NS_PER_S = 1_000_000_000
FACS_CODES = 99
_FIRST = [channels_of(code)[0] for code in CODES]
_LAST = [channels_of(code)[-1] for code in CODES]


def header_at(stamp_ns: int) -> Header:
    """Return the header of a message for a time."""
    sec, nanosec = divmod(stamp_ns, NS_PER_S)
    return Header(stamp=Time(sec=sec, nanosec=nanosec))


def person_from(message: Any) -> Person | None:
    """Return what a fer_msgs/FaceExpression tells of a person; None where it can not be used."""
    if message.expression not in EMOTIONS:
        return None
    try:
        return Person(
            face_id=message.face_id,
            emotion=message.expression,
            intensity=float(message.intensity),
            confidence=float(message.confidence),
            abstained=bool(message.abstained),
            size=float(message.roi_xmax - message.roi_xmin),
            centre=(
                float(message.roi_xmin + message.roi_xmax) / 2,
                float(message.roi_ymin + message.roi_ymax) / 2,
            ),
            yaw_rad=float(message.head_yaw_rad),
            pitch_rad=float(message.head_pitch_rad),
            speech=float(message.speech) if math.isfinite(message.speech) else 0.0,
        )
    except DataError:
        return None  # NaN or a number out of range: nothing to answer


def request_from_expression(message: Any, values: Mapping[str, Any]) -> Request:
    """Return the request of an hri_msgs/Expression; without a name its valence and arousal."""
    return Request(
        expression=message.expression,
        valence=0.0 if message.expression else float(message.valence),
        arousal=0.0 if message.expression else float(message.arousal),
        priority=int(values['request_priority']),
        duration_s=float(values['request_duration_s']),
    )


def request_from(message: Any, values: Mapping[str, Any]) -> Request:
    """Return the request of a fer_msgs/ExpressionRequest; zeros take what the node says."""
    return Request(
        expression=message.expression,
        second=message.second_expression,
        share=float(message.second_share),
        valence=float(message.valence),
        arousal=float(message.arousal),
        intensity=float(message.intensity) or 1.0,
        priority=int(message.priority) or int(values['request_priority']),
        duration_s=float(message.duration_s) or float(values['request_duration_s']),
        queue=bool(message.queue),
        request_id=message.request_id,
    )


def status_from(status: Status, header: Header) -> RequestStatus:
    """Return what became of a request as a message."""
    return RequestStatus(
        header=header,
        request_id=status.request.request_id,
        expression=status.request.expression,
        state=int(status.state),
        reason=status.reason,
    )


def state_from(face: Face, guard: Guard, aim: Aim, units: Float64, header: Header) -> RigState:
    """Return what a rig is doing as a message, where the face shows these units (C,)."""
    counts = face.interventions.counts
    return RigState(
        header=header,
        rig=guard.rig.name,
        expression=aim.expression,
        action_units=_shown(units),
        limits_hit=guard.limits_hit(),
        estopped=face.stopped is not None,
        source=aim.source,
        interventions=list(counts),
        intervention_counts=array('Q', counts.values()),
    )


def facs_from(units: Float64, header: Header) -> FacialActionUnits:
    """Return what a face shows by FACS code, the stronger side; codes it can not show have 0."""
    intensity, confidence = np.zeros(FACS_CODES, np.float32), np.zeros(FACS_CODES, np.float32)
    intensity[list(CODES)] = _by_code(units)
    confidence[list(CODES)] = 1.0
    return FacialActionUnits(header=header, intensity=intensity, confidence=confidence)


def trajectory(joints: list[str], period_ns: int, positions: array[float]) -> JointTrajectory:
    """Return a trajectory of one point, to be reached within a period.

    Its header has no stamp: a controller begins at once, whatever its clock.
    """
    sec, nanosec = divmod(period_ns, NS_PER_S)
    at = Duration(sec=sec, nanosec=nanosec)
    point = JointTrajectoryPoint(positions=positions, time_from_start=at)
    return JointTrajectory(joint_names=joints, points=[point])


def as_json(values: Mapping[str, float], stamp_ns: int) -> str:
    """Return values by name as JSON, with the time they are for."""
    rounded = {name: round(value, 4) for name, value in values.items()}
    return json.dumps({'stamp_ns': stamp_ns, 'values': rounded}, separators=(',', ':'))


def positions(values: list[float]) -> Float64:
    """Return positions of a message as an array."""
    return np.array(values, np.float64)


def direction_of(point: Any) -> tuple[float, float]:
    """Return yaw (left) and pitch (down) of a point ahead: x to the front, y left, z up.

    :raises DataError: it is no number, or at the head itself.
    """
    length = math.sqrt(point.x**2 + point.y**2 + point.z**2)
    if not math.isfinite(length) or length < 1e-6:
        raise DataError(f'gaze target: expected a point ahead, found {point}')
    yaw = math.atan2(point.y, point.x)
    return yaw, -math.atan2(point.z, math.hypot(point.x, point.y))


def viseme_from(text: str) -> tuple[str, float]:
    """Return name and weight of ``aa`` or ``aa:0.8``.

    :raises DataError: the weight is no number.
    """
    name, _, weight = text.partition(':')
    try:
        return name.strip(), float(weight) if weight else 1.0
    except ValueError:
        raise DataError(f'viseme {text!r}: expected NAME or NAME:WEIGHT') from None


def _shown(units: Float64) -> list[ActionUnit]:
    """Return the units that can be seen; a side is NaN where the face has one."""
    found = []
    for number in np.flatnonzero(_by_code(units)).tolist():
        left, right = float(units[_FIRST[number]]), float(units[_LAST[number]])
        sides = (left, right) if _FIRST[number] != _LAST[number] else (math.nan, math.nan)
        found.append(
            ActionUnit(
                code=CODES[number],
                intensity=max(left, right),
                confidence=1.0,
                left=sides[0],
                right=sides[1],
            )
        )
    return found


def _by_code(units: Float64) -> Float64:
    found: Float64 = np.maximum(units[_FIRST], units[_LAST])
    return found
