"""``fer-ros models parity``: does another backend or precision say the same?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from fer_ros.cli import common
from fer_ros.evaluation.parity import compare_engines, real_batch, some_faces
from fer_ros.evaluation.stills import shipped_landmarker
from fer_ros.inference.factory import Backend, Device, Precision, load_engine, open_backend
from fer_ros.inference.manifest import load_manifest
from fer_ros.inference.parity import TASKS
from fer_ros.inference.store import find_manifest, manifest_path, shipped

FACES = 300


def main(_: str, parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Print one row a model; return 1 where one is beyond its tolerance."""
    parser.add_argument('--npz', type=Path, required=True, help='faces: FER+ or its format')
    parser.add_argument('--faces', type=int, default=FACES, help=f'how many ({FACES})')
    parser.add_argument(
        '--model', action='append', help='id or path of a manifest (default: every shipped one)'
    )
    parser.add_argument(
        '--reference', help='model that is right (default: the same one, in float32)'
    )
    parser.add_argument(
        '--backend',
        default=Backend.ORT_CPU.value,
        choices=[backend.value for backend in Backend],
    )
    parser.add_argument(
        '--precision', default=Precision.FP32.value, choices=['fp32', 'fp16'], help='of the model'
    )
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    images = some_faces(options.npz, options.faces)
    landmarker = shipped_landmarker(Device.CPU)
    rows = []
    for name in options.model or shipped():
        task = load_manifest(manifest_path(name)).task
        if task not in TASKS:
            continue
        manifest = find_manifest(name, task)
        engine = open_backend(
            Backend(options.backend), manifest, Precision(options.precision), 'chosen'
        )
        reference = load_engine(options.reference or name, task, Device.CPU)
        batch = real_batch(reference.manifest, images, landmarker)
        rows.append(compare_engines(engine, reference, batch).to_dict())
    if options.json:
        common.print_json(rows)
    else:
        for row in rows:
            print('  '.join(f'{key} {value}' for key, value in row.items() if value != ''))
    return int(not all(row['within_tolerance'] for row in rows))
