"""``fer-ros train adapt``: a new head for a room, from crops of uncertain faces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_ros.cli import common
from fer_ros.evaluation.ferplus import load_faces, majority
from fer_ros.evaluation.framing import framed
from fer_ros.evaluation.stills import aligned, alignments, locate_stills, shipped_landmarker
from fer_ros.inference.manifest import Task, load_manifest
from fer_ros.inference.store import manifest_path
from fer_ros.pipeline import PipelineConfig
from fer_ros.training.adapt import AdaptConfig, Crops, adapt_static


def main(words: Sequence[str]) -> int:
    """Adapt, and print what was learned from and where the model is."""
    parser = common.parser('train adapt', 'Adapt the static model to a room by its crops.')
    parser.add_argument('--crops', type=Path, required=True, help='folder of record_uncertain_dir')
    parser.add_argument('--out', type=Path, required=True, help='folder for model and manifest')
    parser.add_argument('--npz', type=Path, help='ordinary faces on which nothing may get worse')
    parser.add_argument('--faces', type=int, default=1000, help='of them, the first so many')
    parser.add_argument(
        '--model', default=PipelineConfig().expression_model, help='id or path of a manifest'
    )
    parser.add_argument(
        '--margin', type=float, default=AdaptConfig().margin, help='lead of a pseudo-label'
    )
    options = parser.parse_args(words)
    config = AdaptConfig(margin=options.margin)
    path = manifest_path(options.model, Task.STATIC_EXPRESSION)
    size_px = load_manifest(path).input.width
    ordinary = _ordinary(options.npz, options.faces, size_px) if options.npz else None
    done = adapt_static(path, options.crops, options.out, ordinary=ordinary, config=config)
    print(
        f'{done.manifest}: learned from {done.labelled} labels and {done.pseudo} pseudo-labels, '
        f'left out {done.left_out}'
    )
    if done.before is not None and done.after is not None:
        print(f'accuracy on ordinary faces: {done.before:.4f} before, {done.after:.4f} after')
    return 0


def _ordinary(npz: Path, count: int, size_px: int) -> Crops:
    """Return voted faces as the run time aligns them."""
    faces = load_faces(npz)
    kept = np.arange(len(faces.votes)) < max(count, 1)
    faces = framed(faces.take(kept), common.progress)
    landmarker = shipped_landmarker()
    points = locate_stills(faces.images, landmarker, progress=common.progress)
    matrices = alignments(points, faces.images.shape[1], size_px)
    grey = aligned(faces.images, matrices, size_px)
    return Crops(np.repeat(grey[..., None], 3, axis=3), majority(faces.votes))
