"""Whether confidence means what it says (Guo et al. 2017, "On calibration")."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_ros.evaluation.metrics.classes import Labels
from fer_ros.recognition.static import softmax
from fer_ros.types import Float32, Float64

BINS = 15  # of the reliability diagram, as in Guo et al. 2017


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """A reliability diagram: equal bins of confidence over 0..1.

    :param counts: (B,) answers in each bin.
    :param confidence: (B,) their mean confidence; NaN in an empty bin.
    :param accuracy: (B,) the share of them that is right; NaN in an empty bin.
    """

    counts: Labels
    confidence: Float64
    accuracy: Float64

    @property
    def error(self) -> float:
        """Expected calibration error: the mean gap, weighted by the bins' counts."""
        gaps = np.nan_to_num(np.abs(self.confidence - self.accuracy))
        return float((gaps * self.counts).sum() / max(self.counts.sum(), 1))


def reliability(probabilities: Float32, labels: Labels, bins: int = BINS) -> Reliability:
    """Return how often answers of each confidence are right.

    :param probabilities: (N, K); rows of NaN (misses) have no confidence and are left out.
    """
    scored = (labels >= 0) & np.isfinite(probabilities).all(axis=1)
    confidence = probabilities[scored].max(axis=1).astype(np.float64)
    right = probabilities[scored].argmax(axis=1) == labels[scored]
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums = [np.bincount(place, weights=values, minlength=bins) for values in (confidence, right)]
    means = [np.where(counts > 0, total / np.maximum(counts, 1), np.nan) for total in sums]
    return Reliability(counts, *means)


def calibration_error(probabilities: Float32, labels: Labels) -> float:
    """Return the expected calibration error (ECE) in 15 equal bins of confidence."""
    return reliability(probabilities, labels).error


def fit_temperature(logits: Float32, labels: Labels) -> float:
    """Return the temperature with the least cross-entropy against the labels (>= 0)."""
    scored = labels >= 0
    used, wanted = logits[scored], labels[scored]
    if not len(used):
        return 1.0

    def loss(log_temperature: float) -> float:
        picked = softmax(used, float(np.exp(log_temperature)))[np.arange(len(wanted)), wanted]
        return float(-np.log(np.maximum(picked, 1e-12)).mean())

    # The loss has one minimum: look coarsely from 1/10 to 10, then finely around the best.
    grid = np.linspace(np.log(0.1), np.log(10.0), 47)
    best = grid[np.argmin([loss(value) for value in grid])]
    fine = np.linspace(best - 0.1, best + 0.1, 41)
    return float(np.exp(fine[np.argmin([loss(value) for value in fine])]))


def cross_fitted_error(logits: Float32, labels: Labels) -> float:
    """Return the calibration error with the temperature of the other half, mean of both ways."""
    scored = labels >= 0
    logits, labels = logits[scored], labels[scored]
    halves = [slice(0, None, 2), slice(1, None, 2)]
    errors = []
    for fitted, measured in (halves, halves[::-1]):
        temperature = fit_temperature(logits[fitted], labels[fitted])
        probabilities = softmax(logits[measured], temperature)
        errors.append(calibration_error(probabilities, labels[measured]))
    return float(np.mean(errors))
