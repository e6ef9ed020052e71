"""Names of the field: emotions, ROS4HRI expressions, phases and quality flags.

The eight emotions and their order are those of FER+ (Barsoum et al. 2016). The 25 expression
strings are those of REP-155 (``hri_msgs/Expression``).
"""

from __future__ import annotations

from enum import Enum, IntEnum, IntFlag


class Emotion(str, Enum):
    """The eight emotions of FER+, in the order of its votes."""

    NEUTRAL = 'neutral'
    HAPPINESS = 'happiness'
    SURPRISE = 'surprise'
    SADNESS = 'sadness'
    ANGER = 'anger'
    DISGUST = 'disgust'
    FEAR = 'fear'
    CONTEMPT = 'contempt'


EMOTIONS: tuple[str, ...] = tuple(emotion.value for emotion in Emotion)

# REP-155: hri_msgs/Expression.expression takes one of these and nothing else, '' included.
HRI_EXPRESSIONS: tuple[str, ...] = (
    'neutral', 'angry', 'sad', 'happy', 'surprised', 'disgusted', 'scared', 'pleading',
    'vulnerable', 'despaired', 'guilty', 'disappointed', 'embarrassed', 'horrified', 'skeptical',
    'annoyed', 'furious', 'suspicious', 'rejected', 'bored', 'tired', 'asleep', 'confused',
    'amazed', 'excited',
)  # fmt: skip

EMOTION_TO_HRI: dict[str, str] = {
    'neutral': 'neutral',
    'happiness': 'happy',
    'surprise': 'surprised',
    'sadness': 'sad',
    'anger': 'angry',
    'disgust': 'disgusted',
    'fear': 'scared',
    # contempt has no name among the 25: nodes publish it under a configurable alias.
    'contempt': 'skeptical',
}


class Phase(IntEnum):
    """Where an expression is in its time course; values equal those of fer_msgs."""

    NEUTRAL = 0
    ONSET = 1
    APEX = 2
    OFFSET = 3


class EventKind(IntEnum):
    """What an event tells of an expression; values equal those of fer_msgs."""

    ONSET = 1
    APEX = 2
    OFFSET = 3
    END = 4


class QualityFlag(IntFlag):
    """What makes a face hard to read; values equal those of fer_msgs."""

    NONE = 0
    LOW_RESOLUTION = 1
    BLUR = 2
    DARK = 4
    EXTREME_POSE = 8
    OCCLUDED_UPPER = 16
    OCCLUDED_LOWER = 32
    OVEREXPOSED = 64

    def names(self) -> tuple[str, ...]:
        """Return the flags that are set, lower case, in order of value."""
        if not self:
            return ()
        return tuple(
            flag.name.lower() for flag in QualityFlag if flag.value and flag & self and flag.name
        )


class LandmarkScheme(str, Enum):
    """Which points a landmark array holds."""

    MEDIAPIPE_478 = 'mediapipe_478'
    MEDIAPIPE_468 = 'mediapipe_468'


class DropReason(str, Enum):
    """Why a camera frame never became a message; each is counted."""

    REPLACED = 'replaced'  # a newer frame came before the worker took this one
    STALE = 'stale'  # older than the age limit when the worker took it
    TIME_BACK = 'time_back'  # its stamp is not after the last one's
    BAD_ENCODING = 'bad_encoding'
    BAD_DATA = 'bad_data'  # shorter than step*height, empty, undecodable
    TOO_LARGE = 'too_large'
    ERROR = 'error'  # the pipeline raised


class SkipReason(str, Enum):
    """Why a face of a processed frame was not looked at; each is counted."""

    STILL = 'still'  # nothing moved since the last look
    BUDGET = 'budget'  # others waited longer
    SHORT = 'short'  # too little of it was seen for a clip model
