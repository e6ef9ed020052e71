"""``fer-ros train``: fit, calibrate and export, one module a kind (the ``train`` extra)."""

from __future__ import annotations

from collections.abc import Sequence

from fer_ros.cli import common
from fer_ros.errors import MissingExtra

KINDS = {
    'static': 'the static expression model, on FER+',
    'temporal': 'the model over time, on clips composed from FER+',
    'certainty': 'how much less certain a model has to be of hard faces, into its manifest',
    'adapt': 'a new head for a room, from crops of uncertain faces',
}
_EXTRAS = ('torch', 'onnx')


def main(words: Sequence[str]) -> int:
    """Run the fit that the first word names."""
    try:
        return common.run_kind('train', 'Fit, calibrate and export a model.', KINDS, words)
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        raise MissingExtra(error.name, 'train', 'training') from None
