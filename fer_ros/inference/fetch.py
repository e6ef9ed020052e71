"""Downloads the file of a manifest: resumed where it was cut off, kept only if it is the one."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fer_ros.errors import FerError, ModelError
from fer_ros.inference.cache import locked
from fer_ros.inference.manifest import Manifest
from fer_ros.inference.store import verify

_BLOCK = 2**18
_TIMEOUT_S = 30.0
_PARTIAL, _BAD_RANGE = 206, 416
Progress = Callable[[int, int | None], None]


def fetch(manifest: Manifest, progress: Progress | None = None) -> bool:
    """Make sure that a model's file is there and is the one that its manifest describes.

    :param progress: is told how many bytes there are, and of how many, where that is known.
    :return: whether it had to be downloaded.
    :raises ModelError: no url, no network, or another file at the other end.
    """
    if _is_whole(manifest):  # its folder may be one that can not be written
        return False
    with locked(_partial(manifest).with_suffix('.lock')):
        if _is_whole(manifest):
            return False
        if manifest.url is None:
            raise ModelError(
                f"model '{manifest.id}': expected a url in its manifest, found none; copy its "
                f'file to {manifest.file}'
            )
        if not manifest.url.startswith(('https://', 'http://')):
            raise ModelError(
                f"model '{manifest.id}': expected a url of http or https, found {manifest.url}"
            )
        try:
            _download(manifest.url, _partial(manifest), progress)
        except (OSError, ValueError) as error:  # URLError, a timeout and a full disk are OSErrors
            raise ModelError(_explain(manifest, error)) from None
        _take(manifest)
    return True


def _download(url: str, path: Path, progress: Progress | None) -> None:
    """Download to a file, from where it ends on if the server can do that."""
    have = path.stat().st_size if path.is_file() else 0
    headers = {'User-Agent': 'fer_ros', **({'Range': f'bytes={have}-'} if have else {})}
    request = urllib.request.Request(url, headers=headers)
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code == _BAD_RANGE and have:
            path.unlink()  # more than there is: of another file
            _download(url, path, progress)
            return
        raise
    with answer, path.open('ab' if answer.status == _PARTIAL else 'wb') as file:
        done = have if answer.status == _PARTIAL else 0
        total = done + int(answer.headers['Content-Length'] or 0) or None
        while block := answer.read(_BLOCK):
            file.write(block)
            done += len(block)
            if progress is not None:
                progress(done, total)
        if total is not None and done < total:
            raise OSError(f'the connection ended after {done} of {total} bytes')


def _take(manifest: Manifest) -> None:
    """Give the file its name if it is the one; delete it if it is not."""
    path = _partial(manifest)
    with path.open('rb') as file:
        found = hashlib.sha256()
        while block := file.read(_BLOCK):
            found.update(block)
    if found.hexdigest() != manifest.sha256:
        path.unlink()
        raise ModelError(
            f"model '{manifest.id}': {manifest.url} holds another file: expected sha256 "
            f'{manifest.sha256[:12]}…, found {found.hexdigest()[:12]}…; correct the manifest'
        )
    path.replace(manifest.file)


def _is_whole(manifest: Manifest) -> bool:
    try:
        verify(manifest)
    except FerError:
        return False
    return True


def _partial(manifest: Manifest) -> Path:
    """Return where a download is kept until it is whole; the sum tells versions apart."""
    return manifest.file.with_name(f'{manifest.file.name}.{manifest.sha256[:8]}.part')


def _explain(manifest: Manifest, error: Any) -> str:
    """Say what went wrong and what to do without a network."""
    if isinstance(error, urllib.error.HTTPError):
        what = f'the server answered {error.code} {error.reason}'
    elif isinstance(error, urllib.error.URLError):
        what = f'no connection ({error.reason})'
    else:
        what = str(error) or type(error).__name__
    return (
        f"model '{manifest.id}': could not be fetched from {manifest.url}: {what}; try again, it "
        f'goes on where it was, or copy the file to {manifest.file}'
    )
