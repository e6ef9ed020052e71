"""``fer-ros train temporal``: fit and export the model over time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_ros.cli import common
from fer_ros.config import share_dir


def main(words: Sequence[str]) -> int:
    """Train, and print where the model is."""
    parser = common.parser(
        'train temporal', 'Fit the model over time on clips composed from FER+ faces.'
    )
    parser.add_argument('--data', type=Path, required=True, help='folder of ferplus_*.npz')
    parser.add_argument('--config', type=Path, help='default: models/training/temporal.yaml')
    parser.add_argument('--out', type=Path, required=True, help='folder for model, card and log')
    options = parser.parse_args(words)
    # After the options: torch takes seconds, and --help must not need it.
    from fer_ros.training.temporal import train_temporal

    config = options.config or share_dir() / 'models' / 'training' / 'temporal.yaml'
    print(train_temporal(options.data, config, options.out))
    return 0
