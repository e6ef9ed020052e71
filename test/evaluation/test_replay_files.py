from __future__ import annotations

import csv
import pickle

import numpy as np
import pytest
from run_rows import START_NS, face, frame

from fer_ros.errors import SourceError
from fer_ros.evaluation.replay.corpus import find_sources, folder_names
from fer_ros.evaluation.replay.files import Notebook
from fer_ros.evaluation.replay.keep import Thinned, Worst
from fer_ros.evaluation.replay.labels import Interval, Labels
from fer_ros.evaluation.replay.table import COLUMNS, Table, to_parquet
from fer_ros.evaluation.report import write_report
from fer_ros.evaluation.results import NO_HEALTH
from fer_ros.types import Frame


def rows(path):
    with path.open(encoding='utf-8', newline='') as file:
        return list(csv.DictReader(file))


def test_a_row_for_each_face_and_one_for_an_empty_frame(tmp_path):
    table = Table(tmp_path / 'results.csv')
    units = {12: (0.25, 0.9)}
    table.add(frame(0, face(action_units=units), face('ben')), START_NS, 'happiness')
    table.add(frame(1), START_NS, '')
    table.close()
    first, second, empty = rows(tmp_path / 'results.csv')
    assert tuple(first) == COLUMNS
    assert (first['face_id'], first['expression'], first['label']) == (
        'anna', 'happiness', 'happiness',
    )  # fmt: skip
    assert (first['stamp_ns'], first['time_s']) == (str(START_NS), '0')
    assert (first['p_happiness'], first['p_anger'], first['au_12']) == ('0.7', '', '0.25')
    assert second['face_id'] == 'ben'
    assert second['au_12'] == ''
    assert (empty['time_s'], empty['face_id'], empty['latency_ms']) == ('0.1', '', '10')


def test_a_table_goes_on_where_it_was_saved(tmp_path):
    path = tmp_path / 'results.csv'
    whole, cut = Table(tmp_path / 'whole.csv'), Table(path)
    for table in (whole, cut):
        table.add(frame(0, face()), START_NS, '')
    place = cut.flush()
    cut.add(frame(7, face('lost')), START_NS, '')
    cut.close()
    resumed = Table(path, resume_at=place)
    for table in (whole, resumed):
        table.add(frame(1, face()), START_NS, '')
        table.close()
    assert path.read_bytes() == (tmp_path / 'whole.csv').read_bytes()


def test_parquet_where_pyarrow_is_installed(tmp_path):
    parquet = pytest.importorskip('pyarrow.parquet', reason='needs pyarrow (the parquet extra)')
    table = Table(tmp_path / 'results.csv')
    table.add(frame(0, face()), START_NS, '')
    table.add(frame(1), START_NS, 'fear')
    table.close()
    assert to_parquet(tmp_path / 'results.csv', tmp_path / 'results.parquet')
    found = parquet.read_table(tmp_path / 'results.parquet').to_pylist()
    assert found[0]['stamp_ns'] == START_NS
    assert found[0]['p_happiness'] == 0.7
    assert (found[1]['face_id'], found[1]['label']) == (None, 'fear')


def test_few_are_kept_evenly_of_many():
    kept: Thinned[int] = Thinned(limit=10)
    for item in range(1000):
        kept.add(item)
    assert len(kept.items) <= 10
    assert set(np.diff(kept.items)) == {kept.step}
    assert kept.items[0] == 0
    assert 1000 - kept.items[-1] <= kept.step


def test_what_is_kept_of_a_run_does_not_grow_with_it(tmp_path):
    labels = Labels((Interval(0, 3600 * 10**9, 'fear'),))
    notebook = Notebook(labels)
    table = Table(tmp_path / 'results.csv')
    sizes = []
    for index in range(24_000):
        row = frame(index, face('anna', action_units={12: (0.5, 0.9)}), face('ben'))
        label = notebook.add(image(row.stamp_ns), row)
        table.add(row, notebook.first_ns, label)
        if index + 1 in (8_000, 24_000):
            sizes.append(len(pickle.dumps(notebook)))
    table.close()
    # Two latencies; answer, label, interval and eight probabilities of a labelled frame.
    assert sizes[1] - sizes[0] < 16_000 * (8 + 1 + 1 + 4 + 32) + 400_000
    write_report(tmp_path / 'report.html', notebook.rows.items, summary_of(notebook))
    assert (tmp_path / 'report.html').stat().st_size < 300_000


def summary_of(notebook: Notebook):
    return notebook.tally.summary(NO_HEALTH, frames=notebook.tally.frames)


def test_of_many_labels_outside_the_source_the_first_are_named():
    notebook = Notebook(
        Labels(tuple(Interval(k, k + 1, 'fear') for k in range(10**12, 10**12 + 40)))
    )
    notebook.add(image(), frame(0, face()))
    complaints = notebook.complaints()
    assert len(complaints) == 6
    assert complaints[-1] == 'labels: 35 more intervals have no frame'


def image(stamp_ns: int = START_NS) -> Frame:
    pixels = np.zeros((80, 120, 3), np.uint8)
    pixels[20:60, 30:90] = 200
    return Frame(stamp_ns, 'cam', 0, pixels)


def test_the_surest_wrong_answer_of_an_interval_is_kept():
    worst = Worst(keep_crops=False)
    for confidence in (0.5, 0.9, 0.7):
        worst.add(image(), face(confidence=confidence), 'fear', 0)
    worst.add(image(), face(confidence=0.6), 'fear', 1)
    assert [one.confidence for one in worst.top()] == [0.9, 0.6]
    assert {one.crop for one in worst.top()} == {b''}


def test_crops_are_kept_only_when_asked_for():
    worst = Worst(keep_crops=True)
    worst.add(image(), face(), 'fear', 0)
    assert worst.top()[0].crop.startswith(b'\xff\xd8')


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_what_a_folder_means(tmp_path):
    touch(
        tmp_path / 'a' / 'one.mp4', tmp_path / 'a' / 'two.mcap', tmp_path / 'a' / 'notes.txt',
        tmp_path / 'bag' / 'metadata.yaml', tmp_path / 'bag' / 'bag_0.db3',
        tmp_path / 'cut' / 'cut_0.mcap', tmp_path / 'cut' / 'cut_1.mcap',
        tmp_path / 'stills' / '1.jpg',
    )  # fmt: skip
    found = find_sources([str(tmp_path)])
    assert found == [
        str(tmp_path / name) for name in ('a/one.mp4', 'a/two.mcap', 'bag', 'cut', 'stills')
    ]
    assert find_sources([str(tmp_path / 'bag')]) == [str(tmp_path / 'bag')]
    assert folder_names(found) == ['a__one.mp4', 'a__two.mcap', 'bag', 'cut', 'stills']


def test_nothing_beside_images_is_passed_over(tmp_path):
    """A folder of photos and clips, and one with a cover picture above the clips."""
    touch(
        tmp_path / 'mixed' / 'a.jpg', tmp_path / 'mixed' / 'b.mp4', tmp_path / 'set' / 'cover.png',
        tmp_path / 'set' / 'angry' / 'one.mp4', tmp_path / 'stills' / 'notes' / 'read.txt',
        tmp_path / 'stills' / '1.png', tmp_path / 'stills' / '2.png',
    )  # fmt: skip
    names = ('mixed/a.jpg', 'mixed/b.mp4', 'set/angry/one.mp4', 'set/cover.png', 'stills')
    assert find_sources([str(tmp_path)]) == [str(tmp_path / name) for name in names]


def test_results_below_the_sources_are_none(tmp_path):
    touch(tmp_path / 'one.mp4', tmp_path / 'out' / 'one.mp4' / 'results.mcap')
    assert find_sources([str(tmp_path)], tmp_path / 'out') == [str(tmp_path / 'one.mp4')]


def test_a_folder_of_nothing(tmp_path):
    with pytest.raises(SourceError, match='expected videos, bags or images in it, found none'):
        find_sources([str(tmp_path)])
