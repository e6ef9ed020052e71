"""Keeps crops of faces that the recogniser is not sure of, where the user asks for it.

They are pictures of people: off by default, kept on this machine only, in a folder that its owner
alone can read, never more than a set number. ``fer-ros train adapt`` learns from them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2

from fer_ros.alignment import align
from fer_ros.errors import ConfigError
from fer_ros.types import FaceState, Frame

CROP_PX = 96
SURE = 0.5  # confidence from which a face teaches nothing
INTERVAL_NS = 1_000_000_000  # of one face
_NAME = re.compile(r'\d{20}-[a-z0-9]+\.png')


class UncertainRecorder:
    """A bounded folder of crops, each with a JSON file of what was thought of it."""

    def __init__(self, folder: Path, limit: int) -> None:
        """Make the folder.

        :param limit: crops to keep; the oldest go first.
        :raises ConfigError: it can not be written.
        """
        self._folder = folder.expanduser()
        self._limit = limit
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe = self._folder / '.probe'
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise ConfigError(
                f'record_uncertain_dir: expected a folder that can be written, found '
                f'{self._folder}: {error.strerror}; choose another or leave it empty'
            ) from None
        self._kept = sorted(path for path in self._folder.iterdir() if _NAME.fullmatch(path.name))
        self._last_ns: dict[str, int] = {}

    def offer(self, frame: Frame, state: FaceState) -> bool:
        """Keep a face's crop if its answer is uncertain; return whether it was kept.

        :raises OSError: the disk is full or gone.
        """
        face, expression = state.face, state.expression
        if not state.abstained and expression.confidence >= SURE:
            return False
        last_ns = self._last_ns.get(face.face_id)
        if last_ns is not None and 0 <= face.stamp_ns - last_ns < INTERVAL_NS:
            return False
        self._last_ns[face.face_id] = face.stamp_ns
        path = self._folder / f'{face.stamp_ns:020d}-{face.face_id}.png'
        crop = align(frame, face, CROP_PX).pixels
        told = {
            'label': None,  # for whoever looks at it: one of labels
            'labels': list(expression.labels),
            'probabilities': [round(float(value), 4) for value in expression.probabilities],
            'confidence': round(expression.confidence, 4),
            'abstained': state.abstained,
            'quality': round(face.quality.score, 4),
            'quality_flags': list(face.quality.flags.names()),
            'models': list(expression.model_ids),
        }
        _, data = cv2.imencode('.png', cv2.cvtColor(crop, cv2.COLOR_RGB2BGR))
        path.with_suffix('.json').write_text(json.dumps(told, indent=1) + '\n', encoding='utf-8')
        path.write_bytes(data.tobytes())
        self._kept.append(path)
        self._drop_oldest()
        return True

    def forget(self, face_ids: tuple[str, ...]) -> None:
        """Drop the times of faces that left."""
        for face_id in face_ids:
            self._last_ns.pop(face_id, None)

    def _drop_oldest(self) -> None:
        """Delete what is beyond the limit."""
        while len(self._kept) > self._limit:
            oldest = self._kept.pop(0)
            for path in (oldest, oldest.with_suffix('.json')):
                path.unlink(missing_ok=True)
