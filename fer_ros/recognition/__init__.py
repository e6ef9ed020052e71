"""The recognition room: aligned faces in, expressions and their course over time out."""

from fer_ros.recognition.actions import Explanation, FaceActions
from fer_ros.recognition.adaptation import AdaptationConfig, Adapter, Reference
from fer_ros.recognition.attention import Attention, AttentionConfig, Glance
from fer_ros.recognition.clips import ClipRecogniser
from fer_ros.recognition.emfacs import evidence, evidences
from fer_ros.recognition.intensity import IntensityMeter
from fer_ros.recognition.sampling import Sampling
from fer_ros.recognition.states import State, load_states
from fer_ros.recognition.static import MIRROR_BELOW, StaticRecogniser
from fer_ros.recognition.temporal import (
    Observation,
    Temporal,
    TemporalConfig,
    TemporalFilter,
    TemporalState,
)
from fer_ros.recognition.temporal_model import TemporalModel
from fer_ros.recognition.trust import TrustConfig, abstention, compound

__all__ = [
    'MIRROR_BELOW',
    'Attention',
    'AttentionConfig',
    'ClipRecogniser',
    'Glance',
    'Sampling',
    'AdaptationConfig',
    'Adapter',
    'Explanation',
    'FaceActions',
    'IntensityMeter',
    'Observation',
    'Reference',
    'State',
    'StaticRecogniser',
    'Temporal',
    'TemporalConfig',
    'TemporalFilter',
    'TemporalModel',
    'TemporalState',
    'TrustConfig',
    'abstention',
    'compound',
    'evidence',
    'evidences',
    'load_states',
]
