"""``fer-ros train``: fit, calibrate and export a model (the ``train`` extra)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_ros.cli import common
from fer_ros.config import share_dir
from fer_ros.errors import MissingExtra


def main(words: Sequence[str]) -> int:
    """Train, and print where the model is."""
    parser = common.parser('train', 'Fit, calibrate and export a model.')
    kinds = parser.add_subparsers(dest='kind', required=True, metavar='WHAT')
    static = kinds.add_parser('static', help='the static expression model, on FER+')
    static.add_argument('--data', type=Path, required=True, help='folder of ferplus_*.npz')
    static.add_argument('--config', type=Path, help='default: models/training/static.yaml')
    static.add_argument('--out', type=Path, required=True, help='folder for model, card and log')
    static.add_argument('--resume', action='store_true', help='go on from the last checkpoint')
    static.add_argument('--device', default='cpu', help='cpu or cuda')
    options = parser.parse_args(words)
    try:
        from fer_ros.training.static import train_static
    except ModuleNotFoundError as error:
        if error.name not in ('torch', 'onnx'):
            raise
        raise MissingExtra(error.name, 'train', 'training') from None
    config = options.config or share_dir() / 'models' / 'training' / 'static.yaml'
    print(
        train_static(
            options.data, config, options.out, resume=options.resume, device=options.device
        )
    )
    return 0
