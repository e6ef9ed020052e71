import numpy as np
import pytest

from fer_ros.errors import ConfigError
from fer_ros.generation.limiter import Limiter

LOW, HIGH = np.array([-0.5, 0.0]), np.array([1.0, 0.4])
VELOCITY, ACCELERATION, JERK = np.array([4.0, 1.0]), np.array([40.0, 5.0]), np.array([800.0, 50.0])
PERIOD_S = 0.01


def limiter(start: tuple[float, float] = (0.0, 0.0)) -> Limiter:
    return Limiter(LOW, HIGH, VELOCITY, ACCELERATION, JERK, PERIOD_S, np.array(start))


def derivatives(positions: np.ndarray) -> list[np.ndarray]:
    found = [positions]
    for _ in range(3):
        found.append(np.diff(found[-1], axis=0) / PERIOD_S)
    return found


@pytest.mark.parametrize('seed', range(5))
def test_no_input_breaks_a_limit(seed: int) -> None:
    random = np.random.default_rng(seed)
    made = limiter()
    rest = [made.position] * 3
    positions = np.array(
        rest
        + [
            made.step(random.choice([-1e9, 0.0, 1e9, random.normal()], 2))
            for _ in range(random.integers(1, 5))
            for _ in range(400)
        ]
    )
    position, velocity, acceleration, jerk = derivatives(positions)
    assert (position >= LOW).all()
    assert (position <= HIGH).all()
    assert (np.abs(velocity) <= VELOCITY * (1 + 1e-9)).all()
    assert (np.abs(acceleration) <= ACCELERATION * (1 + 1e-9)).all()
    assert (np.abs(jerk) <= JERK * (1 + 1e-6)).all()


def test_the_limits_are_reached_by_the_worst_input() -> None:
    # A square wave as long as the first average turns +V into -V within it.
    made = limiter()
    waves = [
        made.step(np.where(np.arange(2) >= 0, 1e9 if k // 20 % 2 else -1e9, 0)) for k in range(200)
    ]
    acceleration, jerk = derivatives(np.array(waves))[2:]
    assert np.abs(acceleration[:, 0]).max() == pytest.approx(40.0)
    assert np.abs(jerk[:, 0]).max() == pytest.approx(800.0)


def test_a_step_arrives_at_once_begun_and_exactly() -> None:
    made = limiter()
    first = made.step(np.array([1.0, 0.0]))
    assert first[0] > 0.0
    for _ in range(25 + 20 + 10):  # 1 unit at 4/s, and both averages
        last = made.step(np.array([1.0, 0.0]))
    assert last[0] == pytest.approx(1.0, abs=1e-12)


def test_without_a_target_it_comes_to_rest() -> None:
    made = limiter()
    for _ in range(20):
        made.step(np.array([1.0, 0.4]))
    positions = np.array([made.step(None) for _ in range(made.taps + 3)])
    assert np.ptp(made.window, axis=0).max() == 0.0
    assert np.allclose(positions[-1], positions[-3])
    assert positions[-1][0] < 1.0


def test_many_faces_move_as_one_would() -> None:
    many = Limiter(LOW, HIGH, VELOCITY, ACCELERATION, JERK, PERIOD_S, np.zeros((3, 2)))
    one = limiter()
    targets = np.random.default_rng(0).normal(size=(100, 3, 2))
    for target in targets:
        found = many.step(target)
        assert np.allclose(one.step(target[1]), found[1])


def test_refuses_limits_that_never_stop() -> None:
    with pytest.raises(ConfigError, match='stop an actuator'):
        Limiter(LOW, HIGH, VELOCITY, ACCELERATION * 1e-6, JERK, PERIOD_S, np.zeros(2))


def test_ticks_that_are_taken_back_were_never_there() -> None:
    spare = 5
    limits = (LOW, HIGH, VELOCITY, ACCELERATION, JERK, PERIOD_S, np.zeros(2))
    straight, forth_and_back = Limiter(*limits), Limiter(*limits, spare)
    random = np.random.default_rng(4)
    for tick in range(300):
        target = random.normal(0.0, 2.0, 2) if tick % 20 == 0 else None
        if tick % 7 == 0:
            ticks = tick % (spare + 1)
            for _ in range(ticks):
                forth_and_back.step(np.array([1e9, -1e9]))
            forth_and_back.take_back(ticks)
            assert forth_and_back.position == pytest.approx(straight.position, abs=0)
        assert forth_and_back.step(target) == pytest.approx(straight.step(target), abs=0)
