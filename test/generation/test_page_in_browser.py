"""The avatar's page in a real browser, beside the picture that OpenCV draws."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_ros.generation import Library
from fer_ros.generation.avatar import draw
from fer_ros.generation.units import CHANNELS

pytest.importorskip('aiohttp', reason='needs the extra fer_ros[avatar]')
from fer_ros.generation.outputs.page import PageServer

NAMES = ('chromium', 'chromium-browser', 'google-chrome')
BROWSER = next(filter(None, map(shutil.which, NAMES)), '')
SIDE_PX = 600
pytestmark = pytest.mark.skipif(not BROWSER, reason=f'needs a browser: {", ".join(NAMES)}')


def photograph(url: str, path: Path) -> np.ndarray:
    """Return what a browser shows of a page after two seconds of its own time."""
    words = [
        BROWSER, '--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars',
        f'--user-data-dir={path.parent / "profile"}', f'--window-size={SIDE_PX},{SIDE_PX}',
        '--virtual-time-budget=2000', f'--screenshot={path}', url,
    ]  # fmt: skip
    subprocess.run(words, check=True, capture_output=True, timeout=120)
    found: np.ndarray = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    return found


def test_it_draws_the_face_that_it_is_told(library: Library, tmp_path: Path) -> None:
    units = library.units('surprised')
    page = PageServer('127.0.0.1', free_port())
    over = threading.Event()

    def tell() -> None:
        values = {name: float(value) for name, value in zip(CHANNELS, units) if value}
        while not over.wait(0.05):
            page.send({'expression': 'surprised', 'units': values})

    teller = threading.Thread(target=tell)
    teller.start()
    try:
        photo = photograph(page.url, tmp_path / 'page.png')
    finally:
        over.set()
        teller.join()
        page.close()
    as_told, at_rest = (difference(photo, pose) for pose in (units, library.units('neutral')))
    assert as_told < 6.0  # of 255: edges are softened in another way
    assert at_rest > 2.0 * as_told


def difference(photo: np.ndarray, units: np.ndarray) -> float:
    """Return the mean difference to what OpenCV draws, around eyes and mouth."""
    height = round(0.92 * photo.shape[0])  # as the page has it, in its middle
    drawn = draw(units, height)
    top, left = (photo.shape[0] - height) // 2, (photo.shape[1] - drawn.shape[1]) // 2
    shown = photo[top : top + height, left : left + drawn.shape[1]]
    part = np.s_[height * 2 // 5 : height * 9 // 10, drawn.shape[1] // 4 : -drawn.shape[1] // 4]
    return float(np.abs(shown[part].astype(float) - drawn[part]).mean())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return int(probe.getsockname()[1])
