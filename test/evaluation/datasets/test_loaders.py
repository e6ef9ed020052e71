"""Every loader on a made folder of its layout, against what that folder says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_sets import MAKERS, SEVEN

from fer_ros.errors import ConfigError, DataError
from fer_ros.evaluation.datasets import (
    READERS,
    Framing,
    Layout,
    LayoutError,
    Media,
    OwnClass,
    Sample,
    UnitTable,
    layout_of,
    open_dataset,
)
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import Roi


def made(
    tmp_path: Path, name: str, split: str | None = 'all', fold: int | None = None
) -> list[Sample]:
    MAKERS[name](tmp_path)
    return list(open_dataset(name, tmp_path, split=split, fold=fold))


def emotions(samples: list[Sample]) -> list[str | None]:
    return [sample.label.emotion for sample in samples]


def test_every_loader_has_a_made_folder() -> None:
    assert set(MAKERS) == set(READERS)


@pytest.mark.parametrize('name', READERS)
def test_every_loader_reads_its_layout(tmp_path: Path, name: str) -> None:
    samples = made(tmp_path, name)
    layout = layout_of(name)
    assert samples
    assert len({(sample.name, sample.split, sample.fold) for sample in samples}) == len(samples)
    for sample in samples:
        assert sample.split in ('', *layout.splits)
        assert sample.media in (layout.media, Media.FRAMES, Media.VIDEO)
        assert sample.label.name == '' or sample.label in layout.classes.values() or name == 'mmi'
        if sample.media is not Media.VIDEO:
            assert all(path.is_file() for path in sample.paths)


@pytest.mark.parametrize('name', READERS)
@pytest.mark.parametrize('content', ['nothing', 'another', 'missing'])
def test_a_wrong_folder_gets_expected_found_and_the_right_tree(
    tmp_path: Path, name: str, content: str
) -> None:
    if content == 'another':
        (tmp_path / 'holiday.txt').write_text('sun\n')
    root = tmp_path / 'gone' if content == 'missing' else tmp_path
    with pytest.raises(LayoutError) as caught:
        list(open_dataset(name, root))
    first, *tree = str(caught.value).split('\n')
    assert first.startswith(f'{root}: expected ')
    assert layout_of(name).title in first
    found = {'nothing': 'an empty folder', 'another': 'holiday.txt', 'missing': 'nothing of that'}
    assert f'found {found[content]}' in first
    assert '\n'.join(tree) == layout_of(name).tree
    assert tree[0].startswith('ROOT/')


@pytest.mark.parametrize('name', READERS)
def test_every_layout_says_what_it_lacks(name: str) -> None:
    layout = layout_of(name)
    assert set(layout.emotions) | set(layout.lacking) == set(EMOTIONS)
    assert layout.default_split in ('', *layout.splits)
    assert layout.source[-1] != '.'
    assert all(len(line) < 99 for line in layout.tree.splitlines())


def test_classes_that_either_side_lacks_are_named() -> None:
    assert layout_of('rafdb').lacking == ('contempt',)
    assert layout_of('mafw').unknown == ('anxiety', 'helplessness', 'disappointment')
    assert layout_of('affectnet').unknown == ('None', 'Uncertain', 'Non-Face')


def test_fer2013_takes_pixels_and_usage_from_the_table(tmp_path: Path) -> None:
    samples = made(tmp_path, 'fer2013')
    assert [sample.split for sample in samples] == ['train', 'valid', 'test']
    assert emotions(samples) == ['happiness', 'anger', 'neutral']
    assert [int(sample.pixels[0, 0]) for sample in samples if sample.pixels is not None] == [
        10, 20, 30,
    ]  # fmt: skip
    assert [sample.name for sample in open_dataset('fer2013', tmp_path)] == ['fer0000002']


def test_a_broken_row_is_named(tmp_path: Path) -> None:
    for pixels, text in (
        ('1 2 3', '2304 numbers of 0..255 in line 2'),
        ('a b', 'readable line 2'),
    ):
        (tmp_path / 'fer2013.csv').write_text(f'emotion,pixels,Usage\n0,{pixels},PrivateTest\n')
        with pytest.raises(LayoutError, match=text):
            list(open_dataset('fer2013', tmp_path))
    (tmp_path / 'fer2013.csv').write_text('emotion,Usage\n0,Training\n')
    with pytest.raises(LayoutError, match=r"columns .*pixels.* in fer2013.csv.*found \['emotion'"):
        list(open_dataset('fer2013', tmp_path))
    (tmp_path / 'fer2013.csv').write_text('emotion,pixels,Usage\n9,1,PrivateTest\n')
    with pytest.raises(DataError):
        list(open_dataset('fer2013', tmp_path))


def test_folders_give_class_and_split(tmp_path: Path) -> None:
    samples = made(tmp_path, 'fer2013-folders', split=None)
    assert [sample.name for sample in samples][:2] == [
        'test/angry/PrivateTest_2.jpg', 'test/disgust/PrivateTest_2.jpg',
    ]  # fmt: skip
    assert emotions(samples)[:2] == ['anger', 'disgust']
    assert {sample.split for sample in samples} == {'test'}


def test_folders_of_other_classes_are_an_error(tmp_path: Path) -> None:
    (tmp_path / 'test' / 'cats').mkdir(parents=True)
    with pytest.raises(LayoutError, match=r'a folder for each class .*found cats/'):
        list(open_dataset('fer2013-folders', tmp_path))


def test_ferplus_takes_most_votes_and_keeps_what_is_no_face(tmp_path: Path) -> None:
    samples = made(tmp_path, 'ferplus')
    assert emotions(samples) == ['contempt', None, 'sadness']
    assert samples[1].label.name == 'NF (not a face)'
    assert samples[2].split == 'test'


def test_a_face_without_votes_is_unknown(tmp_path: Path) -> None:
    np.savez(
        tmp_path / 'ferplus_valid.npz',
        images=np.zeros((1, 48, 48), np.uint8),
        votes=np.zeros((1, 10), np.uint8),
    )
    (sample,) = open_dataset('ferplus-npz', tmp_path)
    assert sample.label == OwnClass('unknown')


def test_ferplus_refuses_tables_of_two_lengths(tmp_path: Path) -> None:
    MAKERS['ferplus'](tmp_path)
    path = tmp_path / 'fer2013new.csv'
    path.write_text(path.read_text().rsplit('\n', 1)[0])
    with pytest.raises(LayoutError, match=r'as many rows .*only 2'):
        list(open_dataset('ferplus', tmp_path))


def test_ferplus_folders_have_boxes(tmp_path: Path) -> None:
    samples = made(tmp_path, 'ferplus-folders')
    assert emotions(samples) == ['fear', None, 'anger']
    box = samples[0].box_px
    assert box is not None
    assert (box.x, box.width) == (0, 48)


def test_an_npz_of_votes_may_be_named_itself(tmp_path: Path) -> None:
    samples = made(tmp_path, 'ferplus-npz', split=None)
    assert [sample.label.name for sample in samples] == ['happiness', 'unknown']
    again = list(open_dataset('ferplus-npz', tmp_path / 'ferplus_valid.npz'))
    assert [sample.label for sample in again] == [sample.label for sample in samples]


def test_rafdb_has_scenes_crops_and_groups(tmp_path: Path) -> None:
    train, test = made(tmp_path, 'rafdb')
    assert (train.label.emotion, test.label.emotion) == ('sadness', 'happiness')
    assert test.paths[0].parent.name == 'original'
    assert test.aligned is not None
    assert test.aligned.name == 'test_0001_aligned.jpg'
    assert test.groups == {'gender': 'female', 'race': 'Asian', 'age': '40-69'}
    assert train.groups == {'race': 'Caucasian', 'age': '0-3'}  # gender 2: unsure
    assert test.box_px == Roi(4.0, 2.0, 16.0, 20.5)
    assert train.box_px is None  # version 1.0 has none
    (alone,) = open_dataset('rafdb', tmp_path / 'basic')
    assert alone.name == 'test_0001'


def test_compound_classes_are_pairs(tmp_path: Path) -> None:
    train, test = made(tmp_path, 'rafdb-compound')
    assert train.label == OwnClass('Sadly Surprised', 'sadness', 'surprise')
    assert test.label == OwnClass('Sadly Angry', 'sadness', 'anger')


def test_kaggles_rafdb_numbers_its_folders(tmp_path: Path) -> None:
    assert emotions(made(tmp_path, 'rafdb-folders')) == [
        'surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral',
    ]  # fmt: skip


def test_affectnet_has_boxes_valence_and_arousal(tmp_path: Path) -> None:
    boxless, happy, uncertain = made(tmp_path, 'affectnet')
    assert [sample.split for sample in (boxless, happy)] == ['train', 'valid']
    assert (boxless.label.emotion, boxless.valence, boxless.box_px) == ('fear', -0.5, None)
    assert happy.label.emotion == 'happiness'
    assert (happy.valence, happy.arousal) == (0.5, -0.25)
    assert happy.box_px is not None
    assert (happy.box_px.x, happy.box_px.y, happy.box_px.width, happy.box_px.height) == (
        2, 3, 10, 12,
    )  # fmt: skip
    assert uncertain.label == OwnClass('Uncertain')
    assert uncertain.valence is None  # -2


def test_affectnets_annotations_are_one_file_a_label(tmp_path: Path) -> None:
    (sample,) = made(tmp_path, 'affectnet-annotations')
    assert sample.label.emotion == 'contempt'
    assert (sample.valence, sample.arousal) == (-0.5, 0.25)
    (tmp_path / 'val_set/annotations/0_exp.npy').unlink()
    with pytest.raises(LayoutError, match=r'annotations/0_exp\.npy'):
        list(open_dataset('affectnet-annotations', tmp_path))


def test_expw_has_several_faces_an_image(tmp_path: Path) -> None:
    first, second = made(tmp_path, 'expw')
    assert emotions([first, second]) == ['happiness', 'neutral']
    assert first.paths == second.paths
    assert first.box_px is not None
    # Top 4, left 2, right 18, bottom 22.
    assert (first.box_px.x, first.box_px.y, first.box_px.width, first.box_px.height) == (
        2, 4, 16, 18,
    )  # fmt: skip


def test_sfew_pairs_stills_with_the_authors_crops(tmp_path: Path) -> None:
    samples = made(tmp_path, 'sfew', split=None)
    assert len(samples) == len(SEVEN)
    assert all(sample.aligned is not None for sample in samples)
    assert samples[0].groups == {'film': 'Hangover'}
    (tmp_path / 'Val').rename(tmp_path / 'elsewhere')
    alone = list(open_dataset('sfew', tmp_path))
    assert [sample.aligned for sample in alone] == [sample.paths[0] for sample in alone]


def test_sfews_crops_may_lie_beside_its_classes_or_alone(tmp_path: Path) -> None:
    MAKERS['sfew'](tmp_path)
    stills = tmp_path / 'Val' / 'Val'
    for place in stills.iterdir():
        place.rename(tmp_path / 'Val' / place.name)
    stills.rmdir()
    (tmp_path / 'Val_Aligned_Faces').rename(tmp_path / 'Val' / 'Val_Aligned_Faces')
    both = list(open_dataset('sfew', tmp_path))
    assert [sample.paths[0].parent.parent.name for sample in both] == ['Val'] * len(SEVEN)
    assert all(sample.aligned is not None for sample in both)
    for name in SEVEN:
        (tmp_path / 'Val' / name).rename(tmp_path / name)
    alone = list(open_dataset('sfew', tmp_path))
    assert [sample.aligned for sample in alone] == [sample.paths[0] for sample in alone]
    assert len(alone) == len(SEVEN)


def test_names_of_posed_photos_tell_all(tmp_path: Path) -> None:
    anger, neutral = made(tmp_path, 'jaffe')
    assert (anger.person, anger.label.emotion) == ('KA', 'anger')
    assert (neutral.person, neutral.label.emotion) == ('KM', 'neutral')


def test_rafd_has_camera_and_gaze(tmp_path: Path) -> None:
    contempt, anger = made(tmp_path, 'rafd')
    assert contempt.label.emotion == 'contempt'
    assert contempt.person == '24'
    assert contempt.groups == {
        'camera_deg': '045', 'ethnicity': 'Moroccan', 'gender': 'male', 'gaze': 'left',
    }  # fmt: skip
    assert anger.groups['gender'] == 'female'


def test_bu3dfe_takes_the_2d_views(tmp_path: Path) -> None:
    anger, neutral = made(tmp_path, 'bu3dfe')
    assert anger.label.emotion == 'anger'
    assert anger.groups == {'level': '04', 'ethnicity': 'WH', 'gender': 'female'}
    assert neutral.groups['gender'] == 'male'


def test_bosphorus_leaves_poses_alone(tmp_path: Path) -> None:
    assert emotions(made(tmp_path, 'bosphorus')) == ['happiness', 'neutral']


def test_ck_sequences_end_at_the_peak(tmp_path: Path) -> None:
    disgust, unlabelled = made(tmp_path, 'ckplus')
    assert (disgust.person, disgust.label.emotion) == ('S005', 'disgust')
    assert [path.name[-5] for path in disgust.paths] == ['1', '2', '3', '4', '5']
    assert unlabelled.label == OwnClass('')
    assert unlabelled.units is None
    units = disgust.units
    assert units is not None
    assert units.codes == (9, 17)
    assert np.isnan(units.intensity[:-1]).all()
    assert units.intensity[-1].tolist() == pytest.approx([0.8, 1.0])  # D; shown, strength unknown
    assert not units.graded


def test_ck_peaks_are_the_last_three_and_a_neutral_first(tmp_path: Path) -> None:
    samples = made(tmp_path, 'ckplus-peaks')
    assert [sample.name[-1] for sample in samples] == ['1', '3', '4', '5']
    assert emotions(samples) == ['neutral', 'disgust', 'disgust', 'disgust']
    assert [sample.units is not None for sample in samples] == [False, False, False, True]


def test_ck_48_knows_its_people(tmp_path: Path) -> None:
    samples = made(tmp_path, 'ckplus-48')
    assert len(samples) == 7
    assert {sample.person for sample in samples} == {'S010'}


def test_oulu_has_cameras_and_lights(tmp_path: Path) -> None:
    infrared, visible = made(tmp_path, 'oulu-casia')
    assert infrared.groups == {'camera': 'near infrared', 'light': 'dark'}
    assert visible.groups == {'camera': 'visible', 'light': 'strong'}
    assert (visible.person, visible.label.emotion, len(visible.paths)) == ('P001', 'anger', 3)
    (strong,) = open_dataset('oulu-casia', tmp_path / 'OriginalImg/VL/Strong')
    assert strong.person == 'P001'


def test_mmi_reads_the_emotion_beside_the_video(tmp_path: Path) -> None:
    samples = made(tmp_path, 'mmi')
    assert [sample.label.name for sample in samples] == ['happiness', 'code 9', '']
    assert emotions(samples) == ['happiness', None, None]
    assert [dict(sample.groups) for sample in samples] == [
        {'view': 'front'}, {'view': 'front and side'}, {},
    ]  # fmt: skip
    assert samples[0].person == 'S001'


def test_emotionet_has_units_that_are_unknown(tmp_path: Path) -> None:
    (sample,) = made(tmp_path, 'emotionet')  # the other image is not there
    units = sample.units
    assert units is not None
    shown = dict(zip(units.codes, units.intensity[0].tolist()))
    assert (shown[1], shown[12], shown[2]) == (1.0, 1.0, 0.0)
    assert np.isnan(shown[7])


def test_disfa_has_strengths_of_every_frame_and_folds_of_people(tmp_path: Path) -> None:
    samples = made(tmp_path, 'disfa')
    assert [(sample.person, sample.fold) for sample in samples] == [('SN001', 1), ('SN003', 3)]
    units = samples[0].units
    assert units is not None
    assert units.codes == (1, 12)
    assert units.intensity[:, 0].tolist() == pytest.approx([0.0, 0.6, 1.0])
    assert units.intensity[:2, 1].tolist() == pytest.approx([0.0, 0.2])
    assert np.isnan(units.intensity[2, 1])
    (third,) = open_dataset('disfa', tmp_path, fold=3)
    assert third.person == 'SN003'


def test_bp4d_pairs_codes_with_frames_by_number(tmp_path: Path) -> None:
    (sample,) = made(tmp_path, 'bp4d')
    units = sample.units
    assert units is not None
    assert units.codes == (1, 6)  # 7 was never coded
    assert units.intensity[:, 0].tolist() == [1.0, 0.0, 1.0]
    # Strengths where those files are: 0, 2 of 5, and 9 for unknown.
    np.testing.assert_allclose(units.intensity[:, 1], [0.0, 0.4, np.nan])
    assert [path.name for path in sample.paths] == ['0020.jpg', '0021.jpg', '0022.jpg']


def test_dfew_has_five_folds_of_videos_or_frames(tmp_path: Path) -> None:
    samples = made(tmp_path, 'dfew', split=None)
    assert [sample.fold for sample in samples] == [1, 2, 3, 4, 5]
    assert emotions(samples)[:2] == ['happiness', 'sadness']
    assert [sample.media for sample in samples[:2]] == [Media.VIDEO, Media.FRAMES]
    (train,) = open_dataset('dfew', tmp_path, split='train', fold=5)
    assert (train.name, train.fold) == ('00001', 5)


def test_a_clip_that_is_not_there_keeps_its_first_place(tmp_path: Path) -> None:
    third = made(tmp_path, 'dfew', split=None)[2]
    assert third.paths[0] == tmp_path / 'Clip/original/3.mp4'


def test_ferv39k_orders_frames_by_number(tmp_path: Path) -> None:
    (sample,) = made(tmp_path, 'ferv39k', split=None)
    assert [path.name for path in sample.paths] == ['1.jpg', '2.jpg', '10.jpg']
    assert sample.groups == {'scene': 'Crime'}
    assert sample.label.emotion == 'fear'


def test_mafw_keeps_classes_that_we_lack(tmp_path: Path) -> None:
    samples = made(tmp_path, 'mafw', split=None, fold=2)
    assert emotions(samples) == ['contempt', None]
    assert samples[1].label.name == 'helplessness'


def test_text_where_numbers_should_be_is_no_traceback(tmp_path: Path) -> None:
    MAKERS['emotionet'](tmp_path)
    path = tmp_path / 'dataFile_0001.txt'
    path.write_text(path.read_text().replace('999', 'many'))
    with pytest.raises(LayoutError, match=r"readable labels .*could not convert .*'many'"):
        list(open_dataset('emotionet', tmp_path))


def test_unknown_sets_splits_and_folds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'expected one of fer2013, .*, found .imagenet'):
        open_dataset('imagenet', tmp_path)
    with pytest.raises(ConfigError, match=r"expected one of \['train', 'test', 'all'\] for rafdb"):
        open_dataset('rafdb', tmp_path, split='valid')
    with pytest.raises(ConfigError, match=r'expected 1..5 for dfew, found 6'):
        open_dataset('dfew', tmp_path, fold=6)
    with pytest.raises(ConfigError, match='rafdb has no folds, found 1'):
        open_dataset('rafdb', tmp_path, fold=1)


def test_samples_check_themselves(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='expected files or pixels'):
        Sample('x', Media.IMAGE)
    with pytest.raises(DataError, match=r'valence: expected -1..1, found -2'):
        Sample('x', Media.IMAGE, (tmp_path,), valence=-2)
    with pytest.raises(DataError, match="class 'Joy': expected one of"):
        OwnClass('Joy', 'joy')
    with pytest.raises(DataError, match=r'expected 0..1, found 3..3'):
        UnitTable((1,), np.full((1, 1), 3, np.float32), graded=True)
    with pytest.raises(DataError, match=r'expected \(frames, 2\) float32'):
        UnitTable((1, 2), np.zeros((1, 1), np.float32), graded=True)


def test_framing_is_told() -> None:
    assert layout_of('fer2013').framing is Framing.CROP
    assert isinstance(layout_of('dfew'), Layout)
