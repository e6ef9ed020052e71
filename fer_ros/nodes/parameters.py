"""Every ROS parameter of the perception node in one table, and the configuration it makes.

The table is checked against ``config/fer.yaml`` by a test. Ranges are refused by the middleware
from the descriptor, choices and combinations by :func:`refusal`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor

from fer_ros.config import load_yaml, share_dir
from fer_ros.detection import DetectionConfig, FarFaces, TrackingConfig
from fer_ros.errors import FerError
from fer_ros.inference.factory import Device, Precision
from fer_ros.pipeline import PipelineConfig
from fer_ros.recognition import (
    AdaptationConfig,
    AttentionConfig,
    Sampling,
    TemporalConfig,
    TrustConfig,
    load_states,
)
from fer_ros.taxonomy import HRI_EXPRESSIONS

Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One ROS parameter.

    :param fixed: it is read in configure: a change needs ``cleanup`` and ``configure``.
    """

    name: str
    default: Value
    description: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    fixed: bool = False

    def descriptor(self) -> ParameterDescriptor:
        """Return what ``ros2 param describe`` shows and the middleware enforces."""
        constraints = f'one of: {", ".join(self.choices)}' if self.choices else ''
        if self.fixed:
            constraints = '; '.join(filter(None, (constraints, 'read in configure')))
        descriptor = ParameterDescriptor(
            description=self.description, additional_constraints=constraints
        )
        if self.low is not None and self.high is not None:
            if isinstance(self.default, int):
                descriptor.integer_range = [
                    IntegerRange(from_value=int(self.low), to_value=int(self.high), step=1)
                ]
            else:
                descriptor.floating_point_range = [
                    FloatingPointRange(from_value=float(self.low), to_value=float(self.high))
                ]
        return descriptor


_DETECTION = DetectionConfig()
_TRACKING = TrackingConfig()
_TRUST = TrustConfig()
_TEMPORAL = TemporalConfig()
_ATTENTION = AttentionConfig()
_ADAPTATION = AdaptationConfig()
_PIPELINE = PipelineConfig()

PARAMETERS: tuple[Parameter, ...] = (
    # Camera input
    Parameter(
        'mode', 'full',
        'full finds faces in image; add_on takes those that another node publishes.',
        choices=('full', 'add_on'), fixed=True,
    ),
    Parameter(
        'image_transport', 'raw',
        'How images arrive: raw on image, compressed on image/compressed.',
        choices=('raw', 'compressed'), fixed=True,
    ),
    Parameter(
        'image_reliability', 'auto',
        'Reliability asked of the camera: auto asks for what it offers; best_effort takes any.',
        choices=('auto', 'best_effort', 'reliable'), fixed=True,
    ),
    Parameter(
        'image_depth', 1, 'How many images the middleware queues for us.', 1, 100, fixed=True
    ),
    Parameter(
        'max_age_s', 0.5,
        'Drop images older than this when their turn comes (seconds); 0 keeps all.', 0.0, 60.0,
    ),
    Parameter(
        'max_pixels', 7680 * 4320, 'Refuse images with more pixels than this.', 1, 2**28
    ),
    Parameter(
        'camera_timeout_s', 2.0, 'Warn when no image came for this long (seconds).', 0.1, 3600.0
    ),
    # Models
    Parameter(
        'device', 'auto',
        'Where the nets run; auto takes the best that is there, others fail where they are not.',
        choices=tuple(device.value for device in Device), fixed=True,
    ),
    Parameter(
        'precision', 'auto',
        'auto is fp16 on a GPU where that agrees, int8 on a CPU made for it, else fp32.',
        choices=tuple(precision.value for precision in Precision), fixed=True,
    ),
    Parameter(
        'landmark_model', _PIPELINE.landmark_model,
        'Model for landmarks: an id or the path of a manifest.', fixed=True,
    ),
    Parameter(
        'expression_model', _PIPELINE.expression_model,
        'Model for static expression: an id or the path of a manifest.', fixed=True,
    ),
    Parameter(
        'states_file', _PIPELINE.states_file,
        'YAML of named states: empty is the shipped one, none is no states.', fixed=True,
    ),
    Parameter(
        'temporal_model', _PIPELINE.temporal_model,
        'Model over time: an id, the path of a manifest, or filter for the plain filter.',
        fixed=True,
    ),
    Parameter(
        'clip_model', _PIPELINE.clip_model,
        'Clip model beside it: an id or the path of a manifest; empty is none.', fixed=True,
    ),
    Parameter(
        'clip_sampling', _PIPELINE.clip_sampling.value,
        "How a clip is drawn from a face's last moments.",
        choices=tuple(how.value for how in Sampling),
    ),
    # Output
    Parameter(
        'contempt_alias', 'skeptical',
        'What contempt is called on the expression topic, which has no such name.',
        choices=HRI_EXPRESSIONS,
    ),
    Parameter('publish_tf', True, 'Publish face_<id> and gaze_<id> (needs camera_info).'),
    Parameter('publish_json', False, 'Publish expressions_json as well.', fixed=True),
    Parameter('aligned_size_px', 128, 'Side of the image on the aligned topic.', 32, 1024),
    # Detection and tracking
    Parameter(
        'min_detection_score', _DETECTION.min_score,
        'Least score of a detection that may become a face.', 0.0, 1.0,
    ),
    Parameter(
        'far_faces', _DETECTION.far_faces.value,
        'Second look for small faces: off, rotate (a part of the frame at a time) or all.',
        choices=tuple(choice.value for choice in FarFaces),
    ),
    Parameter('max_faces', _TRACKING.max_faces, 'Follow at most this many faces.', 1, 64),
    Parameter(
        'detection_interval', _TRACKING.detection_interval,
        'Look for new faces every so many frames while faces are followed.', 1, 1000,
    ),
    Parameter(
        'min_presence', _TRACKING.min_presence,
        'Below this presence of a face the track counts as unseen.', 0.0, 1.0,
    ),
    Parameter(
        'lost_timeout_s', _TRACKING.lost_timeout_s,
        'Keep an unseen face this long (seconds) before it ends.', 0.0, 10.0,
    ),
    # Recognition
    Parameter(
        'mirror_below', _PIPELINE.mirror_below,
        'A face whose best label is less probable is recognised again, mirrored, and averaged; '
        '0: none, 1: all.', 0.0, 1.0, fixed=True,
    ),
    Parameter(
        'smoothing_s', _TEMPORAL.smoothing_s,
        'Time constant of the plain filter (seconds); 0 turns it off.', 0.0, 10.0,
    ),
    Parameter(
        'label_margin', _TEMPORAL.label_margin,
        'A new label must lead the last one by this much probability, or for 0.5 s.', 0.0, 1.0,
    ),
    Parameter(
        'onset_intensity', _TEMPORAL.onset_intensity,
        'An expression begins above this intensity.', 0.0, 1.0,
    ),
    Parameter(
        'offset_intensity', _TEMPORAL.offset_intensity,
        'An expression is over below this intensity.', 0.0, 1.0,
    ),
    Parameter(
        'apex_share', _TEMPORAL.apex_share,
        "Share of an episode's peak intensity that still counts as its apex.", 0.0, 1.0,
    ),
    Parameter(
        'adaptive_rate', _ATTENTION.adaptive,
        'Look at the expression of a still face less often; false looks in every frame.',
    ),
    Parameter(
        'max_skip_s', _ATTENTION.max_skip_s,
        'With adaptive_rate, look at a still face again after so long at most (seconds).',
        0.0, 10.0,
    ),
    Parameter(
        'still_motion', _ATTENTION.still_motion,
        'With adaptive_rate, motion of landmarks below which a face is still (crop sides).',
        0.0, 1.0,
    ),
    Parameter(
        'max_looks', _ATTENTION.max_faces,
        'Look at the expression of so many faces a frame at most; 0 is no limit.', 0, 64,
    ),
    Parameter(
        'min_confidence', _TRUST.min_confidence,
        'Abstain below this calibrated confidence.', 0.0, 1.0,
    ),
    Parameter(
        'min_confidence_impaired', _TRUST.min_confidence_impaired,
        'Abstain below this confidence where the face has a quality flag.', 0.0, 1.0,
    ),
    Parameter(
        'max_entropy', _TRUST.max_entropy,
        'Abstain above this share of the maximal entropy.', 0.0, 1.0,
    ),
    Parameter(
        'min_quality', _TRUST.min_quality, 'Abstain below this quality of the face.', 0.0, 1.0
    ),
    Parameter(
        'max_novelty', _TRUST.max_novelty,
        'Abstain above this: 1 is as unlike the faces of the training as hardly any was.',
        0.0, 100.0,
    ),
    Parameter(
        'compound_share', _TRUST.compound_share,
        'Least share of a second emotion that makes a compound.', 0.0, 0.5,
    ),
    # Adaptation
    Parameter(
        'adapt_person', _ADAPTATION.person,
        "Correct what a person's face shows at rest; forgotten with the face.", fixed=True,
    ),
    Parameter(
        'adapt_room', _ADAPTATION.room,
        'Correct how often each emotion occurs here; forgotten in activate.', fixed=True,
    ),
    Parameter(
        'adapt_max_shift', _ADAPTATION.max_shift,
        'Bound of both corrections of a log probability (nats).', 0.0, 3.0,
    ),
    Parameter(
        'record_uncertain_dir', '',
        'Folder for crops of uncertain faces (pictures of people); empty records none.',
        fixed=True,
    ),
    Parameter(
        'record_uncertain_max', 1000, 'Keep at most this many of them.', 1, 1_000_000, fixed=True
    ),
    # Diagnostics
    Parameter(
        'latency_warn_ms', 100.0, 'Warn above this median latency (milliseconds).', 0.0, 1e5
    ),
    Parameter(
        'latency_error_ms', 500.0, 'Report an error above this one (milliseconds).', 0.0, 1e5
    ),
)  # fmt: skip

BY_NAME: dict[str, Parameter] = {parameter.name: parameter for parameter in PARAMETERS}


def defaults() -> dict[str, Value]:
    """Return every parameter with its default."""
    return {parameter.name: parameter.default for parameter in PARAMETERS}


def declare(node: Any, table: Iterable[Parameter] = PARAMETERS) -> None:
    """Declare every parameter of a table on a node; warn of those given that neither node has."""
    node.declare_parameters(
        '',
        [(parameter.name, parameter.default, parameter.descriptor()) for parameter in table],
    )
    _warn_of_unknown(node)


def _warn_of_unknown(node: Any) -> None:
    """Say which parameters of the command line or a file change nothing: a slip of the pen."""
    given = getattr(node, '_parameter_overrides', {})  # rclpy has no other way to tell
    names = [name for name in given if not node.has_parameter(name)]
    names = [name for name in names if not name.startswith('qos_overrides.')]
    if not names:
        return
    known: list[str] = []
    for file in ('fer', 'generation'):
        content = load_yaml(share_dir() / 'config' / f'{file}.yaml')
        known += next(iter(content.values()))['ros__parameters']
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f'; is {close[0]} meant?' if close else ''
            node.get_logger().warning(
                f'parameter {name}: expected one of config/fer.yaml or config/generation.yaml, '
                f'found none of that name, so it changes nothing{hint}'
            )


def current(node: Any, table: Iterable[Parameter] = PARAMETERS) -> dict[str, Value]:
    """Return what a node's parameters are now."""
    return {parameter.name: node.get_parameter(parameter.name).value for parameter in table}


def table_refusal(
    table: Mapping[str, Parameter],
    values: Mapping[str, Value],
    changed: Iterable[str],
    *,
    running: bool,
) -> str:
    """Return why a table's own rules refuse these changes, or ''."""
    for name in changed:
        parameter = table.get(name)
        if parameter is None:
            continue
        if parameter.fixed and running:
            return (
                f'{name} is read in configure: expected no change while the node is configured; '
                'set the node to cleanup first'
            )
        if parameter.choices and values[name] not in parameter.choices:
            return (
                f'{name}: expected one of {", ".join(parameter.choices)}, found {values[name]!r}'
            )
    return ''


def refusal(values: Mapping[str, Value], changed: Iterable[str], *, running: bool) -> str:
    """Return why this set of values is refused, or '' where it is taken.

    :param values: all parameters as they would be.
    :param changed: names of those that the caller wants to change.
    :param running: the node is configured, so fixed parameters can not change.
    """
    changed = tuple(changed)
    reason = table_refusal(BY_NAME, values, changed, running=running)
    if reason:
        return reason
    if table_refusal(BY_NAME, values, values, running=False):
        return ''  # another one is bad: it came before configure, which says so
    if values['latency_error_ms'] < values['latency_warn_ms']:
        return (
            f'latency_error_ms: expected at least latency_warn_ms ({values["latency_warn_ms"]}), '
            f'found {values["latency_error_ms"]}'
        )
    try:
        pipeline_config(values)
        if 'states_file' in changed:
            load_states(str(values['states_file']))
    except FerError as error:
        return str(error)
    return ''


def pipeline_config(values: Mapping[str, Any]) -> PipelineConfig:
    """Make the pipeline's configuration of the parameters; raises ConfigError."""
    return PipelineConfig(
        device=Device(values['device']),
        precision=Precision(values['precision']),
        landmark_model=values['landmark_model'],
        expression_model=values['expression_model'],
        temporal_model=values['temporal_model'],
        clip_model=values['clip_model'],
        clip_sampling=Sampling(values['clip_sampling']),
        attention=AttentionConfig(
            adaptive=values['adaptive_rate'],
            max_skip_s=values['max_skip_s'],
            still_motion=values['still_motion'],
            max_faces=values['max_looks'],
        ),
        mirror_below=values['mirror_below'],
        states_file=values['states_file'],
        detection=DetectionConfig(
            min_score=values['min_detection_score'], far_faces=FarFaces(values['far_faces'])
        ),
        tracking=TrackingConfig(
            max_faces=values['max_faces'],
            detection_interval=values['detection_interval'],
            min_presence=values['min_presence'],
            lost_timeout_s=values['lost_timeout_s'],
        ),
        trust=TrustConfig(
            min_confidence=values['min_confidence'],
            min_confidence_impaired=values['min_confidence_impaired'],
            max_entropy=values['max_entropy'],
            min_quality=values['min_quality'],
            max_novelty=values['max_novelty'],
            compound_share=values['compound_share'],
        ),
        temporal=TemporalConfig(
            smoothing_s=values['smoothing_s'],
            label_margin=values['label_margin'],
            onset_intensity=values['onset_intensity'],
            offset_intensity=values['offset_intensity'],
            apex_share=values['apex_share'],
        ),
        adaptation=AdaptationConfig(
            person=values['adapt_person'],
            room=values['adapt_room'],
            max_shift=values['adapt_max_shift'],
        ),
    )
