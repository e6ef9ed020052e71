from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from fer_ros.evaluation import svg

LEFT, RIGHT = svg.LEFT, svg.WIDTH - svg.RIGHT


def test_a_curve_by_hand():
    axes = svg.Axes((0.0, 2.0), low=-1.0, high=1.0, height=100)
    found = axes.line(np.array([0.0, 1.0, 2.0]), np.array([-1.0, 0.0, 1.0]), '#000')
    points = ElementTree.fromstring(found).get('points')
    middle = (LEFT + RIGHT) / 2
    top = svg.TOP
    expected = f'{LEFT:.1f},{top + 100:.1f} {middle:.1f},{top + 50:.1f} {RIGHT:.1f},{top:.1f}'
    assert points == expected


def test_what_lies_outside_stays_at_the_edge():
    axes = svg.Axes((0.0, 1.0), height=100)
    assert (axes.x(-5.0), axes.x(5.0)) == (LEFT, RIGHT)
    assert (axes.y(-5.0), axes.y(5.0)) == (svg.TOP + 100, svg.TOP)


def test_thinning_takes_means_of_bins():
    times, table = svg.thin(2, np.arange(5.0), np.array([[k, 1.0 - k] for k in range(5)]))
    # Bins of 2 and 3 rows.
    assert times.tolist() == [0.5, 3.0]
    assert table.tolist() == [[0.5, 0.5], [3.0, -2.0]]
    assert table.sum(axis=1).tolist() == [1.0, 1.0]


def test_few_rows_are_left_alone():
    times = np.arange(3.0)
    assert svg.thin(3, times)[0] is times


@pytest.mark.parametrize(
    ('first', 'last', 'expected'),
    [
        (0.0, 2.4, ['0 s', '0.5 s', '1 s', '1.5 s', '2 s']),
        (0.0, 0.02, ['0 s', '0.005 s', '0.01 s', '0.015 s', '0.02 s']),
        (0.0, 90.0, ['0 s', '20 s', '40 s', '60 s', '80 s']),
    ],
)
def test_ticks_are_round(first, last, expected):
    assert [text for _, text in svg.seconds(first, last)] == expected


def test_long_times_are_in_minutes():
    assert [text for _, text in svg.seconds(0.0, 305.0)] == [
        '0:00', '1:00', '2:00', '3:00', '4:00', '5:00',
    ]  # fmt: skip
    assert [text for _, text in svg.seconds(0.0, 9000.0)] == [
        '0:00 h', '0:30 h', '1:00 h', '1:30 h', '2:00 h', '2:30 h',
    ]  # fmt: skip
    assert [at for at, _ in svg.seconds(0.0, 86_400.0)] == [10_800.0 * k for k in range(9)]
    # A camera whose clock jumped.
    assert svg.seconds(0.0, 400 * 86_400.0)[-1] == (400 * 86_400.0, '400 d')


def test_texts_are_escaped():
    axes = svg.Axes((0.0, 1.0))
    chart = axes.chart('<a> & "b"', axes.hatch(0.2, 0.4, '<why>'), across=[(0.0, '<0>')])
    root = ElementTree.fromstring(chart)
    assert root.get('aria-label') == root.findtext('title') == '<a> & "b"'
    assert root.findtext("rect[@class='hatch']/title") == '<why>'
