import numpy as np
import pytest

from fer_ros.generation.motion import MinJerk


def minimum_jerk(share: float) -> float:
    return 10 * share**3 - 15 * share**4 + 6 * share**5


def test_from_rest_it_is_the_minimum_jerk_curve() -> None:
    motion = MinJerk((), 2)
    motion.aim(np.array([1.0, 0.5]), 0.8, now_s=2.0)
    for share in (0.0, 0.25, 0.5, 0.9, 1.0, 1.7):
        expected = minimum_jerk(min(share, 1.0))
        found = motion.position(2.0 + 0.8 * share)
        assert found == pytest.approx([expected, expected / 2], abs=1e-12)


def test_the_state_is_the_derivative_of_the_position() -> None:
    motion = MinJerk((), 1)
    motion.aim(np.array([0.9]), 0.6, 0.0)
    motion.aim(np.array([0.1]), 0.5, 0.25)
    h = 1e-4
    for now_s in (0.3, 0.36, 0.5, 0.7):
        before, here, after = (motion.position(now_s + d)[0] for d in (-h, 0.0, h))
        _, velocity, acceleration = motion.state(now_s)
        assert velocity[0] == pytest.approx((after - before) / (2 * h), abs=1e-4)
        assert acceleration[0] == pytest.approx((after - 2 * here + before) / h**2, abs=1e-2)


def test_an_interruption_keeps_position_velocity_and_acceleration() -> None:
    random = np.random.default_rng(3)
    motion = MinJerk((), 8)
    now_s = 0.0
    for _ in range(300):
        before = motion.state(now_s)
        bumps = random.normal(0.0, 5.0, 3)
        motion.aim(random.random(8), random.uniform(0.1, 1.5), now_s, bumps=bumps)
        for old, new, scale in zip(before, motion.state(now_s), (1.0, 10.0, 100.0)):
            assert new == pytest.approx(old, abs=1e-9 * scale)
        now_s += random.exponential(0.2)


@pytest.mark.parametrize('back_s', [0.2, 1.5])
def test_a_motion_that_is_turned_back_does_not_overshoot_far(back_s: float) -> None:
    motion = MinJerk((), 1)
    motion.aim(np.array([1.0]), 0.3, 0.0)
    turned = motion.position(0.15)[0]
    motion.aim(np.array([0.0]), back_s, 0.15)
    course = [motion.position(0.15 + t)[0] for t in np.arange(0.0, back_s + 0.01, 0.005)]
    # At 6.25/s the remainder dies in 0.15 s: a fifth of 6.25 * 0.15.
    assert max(course) - turned < 0.2
    assert min(course) > -0.02
    assert course[-1] == pytest.approx(0.0, abs=1e-9)


def test_a_goal_that_moves_on_is_followed_without_a_stall() -> None:
    motion = MinJerk((), 1)
    positions = []
    for tick in range(100):
        now_s = tick * 0.01
        if tick % 3 == 0:
            motion.aim(np.array([min(now_s / 0.6, 1.0)]), 0.3, now_s)
        positions.append(motion.position(now_s)[0])
    speed = np.diff(positions) / 0.01
    assert speed[20:55].min() > 0.8  # the goal moves at 1.67/s
    assert max(positions) < 1.01


def test_a_goal_further_on_keeps_all_of_the_motion() -> None:
    # v T = 1.875 and D = 1: 4 v T <= 10 D, so nothing is left to die away.
    motion = MinJerk((), 1)
    motion.aim(np.array([0.5]), 0.5, 0.0)
    motion.aim(np.array([1.25]), 0.5, 0.25)
    assert not motion._rest.any()


def test_rows_are_replanned_by_themselves() -> None:
    motion = MinJerk((3, 2), 4)
    motion.aim(np.full(4, 0.8), 0.4, 0.0, row=(1, 1))
    found = motion.position(0.2)
    assert found[1, 1] == pytest.approx(0.4)
    assert np.count_nonzero(found) == 4
    assert motion.goal[1, 1].tolist() == [0.8] * 4


def test_a_learned_course_changes_neither_end() -> None:
    motion = MinJerk((), 1)
    motion.aim(np.array([1.0]), 1.0, 0.0, bumps=np.array([10.0, 0.0, -4.0]))
    assert motion.position(0.5)[0] == pytest.approx(0.5 + 0.125 * 0.125 * (10 - 1))
    assert motion.position(1.0)[0] == pytest.approx(1.0)
    for now_s in (0.0, 1.0):
        _, velocity, acceleration = motion.state(now_s)
        assert abs(velocity[0]) + abs(acceleration[0]) < 1e-9
