"""What people see: the report of a replay and the page for labels, in a real browser."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from browser import Browser
from made_clip import FRAMES

from fer_ros.cli.main import main
from fer_ros.evaluation.charts import COLOURS
from fer_ros.evaluation.replay.label_page import LabelServer, Sheet, Spool
from fer_ros.evaluation.replay.labels import read_csv
from fer_ros.sources import open_source

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group('browser')]

LABELS = 'start_s,end_s,label\n0,0.5,happy\n0.5,1,sad\n'
STEP_S = 1 / 15
# Text and charts that lie to the right of the window, where nobody looks.
OUTSIDE = """
[...document.querySelectorAll('h1,h2,h3,p,dd,svg[role=img],.legend,.wide')]
  .filter(one => one.getBoundingClientRect().right > innerWidth).length
"""


@pytest.fixture(scope='module')
def replayed(made_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Replay a clip with labels, half of them wrong; return the folder of its results."""
    out = tmp_path_factory.mktemp('replayed')
    (out / 'labels.csv').write_text(LABELS, encoding='utf-8')
    words = ['--labels', str(out / 'labels.csv'), '--keep-crops', '--quiet', '--json']
    assert main(['eval', 'replay', '--source', str(made_clip), '--out', str(out), *words]) == 0
    return out


@pytest.mark.parametrize(
    ('name', 'width', 'dark'),
    [('wide-light', 1200, False), ('wide-dark', 1200, True), ('narrow-dark', 390, True)],
)
def test_the_report_of_a_replay(
    replayed: Path, browser: Browser, output: Path, name: str, width: int, dark: bool
) -> None:
    url = (replayed / 'report.html').as_uri()
    browser.open(url, width=width, dark=dark)
    picture = output / f'report-{name}.png'
    browser.screenshot(picture)
    # Nothing is asked for but the file itself and the faces in it, and nothing is complained of.
    assert [one for one in browser.requests if not one.startswith('data:image/jpeg')] == [url]
    assert browser.complaints == []
    assert browser.evaluate('document.scripts.length') == 0
    written = (replayed / 'report.html').read_text(encoding='utf-8')
    assert not re.search(r'https?:|<script|<link|<iframe|@import|url\((?!#)', written)
    # What was measured is there to be read.
    summary = json.loads((replayed / 'summary.json').read_text(encoding='utf-8'))
    (face_id,) = summary['people']
    text = browser.evaluate('document.body.innerText')
    for words in (
        'Facial expressions', f'{FRAMES} of {FRAMES} processed', f'{face_id}: happiness',
        f'{summary["WAR"]:.1%}', 'Surest wrong answers', 'Reliability', 'Time for a frame', 'p99',
    ):  # fmt: skip
        assert words in text
    faces = browser.evaluate('[...document.images].map(one => one.naturalWidth)')
    assert faces == [112]  # one answer that is wrong, all through the second label
    # All of it is within the window, and drawn in the scheme's colours.
    assert browser.evaluate('document.documentElement.scrollWidth') == width
    assert browser.evaluate(OUTSIDE) == 0
    pixels = cv2.imread(str(picture))
    assert pixels.shape[1] == width
    page = (0x16, 0x16, 0x16) if dark else (0xFF, 0xFF, 0xFF)
    assert (pixels == page).all(axis=2).mean() > 0.4
    happiness = [int(COLOURS['happiness'][place : place + 2], 16) for place in (5, 3, 1)]
    assert (pixels == np.array(happiness)).all(axis=2).sum() > 50 * width  # the clip smiles


def test_a_chart_can_be_read_on_a_narrow_window(replayed: Path, browser: Browser) -> None:
    browser.open((replayed / 'report.html').as_uri(), width=390)
    heights = browser.evaluate(
        "[...document.querySelectorAll('.tick')].filter(one => one.textContent)"
        '.map(one => one.getBoundingClientRect().height)'
    )
    assert min(heights) > 8


@dataclass(frozen=True)
class Serving:
    """The page of a clip, and where its labels go."""

    url: str
    csv: Path

    def labels(self) -> list[tuple[float, float, str]]:
        """Return what is saved, in frames."""
        return [
            (one.start_ns / 1e9 / STEP_S, one.end_ns / 1e9 / STEP_S, one.label)
            for one in read_csv(self.csv).intervals
        ]


@pytest.fixture
def serving(made_clip: Path, tmp_path: Path) -> Iterator[Serving]:
    with open_source(made_clip) as source:
        spool = Spool(source)
    server = LabelServer(Sheet('made', spool, tmp_path / 'made.csv'))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield Serving(f'http://127.0.0.1:{server.server_address[1]}/', tmp_path / 'made.csv')
    server.shutdown()
    server.server_close()
    spool.close()
    thread.join()


def label_page(browser: Browser, url: str) -> None:
    browser.open(url)
    browser.wait_for("document.querySelectorAll('#keys button').length === 9")


def saved(browser: Browser, words: str) -> None:
    browser.evaluate('saved')
    assert browser.evaluate("document.getElementById('state').textContent") == words


def test_labels_by_keys(serving: Serving, browser: Browser, output: Path) -> None:
    label_page(browser, serving.url)
    for key in ('ArrowRight', 'ArrowRight', 'ArrowRight', '2'):  # happiness from frame 3
        browser.press(key)
    browser.press('ArrowRight', shift=True)  # frame 13
    browser.press('ArrowLeft')
    browser.press('0')  # none from frame 12
    saved(browser, '1 intervals saved in made.csv')
    assert serving.labels() == [
        (pytest.approx(3, abs=0.02), pytest.approx(12, abs=0.02), 'happiness')
    ]
    browser.press('Home')
    browser.press("'", code='Digit4')  # sadness, on a keyboard whose digits need shift
    saved(browser, '2 intervals saved in made.csv')
    assert [label for _, _, label in serving.labels()] == ['sadness', 'happiness']
    browser.wait_for("document.getElementById('frame').complete")
    browser.screenshot(output / 'label-page.png')
    assert browser.evaluate("document.getElementById('frame').naturalWidth") > 100
    browser.press('ArrowDown')  # to the next change, frame 3, which goes: sadness lasts
    browser.press('Backspace')
    saved(browser, '1 intervals saved in made.csv')
    assert serving.labels() == [(0, pytest.approx(12, abs=0.02), 'sadness')]
    assert [one for one in browser.requests if not one.startswith(serving.url)] == []
    assert browser.complaints == []


def test_a_page_that_is_loaded_again_goes_on(serving: Serving, browser: Browser) -> None:
    label_page(browser, serving.url)
    browser.press('7')
    saved(browser, '1 intervals saved in made.csv')
    label_page(browser, serving.url)
    browser.press('End')
    browser.press('8')
    saved(browser, '2 intervals saved in made.csv')
    assert [label for _, _, label in serving.labels()] == ['fear', 'contempt']


def test_many_keys_at_once_end_with_the_last(serving: Serving, browser: Browser) -> None:
    label_page(browser, serving.url)
    keys = json.dumps([str(1 + index % 8) for index in range(40)])
    browser.evaluate(
        f"{keys}.forEach(key => document.dispatchEvent(new KeyboardEvent('keydown', "
        '{key, code: `Digit${key}`})))'
    )
    browser.evaluate('saved')
    assert [label for _, _, label in serving.labels()] == ['contempt']
    assert browser.complaints == []


def test_space_plays_to_the_end_and_begins_again(serving: Serving, browser: Browser) -> None:
    label_page(browser, serving.url)
    browser.press(' ')
    browser.wait_for(f'at === {FRAMES - 1} && timer === null')
    browser.press(' ')
    browser.wait_for(f'timer !== null && at < {FRAMES - 1}')
    browser.press(' ')
    assert browser.evaluate('timer') is None
    browser.evaluate("document.getElementById('strip').scrollIntoView()")
    box = browser.evaluate(
        '(({left, top, width}) => [left, top, width])'
        "(document.getElementById('strip').getBoundingClientRect())"
    )
    browser.click(box[0] + box[2] * 7.5 / FRAMES, box[1] + 5)  # in the middle of frame 7
    assert browser.evaluate('at') == 7
