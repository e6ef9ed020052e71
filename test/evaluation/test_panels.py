from __future__ import annotations

from fer_ros.evaluation.panels import overlap, place

AREA = (0, 20, 200, 200)


def test_a_panel_goes_below_its_box():
    assert place([(50, 50, 90, 90)], [(60, 20)], AREA, 5) == [(50, 95, 110, 115)]


def test_a_box_at_the_bottom_has_its_panel_above():
    # Below, only 15 of 20 rows are free, and the panel would be pushed over its own box.
    assert place([(50, 150, 90, 185)], [(60, 20)], AREA, 5) == [(50, 125, 110, 145)]


def test_a_panel_leaves_the_next_face_free():
    boxes = [(50, 50, 90, 90), (80, 92, 120, 132)]
    first, second = place(boxes, [(60, 20), (60, 20)], AREA, 5)
    # Below but not over the other face there is no room; above there is.
    assert first == (50, 25, 110, 45)
    assert not any(overlap(panel, box) for panel in (first, second) for box in boxes)
    assert not overlap(first, second)


def test_two_faces_on_one_spot_have_two_panels():
    first, second = place([(50, 50, 90, 90)] * 2, [(60, 20)] * 2, AREA, 5)
    assert not overlap(first, second)


def test_a_panel_larger_than_the_image_begins_at_its_corner():
    assert place([(0, 0, 9, 9)], [(300, 300)], AREA, 5) == [(0, 20, 300, 320)]


def test_shared_area_by_hand():
    assert overlap((0, 0, 4, 4), (2, 1, 9, 9)) == 6
    assert overlap((0, 0, 4, 4), (4, 0, 8, 4)) == 0
