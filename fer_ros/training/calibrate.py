"""Makes confidence mean what it says: one temperature, fitted on Valid (Guo et al. 2017)."""

from __future__ import annotations

from pathlib import Path

from fer_ros.evaluation.ferplus import majority
from fer_ros.evaluation.metrics import fit_temperature
from fer_ros.evaluation.static import logits_of
from fer_ros.inference.manifest import load_manifest
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.recognition.static import StaticRecogniser
from fer_ros.training.data import Split, crops


def temperature_of(manifest_path: Path, valid: Split) -> float:
    """Fit the temperature of a model's logits, as the run time computes them.

    Against the label that most annotators chose, since confidence is how likely that is right.
    """
    manifest = load_manifest(manifest_path)
    recogniser = StaticRecogniser(OnnxRuntimeEngine(manifest))
    logits = logits_of(crops(valid, manifest.input.width), recogniser)
    return fit_temperature(logits, majority(valid.faces.votes))
