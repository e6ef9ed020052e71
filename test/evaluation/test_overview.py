from __future__ import annotations

import json
import os
import re
from urllib.parse import unquote

from fer_ros.evaluation.replay.overview import write_overview


def test_names_of_any_kind_lead_to_their_reports(tmp_path):
    names = ['a b.mp4', os.fsdecode(b'\xff.mp4'), 'clip#2?.mp4', '50%.mp4', 'café & "co".mp4']
    folders = [tmp_path / name for name in names]
    sources = {f'/data/{name}': {'frames_processed': 3, 'faces': 1, 'notes': []} for name in names}
    summary = {'frames': 12, 'complete': True, 'sources': sources}
    write_overview(tmp_path, summary, None, folders)
    text = (tmp_path / 'report.html').read_text(encoding='utf-8')
    links = re.findall(r'<a href="([^"]*)">', text)
    assert not any(set('#? "') & set(link) for link in links)
    assert [unquote(link, errors='surrogateescape') for link in links] == [
        f'{name}/report.html' for name in names
    ]
    assert json.loads((tmp_path / 'summary.json').read_text(encoding='utf-8')) == summary


def test_a_source_that_could_not_be_read_says_why(tmp_path):
    summary = {
        'frames': 0,
        'complete': False,
        'sources': {'/data/x.mcap': {'error': 'x.mcap: expected <a bag>', 'complete': False}},
    }
    write_overview(tmp_path, summary, None, [tmp_path / 'x'])
    text = (tmp_path / 'report.html').read_text(encoding='utf-8')
    assert 'expected &lt;a bag&gt;' in text
    assert '<a href' not in text
