from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rosbags.interfaces import ConnectionExtRosbag2
from rosbags.rosbag2 import StoragePlugin, Writer

from fer_ros import rosless
from fer_ros.cli.main import main
from fer_ros.errors import ConfigError, DataError
from fer_ros.generation import Library, Rig
from fer_ros.generation.learn import Track, course_error, episodes, fit_bend, learn
from fer_ros.generation.motion import PLAIN
from fer_ros.generation.profiles import (
    MINIMUM_JERK,
    SHAPE,
    Profile,
    Profiles,
    load_profiles,
    save_profiles,
)
from fer_ros.generation.rehearsal import storm


def rise(share: np.ndarray) -> np.ndarray:
    """A course that is early: fast at first, slow at its end."""
    s = np.clip(share, 0.0, 1.0)
    return Profile(rise=np.array([6.0, -3.0, 0.0])).course()[np.round(s * 100).astype(int)]


def smile(*, rate_hz: float = 100.0, onset_s: float = 0.6, offset_s: float = 1.2) -> Track:
    """A smile of 0.9 that comes early and goes as minimum jerk."""
    times = np.arange(0.0, 5.0, 1 / rate_hz)
    s = np.clip((times - 3.0) / offset_s, 0.0, 1.0)
    fall = s**3 * (10 - 15 * s + 6 * s**2)
    intensity = 0.05 + 0.85 * rise((times - 1.0) / onset_s) * (1 - fall)
    labels = tuple('happy' if value > 0.3 else 'neutral' for value in intensity)
    return Track(times, intensity, labels)


def test_finds_the_episode_and_how_long_it_takes() -> None:
    [episode] = episodes(smile())
    assert episode.label == 'happy'
    assert episode.onset is not None
    assert episode.offset is not None
    assert episode.offset.duration_s == pytest.approx(1.2, rel=0.03)
    assert np.all(np.diff(episode.offset.shares) > 0)
    assert np.all(np.diff(episode.offset.values) >= 0)


def recognised(track: Track) -> Track:
    """The track as it is recognised: late, and units soon full."""
    moved = track.intensity / track.intensity.max()
    intensity = np.clip((moved - 0.45) / 0.3, 0.0, 1.0)
    units = np.stack(
        [
            np.clip((moved - 0.1) / 0.7, 0.0, 1.0),
            np.clip((moved - 0.3) / 0.7, 0.0, 1.0),
            0.2 + 0.0 * moved,  # one that has no part in it
        ],
        axis=1,
    )
    return Track(track.times_s, intensity, track.labels, units)


def test_what_moved_is_followed_and_not_when_it_was_recognised() -> None:
    seen = recognised(smile(onset_s=0.6, offset_s=1.2))
    truth = learn([smile(onset_s=0.6, offset_s=1.2)])[0].of('happy')
    learned = learn([seen])[0].of('happy')
    assert learned.rise_s == pytest.approx(truth.rise_s, rel=0.2)
    assert learned.decay_s == pytest.approx(truth.decay_s, rel=0.2)
    blind = learn([Track(seen.times_s, seen.intensity, seen.labels)])[0].of('happy')
    assert blind.rise_s < 0.6 * truth.rise_s


def test_an_episode_ends_where_the_next_begins() -> None:
    one = smile()
    times = np.concatenate([one.times_s, one.times_s + 5.0])
    twice = Track(times, np.tile(one.intensity, 2), one.labels * 2)
    assert [e.onset is not None and e.offset is not None for e in episodes(twice)] == [True, True]
    profiles, counts = learn([twice])
    assert counts['happy'] == 2
    assert profiles.of('happy').decay_s == pytest.approx(1.2, rel=0.03)


def test_learns_the_shape_of_what_it_saw() -> None:
    profiles, counts = learn([smile(), smile(onset_s=0.8)])
    assert counts == {'happy': 2, 'any': 2}
    learned = profiles.of('happy')
    assert learned.decay_s == pytest.approx(1.2, rel=0.03)
    onsets = [e.onset for e in episodes(smile()) if e.onset]
    assert course_error(onsets, learned.rise) < 0.5 * course_error(onsets, PLAIN)
    # The fall was minimum jerk.
    assert np.abs(learned.course(decay=True) - MINIMUM_JERK.course()).max() < 0.03
    assert profiles.of('sad') is profiles.of('any')


def test_a_course_of_minimum_jerk_bends_nothing() -> None:
    [episode] = episodes(smile())
    assert episode.offset is not None
    assert np.abs(fit_bend([episode.offset])).max() < 1.0
    assert fit_bend([]) is PLAIN


def test_no_course_turns_back() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        track = smile(rate_hz=30.0)
        noisy = np.clip(track.intensity + random.normal(0, 0.05, len(track.times_s)), 0, 1)
        for episode in episodes(Track(track.times_s, noisy, track.labels)):
            bend = fit_bend([c for c in (episode.onset, episode.offset) if c])
            course = Profile(rise=bend).course()
            assert np.diff(course).min() > -1e-3
            assert course[0] == 0.0
            assert course[-1] == pytest.approx(1.0)


def test_nothing_to_learn_is_an_error() -> None:
    times = np.arange(0.0, 3.0, 0.03)
    with pytest.raises(DataError, match='rises above'):
        learn([Track(times, np.full(len(times), 0.1), ('neutral',) * len(times))])
    with pytest.raises(DataError, match='rising times'):
        Track(times[::-1], times, ('neutral',) * len(times))


def test_profiles_are_read_back_and_checked(tmp_path: Path) -> None:
    path = tmp_path / 'profiles.yaml'
    made = Profiles({'happy': Profile(0.7, 1.1, np.array([1.0, 2.0, 3.0]), PLAIN)})
    save_profiles(path, made, {'files': ['results.mcap']})
    read = load_profiles(path).of('happy')
    assert (read.rise_s, read.decay_s, read.rise.tolist()) == (0.7, 1.1, [1.0, 2.0, 3.0])
    for text, words in (
        ('profiles: {happy: {rise_s: 99, decay_s: 1, rise: [0, 0, 0], decay: [0, 0, 0]}}',
         'happy.rise_s: expected a number in [0.1, 5], found 99'),
        ('profiles: {happy: {rise_s: 1, decay_s: 1, rise: [0, .nan, 0], decay: [0, 0, 0]}}',
         'happy.rise: expected a number'),
        ('profiles: {happy: {rise_s: 1}}', 'expected rise_s, decay_s, rise and decay'),
        ('profile: {}', 'expected a mapping profiles'),
    ):  # fmt: skip
        path.write_text(text, encoding='utf-8')
        with pytest.raises(ConfigError) as error:
            load_profiles(path)
        assert words in str(error.value)


def test_learned_motion_keeps_every_limit(library: Library, tiny: Rig) -> None:
    wild = Profiles({'any': Profile(0.1, 0.1, np.array([40.0, -40.0, 20.0]), np.full(3, 30.0))})
    report = storm(library, tiny, 200, seed=4, profiles=wild)
    assert report['violations'] == 0
    assert np.ptp(SHAPE) == 1.0


def write_results(path: Path, track: Track) -> None:
    """Write what perception would have published of a face."""
    from builtin_interfaces.msg import Time
    from fer_msgs.msg import ActionUnit, FaceExpression, FaceExpressionArray
    from std_msgs.msg import Header

    from fer_ros.rosless.serialization import serialize_message

    kind = 'fer_msgs/msg/FaceExpressionArray'
    with Writer(path.parent / 'bag', version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection('/fer/expressions', kind, typestore=rosless.typestore())
        assert isinstance(connection.ext, ConnectionExtRosbag2)
        assert track.units is not None
        for time_s, intensity, label, units in zip(
            track.times_s.tolist(), track.intensity.tolist(), track.labels, track.units.tolist()
        ):
            sec, nanosec = divmod(round(time_s * 1e9), 10**9)
            face = FaceExpression(
                face_id='f1', intensity=intensity, labels=['neutral', 'happiness'],
                probabilities=[0.5, 0.5],
                expression='happiness' if label == 'happy' else 'neutral',
                action_units=[
                    ActionUnit(code=code, intensity=value, confidence=1.0)
                    for code, value in zip((12, 6, 4, 43), (*units, float(label == 'happy')))
                ],
            )  # fmt: skip
            header = Header(stamp=Time(sec=sec, nanosec=nanosec))
            message = FaceExpressionArray(header=header, faces=[face])
            writer.write(connection, round(time_s * 1e9), serialize_message(message))
    next((path.parent / 'bag').glob('*.mcap')).rename(path)


def test_the_command_learns_from_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_results(tmp_path / 'results.mcap', recognised(smile(rate_hz=30.0)))
    out = tmp_path / 'profiles.yaml'
    words = ['generate', 'learn', str(tmp_path / 'results.mcap'), '--out', str(out)]
    assert main(words) == 0
    assert 'happy' in capsys.readouterr().out
    assert load_profiles(out).of('happy').decay_s == pytest.approx(1.2, rel=0.25)
    script = tmp_path / 'script.yaml'
    script.write_text('requests: [{at_s: 0, expression: happy}]\nduration_s: 1', encoding='utf-8')
    assert main(['generate', '--script', str(script), '--profiles', str(out), '--json']) == 0
