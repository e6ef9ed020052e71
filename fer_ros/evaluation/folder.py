"""Where the real faces lie that figures are measured on; none are shipped."""

from __future__ import annotations

import os
from pathlib import Path

from fer_ros.config import share_dir
from fer_ros.errors import DataError

DATA_VARIABLE = 'FER_ROS_DATA'


def data_folder(folder: Path | None = None) -> Path:
    """Return the folder given, else the one of ``$FER_ROS_DATA``, else ``../shared/data``.

    :raises DataError: it is not there; says what to pass.
    """
    named = os.environ.get(DATA_VARIABLE)
    folder = folder or (Path(named) if named else share_dir().parent / 'shared' / 'data')
    if not folder.is_dir():
        raise DataError(
            f'data: expected a folder of photos and clips at {folder}, found none; name one by '
            f'the option --data or by ${DATA_VARIABLE}'
        )
    return folder
