from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from fer_ros.errors import ConfigError, DataError
from fer_ros.evaluation.run import RunFiles
from fer_ros.rosless import typestore
from fer_ros.sources.bag_reader import open_bag


def begun(folder: Path) -> RunFiles:
    """A run that has heard a megabyte, which is a whole chunk, and a message after it."""
    files = RunFiles(folder, typestore(), source='clip.mp4', fps=30.0)
    text = b'\0\1\0\0' + (1_200_000).to_bytes(4, 'little') + b'x' * 1_199_999 + b'\0'
    for stamp_ns in (1, 2):
        files.message('/told', 'std_msgs/msg/String', text, stamp_ns)
    return files


def test_a_full_disk_is_told_and_takes_nothing_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = begun(tmp_path)

    def refuse() -> None:
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(files._bag._writer, 'close', refuse)
    with pytest.raises(DataError, match='room for the results, found: No space left on device'):
        files.finish()
    assert json.loads((tmp_path / 'summary.json').read_text(encoding='utf-8'))['frames'] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'report.html', 'results.part.mcap', 'summary.json',
    ]  # fmt: skip
    bag = open_bag(tmp_path / 'results.part.mcap')
    assert bag.topics['/told'].count >= 1
    bag.close()


def test_a_folder_that_opencv_can_not_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='expected a name in UTF-8'):
        RunFiles(tmp_path / 'run\udcfe', typestore(), source='clip.mp4', fps=30.0)
