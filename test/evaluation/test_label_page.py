from __future__ import annotations

import http.client
import json
import re
import threading

import cv2
import numpy as np
import pytest

from fer_ros.errors import SourceError
from fer_ros.evaluation.replay.label_page import LabelServer, Sheet, Spool
from fer_ros.evaluation.replay.labels import Interval, read_csv
from fer_ros.sources.base import Source, SourceInfo
from fer_ros.types import Frame

STEP_NS = 33_333_333


class Made(Source):
    """Grey frames, each a little lighter than the last."""

    def __init__(self, count: int) -> None:
        super().__init__(SourceInfo('made', 64, 48, 30.0, count, 'cam'))
        self._count = count

    def _read(self):
        for index in range(self._count):
            pixels = np.full((48, 64, 3), 20 * index, np.uint8)
            yield Frame(7 * 10**9 + index * STEP_NS, 'cam', index, pixels)


@pytest.fixture
def page(tmp_path):
    """Serve a clip of ten frames; yield what asks it, and the CSV."""
    path = tmp_path / 'made.csv'
    sheet = Sheet('made', Spool(Made(10)), path, (Interval(0, 10**8, 'fear'),))
    serving = LabelServer(sheet)
    thread = threading.Thread(target=serving.serve_forever, args=(0.02,), daemon=True)
    thread.start()

    def ask(method: str, where: str, body: bytes = b'', **headers: str):
        connection = http.client.HTTPConnection(*serving.server_address, timeout=10)
        try:
            connection.request(method, where, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    yield ask, path
    serving.shutdown()
    serving.server_close()
    thread.join()


def put(ask, content):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return ask('PUT', '/labels', body, **{'Content-Type': 'application/json'})


def test_the_page_needs_nothing_else(page):
    ask, _ = page
    status, body = ask('GET', '/')
    assert status == 200
    text = body.decode()
    assert 'keydown' in text
    assert not re.search(r'https?:|src=|<link(?! rel="icon" href="data:,")|@import', text)


def test_what_is_known_of_the_clip(page):
    ask, _ = page
    clip = json.loads(ask('GET', '/clip')[1])
    assert (clip['name'], len(clip['times_s'])) == ('made', 10)
    assert clip['times_s'][3] == pytest.approx(0.1)
    assert clip['end_s'] == pytest.approx(1 / 3)
    assert clip['labels'][:2] == ['neutral', 'happiness']
    assert clip['intervals'] == [[0.0, 0.1, 'fear']]


def test_any_frame_is_at_hand(page):
    ask, _ = page
    for index in (7, 0, 9):
        status, body = ask('GET', f'/frame/{index}.jpg')
        assert status == 200
        pixels = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
        assert pixels.shape == (48, 64, 3)
        assert abs(float(pixels.mean()) - 20 * index) < 2


def test_labels_become_a_csv_that_replay_reads(page):
    ask, path = page
    status, text = put(ask, [[0.0, 0.1, 'neutral'], [0.1, 0.266666, 'happiness']])
    assert (status, text) == (200, b'2 intervals saved in made.csv')
    labels = read_csv(path).starting_at(7 * 10**9)
    said = [labels.at(7 * 10**9 + index * STEP_NS) for index in range(10)]
    assert said == ['neutral'] * 3 + ['happiness'] * 5 + [''] * 2


def test_a_page_that_is_loaded_again_has_what_was_saved(page):
    ask, _ = page
    put(ask, [[0.0, 0.2, 'anger']])
    assert json.loads(ask('GET', '/clip')[1])['intervals'] == [[0.0, 0.2, 'anger']]


def test_saves_side_by_side_leave_one_of_them_whole(page):
    ask, path = page
    names = ['fear', 'anger', 'sadness', 'surprise'] * 3
    statuses: list[int] = []

    def save(name):
        statuses.append(put(ask, [[k, k + 0.5, name] for k in range(200)])[0])

    threads = [threading.Thread(target=save, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * len(names)
    labels = read_csv(path).intervals
    assert len(labels) == 200
    assert len({one.label for one in labels}) == 1


def test_frames_of_another_clip_on_this_port_are_not_taken_for_ours(page):
    ask, _ = page
    key = json.loads(ask('GET', '/clip')[1])['key']
    assert len(key) == 16
    assert ask('GET', f'/frame/3.jpg?{key}') == ask('GET', '/frame/3.jpg')


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (b'{', b'expected a list of [start_s, end_s, label]'),
        ([[1, 2]], b'expected a list of'),
        ([[1, 2, 3]], b'expected a list of'),
        ([[2, 1, 'fear']], b'expected an end after the start'),
        ([[0, 1, 'umami']], b"label 'umami': expected an emotion"),
    ],
)
def test_bad_labels_are_refused_and_the_csv_stays(page, content, words):
    ask, path = page
    put(ask, [[0, 1, 'fear']])
    before = path.read_bytes()
    status, text = put(ask, content)
    assert status == 400
    assert words in text
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ('method', 'where', 'headers', 'status'),
    [
        ('GET', '/frame/10.jpg', {}, 404),
        ('GET', '/frame/-1.jpg', {}, 404),
        ('GET', '/frame/../x.jpg', {}, 404),
        ('GET', '/etc/passwd', {}, 404),
        ('PUT', '/else', {}, 404),
        ('PUT', '/labels', {'Content-Type': 'text/plain'}, 415),
        ('PUT', '/labels', {'Content-Length': '99999999'}, 400),
        ('GET', '/', {'Host': 'elsewhere.example:80'}, 403),
    ],
)
def test_other_requests_are_refused(page, method, where, headers, status):
    ask, path = page
    assert ask(method, where, b'[]' if method == 'PUT' else b'', **headers)[0] == status
    assert not path.exists()


def test_a_clip_without_a_frame():
    with pytest.raises(SourceError, match='expected frames, found none'):
        Spool(Made(0))
