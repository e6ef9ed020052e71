from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from tiny_rig import TINY

from fer_ros.errors import ConfigError, DataError
from fer_ros.generation import Face, LayerConfig, Library, Rig, Stop, load_rig
from fer_ros.generation.audit import Audit
from fer_ros.generation.face import BASE
from fer_ros.generation.rehearsal import storm
from fer_ros.generation.units import INDEX, vector

STILL = LayerConfig(blink_period_s=0.0, saccade_period_s=0.0, breath_period_s=0.0)
SMILE, JAW, LID = INDEX['12L'], INDEX['26'], INDEX['43L']


def run(face: Face, seconds: float) -> np.ndarray:
    """Tick and return the units of every tick."""
    found = []
    for _ in range(round(seconds * face.rate_hz)):
        face.step()
        found.append(face.units)
    return np.array(found)


def test_an_expression_comes_and_reaches_the_actuators(library: Library, tiny: Rig) -> None:
    face = Face(library, [tiny], layers=STILL)
    face.aim(library.units('happy'), 0.5)
    course = run(face, 1.5)
    assert course[49, SMILE] == pytest.approx(0.9)
    assert np.all(np.diff(course[:50, SMILE]) > 0)
    assert face.guards[0].position[0] == pytest.approx(0.9, abs=1e-9)
    command = face.command(face.guards[0], 7)
    assert (command.rig, command.names, command.duration_ns) == ('tiny', ('mouth', 'jaw'), 10**7)
    assert face.pose(7).intensity(12) == pytest.approx(0.9)


def test_the_resting_face_shows_below_an_answer(library: Library, tiny: Rig) -> None:
    face = Face(library, [tiny], layers=STILL)
    face.aim(vector({12: 0.2}), 0.3, layer=BASE)
    face.aim(vector({26: 0.5}), 0.3)
    course = run(face, 1.0)
    assert course[-1, SMILE] == pytest.approx(0.2)
    assert course[-1, JAW] == pytest.approx(0.5)


def test_it_blinks_about_as_often_as_it_should(library: Library, tiny: Rig) -> None:
    face = Face(library, [tiny], layers=LayerConfig(blink_period_s=2.0, blink_jitter=0.5), seed=3)
    closed = run(face, 120.0)[:, LID] > 0.9
    blinks = np.flatnonzero(closed[1:] & ~closed[:-1])
    assert 45 <= len(blinks) <= 75
    gaps = np.diff(blinks) / 100
    assert gaps.min() > 0.9
    assert gaps.max() < 3.2
    assert np.std(gaps) > 0.2


def test_a_blink_lowers_the_upper_lid(library: Library, tiny: Rig) -> None:
    face = Face(library, [tiny], layers=LayerConfig(blink_period_s=1.0))
    face.aim(library.units('scared'), 0.2)
    course = run(face, 5.0)[100:]
    shut = course[:, LID] > 0.97
    assert shut.any()
    assert (course[shut, INDEX['5L']] < 0.05).all()
    assert face.interventions.counts['conflict 5L'] >= 1


def test_gaze_is_shared_by_eyes_and_head(library: Library, tiny: Rig) -> None:
    face = Face(library, [tiny], layers=STILL)
    face.look(np.radians(20.0), np.radians(-10.0))
    units = run(face, 0.1)[-1]
    assert units[INDEX['61']] == pytest.approx(20 * 0.7 / 30)
    assert units[INDEX['51']] == pytest.approx(20 * 0.3 / 60)
    assert units[INDEX['63']] == pytest.approx(10 * 0.7 / 30)
    assert units[INDEX['62']] == units[INDEX['64']] == 0.0


def test_speech_owns_the_mouth_only_while_it_lasts(library: Library, tiny: Rig) -> None:
    face = Face(library, [tiny], layers=STILL)
    face.aim(library.units('happy'), 0.3)
    run(face, 1.0)
    for _ in range(10):
        face.say('PP', 1.0)
        spoken = run(face, 0.05)[-1]
    happy = library.units('happy')
    assert spoken[INDEX['25']] < 0.05  # lips closed
    assert spoken[SMILE] == pytest.approx(happy[SMILE] * 0.6)  # the smile shows through
    assert spoken[INDEX['6L']] == pytest.approx(happy[INDEX['6L']])
    after = run(face, 1.0)[-1]
    assert after == pytest.approx(happy)
    with pytest.raises(ConfigError, match='viseme'):
        face.say('XX', 1.0)


def test_a_living_face_breathes_and_its_eyes_move(library: Library, tiny: Rig) -> None:
    course = run(Face(library, [tiny], layers=LayerConfig(blink_period_s=0.0)), 8.0)
    brow = course[:, INDEX['1L']]
    assert np.ptp(brow) == pytest.approx(library.breathing[INDEX['1L']], abs=1e-3)
    assert len(np.unique(course[:, INDEX['61']].round(6))) > 3


def test_opposed_units_cancel_out(library: Library, tiny: Rig) -> None:
    face = Face(library, [tiny], layers=STILL)
    face.aim(vector({12: 0.8, 15: 0.5}), 0.2)
    units = run(face, 0.5)[-1]
    assert units[SMILE] == pytest.approx(0.3)
    assert units[INDEX['15L']] == 0.0
    assert face.interventions.counts['conflict 15L'] == 1


def test_stop_freezes_within_the_limits_or_relaxes(library: Library, tiny: Rig) -> None:
    face = Face(library, [tiny], layers=STILL)
    guard = face.guards[0]
    audit = Audit(tiny, face.period_s, guard.position.copy())
    face.aim(library.units('happy'), 0.3)

    def watch(seconds: float) -> float:
        for _ in range(round(seconds * 100)):
            face.step()
            audit.look(guard.position)
        return float(guard.position[0])

    moving = watch(0.25)
    face.stop(Stop.FREEZE)
    frozen = watch(0.4)
    assert face.is_still()
    assert moving < frozen < 0.9
    assert watch(1.0) == frozen
    face.stop(Stop.RELAX)
    assert watch(1.0) == pytest.approx(0.0, abs=1e-9)
    face.stop(None)
    assert watch(1.0) == pytest.approx(0.9)
    assert audit.report()['violations'] == 0
    assert face.interventions.counts['estop freeze'] == 1
    assert face.interventions.counts['estop relax'] == 1


def test_what_is_taken_back_breaks_no_limit(library: Library, tiny: Rig) -> None:
    face = Face(library, [tiny], ahead_s=0.05)
    guard = face.guards[0]
    audit = Audit(tiny, face.period_s, guard.position.copy())
    random = np.random.default_rng(1)
    for _ in range(400):
        ahead = []
        for _ in range(face.ahead):
            face.step()
            ahead.append(guard.position)
        sent = int(random.integers(0, face.ahead + 1))
        for position in ahead[:sent]:
            audit.look(position)
        face.take_back(face.ahead - sent)
        face.aim(library.units(str(random.choice(['happy', 'angry', 'surprised']))), 0.2)
    report = audit.report()
    assert report['violations'] == 0
    assert report['actuators']['mouth']['position'][1] > 0.3


def test_time_is_taken_back_with_the_motion(library: Library, tiny: Rig) -> None:
    straight, back = (Face(library, [tiny], layers=STILL, ahead_s=0.05) for _ in range(2))
    for face in (straight, back):
        face.aim(library.units('happy'), 0.3)
        face.say('aa', 0.5)
    for _ in range(5):
        back.step()
    back.take_back(3)
    assert (back.ticks, back.now_s) == (2, pytest.approx(0.02))
    for _ in range(10):
        back.step()
    for _ in range(12):
        straight.step()
    assert back.units == pytest.approx(straight.units, abs=0)
    assert back.guards[0].position == pytest.approx(straight.guards[0].position, abs=1e-12)


def test_many_ticks_at_once_are_those_one_by_one(library: Library) -> None:
    rig = load_rig('animatronic12')
    one, many = (Face(library, [rig], seed=5, ahead_s=0.2) for _ in range(2))
    ticks = many.ahead
    for face in (one, many):
        face.aim(library.units('happy'), 0.4)
    for batch in range(30):
        if batch % 7 == 3:
            for face in (one, many):
                face.aim(library.units('surprised' if batch % 2 else 'angry'), 0.3)
                face.say('aa', 1.0)
                face.look(0.1 * batch, 0.0)
        singles = [(face_step(one), one.guards[0].position) for _ in range(ticks)]
        units, (positions,) = many.advance(ticks)
        assert units == pytest.approx(np.array([found for found, _ in singles]), abs=1e-12)
        # Those that are fitted begin at the last solution, and end within a tolerance.
        assert positions == pytest.approx(np.array([found for _, found in singles]), abs=1e-3)
    assert one.interventions.counts == many.interventions.counts


def face_step(face: Face) -> np.ndarray:
    face.step()
    return face.units


def test_it_starts_from_wherever_the_face_is(library: Library, tiny: Rig) -> None:
    face = Face(library, [tiny], layers=STILL)
    guard = face.guards[0]
    guard.start_at(np.array([-0.4, 0.3]))
    audit = Audit(tiny, face.period_s, np.array([-0.4, 0.3]))
    face.aim(library.units('happy'), 0.3)
    for _ in range(150):
        face.step()
        audit.look(guard.position)
    assert guard.position == pytest.approx([0.9, 0.0])
    assert audit.report()['violations'] == 0


def test_nothing_stays_at_its_extreme(library: Library, tiny_file, tiny: Rig) -> None:  # type: ignore[no-untyped-def]
    text = tiny_file.read_text(encoding='utf-8').replace(
        'rate_hz: 100', 'rate_hz: 100\nextreme_s: 2'
    )
    tiny_file.write_text(text, encoding='utf-8')
    face = Face(library, [load_rig(str(tiny_file))], layers=STILL)
    face.aim(vector({12: 1.0}), 0.3)
    positions = []
    for _ in range(1000):
        face.step()
        positions.append(face.guards[0].position[0])
    assert max(positions[:250]) == pytest.approx(1.0)
    extreme = np.array(positions[400:]) > 0.97
    assert not extreme.any()
    assert face.interventions.counts['extreme mouth'] >= 1


def test_the_load_is_limited(library: Library, tiny_file) -> None:  # type: ignore[no-untyped-def]
    text = tiny_file.read_text(encoding='utf-8').replace(
        'rate_hz: 100', 'rate_hz: 100\nmax_load: 0.5'
    )
    tiny_file.write_text(text, encoding='utf-8')
    face = Face(library, [load_rig(str(tiny_file))], layers=STILL)
    face.aim(vector({12: 1.0, 26: 1.0}), 0.3)
    run(face, 1.5)
    assert face.guards[0].position == pytest.approx([0.5, 0.2])  # half of each throw
    assert face.interventions.counts['load'] == 1


def test_what_comes_twice_is_counted_twice(library: Library, tiny_file) -> None:  # type: ignore[no-untyped-def]
    text = tiny_file.read_text(encoding='utf-8').replace(
        'rate_hz: 100', 'rate_hz: 100\nmax_load: 0.7\nextreme_s: 1\nextreme_share: 0.5'
    )
    tiny_file.write_text(text, encoding='utf-8')
    face = Face(library, [load_rig(str(tiny_file))], layers=STILL)
    for _ in range(2):
        face.aim(vector({12: 1.0, 26: 1.0, 15: 0.1}), 0.3)
        run(face, 3.0)
        face.aim(vector({}), 0.3)
        run(face, 6.0)
    counts = face.interventions.counts
    kinds = ('load', 'extreme mouth', 'extreme jaw', 'conflict 15L')
    assert {kind: counts[kind] for kind in kinds} == dict.fromkeys(kinds, 2)


def test_two_rigs_may_be_at_their_extremes_at_once(library: Library, tmp_path: Path) -> None:
    rigs = []
    for name in ('one', 'two'):
        text = TINY.replace('rate_hz: 100', 'rate_hz: 100\nextreme_s: 1').replace('tiny', name)
        if name == 'two':
            text = text.replace('  jaw: {', '  lips: {min: 0, max: 1, units: {25: 1}}\n  jaw: {')
        (tmp_path / f'{name}.yaml').write_text(text, encoding='utf-8')
        rigs.append(load_rig(str(tmp_path / f'{name}.yaml')))
    face = Face(library, rigs, layers=STILL)
    face.aim(vector({12: 1.0, 25: 1.0, 26: 1.0}), 0.3)
    run(face, 3.0)
    counts = face.interventions.counts
    assert (counts['extreme jaw'], counts['extreme lips']) == (2, 1)


def test_numbers_that_are_none_never_reach_an_actuator(library: Library, tiny: Rig) -> None:
    face = Face(library, [tiny], layers=STILL)
    units = np.full(len(INDEX), np.nan)
    for _ in range(50):
        position = face.guards[0].steps(units[None])
        assert np.isfinite(position).all()
    assert face.interventions.counts['not_finite'] == 2


@pytest.mark.parametrize('duration_s', [0.0, -1.0, math.nan, math.inf])
def test_a_goal_that_makes_no_sense_is_refused(
    library: Library, tiny: Rig, duration_s: float
) -> None:
    face = Face(library, [tiny], layers=STILL)
    with pytest.raises(DataError, match='time above 0'):
        face.aim(library.units('happy'), duration_s)
    with pytest.raises(DataError, match='expected numbers'):
        face.aim(np.full(len(INDEX), np.nan), 1.0)
    with pytest.raises(DataError, match='expected two angles'):
        face.look(duration_s - math.inf, 0.0)
    with pytest.raises(DataError, match='for every actuator'):
        face.guards[0].start_at(np.array([math.nan, 0.0]))
    assert run(face, 0.5).max() == 0.0


def test_one_seed_gives_one_motion(library: Library, tiny: Rig) -> None:
    first, second = (run(Face(library, [tiny], seed=5), 10.0) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, run(Face(library, [tiny], seed=6), 10.0))


def test_two_rigs_with_one_topic_are_refused(library: Library, tiny: Rig) -> None:
    with pytest.raises(ConfigError, match='/tiny/joints'):
        Face(library, [tiny, tiny])


@pytest.mark.parametrize('rig', ['animatronic12', 'led_eyes'])
def test_a_storm_of_requests_breaks_no_limit(library: Library, rig: str) -> None:
    report = storm(library, load_rig(rig), 300, seed=2)
    assert report['violations'] == 0
    assert 0.3 < report['largest_acceleration_step_share'] <= 1.0 + 1e-6
    assert report['requests'] == 300
    assert report['interventions']


def test_the_audit_sees_a_broken_limit(tiny: Rig) -> None:
    audit = Audit(tiny, 0.01, np.zeros(2))
    audit.look(np.array([0.03, 0.5]))  # 3/s from rest, and a jaw beyond its end
    kinds = audit.report()['violations_by_kind']
    assert kinds == {'position': 1, 'velocity': 1, 'acceleration': 2, 'jerk': 2}
