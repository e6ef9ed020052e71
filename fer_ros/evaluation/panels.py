"""Where a panel goes beside each box, so that it hides neither a face nor another panel."""

from __future__ import annotations

from collections.abc import Sequence

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels
Size = tuple[int, int]  # width, height in pixels

# A hidden panel can not be read at all, a hidden face can still be made out.
PANEL_WEIGHT = 2.0
# Of a panel's area per rank: a nearly free place near the front beats a free one far behind,
# so that panels do not jump when boxes move by a few pixels.
RANK_WEIGHT = 0.03


def place(boxes: Sequence[Box], sizes: Sequence[Size], area: Box, gap: int) -> list[Box]:
    """Return a panel for each box, in their order.

    :param sizes: the panel of each box.
    :param area: where panels may be; one that is larger begins at its left top.
    """
    panels: list[Box] = []
    for box, size in zip(boxes, sizes):
        options = [_inside(corner, size, area) for corner in _corners(box, size, gap)]
        costs = [
            sum(overlap(option, other) for other in boxes)
            + PANEL_WEIGHT * sum(overlap(option, other) for other in panels)
            + RANK_WEIGHT * rank * size[0] * size[1]
            for rank, option in enumerate(options)
        ]
        panels.append(options[costs.index(min(costs))])
    return panels


def overlap(a: Box, b: Box) -> int:
    """Return the area that two boxes share, in pixels."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0) * max(height, 0)


def _corners(box: Box, size: Size, gap: int) -> list[tuple[int, int]]:
    """Return left top corners around a box, the preferred one first."""
    left, top, right, bottom = box
    width, height = size
    below, above = bottom + gap, top - gap - height
    before, behind = left - gap - width, right + gap
    return [
        (left, below), (right - width, below), (left, above), (right - width, above),
        (behind, top), (before, top), (behind, bottom - height), (before, bottom - height),
    ]  # fmt: skip


def _inside(corner: tuple[int, int], size: Size, area: Box) -> Box:
    """Return the panel at a corner, moved into the area."""
    left = max(min(corner[0], area[2] - size[0]), area[0])
    top = max(min(corner[1], area[3] - size[1]), area[1])
    return left, top, left + size[0], top + size[1]
