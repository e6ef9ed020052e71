"""ROS messages to the vocabulary and back; nothing here knows a node."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from typing import Any

from builtin_interfaces.msg import Time
from fer_msgs.msg import ActionUnit, Evidence, FaceExpression
from fer_msgs.msg import ExpressionEvent as EventMessage
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from hri_msgs.msg import (
    Expression as HriExpression,
)
from hri_msgs.msg import (
    FacialActionUnits,
    FacialLandmarks,
    NormalizedPointOfInterest2D,
    NormalizedRegionOfInterest2D,
)
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from fer_ros.alignment import dlib70, gaze, quaternion
from fer_ros.errors import DataError
from fer_ros.facs import gaze_units, head_units, visibility_units
from fer_ros.sources.encodings import decode_compressed, to_rgb
from fer_ros.taxonomy import EMOTION_TO_HRI
from fer_ros.types import CameraIntrinsics, ExpressionEvent, FaceState, Frame, Roi, UInt8

NS_PER_S = 1_000_000_000


def stamp_to_ns(stamp: Time) -> int:
    """Return a message's stamp in nanoseconds."""
    return stamp.sec * NS_PER_S + stamp.nanosec


def ns_to_stamp(stamp_ns: int) -> Time:
    """Return nanoseconds as a message's stamp."""
    sec, nanosec = divmod(stamp_ns, NS_PER_S)
    return Time(sec=sec, nanosec=nanosec)


def frame_from(message: Image | CompressedImage, sequence: int, max_pixels: int) -> Frame:
    """Decode an image message; raises FrameError with the reason it can not be used."""
    if isinstance(message, CompressedImage):
        pixels = decode_compressed(message.data, message.format, max_pixels=max_pixels)
    else:
        pixels = to_rgb(
            message.data,
            message.encoding,
            message.width,
            message.height,
            message.step,
            bool(message.is_bigendian),
            max_pixels=max_pixels,
        )
    header = message.header
    return Frame(stamp_to_ns(header.stamp), header.frame_id, sequence, pixels)


def type_name(kind: type) -> str:
    """Return a message class's name as bags have it: ``package/msg/Name``."""
    return f'{kind.__module__.partition(".")[0]}/msg/{kind.__name__}'


def octets(data: bytes) -> array[int]:
    """Return bytes as what rclpy takes as it is; it would check a bytes object one by one."""
    return array('B', data)


def image_from(pixels: UInt8, header: Header) -> Image:
    """Return (H, W, 3) RGB pixels as a message."""
    height, width = pixels.shape[:2]
    return Image(
        header=header,
        height=height,
        width=width,
        encoding='rgb8',
        is_bigendian=0,
        step=width * 3,
        data=octets(pixels.tobytes()),
    )


def intrinsics_from(message: CameraInfo) -> CameraIntrinsics | None:
    """Return the camera's intrinsics, or None where it is not calibrated (K of zeros, NaN)."""
    fx, _, cx, _, fy, cy = (float(value) for value in message.k[:6])
    try:
        return CameraIntrinsics(message.width, message.height, fx, fy, cx, cy)
    except DataError:
        return None


def camera_info_from(
    intrinsics: CameraIntrinsics | None, frame: Frame, header: Header
) -> CameraInfo:
    """Return a camera's intrinsics as a message; K of zeros says that it is not calibrated."""
    message = CameraInfo(header=header, height=frame.height, width=frame.width)
    if intrinsics is not None:
        camera = intrinsics.scaled_to(frame.width, frame.height)
        message.distortion_model = 'plumb_bob'
        message.d = [0.0] * 5
        message.k = [camera.fx, 0.0, camera.cx, 0.0, camera.fy, camera.cy, 0.0, 0.0, 1.0]
        message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
        rows = [[camera.fx, 0.0, camera.cx, 0.0], [0.0, camera.fy, camera.cy, 0.0]]
        message.p = [*rows[0], *rows[1], 0.0, 0.0, 1.0, 0.0]
    return message


def roi_from(roi: Roi, score: float, frame: Frame, header: Header) -> NormalizedRegionOfInterest2D:
    """Return a face's box, normalised and clipped to the image."""
    xmin, ymin, xmax, ymax = normalised(roi, frame)
    return NormalizedRegionOfInterest2D(
        header=header, xmin=xmin, ymin=ymin, xmax=xmax, ymax=ymax, c=score
    )


def normalised(roi: Roi, frame: Frame) -> tuple[float, float, float, float]:
    """Return xmin, ymin, xmax, ymax of a box in shares of the image, each in [0, 1]."""
    width, height = frame.width, frame.height
    return (
        _share(roi.x, width),
        _share(roi.y, height),
        _share(roi.x + roi.width, width),
        _share(roi.y + roi.height, height),
    )


def _share(place: float, size: int) -> float:
    return min(max(place / size, 0.0), 1.0)


def landmarks_from(state: FaceState, frame: Frame, header: Header) -> FacialLandmarks:
    """Return the 70 landmarks of dlib's order, normalised to the image."""
    points = dlib70(state.face.landmarks_px) / (frame.width, frame.height)
    score = state.face.score
    # Points beyond the image's edge are extrapolated: they keep their place, without confidence.
    return FacialLandmarks(
        header=header,
        landmarks=[
            NormalizedPointOfInterest2D(x=x, y=y, c=score if 0 <= x <= 1 and 0 <= y <= 1 else 0.0)
            for x, y in points.tolist()
        ],
        height=frame.height,
        width=frame.width,
    )


def facs_from(state: FaceState, header: Header) -> FacialActionUnits:
    """Return action units, head pose and gaze by FACS code; confidence 0 is not estimated."""
    intensity, confidence = [0.0] * 99, [0.0] * 99
    look = gaze(state.face)
    units = {
        **head_units(state.face),
        **visibility_units(state.face),
        **state.expression.action_units,
    }
    if look is not None and look.from_eyes:
        units.update(gaze_units(look.eye_yaw_rad, look.eye_pitch_rad, state.face.score))
    for code, unit in units.items():
        if code >= len(intensity):
            continue  # our own combinations have no place among FACS's codes
        intensity[code], confidence[code] = unit.intensity, unit.confidence
    return FacialActionUnits(header=header, intensity=intensity, confidence=confidence)


def expression_from(
    state: FaceState, last_certain: str, contempt_alias: str, header: Header
) -> HriExpression:
    """Return the expression by its REP-155 name.

    :param last_certain: what is said, with low confidence, while the recogniser abstains.
    """
    label = last_certain if state.abstained else state.label
    name = contempt_alias if label == 'contempt' else EMOTION_TO_HRI[label]
    shares = dict(zip(state.expression.labels, state.expression.probabilities.tolist()))
    return HriExpression(
        header=header,
        expression=name,
        valence=state.expression.valence,
        arousal=state.expression.arousal,
        confidence=(
            min(shares.get(label, 0.0), 0.1) if state.abstained else state.expression.confidence
        ),
    )


def face_expression_from(
    state: FaceState, frame: Frame, model_ids: Iterable[str]
) -> FaceExpression:
    """Return everything that is known of one face."""
    face, expression = state.face, state.expression
    xmin, ymin, xmax, ymax = normalised(face.roi, frame)
    pose = face.head_pose
    return FaceExpression(
        face_id=face.face_id,
        roi_xmin=xmin,
        roi_ymin=ymin,
        roi_xmax=xmax,
        roi_ymax=ymax,
        labels=list(expression.labels),
        probabilities=expression.probabilities.tolist(),
        expression=state.label,
        compound_expression=state.compound.label if state.compound else '',
        compound_share=state.compound.share if state.compound else 0.0,
        valence=expression.valence,
        arousal=expression.arousal,
        intensity=state.intensity,
        phase=int(state.phase),
        phase_start=ns_to_stamp(state.phase_started_ns),
        action_units=[
            ActionUnit(
                code=code,
                intensity=unit.intensity,
                confidence=unit.confidence,
                left=math.nan if unit.left is None else unit.left,
                right=math.nan if unit.right is None else unit.right,
            )
            for code, unit in sorted(expression.action_units.items())
        ],
        head_yaw_rad=pose.yaw_rad if pose else math.nan,
        head_pitch_rad=pose.pitch_rad if pose else math.nan,
        head_roll_rad=pose.roll_rad if pose else math.nan,
        quality=face.quality.score,
        quality_flags=int(face.quality.flags),
        confidence=expression.confidence,
        abstained=bool(state.abstained),
        abstained_reason=state.abstained,
        model_ids=list(model_ids),
        evidence=[
            Evidence(
                label=item.label,
                units_for=octets(bytes(item.speaks_for)),
                units_against=octets(bytes(item.speaks_against)),
                support=item.support,
            )
            for item in state.evidence
        ],
        states=list(state.states),
        state_scores=list(state.states.values()),
        speech=state.speech,
        **_clip_fields(state),
    )


def _clip_fields(state: FaceState) -> dict[str, Any]:
    """Return what a clip model said, nothing where there is none."""
    if state.clip is None:
        return {}
    return {
        'clip_labels': list(state.clip.labels),
        'clip_probabilities': state.clip.probabilities.tolist(),
        'clip_stamp': ns_to_stamp(state.clip.stamp_ns),
    }


def event_from(event: ExpressionEvent, header: Header) -> EventMessage:
    """Return an event under the header of the image that made it known."""
    return EventMessage(
        header=header,
        face_id=event.face_id,
        expression=event.label,
        kind=int(event.kind),
        duration_s=event.duration_ns / NS_PER_S,
        peak=event.peak,
        onset=ns_to_stamp(event.onset_ns),
        apex=ns_to_stamp(event.apex_ns or 0),
        offset=ns_to_stamp(event.offset_ns or 0),
        end=ns_to_stamp(event.end_ns or 0),
    )


def as_json(message: Any) -> Any:
    """Return a message as what json.dumps takes; NaN becomes null."""
    if hasattr(message, 'get_fields_and_field_types'):
        fields = message.get_fields_and_field_types()
        return {name: as_json(getattr(message, name)) for name in fields}
    if isinstance(message, float):
        return message if math.isfinite(message) else None
    if isinstance(message, (str, int)):
        return message
    if hasattr(message, 'tolist'):
        message = message.tolist()
    return [as_json(item) for item in message]


def transforms_from(state: FaceState, header: Header) -> list[TransformStamped]:
    """Return ``face_<id>`` and ``gaze_<id>`` below the camera's frame; none without a pose."""
    pose, look = state.face.head_pose, gaze(state.face)
    if pose is None or look is None:
        return []
    x, y, z = pose.translation_m.tolist()
    turns = {'face': quaternion(pose.rotation), 'gaze': quaternion(look.rotation)}
    return [
        TransformStamped(
            header=header,
            child_frame_id=f'{name}_{state.face.face_id}',
            transform=Transform(
                translation=Vector3(x=x, y=y, z=z),
                rotation=Quaternion(**dict(zip('xyzw', turn))),
            ),
        )
        for name, turn in turns.items()
    ]
