"""Every ROS parameter of the robot's face in one table, checked against config/generation.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fer_ros.errors import FerError
from fer_ros.generation import (
    NO_PROFILES,
    DirectorConfig,
    LayerConfig,
    Library,
    Policies,
    Profiles,
    Stop,
    Target,
    load_library,
    load_policies,
    load_profiles,
)
from fer_ros.nodes.parameters import Parameter, Value, table_refusal

_DIRECTOR = DirectorConfig()
_LAYERS = LayerConfig()

PARAMETERS: tuple[Parameter, ...] = (
    # Rig and files
    Parameter(
        'rig', 'avatar2d',
        'Shipped rigs or paths of rig files, several with commas between them.', fixed=True,
    ),
    Parameter(
        'rate_hz', 0.0, "Ticks a second; 0 takes the fastest rig's own.", 0.0, 1000.0, fixed=True
    ),
    Parameter(
        'expressions_file', '', 'Library of expressions; empty: config/expressions.yaml.',
        fixed=True,
    ),
    Parameter(
        'policies_file', '', 'Policies and display rules; empty: config/policies.yaml.', fixed=True
    ),
    Parameter(
        'profiles_file', '', 'Learned time courses; empty: minimum jerk.', fixed=True
    ),
    Parameter(
        'allow_network', False,
        'Let outputs of a rig send and listen beyond this machine.', fixed=True,
    ),
    Parameter(
        'start_from', 'neutral',
        'Where actuators are at the start: neutral, or as joint_states says.',
        choices=('neutral', 'joint_states'), fixed=True,
    ),
    # Answers
    Parameter('policy', 'empathetic', 'How people are answered: a name of the policies file.'),
    Parameter('display_rules', 'none', 'Cultural display rules: a name of the policies file.'),
    Parameter(
        'target', _DIRECTOR.target.value, 'Whom to answer.',
        choices=tuple(target.value for target in Target),
    ),
    Parameter(
        'reaction_delay_s', _DIRECTOR.reaction_delay_s,
        'Time between seeing and answering (seconds).', 0.0, 5.0,
    ),
    Parameter(
        'answer_onset', _DIRECTOR.onset,
        "Intensity of a person's expression above which an answer begins.", 0.0, 1.0,
    ),
    Parameter(
        'answer_offset', _DIRECTOR.offset, 'Intensity below which it ends.', 0.0, 1.0
    ),
    Parameter(
        'min_hold_s', _DIRECTOR.min_hold_s,
        'An answer stays at least this long before another one (seconds).', 0.0, 10.0,
    ),
    Parameter(
        'silence_s', _DIRECTOR.silence_s,
        'Without perception for this long (seconds), the face goes to neutral.', 0.1, 60.0,
    ),
    Parameter(
        'idle_expression', _DIRECTOR.idle_expression, 'What the face rests in.'
    ),
    Parameter('idle_intensity', _DIRECTOR.idle_intensity, 'How strongly.', 0.0, 1.0),
    # Requests
    Parameter(
        'request_priority', 100, 'Priority of a request that has none of its own.', 1, 255
    ),
    Parameter(
        'request_duration_s', 0.0,
        "How long a request lasts that does not say it (seconds); 0 takes the library's own.",
        0.0, 3600.0,
    ),
    Parameter(
        'stop_mode', Stop.FREEZE.value, 'What estop does: freeze, or relax to neutral.',
        choices=tuple(stop.value for stop in Stop),
    ),
    # Life
    Parameter(
        'blink_period_s', _LAYERS.blink_period_s, 'Mean time between blinks (seconds); 0: none.',
        0.0, 60.0, fixed=True,
    ),
    Parameter(
        'blink_jitter', _LAYERS.blink_jitter, 'Share by which it varies.', 0.0, 0.9, fixed=True
    ),
    Parameter(
        'saccade_period_s', _LAYERS.saccade_period_s,
        'Mean time between small saccades (seconds); 0: none.', 0.0, 60.0, fixed=True,
    ),
    Parameter(
        'saccade_deg', _LAYERS.saccade_deg, 'How far they go (degrees).', 0.0, 20.0, fixed=True
    ),
    Parameter(
        'breath_period_s', _LAYERS.breath_period_s, 'Of one breath (seconds); 0: none.',
        0.0, 60.0, fixed=True,
    ),
    Parameter(
        'head_share', _LAYERS.head_share, "Share of a gaze target's angle that the head turns.",
        0.0, 1.0, fixed=True,
    ),
    Parameter(
        'look_at_person', True, 'Look at the person who is answered.'
    ),
    Parameter(
        'gaze_timeout_s', 2.0,
        'How long a gaze target goes before the person who is answered (seconds).', 0.0, 3600.0,
    ),
    Parameter(
        'camera_fov_deg', 60.0,
        'Horizontal field of view of the camera, for looking at a person (degrees).', 10.0, 170.0,
    ),
    Parameter(
        'speech_timeout_s', _LAYERS.speech_timeout_s,
        'Silence after which the mouth is given back (seconds).', 0.05, 5.0, fixed=True,
    ),
    Parameter('seed', 0, 'Of blinks and saccades.', 0, 2**31 - 1, fixed=True),
    # Output
    Parameter('state_rate_hz', 10.0, 'How often the state is published.', 0.1, 100.0, fixed=True),
    Parameter(
        'thread_priority', 0,
        "Real-time priority (SCHED_FIFO) of the thread that ticks, where it may; 0: none.", 0, 99,
        fixed=True,
    ),
)  # fmt: skip

BY_NAME: dict[str, Parameter] = {parameter.name: parameter for parameter in PARAMETERS}


def defaults() -> dict[str, Value]:
    """Return every parameter with its default."""
    return {parameter.name: parameter.default for parameter in PARAMETERS}


def refusal(
    values: Mapping[str, Value],
    changed: Iterable[str],
    *,
    running: bool,
    known: tuple[Library, Policies] | None,
) -> str:
    """Return why this set of values is refused, or '' where it is taken.

    :param known: what the files hold, once they are read.
    """
    reason = table_refusal(BY_NAME, values, changed, running=running)
    if reason:
        return reason
    if table_refusal(BY_NAME, values, values, running=False):
        return ''  # another one is bad: it came before configure, which says so
    try:
        config = director_config(values)
        layer_config(values)
        if known is not None:
            library, policies = known
            library.spec(config.idle_expression)
            policies.policy(str(values['policy']))
            policies.rules(str(values['display_rules']))
    except FerError as error:
        return str(error)
    return ''


def director_config(values: Mapping[str, Any]) -> DirectorConfig:
    """Make the director's configuration of the parameters; raises ConfigError."""
    return DirectorConfig(
        target=Target(values['target']),
        reaction_delay_s=values['reaction_delay_s'],
        onset=values['answer_onset'],
        offset=values['answer_offset'],
        min_hold_s=values['min_hold_s'],
        silence_s=values['silence_s'],
        idle_expression=values['idle_expression'],
        idle_intensity=values['idle_intensity'],
    )


def layer_config(values: Mapping[str, Any]) -> LayerConfig:
    """Make the layers' configuration of the parameters; raises ConfigError."""
    return LayerConfig(
        blink_period_s=values['blink_period_s'],
        blink_jitter=values['blink_jitter'],
        saccade_period_s=values['saccade_period_s'],
        saccade_deg=values['saccade_deg'],
        head_share=values['head_share'],
        breath_period_s=values['breath_period_s'],
        speech_timeout_s=values['speech_timeout_s'],
    )


def load_files(values: Mapping[str, Any]) -> tuple[Library, Policies, Profiles]:
    """Read library, policies and profiles; raises ConfigError with the file and what is wrong."""

    def path(name: str) -> Path | None:
        return Path(str(values[name])) if values[name] else None

    library = load_library(path('expressions_file'))
    profiles = path('profiles_file')
    return (
        library,
        load_policies(library, path('policies_file')),
        load_profiles(profiles) if profiles else NO_PROFILES,
    )
