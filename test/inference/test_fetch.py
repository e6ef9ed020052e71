"""Downloads from a server of this machine."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from made_manifest import write

from fer_ros.cli.main import main
from fer_ros.errors import ModelError
from fer_ros.inference.fetch import fetch
from fer_ros.inference.manifest import Manifest, load_manifest

CONTENT = bytes(range(256)) * 4000
CUT = 300_000


class Server(ThreadingHTTPServer):
    """Serves one file; says what was asked of it.

    :param cut: the first answer ends after so many bytes.
    :param ranges: whether it can begin in the middle.
    """

    cut: int | None = None
    ranges = True

    def __init__(self) -> None:
        self.asked: list[str | None] = []
        super().__init__(('127.0.0.1', 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers['Range']
        self.server.asked.append(wanted)
        if self.path != '/model.onnx':
            self.send_error(404)
            return
        start = int(wanted.split('=')[1].rstrip('-')) if wanted and self.server.ranges else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        cut, self.server.cut = self.server.cut, None
        self.wfile.write(body[:cut])

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def manifest_for(folder: Path, url: str | None, content: bytes = CONTENT) -> Manifest:
    sha256 = hashlib.sha256(content).hexdigest()
    path = write(folder, {'url': url, 'sha256': sha256, 'file': 'fetched.onnx'})
    return load_manifest(path)


def url_of(server: Server, path: str = 'model.onnx') -> str:
    return f'http://127.0.0.1:{server.server_port}/{path}'


def refused(manifest: Manifest) -> str:
    with pytest.raises(ModelError) as caught:
        fetch(manifest)
    assert len(str(caught.value).splitlines()) == 1
    assert not manifest.file.exists()
    return str(caught.value)


def test_fetches_once_and_tells_how_far_it_is(server: Server, tmp_path: Path) -> None:
    manifest = manifest_for(tmp_path, url_of(server))
    told: list[tuple[int, int | None]] = []
    assert fetch(manifest, lambda done, total: told.append((done, total)))
    assert manifest.file.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert not fetch(manifest)
    assert server.asked == [None]
    assert not list(tmp_path.glob('*.part'))


def test_goes_on_where_it_was_cut_off(server: Server, tmp_path: Path) -> None:
    server.cut = CUT
    manifest = manifest_for(tmp_path, url_of(server))
    text = refused(manifest)
    assert f'the connection ended after {CUT} of {len(CONTENT)} bytes; try again' in text
    assert fetch(manifest)
    assert manifest.file.read_bytes() == CONTENT
    assert server.asked == [None, f'bytes={CUT}-']


def test_begins_anew_where_the_server_can_not_go_on(server: Server, tmp_path: Path) -> None:
    server.cut, server.ranges = CUT, False
    manifest = manifest_for(tmp_path, url_of(server))
    refused(manifest)
    assert fetch(manifest)
    assert manifest.file.read_bytes() == CONTENT


def test_a_part_that_is_too_long_is_thrown_away(server: Server, tmp_path: Path) -> None:
    manifest = manifest_for(tmp_path, url_of(server))
    part = tmp_path / f'fetched.onnx.{manifest.sha256[:8]}.part'
    part.write_bytes(b'x' * (len(CONTENT) + 5))
    assert fetch(manifest)
    assert manifest.file.read_bytes() == CONTENT


def test_another_file_is_not_kept(server: Server, tmp_path: Path) -> None:
    manifest = manifest_for(tmp_path, url_of(server), b'what the manifest means')
    assert 'holds another file: expected sha256' in refused(manifest)
    assert not list(tmp_path.glob('*.part'))


def test_a_corrupt_file_is_fetched_again(server: Server, tmp_path: Path) -> None:
    manifest = manifest_for(tmp_path, url_of(server))
    manifest.file.write_bytes(b'spoilt')
    assert fetch(manifest)
    assert manifest.file.read_bytes() == CONTENT


def test_without_a_network_it_says_what_to_do(server: Server, tmp_path: Path) -> None:
    url = url_of(server)
    server.shutdown()
    server.server_close()
    text = refused(manifest_for(tmp_path, url))
    assert f'could not be fetched from {url}: no connection (' in text
    assert text.endswith(f'or copy the file to {tmp_path / "fetched.onnx"}')


def test_what_is_not_there_is_told(server: Server, tmp_path: Path) -> None:
    text = refused(manifest_for(tmp_path, url_of(server, 'gone.onnx')))
    assert 'the server answered 404' in text


@pytest.mark.parametrize('url', [None, 'file:///etc/passwd', 'ftp://host/model.onnx'])
def test_only_http(url: str | None, tmp_path: Path) -> None:
    assert 'expected a url' in refused(manifest_for(tmp_path, url))


def test_the_command(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest_for(tmp_path, url_of(server))
    for fetched in (True, False):
        assert main(['models', 'fetch', str(tmp_path / 'mine.yaml'), '--json']) == 0
        (row,) = json.loads(capsys.readouterr().out)
        assert row == {
            'id': 'mine', 'file': str(tmp_path / 'fetched.onnx'), 'fetched': fetched,
        }  # fmt: skip
