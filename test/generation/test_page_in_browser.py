"""The avatar's page in a real browser, beside the picture that OpenCV draws."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from browser import Browser

from fer_ros.generation import Library
from fer_ros.generation.avatar import draw
from fer_ros.generation.units import CHANNELS

pytest.importorskip('aiohttp', reason='needs the extra fer_ros[avatar]')
from fer_ros.generation.outputs.page import PageServer

SIDE_PX = 600
PATIENCE_S = 60.0
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group('browser')]


def test_it_draws_the_face_that_it_is_told(
    browser: Browser, library: Library, tmp_path: Path
) -> None:
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
        browser.open(page.url, width=SIDE_PX, height=SIDE_PX)
        as_told, at_rest = differences_once_drawn(browser, tmp_path / 'page.png', library)
    finally:
        over.set()
        teller.join()
        page.close()
    assert as_told < 6.0  # of 255: edges are softened in another way
    assert at_rest > 2.0 * as_told
    assert browser.complaints == []


def differences_once_drawn(
    browser: Browser, picture: Path, library: Library
) -> tuple[float, float]:
    """Return how far the page is from what it is told, once it is near, and from its rest."""
    end_s = time.monotonic() + PATIENCE_S
    while True:
        browser.screenshot(picture)
        photo = cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2RGB)
        as_told = difference(photo, library.units('surprised'))
        if as_told < 6.0 or time.monotonic() > end_s:
            return as_told, difference(photo, library.units('neutral'))
        time.sleep(0.2)


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
