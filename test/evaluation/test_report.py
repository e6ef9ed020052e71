from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from run_rows import face, frame

from fer_ros.evaluation import svg
from fer_ros.evaluation.report import write_report
from fer_ros.evaluation.results import NO_HEALTH
from fer_ros.evaluation.summary import summarise
from fer_ros.taxonomy import Phase


def page(tmp_path, rows, source: str = 'clip.mp4') -> str:
    summary = {**summarise(rows, NO_HEALTH, frames=len(rows)), 'source': source}
    path = tmp_path / 'report.html'
    write_report(path, rows, summary)
    assert [entry.name for entry in tmp_path.iterdir()] == ['report.html']
    return path.read_text(encoding='utf-8')


def charts(text: str) -> list[ElementTree.Element]:
    """Every chart must be well-formed XML."""
    return [ElementTree.fromstring(found) for found in re.findall(r'<svg.*?</svg>', text)]


def test_a_chart_for_each_person(tmp_path):
    rows = [frame(i, face(), *([face('ben')] if i > 2 else [])) for i in range(6)]
    text = page(tmp_path, rows)
    titles = [chart.findtext('title') for chart in charts(text)]
    for name in ('anna', 'ben'):
        assert {f'Emotions of {name}', f'Intensity of {name}', f'Phases of {name}'} <= {*titles}
    assert 'happiness' in text


def test_nothing_from_the_network_and_no_script(tmp_path):
    text = page(tmp_path, [frame(0, face())])
    assert not re.search(r'https?:|<script|<link|@import|url\(|src=', text)
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
    emotions = charts(page(tmp_path, rows))[0]
    shades = emotions.findall("rect[@class='shade']")
    # .2 s to .5 s of 1 s.
    assert len(shades) == 1
    width = svg.WIDTH - svg.LEFT
    assert float(shades[0].get('x')) == pytest.approx(svg.LEFT + 0.2 * width, abs=0.1)
    assert float(shades[0].get('width')) == pytest.approx(0.3 * width, abs=0.1)


def test_a_strip_of_phases(tmp_path):
    phases = [Phase.NEUTRAL] * 2 + [Phase.ONSET] * 3 + [Phase.APEX] * 6
    rows = [frame(i, face(phase=phase)) for i, phase in enumerate(phases)]
    found = {chart.findtext('title'): chart for chart in charts(page(tmp_path, rows))}
    assert len(found['Phases of anna'].findall('polygon')) == 3


def test_a_curve_by_hand():
    found = svg.line(np.array([0.0, 2.0]), np.array([0.0, 1.0]), (0.0, 2.0), '#000')
    bottom, top = svg.HEIGHT - svg.BOTTOM, svg.TOP
    points = ElementTree.fromstring(found).get('points')
    assert points == f'{svg.LEFT:.1f},{bottom:.1f} {svg.WIDTH:.1f},{top:.1f}'


def test_long_runs_stay_light(tmp_path):
    rows = [frame(i, face()) for i in range(5000)]
    assert len(page(tmp_path, rows)) < 200_000
