from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from run_rows import face, frame

from fer_ros.evaluation import svg
from fer_ros.evaluation.report import MAX_LISTED, MAX_PEOPLE, write_report
from fer_ros.evaluation.results import NO_HEALTH, Health
from fer_ros.evaluation.summary import summarise
from fer_ros.evaluation.timeline import timelines
from fer_ros.taxonomy import EventKind, Phase
from fer_ros.types import ExpressionEvent


def page(tmp_path, rows, source: str = 'clip.mp4') -> str:
    summary = {**summarise(rows, NO_HEALTH, frames=len(rows)), 'source': source}
    path = tmp_path / 'report.html'
    write_report(path, rows, summary)
    assert [entry.name for entry in tmp_path.iterdir()] == ['report.html']
    return path.read_text(encoding='utf-8')


def charts(text: str) -> list[ElementTree.Element]:
    """Every chart must be well-formed XML."""
    return [ElementTree.fromstring(found) for found in re.findall(r'<svg.*?</svg>', text)]


def titled(text: str) -> dict[str, ElementTree.Element]:
    return {chart.findtext('title') or '': chart for chart in charts(text)}


def test_a_chart_for_each_person(tmp_path):
    rows = [frame(i, face(), *([face('ben')] if i > 2 else [])) for i in range(6)]
    text = page(tmp_path, rows)
    titles = [chart.findtext('title') for chart in charts(text)]
    for name in ('anna', 'ben'):
        assert {f'Emotions of {name}', f'Intensity of {name}', f'Phases of {name}'} <= {*titles}
    assert 'happiness' in text


def test_nothing_from_the_network_and_no_script(tmp_path):
    text = page(tmp_path, [frame(0, face())])
    assert not re.search(r'https?:|<script|<link|@import|url\((?!#)|src=', text)
    assert 'prefers-color-scheme:dark' in text


def test_names_can_not_break_the_page(tmp_path):
    text = page(tmp_path, [frame(0, face('<b>'))], source='<script>alert(1)</script>')
    assert '<script' not in text
    assert '<b>' not in text
    charts(text)


@pytest.mark.parametrize(
    'rows',
    [[], [frame(0)], [frame(0, face())], [frame(0), frame(9, face())]],
    ids=['no frame', 'no face', 'one frame', 'late face'],
)
def test_short_runs(tmp_path, rows):
    text = page(tmp_path, rows)
    assert 'nan' not in ''.join(ElementTree.tostring(c, 'unicode') for c in charts(text))
    assert ('No face was seen' in text) == (not any(row.faces for row in rows))


def test_stretches_without_a_label_are_shaded(tmp_path):
    rows = [frame(i, face(abstained='blur' if 2 <= i < 5 else '')) for i in range(11)]
    text = page(tmp_path, rows)
    emotions = titled(text)['Emotions of anna']
    shades = emotions.findall("rect[@class='shade']")
    # .2 s to .5 s of 1.1 s: the last frame lasts as long as any.
    assert len(shades) == 1
    width = svg.WIDTH - svg.LEFT - svg.RIGHT
    assert float(shades[0].get('x')) == pytest.approx(svg.LEFT + 0.2 / 1.1 * width, abs=0.1)
    assert float(shades[0].get('width')) == pytest.approx(0.3 / 1.1 * width, abs=0.1)
    assert emotions.findtext("rect[@class='hatch']/title") == 'blur'


def test_a_strip_of_phases(tmp_path):
    phases = [Phase.NEUTRAL] * 2 + [Phase.ONSET] * 3 + [Phase.APEX] * 6
    rows = [frame(i, face(phase=phase)) for i, phase in enumerate(phases)]
    strip = titled(page(tmp_path, rows))['Phases of anna']
    assert [mark.findtext('title') for mark in strip.findall('rect')] == [
        'neutral', 'onset', 'apex',
    ]  # fmt: skip


def test_who_leaves_is_not_drawn_while_away(tmp_path):
    # Seen for 1 s, away for 2 s, seen for 1 s: two bands of each emotion.
    rows = [frame(i, *([face()] if not 10 <= i < 30 else [])) for i in range(40)]
    emotions = titled(page(tmp_path, rows))['Emotions of anna']
    bands = [band for band in emotions.findall('polygon') if band.findtext('title') == 'fear']
    width = svg.WIDTH - svg.LEFT - svg.RIGHT
    found = [
        (min(x), max(x))
        for x in ([float(p.split(',')[0]) for p in b.get('points').split()] for b in bands)
    ]
    expected = [(0.0, 0.25), (0.75, 1.0)]
    assert np.array(found) == pytest.approx(svg.LEFT + np.array(expected) * width, abs=0.1)


def test_charts_reach_to_the_latest_frame_where_time_went_back():
    rows = [frame(i, face()) for i in (0, 1, 2, 3, 4)] + [frame(i, face('ben')) for i in (1, 2)]
    anna, ben = timelines(rows)
    assert anna.whole_s == ben.whole_s == pytest.approx((0.0, 0.5))


def test_the_last_bar_holds_all_later_frames(tmp_path):
    latencies = [10.0] * 200 + [5000.0]
    rows = [frame(i, latency_ms=latency) for i, latency in enumerate(latencies)]
    bars = titled(page(tmp_path, rows))['Latency in milliseconds'].findall("rect[@class='bar']")
    names = [bar.findtext('title') for bar in bars]
    # 1.2 times the 99th percentile of 10 ms, in 40 bars of .3 ms.
    assert names[33] == '9.9 to 10.2 ms: 200'
    assert names[39] == '11.7 ms or more: 1'


def test_drops_are_explained_most_frequent_first(tmp_path):
    health = Health({'replaced': 2, 'stale': 5}, '', ())
    rows = [frame(0)]
    path = tmp_path / 'report.html'
    write_report(path, rows, summarise(rows, health, frames=8))
    text = path.read_text(encoding='utf-8')
    assert 'Frames dropped: 7' in text
    assert text.index('<td>stale') < text.index('<td>replaced') < text.index('<td>unheard')
    assert 'a newer frame came' in text


def test_long_runs_stay_light(tmp_path):
    # Whether a label is vouched for, and the phase, change with every frame.
    rows = [
        frame(i, face(abstained='blur' if i % 2 else '', phase=Phase(i % 4))) for i in range(5000)
    ]
    assert len(page(tmp_path, rows)) < 200_000


def test_crowds_stay_light(tmp_path):
    # A new person every second for ten minutes, the first of them for two.
    rows = [frame(i, face(f'p{i // 10}' if i >= 1200 else 'anna')) for i in range(6000)]
    text = page(tmp_path, rows)
    assert len(text) < 500_000
    assert 'Emotions of anna' in titled(text)
    assert len([title for title in titled(text) if title.startswith('Emotions')]) == MAX_PEOPLE
    assert 'p599' in text


def test_the_table_ends_where_ids_change_all_the_time(tmp_path):
    rows = [frame(i, face(f'p{i // 2}')) for i in range(10_000)]
    text = page(tmp_path, rows)
    assert len(text) < 700_000
    assert f'{5000 - MAX_LISTED} more were seen more briefly' in text


def test_many_events_stay_light(tmp_path):
    rows = [frame(i, face()) for i in range(600)]
    step_ns = 1_000_000
    events = [
        ExpressionEvent('anna', t + 9, EventKind.END, 'happiness', 0.9, t, t, t, t + 9)
        for t in range(rows[0].stamp_ns, rows[0].stamp_ns + 10_000 * step_ns, step_ns)
    ]
    # The one that is long enough to be seen is shown, whatever else there is.
    t = rows[99].stamp_ns
    events.append(
        ExpressionEvent('anna', t + 10**9, EventKind.END, 'fear', 0.9, t, t, t, t + 10**9)
    )
    path = tmp_path / 'report.html'
    write_report(path, rows, summarise(rows, NO_HEALTH, frames=600), events)
    text = path.read_text(encoding='utf-8')
    assert len(text) < 200_000
    assert 'fear 9.90 to 10.90 s' in text


def test_percentiles_that_are_equal_can_all_be_read(tmp_path):
    chart = titled(page(tmp_path, [frame(i) for i in range(9)]))['Latency in milliseconds']
    marks = [mark for mark in chart.findall('text') if (mark.text or '').startswith('p')]
    assert [mark.text for mark in marks] == ['p50', 'p90', 'p99']
    assert len({mark.get('x') for mark in marks}) == 1
    assert np.diff([float(mark.get('y')) for mark in marks]).min() > 11  # a line of text


def test_a_unit_that_is_no_number_of_facs_is_written_as_what_it_is(tmp_path):
    text = page(tmp_path, [frame(0, face(action_units={104: (0.8, 0.9)}))])
    assert 'AU1+4' in text
    assert 'AU104' not in text


def test_many_long_timelines_stay_light(tmp_path):
    rows = [frame(i, *(face(f'p{k}') for k in range(30))) for i in range(700)]
    assert len(page(tmp_path, rows)) < 500_000


def test_an_expression_that_is_not_over_lasts_as_long_as_its_person_is_seen():
    rows = [frame(i, *([face()] if i < 8 else [])) for i in range(10)]
    step_ns = 100_000_000
    onset_ns = rows[1].stamp_ns
    smile = ExpressionEvent(
        'anna', onset_ns + step_ns, EventKind.APEX, 'happiness', 0.9, onset_ns, onset_ns + step_ns
    )
    fear = ExpressionEvent(
        'anna',
        onset_ns,
        EventKind.END,
        'fear',
        0.9,
        onset_ns - step_ns,
        onset_ns - step_ns,
        onset_ns - step_ns,
        onset_ns,
    )
    (anna,) = timelines(rows, [smile, fear])
    found = {one.label: (one.start_s, one.end_s) for one in anna.events}
    assert found['happiness'] == pytest.approx((0.1, 0.7))
    assert found['fear'] == pytest.approx((0.0, 0.1))
