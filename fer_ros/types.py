"""The vocabulary that every room speaks: frozen dataclasses, validated when they are made.

Pixels are RGB uint8, coordinates are pixels of the camera frame (x right, y down, the centre of
the first pixel at 0.5, 0.5), time is integer nanoseconds, and left and right are the subject's
own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import DataError
from fer_ros.taxonomy import EventKind, LandmarkScheme, Phase, QualityFlag

UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


def _require_array(
    owner: str, name: str, array: object, shape: tuple[int | None, ...], dtype: type[np.generic]
) -> None:
    """Refuse an array of another shape (None: any length) or dtype."""
    if not isinstance(array, np.ndarray):
        raise DataError(
            f'{owner}.{name}: expected a NumPy array, found {type(array).__name__}; '
            'convert it with numpy.asarray'
        )
    fits = array.ndim == len(shape) and all(
        want is None or want == have for want, have in zip(shape, array.shape)
    )
    if not fits or array.dtype != dtype:
        wanted = ', '.join('any' if length is None else str(length) for length in shape)
        raise DataError(
            f'{owner}.{name}: expected ({wanted}) {np.dtype(dtype)}, '
            f'found {array.shape} {array.dtype}; reshape or convert it first'
        )


def _require_range(owner: str, name: str, value: float, low: float, high: float) -> None:
    """Refuse a number that is not finite or outside [low, high]."""
    if not (math.isfinite(value) and low <= value <= high):
        raise DataError(
            f'{owner}.{name}: expected a number in [{low:g}, {high:g}], found {value!r}'
        )


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One camera image.

    :param stamp_ns: when it was taken, on the camera's clock.
    :param frame_id: TF frame of the camera's optical centre.
    :param sequence: counts frames of one source, from 0.
    :param pixels: (H, W, 3) uint8 RGB.
    """

    stamp_ns: int
    frame_id: str
    sequence: int
    pixels: UInt8

    def __post_init__(self) -> None:
        """Check the pixels."""
        _require_array('Frame', 'pixels', self.pixels, (None, None, 3), np.uint8)
        if not self.pixels.size:
            raise DataError(f'Frame.pixels: expected an image, found {self.pixels.shape}')

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])


@dataclass(frozen=True, slots=True)
class CameraIntrinsics:
    """A pinhole camera in pixels (``K`` of sensor_msgs/CameraInfo), for images of this size."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        """Check that it can project."""
        finite = all(map(math.isfinite, (self.fx, self.fy, self.cx, self.cy)))
        if not finite or min(self.width, self.height, self.fx, self.fy) <= 0:
            raise DataError(
                'CameraIntrinsics: expected a positive size and focal length, found '
                f'{self.width}x{self.height}, fx={self.fx}, fy={self.fy}, cx={self.cx}, '
                f'cy={self.cy}; is the camera calibrated?'
            )

    @classmethod
    def guess(cls, width: int, height: int) -> CameraIntrinsics:
        """Assume 60 degrees across the longer side: good enough for angles, not for metres."""
        longer = max(width, height)
        focal = cls.of_fov(longer, longer, 60.0).fx
        return cls(width, height, focal, focal, width / 2, height / 2)

    @classmethod
    def of_fov(cls, width: int, height: int, fov_deg: float) -> CameraIntrinsics:
        """Return a camera of a horizontal field of view, its axis through the image's centre."""
        focal = width / 2 / math.tan(math.radians(fov_deg) / 2)
        return cls(width, height, focal, focal, width / 2, height / 2)

    def scaled_to(self, width: int, height: int) -> CameraIntrinsics:
        """Return the same camera for images of another size."""
        sx, sy = width / self.width, height / self.height
        return CameraIntrinsics(
            width, height, self.fx * sx, self.fy * sy, self.cx * sx, self.cy * sy
        )


@dataclass(frozen=True, slots=True)
class Roi:
    """An upright rectangle in pixels of the frame; it may reach beyond its edges."""

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        """Check that it has an area."""
        numbers = (self.x, self.y, self.width, self.height)
        if not all(map(math.isfinite, numbers)) or self.width <= 0 or self.height <= 0:
            raise DataError(f'Roi: expected finite numbers and a positive size, found {numbers}')

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.width * self.height

    def iou(self, other: Roi) -> float:
        """Return intersection over union with another ROI, 0..1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        shared = max(width, 0.0) * max(height, 0.0)
        return shared / (self.area + other.area - shared)


@dataclass(frozen=True, slots=True)
class RotatedRoi:
    """A square that follows the head's roll, from which landmarks are read.

    :param centre_x, centre_y: pixels of the frame.
    :param size: side in pixels.
    :param rotation_rad: clockwise in the image; 0 is an upright face.
    """

    centre_x: float
    centre_y: float
    size: float
    rotation_rad: float

    def __post_init__(self) -> None:
        """Check that it has an area."""
        numbers = (self.centre_x, self.centre_y, self.size, self.rotation_rad)
        if not all(map(math.isfinite, numbers)) or self.size <= 0:
            raise DataError(
                f'RotatedRoi: expected finite numbers and a positive size, found {numbers}'
            )


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """What the detector found.

    :param roi: the face's box.
    :param score: 0..1.
    :param keypoints_px: (6, 2) float32: right eye, left eye, nose tip, mouth, right and left ear.
    """

    roi: Roi
    score: float
    keypoints_px: Float32

    def __post_init__(self) -> None:
        """Check score and key points."""
        _require_range('Detection', 'score', self.score, 0.0, 1.0)
        _require_array('Detection', 'keypoints_px', self.keypoints_px, (6, 2), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Landmarks read from one rotated ROI.

    :param roi: where they were looked for.
    :param points_px: (N, 3) float32 in the frame; z in pixels too, negative towards the camera.
    :param presence: 0..1, how sure the net is that the ROI holds a face.
    """

    roi: RotatedRoi
    points_px: Float32
    presence: float
    scheme: LandmarkScheme

    def __post_init__(self) -> None:
        """Check presence and points."""
        _require_range('Landmarks', 'presence', self.presence, 0.0, 1.0)
        _require_array('Landmarks', 'points_px', self.points_px, (None, 3), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class HeadPose:
    """Where the head is and how it is turned, in the camera's optical frame (REP-103).

    :param rotation: (3, 3) float64, head axes (x out of the face, y to the subject's left, z up)
        to camera axes (x right, y down, z forward).
    :param translation_m: (3,) float64, the sellion; metres only with a calibrated camera.
    :param yaw_rad: positive when the subject turns to their own left.
    :param pitch_rad: positive when the subject looks down.
    :param roll_rad: positive when the subject's head tilts to their own right shoulder.
    """

    rotation: Float64
    translation_m: Float64
    yaw_rad: float
    pitch_rad: float
    roll_rad: float

    def __post_init__(self) -> None:
        """Check the arrays."""
        _require_array('HeadPose', 'rotation', self.rotation, (3, 3), np.float64)
        _require_array('HeadPose', 'translation_m', self.translation_m, (3,), np.float64)


_QUALITY_SHARES = (
    'score', 'sharpness', 'brightness', 'noise', 'hidden_upper', 'hidden_lower', 'burnt',
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """How well a face can be read.

    :param score: 0 (useless) .. 1 (as good as it gets).
    :param flags: what is wrong.
    :param width_px: width of the face in the frame.
    :param sharpness: 0..1, independent of the face's size and contrast.
    :param brightness: mean luma of the face, 0..1.
    :param noise: deviation of the noise in the face, as a share of the range of luma, 0..1.
    :param turn_rad: angle between the face's direction and the line to the camera, 0..pi.
    :param hidden_upper, hidden_lower: how likely eyes and mouth are covered, 0..1.
    :param burnt: share of the face's pixels that are white, 0..1.
    """

    score: float
    flags: QualityFlag
    width_px: float
    sharpness: float
    brightness: float
    noise: float = 0.0
    turn_rad: float = 0.0
    hidden_upper: float = 0.0
    hidden_lower: float = 0.0
    burnt: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in _QUALITY_SHARES:
            _require_range('FaceQuality', name, getattr(self, name), 0.0, 1.0)
        _require_range('FaceQuality', 'turn_rad', self.turn_rad, 0.0, math.pi)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A tracked face in one frame.

    :param face_id: a letter first, unique and transient (REP-155).
    :param stamp_ns: stamp of the frame.
    :param roi: upright box around the landmarks.
    :param score: presence of a face, 0..1.
    :param landmarks_px: (N, 3) float32; z in pixels too, negative towards the camera.
    :param scheme: which points those are.
    """

    face_id: str
    stamp_ns: int
    roi: Roi
    score: float
    landmarks_px: Float32
    scheme: LandmarkScheme
    head_pose: HeadPose | None
    quality: FaceQuality

    def __post_init__(self) -> None:
        """Check id, score and landmarks."""
        if not self.face_id[:1].isalpha():
            raise DataError(
                f'Face.face_id: expected a letter first (REP-155), found {self.face_id!r}'
            )
        _require_range('Face', 'score', self.score, 0.0, 1.0)
        _require_array('Face', 'landmarks_px', self.landmarks_px, (None, 3), np.float32)
        if not np.isfinite(self.landmarks_px).all():
            raise DataError('Face.landmarks_px: expected finite numbers, found NaN or infinity')


@dataclass(frozen=True, slots=True, eq=False)
class AlignedFace:
    """A face turned upright and scaled to the recogniser's template.

    :param pixels: (S, S, 3) uint8 RGB.
    :param frame_to_aligned: (2, 3) float64, similarity from frame pixels to crop pixels.
    """

    face_id: str
    stamp_ns: int
    pixels: UInt8
    frame_to_aligned: Float64
    quality: FaceQuality

    def __post_init__(self) -> None:
        """Check crop and transform."""
        owner = 'AlignedFace'
        _require_array(owner, 'pixels', self.pixels, (None, None, 3), np.uint8)
        _require_array(owner, 'frame_to_aligned', self.frame_to_aligned, (2, 3), np.float64)


@dataclass(frozen=True, slots=True)
class ActionUnit:
    """One FACS action unit: intensity (strength) and confidence (certainty), both 0..1.

    :param left, right: intensity of each side of the face, None where the face has one.
    """

    intensity: float
    confidence: float
    left: float | None = None
    right: float | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require_range('ActionUnit', 'intensity', self.intensity, 0.0, 1.0)
        _require_range('ActionUnit', 'confidence', self.confidence, 0.0, 1.0)
        for name, side in (('left', self.left), ('right', self.right)):
            if side is not None:
                _require_range('ActionUnit', name, side, 0.0, 1.0)

    @property
    def asymmetry(self) -> float:
        """By how much one side is stronger, 0..1; 0 where the face has one."""
        return 0.0 if self.left is None or self.right is None else abs(self.left - self.right)


NO_ACTION_UNITS: Mapping[int, ActionUnit] = MappingProxyType({})
NO_STATES: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """What one face expresses.

    :param labels: names of the K classes.
    :param probabilities: (K,) float32, calibrated, sums to 1.
    :param valence: -1 (unpleasant) .. 1 (pleasant).
    :param arousal: -1 (calm) .. 1 (aroused).
    :param confidence: 0..1, how likely the dominant label is right.
    :param action_units: by FACS code; empty where none are estimated.
    :param embedding: (D,) float32 features for temporal models, or None.
    :param model_ids: the models that made it.
    :param novelty: how unlike the faces that the net learned from this one is, from 0 on; above
        1 it is out of their distribution. 0 where the model does not tell.
    """

    labels: tuple[str, ...]
    probabilities: Float32
    valence: float
    arousal: float
    confidence: float
    model_ids: tuple[str, ...]
    action_units: Mapping[int, ActionUnit] = field(default_factory=lambda: NO_ACTION_UNITS)
    embedding: Float32 | None = None
    novelty: float = 0.0

    def __post_init__(self) -> None:
        """Check distribution and ranges."""
        _require_array(
            'Expression', 'probabilities', self.probabilities, (len(self.labels),), np.float32
        )
        total = float(self.probabilities.sum())
        if not abs(total - 1.0) < 1e-3 or float(self.probabilities.min()) < 0.0:
            raise DataError(
                f'Expression.probabilities: expected a distribution (sum 1), found sum {total:g}'
            )
        _require_range('Expression', 'valence', self.valence, -1.0, 1.0)
        _require_range('Expression', 'arousal', self.arousal, -1.0, 1.0)
        _require_range('Expression', 'confidence', self.confidence, 0.0, 1.0)
        _require_range('Expression', 'novelty', self.novelty, 0.0, math.inf)

    @property
    def dominant(self) -> str:
        """The most probable label."""
        return self.labels[int(self.probabilities.argmax())]

    @property
    def entropy(self) -> float:
        """Entropy of the distribution as a share of its maximum, 0 (certain) .. 1 (uniform)."""
        p = np.clip(self.probabilities.astype(np.float64), 1e-12, 1.0)
        return float(-(p * np.log(p)).sum() / math.log(max(len(self.labels), 2)))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the action units say of one label.

    :param speaks_for: FACS codes seen that belong to it, the strongest first.
    :param speaks_against: FACS codes seen that contradict it, the strongest first.
    :param support: -1 (contradicted) .. 1 (all of it is shown).
    """

    label: str
    speaks_for: tuple[int, ...]
    speaks_against: tuple[int, ...]
    support: float

    def __post_init__(self) -> None:
        """Check the range."""
        _require_range('Evidence', 'support', self.support, -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Compound:
    """A second emotion beside the dominant one, and its share of the two, 0..0.5."""

    label: str
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class ClipExpression:
    """What a clip model says of a face's last moments.

    :param labels: names of the K classes, those of the model.
    :param probabilities: (K,) float32, sums to 1.
    :param stamp_ns: of the newest frame that it saw.
    :param start_ns: of the oldest.
    """

    labels: tuple[str, ...]
    probabilities: Float32
    stamp_ns: int
    start_ns: int

    def __post_init__(self) -> None:
        """Check the distribution."""
        shape = (len(self.labels),)
        _require_array('ClipExpression', 'probabilities', self.probabilities, shape, np.float32)

    @property
    def dominant(self) -> str:
        """The most probable label."""
        return self.labels[int(self.probabilities.argmax())]


@dataclass(frozen=True, slots=True, eq=False)
class FaceState:
    """A face with its expression smoothed over time.

    :param label: the dominant label, with hysteresis: steadier than the distribution's argmax.
    :param intensity: 0..1, strength of the expression.
    :param phase_started_ns: when the phase began, interpolated between frames.
    :param abstained: why no label is vouched for, or '' where one is.
    :param evidence: which action units speak for and against each label.
    :param states: score of each named state, 0..1.
    :param speech: how surely the person speaks, 0..1.
    :param clip: what a clip model last said, where there is one and it has.
    """

    face: Face
    expression: Expression
    label: str
    intensity: float
    phase: Phase
    phase_started_ns: int
    compound: Compound | None
    abstained: str = ''
    evidence: tuple[Evidence, ...] = ()
    states: Mapping[str, float] = field(default_factory=lambda: NO_STATES)
    speech: float = 0.0
    clip: ClipExpression | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require_range('FaceState', 'intensity', self.intensity, 0.0, 1.0)
        _require_range('FaceState', 'speech', self.speech, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class ExpressionEvent:
    """A change of phase of one face's expression; stamps in ns, None what is not known yet.

    :param stamp_ns: of the frame that made it known, some frames after the change itself.
    :param label: what is expressed.
    :param peak: largest intensity so far, 0..1.
    :param onset_ns: when the expression began; like all that follow, interpolated between frames.
    :param apex_ns: when it was full.
    :param offset_ns: when it began to fade.
    :param end_ns: when it was over.
    """

    face_id: str
    stamp_ns: int
    kind: EventKind
    label: str
    peak: float
    onset_ns: int
    apex_ns: int | None = None
    offset_ns: int | None = None
    end_ns: int | None = None

    def __post_init__(self) -> None:
        """Check the peak and the order of stamps."""
        _require_range('ExpressionEvent', 'peak', self.peak, 0.0, 1.0)
        told = (self.onset_ns, self.apex_ns, self.offset_ns, self.end_ns, self.stamp_ns)
        known = [stamp_ns for stamp_ns in told if stamp_ns is not None]
        if known != sorted(known):
            raise DataError(f'ExpressionEvent: expected stamps in order, found {known}')

    @property
    def duration_ns(self) -> int:
        """From the onset to the end, or to the frame at hand where it is not over."""
        return (self.stamp_ns if self.end_ns is None else self.end_ns) - self.onset_ns


@dataclass(frozen=True, slots=True, eq=False)
class AuPose:
    """Where a face's own action units are at a time.

    :param left, right: intensity 0..1 by FACS code on the subject's own side; the same number
        twice for a unit without sides.
    """

    stamp_ns: int
    left: Mapping[int, float]
    right: Mapping[int, float]

    def __post_init__(self) -> None:
        """Check codes and ranges."""
        if self.left.keys() != self.right.keys():
            raise DataError(
                'AuPose: expected the same codes on both sides, found '
                f'{sorted(self.left.keys() ^ self.right.keys())} on one side only'
            )
        for side, values in (('left', self.left), ('right', self.right)):
            for code, value in values.items():
                _require_range('AuPose', f'{side}[{code}]', value, 0.0, 1.0)

    def intensity(self, code: int) -> float:
        """Return the stronger of a unit's two sides, 0 where it is not moved."""
        return max(self.left.get(code, 0.0), self.right.get(code, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class ActuatorCommand:
    """Where a rig's actuators shall be.

    :param names: one per actuator.
    :param targets: (M,) float64 in each actuator's own unit.
    :param duration_ns: when they shall be there, after the stamp.
    """

    stamp_ns: int
    rig: str
    names: tuple[str, ...]
    targets: Float64
    duration_ns: int

    def __post_init__(self) -> None:
        """Check the targets."""
        _require_array('ActuatorCommand', 'targets', self.targets, (len(self.names),), np.float64)
        if not np.isfinite(self.targets).all():
            raise DataError('ActuatorCommand.targets: expected finite numbers, found NaN')
