"""``fer-ros train static``: fit, calibrate and export the static expression model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_ros.cli import common
from fer_ros.config import share_dir


def main(words: Sequence[str]) -> int:
    """Train, and print where the model is."""
    parser = common.parser('train static', 'Fit the static expression model on FER+.')
    parser.add_argument('--data', type=Path, required=True, help='folder of ferplus_*.npz')
    parser.add_argument('--config', type=Path, help='default: models/training/static.yaml')
    parser.add_argument('--out', type=Path, required=True, help='folder for model, card and log')
    parser.add_argument('--resume', action='store_true', help='go on from the last checkpoint')
    parser.add_argument('--device', default='cpu', help='cpu or cuda')
    options = parser.parse_args(words)
    # After the options: torch takes seconds, and --help must not need it.
    from fer_ros.training.static import train_static

    config = options.config or share_dir() / 'models' / 'training' / 'static.yaml'
    print(
        train_static(
            options.data, config, options.out, resume=options.resume, device=options.device
        )
    )
    return 0
