from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from made import MadeNet, detector_manifest

from fer_ros.detection.blazeface import (
    BlazeFace,
    Candidates,
    anchor_centres,
    overlaps,
    suppress,
    uncut,
)
from fer_ros.detection.squares import Pyramid, Square
from fer_ros.errors import ModelError


def candidates(*rows) -> Candidates:
    """Make candidates of rows (left, top, right, bottom, score); key points on the left top."""
    table = np.array(rows, np.float32).reshape(-1, 5)
    keypoints = np.repeat(table[:, None, :2], 6, axis=1)
    return Candidates(table[:, :4], keypoints, table[:, 4])


def test_anchors_of_a_small_grid():
    centres = anchor_centres(16, [8], [2])
    np.testing.assert_allclose(
        centres,
        [[.25, .25], [.25, .25], [.75, .25], [.75, .25],
         [.25, .75], [.25, .75], [.75, .75], [.75, .75]],
    )  # fmt: skip


@pytest.mark.parametrize(
    ('size', 'strides', 'per_cell', 'count'),
    [(128, [8, 16], [2, 6], 896), (192, [4], [1], 2304)],
)
def test_anchors_of_the_shipped_nets(size, strides, per_cell, count):
    centres = anchor_centres(size, strides, per_cell)
    assert centres.shape == (count, 2)
    first = strides[0] / 2 / size
    np.testing.assert_allclose(centres[0], [first, first], rtol=1e-6)
    np.testing.assert_allclose(centres[-1], 1 - strides[-1] / 2 / size, rtol=1e-6)


def raw_row(dx, dy, width, height, keypoints=0.0):
    return np.array([dx, dy, width, height, *([keypoints] * 12)], np.float32)


def test_decoding_by_hand():
    # Anchor 3 of four is at (.75, .75) of a square of 160 px at (100, 50); the net's side is 16:
    # an offset of -2 is -.125 of the side, a width of 4 is .25.
    net = BlazeFace(MadeNet())
    raw, logits = np.zeros((4, 16), np.float32), np.full(4, -9, np.float32)
    raw[3], logits[3] = raw_row(-2, 1, 4, 8, keypoints=-4), 2.0
    found = net.decode(raw, logits, Square(100, 50, 160), 0.5)
    centre = (100 + 0.625 * 160, 50 + 0.8125 * 160)
    np.testing.assert_allclose(
        found.boxes, [[centre[0] - 20, centre[1] - 40, centre[0] + 20, centre[1] + 40]], rtol=1e-6
    )
    np.testing.assert_allclose(found.keypoints[0], [[180, 130]] * 6, rtol=1e-6)
    assert found.scores[0] == pytest.approx(1 / (1 + math.exp(-2)))


def test_low_scores_and_boxes_without_area_are_dropped():
    raw, logits = np.zeros((4, 16), np.float32), np.array([0.1, 3, 3, -0.1], np.float32)
    raw[0], raw[3] = raw_row(0, 0, 4, 4), raw_row(0, 0, 4, 4)
    raw[1], raw[2] = raw_row(0, 0, -4, 4), raw_row(0, 0, 4, 0)
    found = BlazeFace(MadeNet()).decode(raw, logits, Square(0, 0, 16), 0.5)
    assert len(found.scores) == 1
    np.testing.assert_allclose(found.boxes, [[2, 2, 6, 6]])


def test_huge_logits_do_not_overflow():
    raw = np.tile(raw_row(0, 0, 4, 4), (4, 1))
    with np.errstate(all='raise'):
        found = BlazeFace(MadeNet()).decode(
            raw, np.array([1e4, -1e4, 88, -88], np.float32), Square(0, 0, 16), 0.5
        )
    np.testing.assert_allclose(found.scores, 1)


def test_all_squares_are_one_batch():
    net = MadeNet([(raw_row(0, 0, 4, 4), 3.0), (raw_row(0, 0, 4, 4), 1.0)])
    pixels = np.zeros((32, 48, 3), np.uint8)
    found = BlazeFace(net).look(Pyramid(pixels), [Square(0, 0, 32), Square(16, 0, 32)], 0.5)
    assert net.batches == [2]
    np.testing.assert_allclose(found.boxes[:, 0], [4, 20])


@pytest.mark.parametrize('option', ['strides', 'anchors_per_cell', 'box_scale', 'anchors'])
def test_a_manifest_without_an_option_is_refused(option):
    net = MadeNet()
    options = {key: value for key, value in net.manifest.options.items() if key != option}
    net.manifest = replace(net.manifest, options=options)
    with pytest.raises(ModelError, match=f"expected the option '{option}'"):
        BlazeFace(net)


def test_a_manifest_with_other_anchors_is_refused():
    net = MadeNet()
    net.manifest = detector_manifest(16, [8], [1], 5)
    with pytest.raises(ModelError, match='expected 5 anchors, its strides make 4'):
        BlazeFace(net)


def test_overlaps_by_hand():
    box = np.array([0, 0, 10, 10], np.float32)
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [0, 0, 5, 5]], np.float32)
    # The half of each other: IoU 50/150. A quarter inside: IoU .25, but wholly contained: .5.
    np.testing.assert_allclose(overlaps(box, boxes), [1, 1 / 3, 0, 0.5], rtol=1e-6)


def test_suppression_averages_by_score_and_keeps_the_best_score():
    found = suppress(
        candidates((0, 0, 10, 10, 0.9), (2, 0, 12, 10, 0.3), (50, 50, 60, 60, 0.5)), 0.3
    )
    # (0.9 * 0 + 0.3 * 2) / 1.2 = 0.5
    np.testing.assert_allclose(found.boxes, [[0.5, 0, 10.5, 10], [50, 50, 60, 60]], rtol=1e-6)
    np.testing.assert_allclose(found.scores, [0.9, 0.5])
    np.testing.assert_allclose(found.keypoints[0, :, 0], 0.5, rtol=1e-6)


def test_suppression_is_by_the_best_box_not_by_a_chain():
    # The third overlaps with the second only: it is a face of its own.
    found = suppress(
        candidates((0, 0, 10, 10, 0.9), (4, 0, 14, 10, 0.8), (9, 0, 19, 10, 0.7)), 0.3
    )
    assert len(found.scores) == 2


def test_suppression_sorts_and_does_not_mind_order():
    rows = [(50, 50, 60, 60, 0.5), (0, 0, 10, 10, 0.9), (2, 0, 12, 10, 0.3)]
    one, other = suppress(candidates(*rows), 0.3), suppress(candidates(*rows[::-1]), 0.3)
    np.testing.assert_allclose(one.boxes, other.boxes)
    assert one.scores.tolist() == pytest.approx([0.9, 0.5])


def test_suppression_of_nothing():
    assert len(suppress(candidates(), 0.3).scores) == 0


def test_what_a_square_cuts_off_inside_the_frame_is_dropped():
    square = Square(100, 0, 200)  # of a frame of 400 x 200
    found = candidates(
        (95, 10, 150, 60, 0.9),  # over its left edge, inside the frame
        (120, -5, 150, 60, 0.8),  # over the frame's own edge
        (260, 10, 305, 60, 0.7),  # over its right edge
        (120, 150, 160, 210, 0.6),  # over the frame's lower edge
    )
    kept = uncut(found, square, 400, 200)
    assert kept.scores.tolist() == pytest.approx([0.8, 0.6])
