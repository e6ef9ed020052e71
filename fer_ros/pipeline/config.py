"""What the walk is asked for and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from fer_ros.detection import DetectionConfig, TrackingConfig
from fer_ros.inference.factory import Device, Precision
from fer_ros.recognition import (
    MIRROR_BELOW,
    AdaptationConfig,
    AttentionConfig,
    Sampling,
    TemporalConfig,
    TrustConfig,
)
from fer_ros.types import ExpressionEvent, FaceState

FILTER = 'filter'


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """Models, device and the settings of every room.

    :param temporal_model: what follows each face over time; '' or 'filter': the plain filter.
    :param clip_model: a model of clips beside it, '' none; it sees what clip_sampling draws.
    :param mirror_below: a face less sure than this is recognised again as its mirror image.
    :param states_file: YAML of named states; '' is the shipped one, 'none' is no states.
    """

    device: Device = Device.AUTO
    precision: Precision = Precision.AUTO
    landmark_model: str = 'facemesh-478'
    expression_model: str = 'fer-static-r4'
    temporal_model: str = 'fer-temporal-r2'
    detection: DetectionConfig = field(default_factory=DetectionConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    mirror_below: float = MIRROR_BELOW
    trust: TrustConfig = field(default_factory=TrustConfig)
    temporal: TemporalConfig = field(default_factory=TemporalConfig)
    attention: AttentionConfig = field(default_factory=AttentionConfig)
    clip_model: str = ''
    clip_sampling: Sampling = Sampling.UNIFORM
    adaptation: AdaptationConfig = field(default_factory=AdaptationConfig)
    states_file: str = ''


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """What one frame told.

    :param states: the faces seen in it.
    :param tracked: ids that are followed, those unseen for a moment included.
    :param ended: ids that are followed no more since the last frame.
    :param events: what began, was full, faded or was over, as this frame made it known.
    """

    stamp_ns: int
    states: tuple[FaceState, ...]
    tracked: tuple[str, ...]
    ended: tuple[str, ...]
    events: tuple[ExpressionEvent, ...] = ()
