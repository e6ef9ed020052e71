from __future__ import annotations

from contextlib import closing

import pytest
from rclpy.serialization import serialize_message
from std_msgs.msg import String

from fer_ros.errors import DataError, SourceError
from fer_ros.evaluation.recorder import ResultsBag
from fer_ros.evaluation.replay.label_names import emotion_names, emotion_of
from fer_ros.evaluation.replay.labels import (
    Interval,
    Labels,
    disjoint,
    labels_for,
    of_folder,
    read_csv,
    read_to_edit,
    read_topic,
)
from fer_ros.rosless import typestore
from fer_ros.taxonomy import EMOTION_TO_HRI, EMOTIONS

S = 1_000_000_000


def csv(tmp_path, text: str):
    path = tmp_path / 'labels.csv'
    path.write_text(text, encoding='utf-8')
    return path


def test_intervals_of_a_csv(tmp_path):
    labels = read_csv(csv(tmp_path, 'start_s,end_s,label\n0,0.6,neutral\n0.6,2.2,happy\n'))
    assert labels.intervals == (
        Interval(0, 600_000_000, 'neutral'),
        Interval(600_000_000, 2_200_000_000, 'happiness'),
    )
    assert labels.relative


def test_columns_may_stand_in_any_order_and_rows_without_a_label_are_none(tmp_path):
    text = '# by hand\nlabel, end_s ,start_s,who\n\nsad,2,1,me\n,3,2,me\nunknown,4,3,me\n'
    assert read_csv(csv(tmp_path, text)).intervals == (Interval(S, 2 * S, 'sadness'),)


def test_a_csv_without_a_header(tmp_path):
    labels = read_csv(csv(tmp_path, '1,2,fear\n'))
    assert labels.intervals == (Interval(S, 2 * S, 'fear'),)


def test_one_csv_for_several_clips(tmp_path):
    path = csv(tmp_path, 'source,start_s,end_s,label\na.mp4,0,1,sad\nb,0,1,fear\n')
    assert read_csv(path, tmp_path / 'a.mp4').at(0) == 'sadness'
    assert read_csv(path, tmp_path / 'b.mcap').at(0) == 'fear'
    with pytest.raises(DataError, match=r'expected intervals of c\.mp4 with a label'):
        read_csv(path, tmp_path / 'c.mp4')


def test_every_name_of_both_vocabularies_is_known():
    for emotion in EMOTIONS:
        assert emotion_of(emotion) == emotion
        assert emotion_of(EMOTION_TO_HRI[emotion]) == emotion
    assert emotion_of(' Happy ') == emotion_of('SMILING') == 'happiness'
    assert emotion_of('no_expression') == 'neutral'
    assert set(emotion_names().values()) == set(EMOTIONS)


def test_labels_move_to_the_clips_own_time_and_stamps_stay():
    first_ns = 1_700_000_000 * S
    moved = Labels((Interval(0, S, 'fear'),)).starting_at(first_ns)
    assert moved.at(first_ns) == 'fear'
    assert moved.at(first_ns + S) == ''
    assert moved.starting_at(5).at(first_ns) == 'fear'


def test_dates_are_stamps(tmp_path):
    labels = read_csv(csv(tmp_path, 'start_s,end_s,label\n1700000000,1700000001,fear\n'))
    assert not labels.relative
    assert labels.at(1_700_000_000 * S) == 'fear'


def test_times_are_rounded_to_milliseconds():
    # The third frame of 30 Hz lies at 66.667 ms, which people write as 0.067.
    labels = Labels((Interval(0, 67_000_000, 'fear'), Interval(67_000_000, S, 'anger')))
    assert labels.at(66_666_667) == 'anger'
    assert labels.at(65_000_000) == 'fear'


def test_where_intervals_overlap_the_later_one_counts():
    found = disjoint(
        [Interval(0, 10, 'neutral'), Interval(3, 5, 'anger'), Interval(12, 13, 'fear')]
    )
    assert found == (
        Interval(0, 3, 'neutral'), Interval(3, 5, 'anger'), Interval(5, 10, 'neutral'),
        Interval(12, 13, 'fear'),
    )  # fmt: skip


def test_of_equal_intervals_the_first_counts():
    assert disjoint([Interval(0, 9, 'fear'), Interval(0, 9, 'anger')]) == (Interval(0, 9, 'fear'),)


def test_a_label_in_every_frame_of_an_hour_takes_no_time():
    # Each compared with each would be 10^10 steps.
    found = disjoint([Interval(k, k + 1, ('fear', 'anger')[k % 2]) for k in range(100_000)])
    assert len(found) == 100_000


def test_neighbours_of_one_label_are_one():
    assert disjoint([Interval(5, 9, 'fear'), Interval(0, 5, 'fear')]) == (Interval(0, 9, 'fear'),)


def test_intervals_without_a_frame():
    labels = Labels((Interval(0, S, 'fear'), Interval(5 * S, 6 * S, 'anger')))
    assert [one.label for one in labels.outside(100 * S, 103 * S)] == ['anger']


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('', 'found an empty file'),
        ('start,end,label\n', 'expected the columns start_s,end_s,label, found start,end,label'),
        ('start_s,end_s,label\n', 'expected intervals with a label, found none'),
        ('start_s,end_s,label\n0,1\n', 'line 2: expected start_s,end_s,label, found 0,1'),
        ('start_s,end_s,label\n0,1,fear\nx,1,fear\n', "line 3: expected seconds, found 'x'"),
        ('start_s,end_s,label\nnan,1,fear\n', "line 2: expected seconds, found 'nan'"),
        ('start_s,end_s,label\n2,1,fear\n', "line 2: label 'fear': expected an end after"),
        ('start_s,end_s,label\n0,1,umami\n', "line 2: label 'umami': expected an emotion"),
    ],
)
def test_a_bad_csv_is_one_line_that_says_where(tmp_path, text, words):
    with pytest.raises(DataError) as error:
        read_csv(csv(tmp_path, text))
    assert words in str(error.value)
    assert str(error.value).startswith(str(tmp_path))
    assert '\n' not in str(error.value)


def test_no_csv(tmp_path):
    with pytest.raises(DataError, match='expected a CSV of labels, found: No such file'):
        read_csv(tmp_path / 'none.csv')


def bag(tmp_path):
    path = tmp_path / 'clip.mcap'
    with closing(ResultsBag(path, typestore())) as written:
        for second, text in ((10, 'happy'), (12, ''), (13, 'sad')):
            data = serialize_message(String(data=text))
            written.write('/truth', 'std_msgs/msg/String', data, second * S)
    return path


def test_a_label_lasts_until_the_next_one(tmp_path):
    labels = read_topic(bag(tmp_path), '/truth')
    assert labels.at(10 * S) == labels.at(12 * S - 1_000_000) == 'happiness'
    assert labels.at(12 * S) == ''
    assert labels.at(13 * S) == 'sadness'
    assert labels == labels_for('topic:/truth', tmp_path / 'clip.mcap')


def test_a_topic_that_is_not_there_names_those_that_are(tmp_path):
    with pytest.raises(SourceError, match=r"on '/none', found topics: /truth \(std_msgs/msg/Str"):
        read_topic(bag(tmp_path), '/none')


def test_the_folders_name(tmp_path):
    clip = tmp_path / 'Angry' / 'anna' / 'clip.mp4'
    clip.parent.mkdir(parents=True)
    assert of_folder(clip).starting_at(7).at(7) == 'anger'
    assert labels_for('folders', clip).at(10**6 * S) == 'anger'
    with pytest.raises(DataError, match='expected a folder above it'):
        of_folder(tmp_path / 'clip.mp4')


def test_a_folder_of_labels(tmp_path):
    (tmp_path / 'clip.csv').write_text('0,1,fear\n', encoding='utf-8')
    assert labels_for(str(tmp_path), tmp_path / 'elsewhere' / 'clip.mp4').at(0) == 'fear'


def test_a_table_to_edit_may_be_empty_and_tell_dates(tmp_path):
    assert read_to_edit(tmp_path / 'gone.csv').intervals == ()
    for text in ('', 'start_s,end_s,label\n', 'start_s,end_s,label\n0,1,unknown\n'):
        assert read_to_edit(csv(tmp_path, text)).intervals == ()
    dates = read_to_edit(csv(tmp_path, 'start_s,end_s,label\n1700000001,1700000002,fear\n'))
    assert dates.since(1_700_000_000 * S).intervals == (Interval(S, 2 * S, 'fear'),)


def test_a_table_of_several_clips_is_not_written_over(tmp_path):
    with pytest.raises(DataError, match=r'found those of several \(a column source\)'):
        read_to_edit(csv(tmp_path, 'source,start_s,end_s,label\na.mp4,0,1,sad\nb.mp4,0,1,fear\n'))
