"""The model card that a run leaves beside its files: figures and settings, nothing rounded up."""

from __future__ import annotations

import math
from pathlib import Path

import yaml

from fer_ros.evaluation.static import StaticReport
from fer_ros.training.settings import StaticSettings


def write_card(path: Path, settings: StaticSettings, figures: StaticReport) -> None:
    """Write the card of a run, its figures measured on the split that chose the weights."""
    text = _TEXT.format(
        id=settings.id,
        valid=settings.valid,
        figures=figures_table(figures),
        settings=yaml.safe_dump(_plain(settings.as_dict()), sort_keys=False).rstrip(),
    )
    path.write_text(text, encoding='utf-8')


def figures_table(figures: StaticReport) -> str:
    """Return two Markdown tables: the protocols' figures, and recall by emotion."""
    accuracies = (figures.A8, figures.B8, figures.A7, figures.B7)
    shares = (figures.UAR_A8, figures.UAR_A7, figures.ECE)
    cells = [f'{value:.1%}' for value in accuracies] + [f'{value:.3f}' for value in shares]
    found = {
        name: '-' if math.isnan(value) else f'{value:.2f}'
        for name, value in figures.per_class_recall.items()
    }
    return '\n'.join(
        [
            _row(['faces', 'A8', 'B8', 'A7', 'B7', 'UAR (A8)', 'UAR (A7)', 'ECE']),
            _row(['---'] * 8),
            _row([str(figures.n), *cells]),
            '',
            _row(['recall of', *found]),
            _row(['---'] * (len(found) + 1)),
            _row(['(A8)', *found.values()]),
        ]
    )


def _row(cells: list[str]) -> str:
    """Return one row of a table."""
    return f'| {" | ".join(cells)} |'


def _plain(value: object) -> object:
    """Turn tuples into lists, which YAML writes plainly."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


_TEXT = """# Static expression: `{id}`

Trained by `fer-ros train static` on FER+ (Barsoum et al. 2016, arXiv:1608.01041).

## Figures

On `{valid}`, which also chose the epoch and the temperature: expect about a point less elsewhere.
ECE: temperature fitted on one half and measured on the other, mean of both ways.

{figures}

## Settings

```yaml
{settings}
```
"""
