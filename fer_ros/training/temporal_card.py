"""The card that a run of the temporal model leaves beside its files."""

from __future__ import annotations

from pathlib import Path

import yaml

from fer_ros.evaluation.temporal import TemporalReport
from fer_ros.training.temporal_settings import TemporalSettings


def write_temporal_card(
    path: Path, settings: TemporalSettings, static: str, figures: TemporalReport
) -> None:
    """Write the card of a run, its figures measured on clips of people it has not seen."""
    text = _TEXT.format(
        id=settings.id,
        valid=settings.valid,
        static=static,
        figures=figures.to_text(),
        settings=yaml.safe_dump(settings.as_dict(), sort_keys=False).rstrip(),
    )
    path.write_text(text, encoding='utf-8')


_TEXT = """# Temporal expression: `{id}`

Trained by `fer-ros train temporal` on clips composed from FER+ faces (Barsoum et al. 2016,
arXiv:1608.01041) as `{static}` sees them.

## Figures

`fer-ros eval temporal`, on clips of faces of `{valid}`, unseen in training:

{figures}

## Settings

```yaml
{settings}
```
"""
