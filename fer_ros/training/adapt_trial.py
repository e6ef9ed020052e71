"""What a new head gains: ``python -m fer_ros.training.adapt_trial --npz FILE``.

A room is made by degrading every face of it in one way. The head is learned from one half of the
faces, by pseudo-labels or by right labels, and measured on the other half, both ways round; what
it has forgotten is measured on other faces as they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from fer_ros.alignment import Landmarker
from fer_ros.evaluation.degrade import CLEAN, CONDITIONS, Condition
from fer_ros.evaluation.ferplus import VotedFaces, load_faces, majority
from fer_ros.evaluation.framing import framed
from fer_ros.evaluation.seen import located, prepared
from fer_ros.evaluation.stills import locate_stills
from fer_ros.inference.factory import Device, load_engine
from fer_ros.inference.manifest import Task, load_manifest
from fer_ros.inference.store import manifest_path
from fer_ros.pipeline import PipelineConfig
from fer_ros.recognition import StaticRecogniser
from fer_ros.recognition.static import softmax
from fer_ros.training.adapt import AdaptConfig, Head, answers, fit_head, pseudo_labels, read_head
from fer_ros.types import Float32, UInt8

ROOMS = ('mouth_hidden', 'blur_2', 'dark_0.1', 'noise_25')


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description='What a new head gains in made rooms.')
    parser.add_argument('--npz', type=Path, required=True, help='images (N,48,48), votes (N,10)')
    parser.add_argument('--model', default=PipelineConfig().expression_model)
    parser.add_argument('--faces', type=int, default=500, help='of a room, and as many ordinary')
    options = parser.parse_args(words)
    engine = load_engine(options.model, Task.STATIC_EXPRESSION, Device.CPU)
    landmarker = Landmarker(
        load_engine(PipelineConfig().landmark_model, Task.FACE_LANDMARKS, Device.CPU)
    )
    trial = Trial(StaticRecogniser(engine, mirror_below=0.0), landmarker, options.model)
    voted = framed(load_faces(options.npz))
    rows = np.random.default_rng(0).permutation(np.flatnonzero(majority(voted.votes) >= 0))
    inside, outside = (
        voted.take(np.isin(np.arange(len(voted.votes)), part))
        for part in (rows[: options.faces], rows[options.faces : 2 * options.faces])
    )
    rooms = [condition for condition in CONDITIONS if condition.name in ROOMS]
    ordinary = trial.crops(outside, CLEAN)
    found = {
        room.name: trial.gains(trial.crops(inside, room), inside, ordinary, outside)
        for room in track(rooms, 'rooms')
    }
    print(json.dumps(found, indent=1))


class Trial:
    """A model and its head."""

    def __init__(self, recogniser: StaticRecogniser, landmarker: Landmarker, model: str) -> None:
        """Read the head of the model."""
        self._recogniser = recogniser
        self._landmarker = landmarker
        manifest = load_manifest(manifest_path(model, Task.STATIC_EXPRESSION))
        self._size, self._temperature = manifest.input.width, manifest.temperature
        self._head = read_head(manifest)[1]

    def crops(self, faces: VotedFaces, condition: Condition) -> UInt8:
        """Return (N, S, S, 3) crops of degraded faces."""
        rng = np.random.default_rng(0)
        points = locate_stills(faces.images, self._landmarker)
        images = [condition.apply(*pair, rng) for pair in zip(faces.images, points)]
        seen = points if condition is CLEAN else located(images, self._landmarker)
        return np.stack([prepared(*pair, self._size)[0].pixels for pair in zip(images, seen)])

    def gains(
        self, crops: UInt8, faces: VotedFaces, ordinary: UInt8, others: VotedFaces
    ) -> dict[str, float]:
        """Return accuracies before and after, in the room and outside."""
        right, known = majority(faces.votes), majority(others.votes)
        logits, inside = answers(self._recogniser, crops)
        mirrored, _ = answers(self._recogniser, np.ascontiguousarray(crops[:, :, ::-1]))
        _, outside = answers(self._recogniser, ordinary)
        guessed = pseudo_labels(
            softmax(logits, self._temperature),
            softmax(mirrored, self._temperature),
            AdaptConfig().margin,
        )
        figures = {
            'plain': _accuracy(self._head, inside, right),
            'ordinary plain': _accuracy(self._head, outside, known),
        }
        for name, labels in (('pseudo', guessed), ('labels', right)):
            heads = [self._learned(inside, labels, outside, half) for half in (0, 1)]
            figures[name] = float(
                np.mean(
                    [
                        _accuracy(head, inside[1 - half :: 2], right[1 - half :: 2])
                        for half, head in enumerate(heads)
                    ]
                )
            )
            figures[f'ordinary {name}'] = float(
                np.mean([_accuracy(head, outside, known) for head in heads])
            )
        return figures

    def _learned(
        self, inside: Float32, labels: NDArray[np.int64], outside: Float32, half: int
    ) -> Head:
        """Learn from every second face of the room."""
        rows, wanted = inside[half::2], labels[half::2]
        taken = wanted >= 0
        return fit_head(
            self._head, rows[taken], wanted[taken], outside, self._temperature, AdaptConfig()
        )


def _accuracy(head: Head, embeddings: Float32, labels: NDArray[np.int64]) -> float:
    """Return the share of right answers."""
    return float((head(embeddings).argmax(axis=1) == labels).mean())


if __name__ == '__main__':
    main()
