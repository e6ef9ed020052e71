"""Figures of made data sets: by hand with a made reader, and through the real chain."""

from __future__ import annotations

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_ros.cli.main import main
from fer_ros.errors import ConfigError, DataError, FrameError
from fer_ros.evaluation.dataset_run import (
    DatasetReport,
    dataset_text,
    evaluate_dataset,
    evenly,
    read_columns,
)
from fer_ros.evaluation.dataset_run.answers import compare_answers
from fer_ros.evaluation.dataset_run.readings import Reading
from fer_ros.evaluation.datasets import Sample, open_dataset
from fer_ros.evaluation.plain import to_plain
from fer_ros.pipeline import Pipeline
from fer_ros.sources import open_source
from fer_ros.taxonomy import EMOTIONS

ROOT = Path(__file__).resolve().parents[2]


def scores(emotion: str, second: str | None = None) -> np.ndarray:
    """Give .7 to an emotion, .2 to a second, the rest to the others."""
    row = np.full(8, 0.1 / 6, np.float32)
    row[EMOTIONS.index(emotion)] = 0.7
    row[EMOTIONS.index(second or ('neutral' if emotion != 'neutral' else 'fear'))] = 0.2
    return row


class Told:
    """Reads what it is told by the sample's name; other samples can not be read."""

    model, labels = 'told', EMOTIONS

    def __init__(self, **readings: Reading) -> None:
        self.readings = readings

    def read(self, sample: Sample) -> Reading:
        if sample.name not in self.readings:
            raise FrameError(f'{sample.name}: expected an image, found none', 'bad_data')
        return self.readings[sample.name]


def measured(name: str, root: Path, reader: Told, **options: object) -> DatasetReport:
    dataset = open_dataset(name, root, split='all')
    return evaluate_dataset(dataset, list(dataset), reader, **options)  # type: ignore[arg-type]


@pytest.fixture
def rafdb(tmp_path: Path) -> Path:
    """Four faces: two happy, one sad, one surprised; the set has no contempt."""
    (tmp_path / 'EmoLabel').mkdir()
    (tmp_path / 'Image' / 'original').mkdir(parents=True)
    manual = tmp_path / 'Annotation' / 'manual'
    manual.mkdir(parents=True)
    rows = []
    for number, (key, gender) in enumerate([(4, 0), (4, 1), (5, 1), (1, 0)], 1):
        rows.append(f'test_{number}.jpg {key}')
        (manual / f'test_{number}_manu_attri.txt').write_text('0\t0\n' * 5 + f'{gender}\n0\n2\n')
    (tmp_path / 'EmoLabel' / 'list_patition_label.txt').write_text('\n'.join(rows))
    return tmp_path


READINGS = {
    'test_1': Reading(scores('happiness'), None, abstained='blur'),
    # Contempt is no answer here: the second strongest is.
    'test_2': Reading(scores('contempt', 'happiness'), None),
    'test_3': Reading(None, None),  # missed
}


def test_figures_by_hand(rafdb: Path) -> None:
    found = measured('rafdb', rafdb, Told(**READINGS))
    assert (found.samples, found.unreadable) == (4, 1)
    assert found.unreadable_first == 'test_4: expected an image, found none'
    assert found.lacking == ('contempt',)
    end, where = found.end_to_end, found.found_only
    assert end is not None
    assert where is not None
    assert (end.faces, end.missed) == (3, 1)
    assert end.accuracy.value == pytest.approx(2 / 3)
    assert end.uar.value == pytest.approx((1 + 0) / 2)
    assert end.recall['happiness'] == 1.0
    assert end.recall['sadness'] == 0.0
    assert math.isnan(end.recall['surprise'])
    assert list(end.recall) == [name for name in EMOTIONS if name != 'contempt']
    assert (where.faces, where.accuracy.value) == (2, 1.0)
    assert found.aligned is None
    assert found.accuracy_of_all_answers == pytest.approx(1 / 3)
    assert found.abstained == pytest.approx(1 / 2)
    groups = found.groups
    assert groups is not None
    assert list(groups) == ['gender']  # race and age have one value
    assert list(groups['gender']) == ['accuracy', 'uar', 'found']
    by_gender = groups['gender']['accuracy']
    assert by_gender.groups['female'].figure.value == pytest.approx(1 / 2)
    assert groups['gender']['found'].groups['female'].figure.value == pytest.approx(1 / 2)
    gap = by_gender.gap
    assert gap is not None
    assert (gap.best, gap.worst, gap.difference.value) == ('male', 'female', 0.5)


def test_intervals_draw_people_where_there_are_enough(tmp_path: Path) -> None:
    readings = {}
    for number, person in enumerate(['KA', 'KL', 'KM', 'KR', 'MK'] * 2):
        name = f'{person}.HA{number // 5 + 1}.{number}.tiff'
        (tmp_path / name).touch()
        said = 'happiness' if person == 'KA' else 'sadness'
        readings[name] = Reading(scores(said), None)
    found = measured('jaffe', tmp_path, Told(**readings))
    assert found.interval_over == 'people'
    assert found.end_to_end is not None
    interval = found.end_to_end.accuracy
    # Five people, one of them right: draws of five hold her 0 to 3 times in 95 of 100.
    assert (interval.value, interval.low, interval.high) == pytest.approx((0.2, 0.0, 0.6))


def test_the_report_is_json_and_text(rafdb: Path) -> None:
    found = measured('rafdb', rafdb, Told(**READINGS))
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain['end_to_end']['recall']['surprise'] is None
    assert plain['groups']['gender']['accuracy']['gap']['best'] == 'male'
    bins = plain['end_to_end']['reliability']
    assert sum(bins['counts']) == 2  # a missed face has no confidence
    assert bins['accuracy'][0] is None
    text = dataset_text(found)
    for line in (
        'RAF-DB (basic), all of it: 4 samples, model told',
        'no answers, for the set lacks them: contempt',
        'unreadable: 1; the first: test_4: expected an image, found none',
        'by gender                     faces                    WAR',
        '  male                            1  1.000 [1.000, 1.000]',
        'with answers that the set lacks: WAR 0.333',
    ):
        assert line in text


def test_the_users_columns_tell_groups_apart(rafdb: Path, tmp_path: Path) -> None:
    path = tmp_path / 'groups.csv'
    path.write_text('name,light\ntest_1,day\ntest_2,day\ntest_3,night\n')
    found = measured(
        'rafdb', rafdb, Told(**READINGS), columns=read_columns(path), by=['light']
    ).groups
    assert found is not None
    assert {name: one.figure.value for name, one in found['light']['accuracy'].groups.items()} == {
        'day': 1.0, 'night': 0.0,
    }  # fmt: skip


def test_bad_groups_are_refused(rafdb: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"columns of \[.*'gender'.*\], found \['shoe'\]"):
        measured('rafdb', rafdb, Told(**READINGS), by=['shoe'])
    path = tmp_path / 'groups.csv'
    path.write_text('id,light\nx,day\n')
    with pytest.raises(DataError, match="expected the columns 'name' or 'person'"):
        read_columns(path)
    path.write_text('name,light\nx,day\n')
    with pytest.raises(DataError, match=r"samples like 'test_1' .* found \['x'\]"):
        measured('rafdb', rafdb, Told(**READINGS), columns=read_columns(path))
    with pytest.raises(DataError, match='expected a CSV of groups'):
        read_columns(tmp_path / 'none.csv')


def test_compound_classes_are_scored_as_pairs(tmp_path: Path) -> None:
    (tmp_path / 'EmoLabel').mkdir()
    (tmp_path / 'Image' / 'original').mkdir(parents=True)
    # Happily Surprised; Sadly Angry.
    (tmp_path / 'EmoLabel' / 'list_patition_label.txt').write_text('test_1.jpg 1\ntest_2.jpg 4\n')
    reader = Told(
        test_1=Reading(scores('surprise', 'happiness'), scores('happiness', 'surprise')),
        test_2=Reading(scores('sadness', 'fear'), scores('anger', 'sadness')),
    )
    found = measured('rafdb-compound', tmp_path, reader)
    assert found.compound == {'end to end': 0.5, 'aligned alone': 1.0}
    assert found.end_to_end is None


def test_classes_that_we_lack_are_counted_not_merged(tmp_path: Path) -> None:
    lists = tmp_path / 'Train & Test Set/single/no_caption/set_1'
    lists.mkdir(parents=True)
    (tmp_path / 'data').mkdir()
    (lists / 'train.txt').write_text('')
    (lists / 'test.txt').write_text('a.mp4 contempt\nb.mp4 anxiety\nc.mp4 anxiety\n')
    reading = Reading(scores('contempt'), None)
    dataset = open_dataset('mafw', tmp_path, fold=1)
    reader = Told(**{'a.mp4': reading, 'b.mp4': reading, 'c.mp4': reading})
    found = evaluate_dataset(dataset, list(dataset), reader)  # type: ignore[arg-type]
    assert found.left_out == {'anxiety': 2}
    assert found.end_to_end is not None
    assert found.end_to_end.faces == 1
    assert found.folds == {1: {'WAR': 1.0, 'UAR': 1.0}}


def test_units_are_scored_frame_by_frame(tmp_path: Path) -> None:
    labels = tmp_path / 'ActionUnit_Labels' / 'SN001'
    labels.mkdir(parents=True)
    (tmp_path / 'Videos_LeftCamera').mkdir()
    (labels / 'SN001_au12.txt').write_text('1,0\n2,1\n3,2\n4,5\n')
    (labels / 'SN001_au20.txt').write_text('1,0\n2,0\n3,0\n4,3\n')
    units = {0: {12: 0.1}, 1: {12: 0.6}, 2: {12: 0.7}}  # no face in the last frame
    reader = Told(SN001=Reading(scores('neutral'), None, units=units))
    found = measured('disfa', tmp_path, reader)
    assert found.units is not None
    smile = found.units[12]
    assert (smile.frames, smile.shown) == (4, 2)  # 2 and 5 of 5
    assert smile.f1 == pytest.approx(2 / (2 + 1 + 1))
    assert not math.isnan(smile.icc)
    assert found.units_not_estimated == (20,)
    assert found.end_to_end is None
    assert 'AU12  F1 0.500' in dataset_text(found)


def test_valence_arousal_and_sizes(tmp_path: Path) -> None:
    head = 'subDirectory_filePath,face_x,face_y,face_width,face_height,expression,valence,arousal'
    rows = ['a,0,0,30,30,1,0.5,0.5', 'b,0,0,30,30,2,-0.5,-2', 'c,0,0,100,90,0,0,0']
    (tmp_path / 'validation.csv').write_text('\n'.join([head, *rows]))
    (tmp_path / 'Manually_Annotated_Images').mkdir()
    reader = Told(
        a=Reading(scores('happiness'), None, valence=0.4, arousal=0.2),
        b=Reading(scores('sadness'), None, valence=-0.4, arousal=0.2),
        c=Reading(None, None),
    )
    found = measured('affectnet', tmp_path, reader)
    assert found.valence is not None
    assert found.valence.faces == 2
    assert found.valence.pcc == pytest.approx(1.0)
    assert found.valence.rmse == pytest.approx(0.1)
    assert found.arousal is not None
    assert found.arousal.faces == 1
    assert [(one.from_px, one.faces, one.rate) for one in found.detection] == [
        (24, 2, 1.0), (96, 1, 0.0),
    ]  # fmt: skip


def test_nothing_that_can_be_read_is_an_error(rafdb: Path) -> None:
    with pytest.raises(DataError, match='found 4 that can not; the first: test_1'):
        measured('rafdb', rafdb, Told())


def test_a_limit_takes_samples_evenly() -> None:
    with pytest.raises(ConfigError, match='expected 1 or more, found 0'):
        evenly([], 0)
    numbers = list(range(10))
    assert evenly(numbers, 4) == [0, 3, 6, 9]  # type: ignore[type-var,comparison-overlap]
    assert evenly(numbers, None) == numbers  # type: ignore[comparison-overlap]
    assert evenly(numbers, 99) == numbers  # type: ignore[comparison-overlap]


def test_plain_values_have_no_nan() -> None:
    assert to_plain({1: (float('nan'), np.float32(0.5), np.array([1, 2]))}) == {
        '1': [None, 0.5, [1, 2]]
    }


@pytest.fixture(scope='module')
def portrait() -> np.ndarray:
    """Return the shipped sample's first frame, a smiling face, as BGR."""
    with open_source(ROOT / 'samples' / 'astronaut.mcap') as source:
        return cv2.cvtColor(next(iter(source)).pixels, cv2.COLOR_RGB2BGR)


def run(words: list[str], capsys: pytest.CaptureFixture[str]) -> dict:
    assert main(['eval', 'dataset', *words, '--json']) == 0
    return json.loads(capsys.readouterr().out)


def test_the_chain_on_stills(
    tmp_path: Path, portrait: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(tmp_path / 'KA.HA1.1.tiff'), portrait)
    cv2.imwrite(str(tmp_path / 'KA.HA2.2.tiff'), np.full((256, 256, 3), 90, np.uint8))
    (tmp_path / 'KA.HA3.3.tiff').write_bytes(b'no image')
    found = run(['jaffe', '--root', str(tmp_path)], capsys)
    assert (found['samples'], found['unreadable']) == (3, 1)
    assert 'KA.HA3.3.tiff' in found['unreadable_first']
    end = found['end_to_end']
    assert (end['faces'], end['missed']) == (2, 1)
    assert end['recall']['happiness'] == 0.5
    assert found['found_only']['accuracy']['value'] == 1.0
    assert found['interval_over'] == 'samples'  # one person is no sample of people


def test_the_chain_and_the_box_on_a_scene(
    tmp_path: Path, portrait: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_source(ROOT / 'samples' / 'astronaut.mcap') as source:
        (state,) = Pipeline().process(next(iter(source))).states
    roi = state.face.roi
    box = f'{roi.y:.0f} {roi.x:.0f} {roi.x + roi.width:.0f} {roi.y + roi.height:.0f}'
    (tmp_path / 'label').mkdir()
    (tmp_path / 'origin').mkdir()
    cv2.imwrite(str(tmp_path / 'origin' / 'a.png'), portrait)
    # The face, and a box where none is: its reading must not be that of the face.
    (tmp_path / 'label' / 'label.lst').write_text(f'a.png 0 {box} 50 3\na.png 1 0 0 20 20 50 3\n')
    found = run(['expw', '--root', str(tmp_path)], capsys)
    assert (found['end_to_end']['faces'], found['end_to_end']['missed']) == (2, 1)
    assert found['end_to_end']['accuracy']['value'] == 0.5
    assert found['aligned']['faces'] == 2
    assert found['aligned']['recall']['happiness'] >= 0.5
    assert [one['rate'] for one in found['detection']] == [0.0, 1.0]


def test_the_chain_on_a_clip(
    tmp_path: Path, portrait: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    for emotion, image in (('Happiness', portrait), ('Anger', np.zeros_like(portrait))):
        place = tmp_path / 'P001' / emotion
        place.mkdir(parents=True)
        for index in range(3):
            cv2.imwrite(str(place / f'{index:03d}.jpeg'), image)
    found = run(['oulu-casia', '--root', str(tmp_path)], capsys)
    assert (found['end_to_end']['faces'], found['end_to_end']['missed']) == (2, 1)
    assert found['end_to_end']['recall']['happiness'] == 1.0
    assert found['aligned'] is None


def test_a_wrong_folder_shows_the_right_tree(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['eval', 'dataset', 'dfew', '--root', str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f'fer-ros eval: {tmp_path}: expected the folder EmoLabel_DataSplit')
    assert 'found an empty folder' in err
    assert 'ROOT/\n  EmoLabel_DataSplit/\n' in err


def test_the_layouts_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['eval', 'datasets']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 30
    assert lines[0].split()[0] == 'fer2013'
    assert main(['eval', 'datasets', 'mafw']) == 0
    assert 'we lack: anxiety, helplessness, disappointment' in capsys.readouterr().out
    assert main(['eval', 'datasets', 'mafw', '--json']) == 0
    assert json.loads(capsys.readouterr().out)[0]['folds'] == 5


def test_a_folder_is_counted_without_looking(
    rafdb: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ['eval', 'datasets', 'rafdb', '--root', str(rafdb)]
    assert main([*words, '--json']) == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts['samples'] == counts['missing_files'] == 4
    assert counts['classes'] == {'Happiness': 2, 'Sadness': 1, 'Surprise': 1}
    assert counts['splits'] == {'test': 4}
    assert main(words) == 0
    assert main(['eval', 'datasets', '--root', str(rafdb)]) == 2
    assert 'expected one data set beside it, found 0' in capsys.readouterr().err


def test_answers_of_two_versions_are_compared(
    rafdb: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = tmp_path / 'old.csv', tmp_path / 'new.csv'
    better = {**READINGS, 'test_3': Reading(scores('sadness'), None)}
    measured('rafdb', rafdb, Told(**READINGS), answers=a)
    measured('rafdb', rafdb, Told(**better), answers=b)
    assert a.read_text().splitlines() == [
        'name,person,label,end_to_end,aligned',
        'test_1,,happiness,happiness,',
        'test_2,,happiness,happiness,',
        'test_3,,sadness,missed,',
    ]
    words = ['eval', 'compare-models', '--answers', str(a), '--answers', str(b), '--json']
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found['a'], found['b']) == ('old', 'new')
    assert list(found['protocols']) == ['end to end']
    end = found['protocols']['end to end']
    assert end['accuracy']['a'] == pytest.approx(2 / 3, abs=1e-6)
    assert end['uar']['b'] == 1.0
    assert end['mcnemar'] == {'only_a': 0, 'only_b': 1, 'p_exact': 1.0, 'p_mid': 0.5}
    assert end['verdict'] == 'no difference shown'


def test_answers_to_other_samples_are_refused(rafdb: Path, tmp_path: Path) -> None:
    a, b = tmp_path / 'a.csv', tmp_path / 'b.csv'
    measured('rafdb', rafdb, Told(**READINGS), answers=a)
    b.write_text(a.read_text().replace('test_3', 'test_9'))
    with pytest.raises(DataError, match=r"2 that are missing, new .* 'test_3' among them"):
        compare_answers(a, b)
    b.write_text('name\n')
    with pytest.raises(DataError, match='expected the columns'):
        compare_answers(a, b)
    b.write_text('name,person\nx,y,z\n')
    with pytest.raises(DataError, match='expected answers of fer-ros eval dataset'):
        compare_answers(a, b)


@pytest.mark.parametrize(
    ('words', 'text'),
    [
        (
            ['--npz', 'x.npz', '--model', 'a'],
            '--model: expected it twice, for A and for B, found 1',
        ),
        (['--answers', 'x.csv'], '--answers: expected it twice, for A and for B, found 1'),
        ([], 'expected either --npz with two --model, or two --answers, found neither'),
        (['--npz', 'x.npz', '--answers', 'y.csv'], 'two --answers, found both'),
    ],
)
def test_compare_models_wants_two(
    words: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['eval', 'compare-models', *words]) == 2
    assert text in capsys.readouterr().err
