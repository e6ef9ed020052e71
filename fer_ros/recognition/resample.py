"""Frames of any rate onto a grid of time, so that a recurrent model sees steps of one length.

The grid of a face begins with its first frame. Frames of one step are averaged by their weight;
a step without a frame says so; a gap longer than the model remembers is a new beginning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_ros.types import Float32

FEATURES_BESIDE = 2  # weight, and whether there was a frame
_FLOOR = 1e-4  # of a probability: its logarithm is bounded


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What was seen in one step of the grid.

    :param index: of the step, from the face's first frame on.
    :param logarithms: (K,) sum of the frames' log-probabilities, times their weights.
    :param weight: sum of the weights.
    :param count: frames.
    """

    index: int
    logarithms: Float32
    weight: float
    count: int

    def joined(self, other: Step) -> Step:
        """Return both frames of one step."""
        return Step(
            self.index,
            self.logarithms + other.logarithms,
            self.weight + other.weight,
            self.count + other.count,
        )

    @property
    def features(self) -> Float32:
        """What the model reads: (K + 2,) float32."""
        features = np.empty(len(self.logarithms) + FEATURES_BESIDE, np.float32)
        np.divide(self.logarithms, self.weight, out=features[:-FEATURES_BESIDE])
        features[-FEATURES_BESIDE:] = self.weight / self.count, 1.0
        return features


def observed(probabilities: Float32, weight: float, index: int) -> Step:
    """Return the step of one frame; its weight 0..1 is bounded away from none."""
    floored = np.maximum(probabilities.astype(np.float32), np.float32(_FLOOR))
    bounded = max(weight, 0.05)
    return Step(index, np.log(floored) * np.float32(bounded), bounded, 1)


def unseen(classes: int) -> Float32:
    """Return the features of a step without a frame."""
    return np.zeros(classes + FEATURES_BESIDE, np.float32)


def grid(stamps_ns: tuple[int, ...], step_ns: int) -> list[int]:
    """Return in which step each frame is, counted from the first."""
    return [(stamp_ns - stamps_ns[0]) // step_ns for stamp_ns in stamps_ns]
