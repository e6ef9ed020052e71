from __future__ import annotations

import math
import re

from fer_ros.detection.face_ids import IDS, STRIDE, FaceIds


def ids(stamp_ns, count=5):
    source = FaceIds()
    return [source.next(stamp_ns + index) for index in range(count)]


def test_ids_are_a_letter_and_four_letters_or_digits():
    assert all(re.fullmatch('[a-z][a-z0-9]{4}', face_id) for face_id in ids(7, 500))


def test_the_same_stamps_give_the_same_ids():
    assert ids(1_700_000_000_000_000_000) == ids(1_700_000_000_000_000_000)


def test_other_first_stamps_give_other_ids():
    assert not set(ids(1)) & set(ids(2))


def test_no_id_twice():
    assert IDS == 26 * 36**4
    assert math.gcd(IDS, STRIDE) == 1
    assert len(set(ids(3, 100_000))) == 100_000
