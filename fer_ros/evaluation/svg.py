"""Small charts as SVG text: no library, no script, nothing from the network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Tick = tuple[float, str]  # where, and its text

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 920, 44, 18, 8, 20
DAY_S = 86_400
STEPS_S = (30, 60, 120, 300, 600, 1800, 3600, 7200, 10_800, 21_600, 43_200, DAY_S)
ROW = 26  # from one line of text to the next, where the window is narrow too

# Stripes of the page's own colour can be seen on every colour below them.
DEFINITIONS = (
    '<svg class="defs" width="0" height="0" aria-hidden="true"><defs>'
    '<pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><line class="stripe" x1="0" y1="0" x2="0" y2="7"/></pattern>'
    '</defs></svg>'
)


@dataclass(frozen=True, slots=True)
class Axes:
    """Maps data to places on a chart and draws marks there.

    :param span: what the left and right edges stand for.
    :param low, high: what the lower and upper edges stand for.
    :param height: of the plot in units of the chart, which is 920 wide.
    """

    span: tuple[float, float]
    low: float = 0.0
    high: float = 1.0
    height: int = 140

    def x(self, value: float) -> float:
        """Return where a value lies across, at the nearest edge when it is outside."""
        first, last = self.span
        share = (value - first) / max(last - first, 1e-9)
        return LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Return where a value lies down, at the nearest edge when it is outside."""
        share = (value - self.low) / (self.high - self.low)
        return TOP + (1.0 - min(max(share, 0.0), 1.0)) * self.height

    def area(self, x: Values, low: Values, high: Values, colour: str, title: str = '') -> str:
        """Return the band between two curves."""
        points = f'{self._points(x, high)} {self._points(x[::-1], low[::-1])}'
        return f'<polygon points="{points}" fill="{colour}">{_title(title)}</polygon>'

    def line(self, x: Values, y: Values, colour: str, title: str = '') -> str:
        """Return a curve."""
        return (
            f'<polyline points="{self._points(x, y)}" fill="none" stroke="{colour}" '
            f'stroke-width="2" stroke-linejoin="round">{_title(title)}</polyline>'
        )

    def rect(self, start: float, end: float, attributes: str, title: str = '') -> str:
        """Return a stretch across, of the plot's full height and at least a hair wide."""
        left = self.x(start)
        width = max(self.x(end) - left, 0.7)
        return (
            f'<rect x="{left:.1f}" y="{TOP}" width="{width:.1f}" height="{self.height}" '
            f'{attributes}>{_title(title)}</rect>'
        )

    def hatch(self, start: float, end: float, title: str) -> str:
        """Return a hatched stretch; the page holds :data:`DEFINITIONS` once."""
        return self.rect(start, end, 'class="shade"') + self.rect(
            start, end, 'class="hatch" fill="url(#hatch)"', title
        )

    def rule(self, value: float, text: str, row: int = 0) -> str:
        """Return an upright line with a name at its top; rows keep names of neighbours apart."""
        x = self.x(value)
        return (
            f'<line class="rule" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{TOP + self.height}"/>'
            f'<text class="tick" x="{x + 3:.1f}" y="{TOP + 9 + ROW * row}">{escape(text)}</text>'
        )

    def chart(
        self, title: str, marks: str, *, across: Sequence[Tick], up: Sequence[Tick] = ()
    ) -> str:
        """Return a chart of marks with its ticks."""
        labels = ''.join(
            f'<text class="tick" x="{self.x(value):.1f}" y="{TOP + self.height + 15}" '
            f'text-anchor="middle">{escape(text)}</text>'
            for value, text in across
        )
        grid = ''
        for value, text in up:
            y = self.y(value)
            grid += f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
            labels += (
                f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
                f'{escape(text)}</text>'
            )
        return (
            f'<svg viewBox="0 0 {WIDTH} {TOP + self.height + BOTTOM}" role="img" '
            f'aria-label="{escape(title)}"><title>{escape(title)}</title>{grid}{marks}{labels}'
            '</svg>'
        )

    def _points(self, x: Values, y: Values) -> str:
        return ' '.join(f'{self.x(a):.1f},{self.y(b):.1f}' for a, b in zip(x, y))


def thin(points: int, *columns: Values) -> tuple[Values, ...]:
    """Return columns of equal length with at most so many rows, each the mean of its bin.

    More rows than a screen has columns would only make the page heavy; a mean keeps
    distributions distributions, and shows some of a peak that a sample would miss.
    """
    length = len(columns[0])
    if length <= points:
        return columns
    starts = np.linspace(0, length, points, endpoint=False).astype(int)
    sizes = np.diff([*starts, length]).astype(np.float64)
    return tuple(
        (np.add.reduceat(column, starts, axis=0).T / sizes).T.astype(np.float64)
        for column in columns
    )


def ticks(first: float, last: float, unit: str, count: int = 8) -> list[Tick]:
    """Return round values from first to last, at most ``count`` steps of 1, 2 or 5."""
    length = max(last - first, 1e-9)
    power = 10.0 ** math.floor(math.log10(length / count))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= length / count)
    values = np.arange(math.ceil(first / step), math.floor(last / step * (1 + 1e-9)) + 1) * step
    return [(float(value), f'{value:.10g} {unit}'.strip()) for value in values]


def seconds(first: float, last: float) -> list[Tick]:
    """Return ticks of time, eleven at most: seconds, or minutes, hours and days of many."""
    length = last - first
    if length < 240.0:
        return ticks(first, last, 's')
    if length > 10 * DAY_S:
        return [(day * DAY_S, text) for day, text in ticks(first / DAY_S, last / DAY_S, 'd')]
    step = next(step for step in STEPS_S if step * 10 >= length)
    values = range(math.ceil(first / step) * step, math.floor(last) + 1, step)
    return [(float(value), _clock(value, in_hours=step >= 1800)) for value in values]


def _clock(value: int, *, in_hours: bool) -> str:
    if in_hours:
        return f'{value // 3600}:{value // 60 % 60:02d} h'
    return f'{value // 60}:{value % 60:02d}'


def _title(text: str) -> str:
    return f'<title>{escape(text)}</title>' if text else ''
