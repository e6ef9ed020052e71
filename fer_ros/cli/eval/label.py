"""``fer-ros eval label``: label a recording by hand, in a browser on this machine."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.status import Status

from fer_ros.cli import common
from fer_ros.errors import ConfigError
from fer_ros.evaluation.replay.label_page import HOST, LabelServer, Sheet, Spool
from fer_ros.evaluation.replay.labels import read_to_edit
from fer_ros.sources import open_source


def main(words: Sequence[str]) -> int:
    """Serve the page until interrupted."""
    parser = common.parser(
        'eval label',
        'Open a page on this machine to label intervals by hand: space plays, arrows step, number '
        'keys label. Writes the CSV that eval replay --labels reads.',
    )
    parser.add_argument('source', help='bag, video or folder of images')
    parser.add_argument('--topic', default='', help='image topic of a bag')
    parser.add_argument('--fps', type=float, default=10.0, help='rate of a folder of images')
    parser.add_argument('--out', type=Path, help='the CSV; default: called like the source, here')
    parser.add_argument('--port', type=int, default=0, help='of the page; default: a free one')
    parser.add_argument('--no-browser', action='store_true', help='print the address only')
    options = parser.parse_args(words)
    path: Path = options.out or Path(f'{Path(options.source).stem}.csv')
    common.require_folder(path.absolute().parent)
    labels = read_to_edit(path)
    with (
        open_source(options.source, topic=options.topic, fps=options.fps) as source,
        Status('reading frames', console=Console(stderr=True)),
    ):
        spool = Spool(source)
    intervals = labels.since(spool.stamps_ns[0]).intervals
    sheet = Sheet(Path(options.source).name, spool, path, intervals)
    try:
        serving = LabelServer(sheet, options.port)
    except (OSError, OverflowError) as error:
        raise ConfigError(f'port: expected a free one, found {options.port}: {error}') from None
    address = f'http://{HOST}:{serving.server_address[1]}/'
    print(f'{address}  labels go to {path}; Ctrl-C ends', flush=True)
    if not options.no_browser and not webbrowser.open(address):
        print('fer-ros eval: no browser found; open the address by hand', file=sys.stderr)
    try:
        serving.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        serving.server_close()
        spool.close()
    return 0
