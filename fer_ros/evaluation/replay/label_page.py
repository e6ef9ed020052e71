"""A page on this machine to label a clip by hand: frames out, intervals in, a CSV on disk."""

from __future__ import annotations

import csv
import json
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlsplit

import cv2

from fer_ros.errors import DataError, SourceError
from fer_ros.evaluation.charts import COLOURS
from fer_ros.evaluation.replay.label_names import emotion_of
from fer_ros.evaluation.replay.labels import COLUMNS, NS_PER_S, Interval, disjoint
from fer_ros.sources import Source
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import Frame

MAX_SIDE_PX = 960
JPEG_QUALITY = 85
MAX_BODY = 4_000_000  # bytes of a request, thousands of intervals
HOST = '127.0.0.1'


class Spool:
    """A source's frames as JPEGs in a temporary file, so that any of them is at hand."""

    def __init__(self, source: Source) -> None:
        """Read all of it once; raises SourceError where there is no frame."""
        self._file = TemporaryFile()  # noqa: SIM115 (closed by close)
        self._places: list[tuple[int, int]] = []
        self._lock = threading.Lock()
        self.stamps_ns: list[int] = []
        for frame in source:
            data = _jpeg(frame)
            self._places.append((self._file.tell(), len(data)))
            self._file.write(data)
            self.stamps_ns.append(frame.stamp_ns)
        if not self.stamps_ns:
            raise SourceError(f'{source.info.name}: expected frames, found none that decode')

    def jpeg(self, index: int) -> bytes:
        """Return a frame; raises IndexError where there is none of that number."""
        if index < 0:
            raise IndexError(index)
        start, size = self._places[index]
        with self._lock:
            self._file.seek(start)
            return self._file.read(size)

    @property
    def times_s(self) -> list[float]:
        """Seconds of each frame from the first."""
        first_ns = self.stamps_ns[0]
        return [(stamp_ns - first_ns) / NS_PER_S for stamp_ns in self.stamps_ns]

    @property
    def end_s(self) -> float:
        """When the last frame is over, as long as the mean one."""
        times_s = self.times_s
        return times_s[-1] + (times_s[-1] / (len(times_s) - 1) if times_s[-1] else 0.1)

    def close(self) -> None:
        """Remove the file."""
        self._file.close()


def _jpeg(frame: Frame) -> bytes:
    scale = min(MAX_SIDE_PX / max(frame.width, frame.height), 1.0)
    bgr = cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2BGR)
    if scale < 1.0:
        bgr = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(data.tobytes())


@dataclass(frozen=True, slots=True)
class Sheet:
    """A clip's name, frames and the CSV that its labels go to."""

    name: str
    spool: Spool
    csv: Path
    intervals: tuple[Interval, ...] = ()

    def describe(self) -> dict[str, Any]:
        """Return what the page asks for first."""
        return {
            'name': self.name,
            'csv': self.csv.name,
            'labels': list(EMOTIONS),
            'colours': COLOURS,
            'times_s': self.spool.times_s,
            'end_s': self.spool.end_s,
            'intervals': [
                [one.start_ns / NS_PER_S, one.end_ns / NS_PER_S, one.label]
                for one in self.intervals
            ],
        }


def write_csv(path: Path, intervals: Sequence[Interval]) -> None:
    """Write labels as :func:`~fer_ros.evaluation.replay.labels.read_csv` reads them."""
    partial = path.with_name(f'.{path.name}')
    with partial.open('w', encoding='utf-8', newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(COLUMNS)
        for one in intervals:
            writer.writerow(
                (f'{one.start_ns / NS_PER_S:.3f}', f'{one.end_ns / NS_PER_S:.3f}', one.label)
            )
    partial.replace(path)


def intervals_from(body: bytes) -> tuple[Interval, ...]:
    """Return the intervals that a page sent; raises DataError where they are none."""
    try:
        rows = json.loads(body)
        found = [
            Interval(round(start * NS_PER_S), round(end * NS_PER_S), emotion_of(label))
            for start, end, label in rows
        ]
    except DataError:
        raise
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise DataError('labels: expected a list of [start_s, end_s, label], found else') from None
    return disjoint([one for one in found if one.label])


class LabelServer(ThreadingHTTPServer):
    """Serves one clip on loopback; ``serve_forever`` runs it."""

    request_queue_size = 64  # a page asks for many frames at once

    def __init__(self, sheet: Sheet, port: int = 0) -> None:
        """Take a port; 0 takes a free one."""
        self._sheet = sheet
        self._key = secrets.token_hex(8)
        self._lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def describe(self) -> dict[str, Any]:
        """Return what a page asks for first: labels as they are now, for it may be loaded again.

        Its ``key`` keeps the browser from showing frames of another clip that had this port.
        """
        return {**self._sheet.describe(), 'key': self._key}

    def jpeg(self, index: int) -> bytes:
        """Return a frame; raises IndexError where there is none of that number."""
        return self._sheet.spool.jpeg(index)

    @property
    def count(self) -> int:
        """How many frames there are."""
        return len(self._sheet.spool.stamps_ns)

    def save(self, intervals: tuple[Interval, ...]) -> str:
        """Write the labels, one request after the other; return what was done."""
        with self._lock:
            write_csv(self._sheet.csv, intervals)
            self._sheet = replace(self._sheet, intervals=intervals)
        return f'{len(intervals)} intervals saved in {self._sheet.csv.name}'


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: LabelServer
    protocol_version = 'HTTP/1.1'

    def do_GET(self) -> None:
        """Send the page, what is known of the clip, or a frame."""
        if not self._is_ours():
            return
        path = urlsplit(self.path).path
        if path == '/':
            page = files('fer_ros.evaluation.replay').joinpath('label.html')
            self._send(page.read_bytes(), 'text/html; charset=utf-8')
        elif path == '/clip':
            self._send(json.dumps(self.server.describe()).encode(), 'application/json')
        elif path.startswith('/frame/') and path.endswith('.jpg'):
            self._send_frame(path[len('/frame/') : -len('.jpg')])
        else:
            self._refuse(HTTPStatus.NOT_FOUND, 'expected /, /clip or /frame/N.jpg')

    def do_PUT(self) -> None:
        """Write the labels."""
        if not self._is_ours():
            return
        if self.path != '/labels':
            self._refuse(HTTPStatus.NOT_FOUND, 'expected /labels')
            return
        length = self.headers.get('Content-Length', '')
        if not length.isdigit() or int(length) > MAX_BODY:
            self.close_connection = True
            self._refuse(HTTPStatus.BAD_REQUEST, f'expected at most {MAX_BODY} bytes')
            return
        body = self.rfile.read(int(length))
        if self.headers.get('Content-Type') != 'application/json':
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, 'expected application/json')
            return
        try:
            text = self.server.save(intervals_from(body))
        except (DataError, OSError) as error:
            self._refuse(HTTPStatus.BAD_REQUEST, f'not saved: {error}')
            return
        self._send(text.encode(), 'text/plain; charset=utf-8')

    def _is_ours(self) -> bool:
        """Refuse requests that a page of another site made this browser send."""
        host = self.headers.get('Host', '').rpartition(':')[0]
        if host in (HOST, 'localhost'):
            return True
        self.close_connection = True
        self._refuse(HTTPStatus.FORBIDDEN, f'expected the host {HOST}')
        return False

    def _send_frame(self, number: str) -> None:
        try:
            data = self.server.jpeg(int(number))
        except (ValueError, IndexError):
            last = self.server.count - 1
            self._refuse(HTTPStatus.NOT_FOUND, f'expected a frame from 0 to {last}')
            return
        self._send(data, 'image/jpeg')

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        self._send(text.encode(), 'text/plain; charset=utf-8', status)

    def _send(self, data: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(data)))
        self.send_header('Cache-Control', 'no-store' if kind != 'image/jpeg' else 'max-age=3600')
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal belongs to the command."""
