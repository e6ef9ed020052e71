"""Results as a table: a row for each face in each frame, for spreadsheets and data frames."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from fer_ros.evaluation.results import FaceRow, FrameRow
from fer_ros.recognition.au_filters import CODES as FACS_CODES
from fer_ros.recognition.au_filters import OBLIQUE
from fer_ros.taxonomy import EMOTIONS

CODES = (*FACS_CODES, OBLIQUE)  # that perception may publish
TEXTS = ('face_id', 'expression', 'phase', 'abstained', 'label')
WHOLE = ('stamp_ns', 'quality_flags')
COLUMNS = (
    'stamp_ns', 'time_s', 'face_id', 'xmin', 'ymin', 'xmax', 'ymax', 'expression', 'confidence',
    'abstained', 'intensity', 'phase', 'valence', 'arousal',
    *(f'p_{name}' for name in EMOTIONS),
    *(f'au_{code}' for code in CODES),
    'head_yaw_rad', 'head_pitch_rad', 'head_roll_rad', 'quality', 'quality_flags', 'latency_ms',
    'label',
)  # fmt: skip


class Table:
    """Writes ``results.csv``; a frame without a face is a row without a face."""

    def __init__(self, path: Path, *, resume_at: int = 0) -> None:
        """Begin a file, or go on where an earlier run had come to.

        :param resume_at: bytes of an older file to keep; 0 begins anew.
        """
        self._file = path.open('r+' if resume_at else 'w', encoding='utf-8', newline='')
        self._file.seek(resume_at)
        self._file.truncate()
        self._writer = csv.writer(self._file, lineterminator='\n')
        if not resume_at:
            self._writer.writerow(COLUMNS)

    def add(self, row: FrameRow, first_ns: int, label: str) -> None:
        """Write a frame's faces.

        :param label: what the frame is labelled with, or ''.
        """
        start = row.stamp_ns, _short((row.stamp_ns - first_ns) / 1e9)
        for face in row.faces:
            self._writer.writerow((*start, *_cells(face), _short(row.latency_ms), label))
        if not row.faces:
            blank = [''] * (len(COLUMNS) - 4)
            self._writer.writerow((*start, *blank, _short(row.latency_ms), label))

    def flush(self) -> int:
        """Write what is pending; return how many bytes there are."""
        self._file.flush()
        return self._file.tell()

    def close(self) -> None:
        """End the file."""
        self._file.close()


def _cells(face: FaceRow) -> Iterator[str | int]:
    yield face.face_id
    yield from map(_short, face.roi)
    yield face.expression
    yield _short(face.confidence)
    yield face.abstained
    yield _short(face.intensity)
    yield face.phase.name.lower()
    yield _short(face.valence)
    yield _short(face.arousal)
    shares = dict(zip(face.labels, face.probabilities))
    yield from (_short(shares[name]) if name in shares else '' for name in EMOTIONS)
    units = face.action_units
    yield from (_short(units[code][0]) if code in units else '' for code in CODES)
    yield from map(_short, face.head_rad)
    yield _short(face.quality)
    yield face.quality_flags


def _short(value: float) -> str:
    """Return a number with every digit that a float32 has; '' for NaN."""
    return f'{value:.9g}' if value == value else ''


def to_parquet(table: Path, parquet: Path) -> bool:
    """Write a CSV of :class:`Table` as Parquet; return whether pyarrow is there to do so."""
    pyarrow = _pyarrow()
    if pyarrow is None:
        return False
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet as arrow_parquet

    kinds = {
        name: pyarrow.string()
        if name in TEXTS
        else pyarrow.int64()
        if name in WHOLE
        else pyarrow.float64()
        for name in COLUMNS
    }
    options = arrow_csv.ConvertOptions(
        column_types=kinds, null_values=[''], strings_can_be_null=True
    )
    with (
        arrow_csv.open_csv(table, convert_options=options) as reader,
        arrow_parquet.ParquetWriter(parquet, reader.schema) as writer,
    ):
        for batch in reader:
            writer.write_batch(batch)
    return True


def _pyarrow() -> ModuleType | None:
    try:
        import pyarrow
    except ImportError:
        return None
    found: ModuleType = pyarrow
    return found
