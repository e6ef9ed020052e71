"""The rooms' models, as a configuration names them."""

from __future__ import annotations

from fer_ros.alignment import Landmarker
from fer_ros.errors import ConfigError, ModelError
from fer_ros.inference.engine import Engine
from fer_ros.inference.factory import load_engine
from fer_ros.inference.manifest import Manifest, Task
from fer_ros.pipeline.config import FILTER, PipelineConfig
from fer_ros.recognition import (
    Adapter,
    ClipRecogniser,
    Reference,
    StaticRecogniser,
    Temporal,
    TemporalFilter,
    TemporalModel,
)
from fer_ros.taxonomy import EMOTIONS


def load_landmarker(config: PipelineConfig) -> Landmarker:
    """Return what reads landmarks; raises ModelError."""
    return Landmarker(_engine(config, config.landmark_model, Task.FACE_LANDMARKS))


def load_recogniser(config: PipelineConfig) -> StaticRecogniser:
    """Return what recognises single faces; raises ModelError."""
    engine = _engine(config, config.expression_model, Task.STATIC_EXPRESSION)
    return StaticRecogniser(engine, mirror_below=config.mirror_below)


def load_adapter(config: PipelineConfig, manifest: Manifest) -> Adapter:
    """Return what corrects the answers of a model; raises ModelError where it lacks what for."""
    adaptation, reference = config.adaptation, None
    if adaptation.person or adaptation.room:
        try:
            reference = Reference.from_options(manifest.options, manifest.labels)
        except ConfigError as error:
            raise ModelError(f"model '{manifest.id}': options.{error}") from None
    return Adapter(reference, adaptation)


def load_temporal(config: PipelineConfig, labels: tuple[str, ...] = EMOTIONS) -> Temporal:
    """Return what follows faces over time.

    :param labels: those of the static model.
    :raises ModelError: no such model, or one for other labels.
    """
    if config.temporal_model in ('', FILTER):
        return TemporalFilter(config.temporal)
    engine = _engine(config, config.temporal_model, Task.TEMPORAL_EXPRESSION)
    if engine.manifest.labels != labels:
        raise ModelError(
            f'temporal_model: expected a model for the labels {list(labels)}, found '
            f"'{engine.manifest.id}' for {list(engine.manifest.labels)}; set temporal_model to "
            f"'{FILTER}'"
        )
    return TemporalModel(engine, config.temporal)


def load_clips(config: PipelineConfig) -> ClipRecogniser | None:
    """Return what judges clips, None where nothing is asked for; raises ModelError."""
    if not config.clip_model:
        return None
    engine = _engine(config, config.clip_model, Task.CLIP_EXPRESSION)
    return ClipRecogniser(engine, config.clip_sampling)


def _engine(config: PipelineConfig, name: str, task: Task) -> Engine:
    return load_engine(name, task, config.device, config.precision)
