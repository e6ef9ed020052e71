"""``fer-ros train certainty``: how much less certain a model has to be of hard faces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_ros.cli import common
from fer_ros.evaluation.ferplus import load_faces
from fer_ros.evaluation.framing import framed
from fer_ros.evaluation.stills import shipped_landmarker
from fer_ros.inference.manifest import Task
from fer_ros.inference.store import manifest_path
from fer_ros.pipeline import PipelineConfig
from fer_ros.training.certainty import DRAWS, add_certainty, forms_of


def main(words: Sequence[str]) -> int:
    """Fit, write it into the manifest, and print it."""
    parser = common.parser(
        'train certainty', 'Fit the certainty of hard faces and write it into the manifest.'
    )
    parser.add_argument(
        '--npz', type=Path, required=True, help='faces that the model was not fitted on'
    )
    parser.add_argument(
        '--model', default=PipelineConfig().expression_model, help='id or path of a manifest'
    )
    parser.add_argument('--cache', type=Path, help='npz to keep the degraded faces in')
    parser.add_argument('--draws', type=int, default=DRAWS, help='degraded faces of each face')
    options = parser.parse_args(words)
    path = manifest_path(options.model, Task.STATIC_EXPRESSION)
    certainty = add_certainty(
        path,
        framed(load_faces(options.npz), common.progress),
        shipped_landmarker(),
        cache=options.cache,
        draws=options.draws,
        progress=common.progress,
    )
    for form in forms_of(path):
        print(f'{form}: {certainty}')
    return 0
