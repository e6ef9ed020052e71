from pathlib import Path

import numpy as np
import pytest
from tiny_rig import TINY

from fer_ros.errors import ConfigError
from fer_ros.generation import Rig, load_rig, read_rig, shipped_rigs
from fer_ros.generation.least_squares import BoundedLeastSquares
from fer_ros.generation.rig import Mapper
from fer_ros.generation.rig_file import refuse_shared_places, rig_path
from fer_ros.generation.units import vector


def test_the_four_rigs_are_whole_and_go_side_by_side() -> None:
    assert shipped_rigs() == ['animatronic12', 'arkit52', 'avatar2d', 'led_eyes']
    rigs = [load_rig(name) for name in shipped_rigs()]
    refuse_shared_places(rigs)
    assert len(load_rig('animatronic12').names) == 12
    assert len([n for n in load_rig('arkit52').names if not n.startswith('head')]) == 52


def test_units_go_to_shares_of_the_throw(tiny: Rig) -> None:
    mapper = Mapper(tiny)
    assert mapper.offsets(vector({12: 1.0})).tolist() == [1.0, 0.0]
    assert mapper.offsets(vector({'12L': 1.0})).tolist() == [0.5, 0.0]
    assert mapper.offsets(vector({15: 0.5, 26: 0.5})).tolist() == [-0.25, 0.2]


@pytest.mark.parametrize(
    ('old', 'new', 'line', 'words'),
    [
        (
            'min: -0.5, max: 1.0',
            'min: 1.0, max: -0.5',
            5,
            'expected min below max (-0.5), found 1',
        ),
        ('max: 0.4', 'max: .nan', 6, 'actuators.jaw.max: expected a number in'),
        ('26: 1.0', '96: 1.0', 6, "unit '96'"),
        ('26: 1.0', '26: 0.0', 6, 'expected either units or moves that are not all 0'),
        ('velocity: 4.0', 'velocity: -4.0', 3, 'expected a number in [1e-06'),
        ('velocity: 4.0', 'velocity: 1e3', 3, "found '1e3'; YAML takes it for text: write 1.0e+3"),
        ('velocity: 4.0, ', '', 5, 'expected velocity, here or in defaults, found none'),
        ('kind: joint_state', 'kind: serial', 8, 'expected one of joint_trajectory'),
        ('topic: /tiny/joints', 'topic: "bad topic"', 8, "found 'bad topic'"),
        ('topic: /tiny/joints', 'topic: /t, joints: [neck]', 8, 'found neck without one'),
        ('rate_hz: 100', 'rate: 100', 2, 'expected one of name'),
        ('rate_hz: 100', 'rate_hz: 1e9', 2, 'expected a number in [10, 1000]'),
        ('  jaw: {', '  mouth: {', 6, 'comes twice'),
        ('jaw: {', 'jaw: {neutral: 2.0, ', 6, 'expected a number in [min, max]'),
        ('jaw: {', 'jaw: {joint: mouth, ', 4, "found 'mouth' twice"),
        ('name: tiny', 'name: a b', 1, 'expected letters'),
        ('defaults: {', 'defaults: [', 3, 'not readable as YAML'),
    ],
)
def test_every_mistake_is_named_with_its_line(
    tiny_file: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in TINY
    tiny_file.write_text(TINY.replace(old, new, 1), encoding='utf-8')
    with pytest.raises(ConfigError) as error:
        load_rig(str(tiny_file))
    assert f'{tiny_file}:{line}' in str(error.value)
    assert words in str(error.value)


def test_all_mistakes_are_told_in_order(tiny_file: Path) -> None:
    text = TINY.replace('name: tiny', 'name: 7').replace('kind: joint_state', 'kind: x')
    tiny_file.write_text(text, encoding='utf-8')
    rig, problems = read_rig(tiny_file)
    assert rig is None
    assert [problem.split(':')[1] for problem in problems] == ['1', '8']


def test_two_outputs_to_one_place_are_refused(tiny: Rig, tiny_file: Path) -> None:
    with pytest.raises(ConfigError, match='/tiny/joints'):
        refuse_shared_places([tiny, tiny])
    tiny_file.write_text(TINY + '  - {kind: facs, topic: /tiny/joints}\n', encoding='utf-8')
    with pytest.raises(ConfigError, match='one output to /tiny/joints'):
        load_rig(str(tiny_file))


def test_an_unknown_rig_is_told_what_there_is() -> None:
    with pytest.raises(ConfigError, match='expected one of animatronic12, arkit52'):
        rig_path('nobody')
    with pytest.raises(ConfigError, match='expected a YAML file, found none'):
        load_rig('/nowhere/rig.yaml')


def test_least_squares_agrees_with_scipy() -> None:
    optimize = pytest.importorskip('scipy.optimize', reason='needs scipy to compare with')
    random = np.random.default_rng(1)
    for _ in range(20):
        matrix = random.normal(size=(5, 4)) * random.uniform(1, 50, 4)
        low, high = -random.random(4), random.random(4)
        solver = BoundedLeastSquares(matrix, low, high)
        for wanted in random.normal(size=(5, 5)) * 20:
            found = solver.solve(wanted)
            best = optimize.lsq_linear(matrix, wanted, (low, high)).x
            assert (found >= low).all()
            assert (found <= high).all()
            cost, least = (np.sum((matrix @ x - wanted) ** 2) for x in (found, best))
            assert cost <= least + 0.02 * np.sum(wanted**2)


def test_least_squares_lets_one_bad_number_pass() -> None:
    matrix, bounds = np.array([[2.0, 1.0], [0.0, 1.0]]), (np.full(2, -1.0), np.ones(2))
    spoilt, fresh = BoundedLeastSquares(matrix, *bounds), BoundedLeastSquares(matrix, *bounds)
    assert np.isnan(spoilt.solve(np.array([np.nan, 0.0]))).any()
    for wanted in ([9.0, -9.0], [0.4, 0.2]):  # beyond the bounds, and within
        assert spoilt.solve(np.array(wanted)) == pytest.approx(fresh.solve(np.array(wanted)))


def test_coupled_actuators_move_the_points_that_are_asked_for() -> None:
    rig = load_rig('animatronic12')
    mapper = Mapper(rig)
    smile = vector({12: 0.7, 26: 0.4})
    offsets = mapper.offsets(smile)
    moved = rig.moves @ offsets
    assert moved == pytest.approx(smile @ rig.points, abs=0.6)  # millimetres
    # The jaw draws the corners down: they need more than for the smile alone.
    corner = rig.names.index('corner_left')
    assert offsets[corner] > mapper.offsets(vector({12: 0.7}))[corner] + 0.03
