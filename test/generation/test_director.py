import math

import numpy as np
import pytest

from fer_ros.errors import ConfigError, DataError
from fer_ros.generation import Library, Request, load_policies
from fer_ros.generation.attention import Attention, Person, Target
from fer_ros.generation.director import Director, DirectorConfig
from fer_ros.generation.policies import Mirror, Neutral, Off, Table
from fer_ros.taxonomy import EMOTIONS

MS = 1_000_000


def person(emotion: str, intensity: float, **fields: object) -> Person:
    values = {
        'face_id': 'f1', 'confidence': 0.9, 'abstained': False, 'size': 0.2, 'centre': (0.5, 0.5),
        **fields,
    }  # fmt: skip
    return Person(emotion=emotion, intensity=intensity, **values)  # type: ignore[arg-type]


def watch(director: Director, seen: Person | None, frames: int, at_ms: int = 0) -> list[str]:
    """Show a person at 30 Hz and tick at 100 Hz; return the goals in order."""
    found = []
    for tick in range(round(frames * 10 / 3)):
        now_ns = (at_ms + tick * 10) * MS
        if tick % 3 == 0:
            director.see([seen] if seen else [], now_ns)
        aim, _ = director.update(now_ns)
        if aim is not None:
            found.append(aim.expression)
    return found


def test_mirrors_what_it_sees_and_follows_its_strength(library: Library) -> None:
    director = Director(library, Mirror())
    assert watch(director, person('happiness', 0.9), 10) == ['happy']
    assert director.aim.intensity == pytest.approx(0.9)
    assert director.aim.units == pytest.approx(library.units('happy', 0.9))
    watch(director, person('happiness', 0.6), 10, 400)
    assert director.aim.intensity == pytest.approx(0.6)
    assert watch(director, person('neutral', 0.1), 10, 800) == ['neutral']


def test_it_knows_what_comes_of_time_alone(library: Library) -> None:
    director = Director(library, Mirror(), DirectorConfig(reaction_delay_s=0.5, silence_s=0.8))
    assert director.next_ns is None
    director.see([person('happiness', 0.9)], 100 * MS)
    assert director.next_ns == 600 * MS  # the answer
    assert director.update(600 * MS - 1)[0] is None
    aim, _ = director.update(600 * MS)
    assert aim is not None
    assert aim.expression == 'happy'
    silence_ns = director.next_ns
    assert silence_ns == 900 * MS + 1
    director.submit(Request(expression='sad', duration_s=0.1), 650 * MS)
    assert director.next_ns == 750 * MS  # its end
    director.update(750 * MS)
    assert director.update(silence_ns - 1)[0] is None
    aim, _ = director.update(silence_ns)
    assert aim is not None
    assert aim.expression == 'neutral'
    assert director.next_ns is None


def test_weak_emotions_are_left_alone_until_they_are_clear(library: Library) -> None:
    director = Director(library, Mirror())
    assert watch(director, person('anger', 0.3), 20) == []
    watch(director, person('anger', 0.5), 20, 1000)
    assert director.aim.expression == 'angry'
    watch(director, person('anger', 0.3), 20, 2000)  # above the offset: it goes on
    assert director.aim.expression == 'angry'


def test_a_label_that_flickers_does_not_make_the_face_flicker(library: Library) -> None:
    director = Director(library, Mirror(), DirectorConfig(min_hold_s=0.5))
    goals = []
    for frame in range(30):
        emotion = 'sadness' if frame % 3 == 2 else 'happiness'
        director.see([person(emotion, 0.8)], frame * 33 * MS)
        aim, _ = director.update(frame * 33 * MS)
        goals += [aim.expression] if aim else []
    assert len(goals) <= 4


def test_the_delay_holds_an_answer_back(library: Library) -> None:
    director = Director(library, Mirror(), DirectorConfig(reaction_delay_s=0.2))
    director.see([person('happiness', 0.9)], 0)
    assert director.update(150 * MS)[0] is None
    aim, _ = director.update(200 * MS)
    assert aim is not None
    assert aim.expression == 'happy'


def test_silence_leads_to_neutral(library: Library) -> None:
    director = Director(library, Mirror(), DirectorConfig(silence_s=1.0))
    watch(director, person('happiness', 0.9), 10)
    assert director.update(1200 * MS)[0] is None
    aim, _ = director.update(1400 * MS)
    assert aim is not None
    assert (aim.expression, aim.source) == ('neutral', 'idle')


def test_what_lasts_ends_though_the_clock_is_set_back(library: Library) -> None:
    director = Director(library, Mirror())
    hour_ns = 3_600_000 * MS
    watch(director, person('happiness', 0.9), 10, 3_600_000)
    director.submit(Request(expression='surprised', duration_s=2.0), hour_ns + 400 * MS)
    assert director.update(hour_ns + 400 * MS)[0].expression == 'surprised'  # type: ignore[union-attr]
    director.update(0)  # as after a simulation's reset
    assert not director.is_silent(100 * MS)
    director.update(1_900 * MS)
    assert director.aim.expression == 'surprised'
    director.update(2_100 * MS)
    assert director.aim.expression == 'neutral'  # nobody has been seen since
    assert director.is_silent(2_100 * MS)
    assert watch(director, person('anger', 0.9), 10, 2_200) == ['angry']


def test_an_abstained_face_keeps_the_last_answer(library: Library) -> None:
    director = Director(library, Mirror())
    watch(director, person('happiness', 0.9), 10)
    assert watch(director, person('anger', 0.9, abstained=True), 10, 400) == []
    assert director.aim.expression == 'happy'


def test_a_request_outranks_the_mirror_and_gives_back(library: Library) -> None:
    director = Director(library, Mirror())
    watch(director, person('happiness', 0.9), 10)
    director.submit(Request(expression='sad', duration_s=0.5), 350 * MS)
    assert watch(director, person('happiness', 0.9), 10, 350) == ['sad']
    assert watch(director, person('happiness', 0.9), 20, 700) == ['happy']


def test_a_request_without_a_name_is_a_place_on_the_circumplex(library: Library) -> None:
    director = Director(library)
    director.submit(Request(valence=0.76, arousal=0.48, intensity=0.5), 0)
    aim, _ = director.update(0)
    assert aim is not None
    assert aim.units == pytest.approx(library.circumplex(0.76, 0.48) / 2)


def test_an_expression_is_not_the_same_twice(library: Library) -> None:
    director = Director(library)
    faces = []
    for number in range(3):
        director.submit(Request(expression='happy', request_id=str(number)), number * MS)
        faces.append(director.update(number * MS)[0].units)  # type: ignore[union-attr]
    assert not np.array_equal(faces[0], faces[1])


def test_display_rules_and_the_resting_face(library: Library) -> None:
    director = Director(
        library, Mirror(), DirectorConfig(idle_expression='happy', idle_intensity=0.15),
        rules={'angry': 0.0, 'sad': 0.5},
    )  # fmt: skip
    director.update(0)
    assert (director.aim.expression, director.aim.intensity) == ('happy', 0.15)
    watch(director, person('anger', 0.9), 10, 100)
    assert director.aim.source == 'idle'
    watch(director, person('sadness', 0.8), 30, 600)
    assert (director.aim.expression, director.aim.intensity) == ('sad', pytest.approx(0.4))


def test_an_unknown_expression_is_refused(library: Library) -> None:
    with pytest.raises(ConfigError, match="'joyous'"):
        Director(library).submit(Request(expression='joyous'), 0)
    with pytest.raises(ConfigError, match='answer_offset: expected at most answer_onset'):
        DirectorConfig(onset=0.2, offset=0.3)


def test_the_shipped_policies_answer_every_emotion(library: Library) -> None:
    policies = load_policies(library)
    assert set(policies.by_name) == {
        'mirror', 'attenuated_mirror', 'empathetic', 'neutral', 'off'
    }  # fmt: skip
    assert isinstance(policies.policy('off'), Off)
    assert isinstance(policies.policy('neutral'), Neutral)
    assert isinstance(policies.policy('empathetic'), Table)
    mirror, soft = policies.policy('mirror'), policies.policy('attenuated_mirror')
    for emotion in EMOTIONS:
        loud, quiet = mirror.respond(emotion, 1.0), soft.respond(emotion, 1.0)
        assert loud is not None
        assert quiet is not None
        assert loud.expression == quiet.expression
        assert quiet.intensity <= loud.intensity / 2
    concern = policies.policy('empathetic').respond('anger', 1.0)
    assert concern is not None
    assert concern.expression != 'angry'
    assert policies.rules('service')['angry'] == 0.0
    with pytest.raises(ConfigError, match='policy: expected one of mirror'):
        policies.policy('manic')


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('policies: {a: {kind: mirrored}}', 'policies.a.kind: expected one of mirror'),
        ('policies: {a: {kind: mirror, gain: 2}}', 'expected a number in [0, 1], found 2'),
        ('policies: {a: {kind: mirror, gains: {joy: 1}}}', "found 'joy'"),
        ('policies: {a: {kind: table, answers: {anger: joyous}}}', "'joyous'"),
        ('policies: {a: {kind: table, answer: {}}}', 'entries of kind table'),
        ('display_rules: {}', 'expected the layout of the shipped file'),
    ],
)
def test_refuses_bad_policies(tmp_path, library: Library, text: str, words: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / 'mine.yaml'
    path.write_text(text, encoding='utf-8')
    with pytest.raises(ConfigError) as error:
        load_policies(library, path)
    assert words in str(error.value)


def test_attention_stays_with_one_until_another_clearly_leads() -> None:
    attention = Attention(Target.NEAREST)
    near, far = person('neutral', 0, size=0.2), person('neutral', 0, face_id='f2', size=0.19)
    assert attention.choose([near, far], 0) is near
    closer = person('neutral', 0, face_id='f2', size=0.22)
    assert attention.choose([near, closer], 100 * MS) is near  # 10 % is no lead
    leading = person('neutral', 0, face_id='f2', size=0.3)
    assert attention.choose([near, leading], 200 * MS) is near
    assert attention.choose([near, leading], 700 * MS) is near
    assert attention.choose([near, leading], 900 * MS) is leading
    assert attention.choose([], 1000 * MS) is None
    assert attention.choose([near], 1100 * MS) is near


@pytest.mark.parametrize(
    'field',
    [
        {'intensity': math.nan}, {'size': math.nan}, {'speech': math.inf},
        {'centre': (0.5, math.nan)}, {'centre': (math.inf, 0.5)},
    ],
)  # fmt: skip
def test_a_person_with_a_number_that_is_none_is_refused(field: dict[str, object]) -> None:
    with pytest.raises(DataError, match=f'Person.{next(iter(field))}: expected'):
        person('anger', **{'intensity': 0.5, **field})  # type: ignore[arg-type]


def test_who_looks_is_not_asked_of_a_head_that_is_half_known() -> None:
    attention = Attention(Target.ENGAGED)
    half = person('anger', 0.5, face_id='half', size=0.3, yaw_rad=0.1)
    small = person('anger', 0.5, face_id='small', size=0.1, yaw_rad=0.0, pitch_rad=0.0)
    for people in ([half, small], [small, half]):
        assert attention.choose(people, 0) is half


def test_attention_to_who_speaks_or_looks() -> None:
    near = person('neutral', 0, size=0.3, yaw_rad=1.0, pitch_rad=0.0)
    looking = person('neutral', 0, face_id='f2', size=0.2, yaw_rad=0.1, pitch_rad=0.0)
    assert Attention(Target.NEAREST).choose([near, looking], 0) is near
    assert Attention(Target.ENGAGED).choose([near, looking], 0) is looking
    assert Attention(Target.SPEAKING).choose([near, looking], 0, speaker='f2') is looking
