"""Small charts as SVG text: no library, no script, nothing from the network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

WIDTH, HEIGHT = 900, 170
LEFT, BOTTOM, TOP = 44, 22, 8
POINTS = 600  # more than a screen shows would only make the page heavy


def thin(*columns: Values) -> tuple[Values, ...]:
    """Return columns of equal length with at most :data:`POINTS` rows, evenly chosen."""
    length = len(columns[0])
    if length <= POINTS:
        return columns
    chosen = np.linspace(0, length - 1, POINTS).round().astype(int)
    return tuple(column[chosen] for column in columns)


def chart(title: str, marks: str, seconds: tuple[float, float], ticks: Sequence[str]) -> str:
    """Return a chart with a time axis and labels from the bottom to the top of its scale."""
    first, last = seconds
    steps = np.linspace(first, last, 6)
    labels = ''.join(
        f'<text class="tick" x="{_x(step, seconds):.1f}" y="{HEIGHT - 5}" '
        f'text-anchor="middle">{step:.1f} s</text>'
        for step in steps
    )
    places = np.linspace(0.0, 1.0, len(ticks))
    for place, tick in zip(places, ticks):
        y = _y(float(place))
        labels += (
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
            f'{escape(tick)}</text>'
        )
    return (
        f'<svg viewBox="0 0 {WIDTH + 24} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f'<title>{escape(title)}</title>{marks}{labels}</svg>'
    )


def area(x: Values, low: Values, high: Values, span: tuple[float, float], colour: str) -> str:
    """Return the band between two curves of 0..1."""
    upper = [f'{_x(a, span):.1f},{_y(b):.1f}' for a, b in zip(x, high)]
    lower = [f'{_x(a, span):.1f},{_y(b):.1f}' for a, b in zip(x[::-1], low[::-1])]
    return f'<polygon points="{" ".join(upper + lower)}" fill="{colour}"/>'


def line(x: Values, y: Values, span: tuple[float, float], colour: str) -> str:
    """Return a curve of 0..1."""
    points = ' '.join(f'{_x(a, span):.1f},{_y(b):.1f}' for a, b in zip(x, y))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'


def shade(start: float, end: float, span: tuple[float, float]) -> str:
    """Return a shaded stretch of time."""
    left, right = _x(start, span), _x(end, span)
    return (
        f'<rect class="shade" x="{left:.1f}" y="{TOP}" width="{max(right - left, 1.0):.1f}" '
        f'height="{HEIGHT - BOTTOM - TOP}"/>'
    )


def bars(title: str, counts: Sequence[int], edges: Sequence[float], unit: str) -> str:
    """Return a histogram."""
    top = max([*counts, 1])
    width = (WIDTH - LEFT) / max(len(counts), 1)
    marks = ''
    for index, count in enumerate(counts):
        y = _y(count / top)
        marks += (
            f'<rect class="bar" x="{LEFT + index * width + 1:.1f}" y="{y:.1f}" '
            f'width="{max(width - 2, 1):.1f}" height="{_y(0) - y:.1f}">'
            f'<title>{edges[index]:.1f} to {edges[index + 1]:.1f} {unit}: {count}</title></rect>'
        )
    marks += ''.join(
        f'<text class="tick" x="{LEFT + place * (WIDTH - LEFT):.1f}" y="{HEIGHT - 5}" '
        f'text-anchor="middle">{edges[0] + place * (edges[-1] - edges[0]):.1f} {unit}</text>'
        for place in (0.02, 0.25, 0.5, 0.75, 0.97)
    )
    return (
        f'<svg viewBox="0 0 {WIDTH + 24} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f'<title>{escape(title)}</title>{marks}</svg>'
    )


def _x(second: float, span: tuple[float, float]) -> float:
    first, last = span
    return LEFT + (second - first) / max(last - first, 1e-9) * (WIDTH - LEFT)


def _y(share: float) -> float:
    return TOP + (1.0 - share) * (HEIGHT - BOTTOM - TOP)
