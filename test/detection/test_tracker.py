"""Scenarios with made landmarks: the mesh finds whatever of a list of people is in its ROI."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made import FRAME_NS, detection_at, landmarks_at, nothing_at

from fer_ros.detection import FaceTracker, Look, TrackingConfig
from fer_ros.errors import ConfigError, DataError
from fer_ros.types import RotatedRoi


class World:
    """People at places; the detector sees all, the mesh who is nearest to a ROI's centre."""

    def __init__(self, **settings) -> None:
        self.tracker = FaceTracker(TrackingConfig(**settings))
        self.stamp_ns = 1_000_000_000
        self.looks = []

    def step(self, *people, detected=None, elapsed_ns=FRAME_NS):
        """Let a frame pass; return {id: index of the person}.

        :param people: (x, y, width) of those in sight.
        :param detected: those that the detector sees, if not all.
        """
        self.stamp_ns += elapsed_ns
        looking = self.tracker.wants_detection(self.stamp_ns)
        self.looks += [looking] if looking else []
        seen = people if detected is None else detected
        detections = [detection_at(*person) for person in seen] if looking else []
        proposals = self.tracker.propose(detections, self.stamp_ns)
        landmarks = [self.mesh(proposal.roi, people) for proposal in proposals]
        looked = bool(looking)
        faces = self.tracker.update(proposals, landmarks, looked=looked, stamp_ns=self.stamp_ns)
        return {face.face_id: self.who(face, people) for face in faces}

    @staticmethod
    def mesh(roi: RotatedRoi, people):
        """Read landmarks as the net does: of what is within 0.45 of the ROI's side."""

        def gap(person):
            return math.hypot(person[0] - roi.centre_x, person[1] - roi.centre_y)

        near = [person for person in people if gap(person) < 0.45 * roi.size]
        return landmarks_at(*min(near, key=gap), roi=roi) if near else nothing_at(roi)

    @staticmethod
    def who(face, people):
        x = float(face.landmarks.points_px[:2, 0].mean())
        return min(range(len(people)), key=lambda index: abs(people[index][0] - x))


def test_birth_and_a_stable_id():
    world = World()
    (face_id,) = world.step((200, 200, 100))
    for _ in range(40):
        assert list(world.step((200, 200, 100))) == [face_id]
    assert world.tracker.tracked() == (face_id,)


def test_the_detector_looks_without_a_face_then_every_tenth_frame():
    world = World(detection_interval=10)
    for _ in range(5):
        world.step()
    assert world.looks == [Look.ALL] * 5
    world.step((200, 200, 100))
    assert world.looks == [Look.ALL] * 6
    for _ in range(30):
        world.step((200, 200, 100))
    assert world.looks == [Look.ALL] * 6 + [Look.NEXT] * 3


def test_who_is_lost_is_looked_for_everywhere():
    world = World(detection_interval=10)
    world.step((200, 200, 100))
    for _ in range(3):
        world.step()
    assert world.looks == [Look.ALL] * 3  # at birth, and once the mesh has lost them


def test_the_detector_does_not_look_where_there_is_no_room():
    world = World(max_faces=1, detection_interval=1)
    world.step((200, 200, 100))
    for _ in range(5):
        world.step((200, 200, 100), (600, 200, 100))
    assert world.looks == [Look.ALL]


def test_a_newcomer_is_found_at_the_next_look():
    world = World(detection_interval=3)
    (first,) = world.step((200, 200, 100))
    frames = [world.step((200, 200, 100), (600, 200, 100)) for _ in range(3)]
    assert [len(faces) for faces in frames] == [1, 1, 2]
    assert frames[-1][first] == 0


def test_at_most_so_many_faces():
    world = World(max_faces=3)
    people = [(100 + 200 * index, 200, 80) for index in range(6)]
    assert len(world.step(*people)) == 3


def test_an_unseen_face_is_not_reported_but_followed_and_then_ends():
    world = World(lost_timeout_s=0.5)
    (face_id,) = world.step((200, 200, 100))
    seen_ns = world.stamp_ns
    while world.tracker.tracked():
        assert world.step() == {}
        assert world.tracker.ended() in ((), (face_id,))
    assert 0.5e9 <= world.stamp_ns - seen_ns < 0.5e9 + FRAME_NS
    assert world.tracker.ended() == (face_id,)
    world.step()
    assert world.tracker.ended() == ()


def test_a_face_hidden_for_a_moment_keeps_its_id():
    world = World()
    (face_id,) = world.step((200, 200, 100))
    for _ in range(15):
        world.step()
    assert list(world.step((240, 210, 110))) == [face_id]


@pytest.mark.parametrize('elsewhere', [(600, 200, 100), (200, 200, 300)])
def test_another_place_or_size_is_another_face(elsewhere):
    world = World()
    (face_id,) = world.step((200, 200, 100))
    world.step()
    (other,) = world.step(elsewhere)
    assert other != face_id


def test_an_id_that_ended_never_comes_back():
    world = World(lost_timeout_s=0.1)
    ids = set()
    for _ in range(20):
        ids.update(world.step((200, 200, 100)))
        for _ in range(5):
            world.step()
    assert len(ids) == 20


def test_a_walk_faster_than_the_mesh_reaches_is_foreseen():
    # The mesh reaches 67 px from a ROI of 150 px: 80 px a frame have to be foreseen.
    world = World()
    x, step = 100.0, 20.0
    (face_id,) = world.step((x, 200, 100))
    for _ in range(30):
        step = min(step + 5, 80)
        x += step
        assert list(world.step((x, 200, 100), detected=())) == [face_id]


def test_a_walk_across_dropped_frames_is_foreseen():
    world = World()
    x = 100.0
    (face_id,) = world.step((x, 200, 100))
    for _ in range(5):
        x += 25
        world.step((x, 200, 100))
    x += 4 * 25
    assert list(world.step((x, 200, 100), detected=(), elapsed_ns=4 * FRAME_NS)) == [face_id]


def test_without_a_stamp_nothing_is_foreseen():
    world = World()
    for index in range(4):
        world.step((200 + 30 * index, 200, 100))
    (proposal,) = world.tracker.propose([])
    assert proposal.roi.centre_x == pytest.approx(290)
    (foreseen,) = world.tracker.propose([], world.stamp_ns + FRAME_NS)
    assert 305 < foreseen.roi.centre_x <= 320


def test_jitter_does_not_move_the_roi():
    world = World()
    for index in range(10):
        world.step((200 + index % 2, 200, 100))
    (proposal,) = world.tracker.propose([], world.stamp_ns + FRAME_NS)
    assert proposal.roi.centre_x == pytest.approx(201)


def crossing(hidden, front):
    """Let the first walk right and the second left; who is behind is unseen as they meet."""
    world = World()
    first, second = world.step((200, 200, 100), (800, 200, 100))
    names = {first: 0, second: 1}
    history = []
    for index in range(1, 41):
        people = [(200 + 15 * index, 200, 100), (800 - 15 * index, 200, 100)]
        if abs(people[0][0] - people[1][0]) < 70:
            people[hidden] = people[front]
        history.append(world.step(*people))
    return names, history, world


@pytest.mark.parametrize(('hidden', 'front'), [(0, 1), (1, 0)])
def test_two_who_cross_do_not_swap_ids(hidden, front):
    names, history, world = crossing(hidden, front)
    assert history[-1] == names
    in_front = next(face_id for face_id, index in names.items() if index == front)
    assert all(in_front in faces for faces in history)
    assert set(world.tracker.tracked()) == set(names)


def test_whoever_is_hidden_by_another_does_not_take_over_that_face():
    # The older one stands still; the younger walks in front of it and stays.
    world = World(detection_interval=1)
    (older,) = world.step((400, 200, 100))
    faces = world.step((400, 200, 100), (690, 200, 100))
    younger = next(face_id for face_id in faces if face_id != older)
    for x in range(660, 470, -30):
        assert set(world.step((400, 200, 100), (x, 200, 100))) == {older, younger}
    # 50 px away: the mesh that looks for the older finds the younger, who hides it.
    for x in (450, 420, 400, 400):
        assert list(world.step((x, 200, 100))) == [younger]
    assert set(world.tracker.tracked()) == {older, younger}


def test_two_tracks_on_one_face_become_the_older_one():
    world = World(detection_interval=1)
    older, _ = world.step((200, 200, 100), (400, 200, 100))
    for index in range(1, 12):
        shift = 8.0 * index
        world.step((200 + shift, 200, 100), (400 - shift, 200, 100))
    faces = world.step((300, 200, 100))
    assert list(faces) == [older]
    for _ in range(40):
        world.step((300, 200, 100))
    assert world.tracker.tracked() == (older,)


def test_of_two_lost_faces_each_takes_the_detection_that_is_closer_to_it():
    world = World()
    first, second = world.step((200, 200, 100), (300, 200, 100))
    world.step()
    # The second is detected first and within reach of both.
    assert world.step((296, 200, 100), (204, 200, 100)) == {second: 0, first: 1}


def test_a_lost_face_is_one_of_two_detections_near_it():
    world = World()
    (face_id,) = world.step((200, 200, 100))
    world.step()
    faces = world.step((290, 200, 100), (210, 200, 100))
    assert len(faces) == 2
    assert faces[face_id] == 1


def test_two_detections_of_one_face_are_one_proposal():
    tracker = FaceTracker()
    proposals = tracker.propose([detection_at(200, 200), detection_at(210, 200)], 1)
    assert len(proposals) == 1
    assert proposals[0].is_new


def test_an_unconvincing_detection_is_no_face():
    tracker = FaceTracker()
    detection = detection_at(200, 200, score=0.7, keypoint_shift=0.3)
    proposals = tracker.propose([detection], 1)
    found = [landmarks_at(200, 200)]
    assert tracker.update(proposals, found, looked=True, stamp_ns=1) == []
    assert tracker.tracked() == ()


def test_time_that_does_not_go_on_is_refused():
    world = World()
    world.step((200, 200, 100))
    for elapsed in (0, -FRAME_NS):
        with pytest.raises(DataError, match=r'expected a stamp after 1033000000 ns, found'):
            world.step((200, 200, 100), elapsed_ns=elapsed)


def test_reset_forgets_faces_and_time_but_not_ids():
    world = World()
    (face_id,) = world.step((200, 200, 100))
    world.tracker.reset()
    assert world.tracker.tracked() == ()
    world.stamp_ns = 0
    (other,) = world.step((200, 200, 100))
    assert other != face_id


def test_proposals_without_landmarks_are_refused():
    tracker = FaceTracker()
    proposals = tracker.propose([detection_at(200, 200)], 1)
    with pytest.raises(DataError, match='expected landmarks of 1 proposals, found 0'):
        tracker.update(proposals, [], looked=True, stamp_ns=1)


def test_broken_landmarks_are_no_face():
    world = World(min_presence=0.0)
    world.step((200, 200, 100))
    proposals = world.tracker.propose([], world.stamp_ns + 1)
    broken = landmarks_at(200, 200, roi=proposals[0].roi)
    broken.points_px[7] = float('nan')
    faces = world.tracker.update(proposals, [broken], looked=False, stamp_ns=world.stamp_ns + 1)
    assert faces == []


def test_a_replay_has_the_same_ids():
    def run():
        world = World(lost_timeout_s=0.1)
        return [
            list(world.step(*([(200, 200, 100)] if index % 9 < 5 else []))) for index in range(60)
        ]

    assert run() == run()


@pytest.mark.parametrize(
    'settings',
    [{'max_faces': 0}, {'detection_interval': 0}, {'min_presence': 1.5},
     {'min_presence': math.nan}, {'lost_timeout_s': -1.0}, {'lost_timeout_s': 11.0}],
)  # fmt: skip
def test_settings_out_of_range_are_refused(settings):
    (name,) = settings
    with pytest.raises(ConfigError, match=f'{name}: expected'):
        TrackingConfig(**settings)


def colours(person: int) -> np.ndarray:
    """Return a signature that only this person has."""
    roots = np.zeros((2, 8), np.float32)
    roots[:, person] = 1.0
    return roots


class ColouredWorld(World):
    """People who can be told apart; looks are (x, y, width, who)."""

    def step(self, *people, detected=None, elapsed_ns=FRAME_NS):
        self.stamp_ns += elapsed_ns
        looking = self.tracker.wants_detection(self.stamp_ns)
        places = [person[:3] for person in people]
        detections = [detection_at(*place) for place in places] if looking else []
        proposals = self.tracker.propose(detections, self.stamp_ns)
        landmarks = [self.mesh(proposal.roi, places) for proposal in proposals]
        looks = [
            colours(people[self.who(found, places)][3])
            if people and self.tracker.wants_colours(proposal, self.stamp_ns)
            else None
            for proposal, found in zip(proposals, landmarks)
        ]
        faces = self.tracker.update(
            proposals, landmarks, looked=looking, stamp_ns=self.stamp_ns, colours=looks
        )
        return {face.face_id: people[self.who(face.landmarks, places)][3] for face in faces}

    @staticmethod
    def who(found, people):
        x = float(found.points_px[:2, 0].mean())
        return min(range(len(people)), key=lambda index: abs(people[index][0] - x))


def test_somebody_else_where_one_was_lost_gets_an_id_of_their_own():
    world = ColouredWorld()
    (first,) = world.step((200, 200, 100, 0))
    world.step()
    (second,) = world.step((210, 200, 100, 1))
    assert second != first
    assert set(world.tracker.tracked()) == {first, second}


def test_who_comes_out_far_away_is_known_by_their_looks():
    world = ColouredWorld()
    (first,) = world.step((200, 200, 100, 0))
    for _ in range(20):
        world.step()
    # 0.7 s later 200 px away, which is beyond 0.75 of the ROI's 150.
    assert list(world.step((400, 200, 100, 0))) == [first]
    for _ in range(20):
        world.step()
    (other,) = world.step((200, 200, 100, 1))
    assert other != first


def test_without_looks_only_who_is_near_comes_back():
    world = World()
    (first,) = world.step((200, 200, 100))
    for _ in range(20):
        world.step()
    (other,) = world.step((400, 200, 100))
    assert other != first


def test_hidden_for_a_second_and_back():
    world = World()
    (first,) = world.step((200, 200, 100))
    for _ in range(29):
        world.step()
    assert list(world.step((200, 200, 100))) == [first]


@pytest.mark.parametrize(
    ('pause_s', 'who', 'is_same'),
    [(0.9, 1, True), (1.1, 0, True), (1.1, 1, False), (9.9, 0, True), (10.1, 0, False)],
)
def test_after_a_pause_of_the_camera_people_are_known_by_their_looks(pause_s, who, is_same):
    world = ColouredWorld()
    (first,) = world.step((200, 200, 100, 0))
    (face_id,) = world.step((200, 200, 100, who), elapsed_ns=round(pause_s * 1e9))
    assert (face_id == first) == is_same
    assert (first in world.tracker.tracked()) == is_same
    assert world.tracker.ended() == (() if is_same else (first,))


def test_a_slow_camera_keeps_its_ids():
    world = ColouredWorld()
    ids = [world.step((200, 200, 100, 0), elapsed_ns=2_000_000_000) for _ in range(5)]
    assert ids == ids[:1] * 5


def test_a_stranger_without_room_is_not_followed():
    world = ColouredWorld(max_faces=1)
    (first,) = world.step((200, 200, 100, 0))
    world.step()
    assert world.step((210, 200, 100, 1)) == {}
    assert world.tracker.tracked() == (first,)


def test_looks_are_read_at_birth_when_found_again_and_now_and_then():
    world = ColouredWorld()
    world.step((200, 200, 100, 0))
    wanted = []
    for _ in range(20):
        proposals = world.tracker.propose([], world.stamp_ns + FRAME_NS)
        wanted.append(world.tracker.wants_colours(proposals[0], world.stamp_ns + FRAME_NS))
        world.step((200, 200, 100, 0))
    assert wanted.count(True) == 1
    assert wanted.index(True) == 15  # 0.5 s at 33 ms
