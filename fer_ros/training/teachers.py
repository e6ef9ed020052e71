"""Teachers that see what the student sees.

A model has seen its own training faces so often that it repeats their votes. Of a face that is
turned, darkened and blended with another it has to make up its mind: what it says there tells more
of what it knows (Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and
consistent").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.errors import ConfigError
from fer_ros.inference.engine import Engine
from fer_ros.recognition.static import softmax
from fer_ros.training.settings import StaticSettings
from fer_ros.types import Float32


class Teachers:
    """Answers for a student's images; every second teacher sees them mirrored."""

    def __init__(self, engines: Sequence[Engine], settings: StaticSettings) -> None:
        """Take nets that read crops of the student's size in grey.

        :raises ConfigError: one reads something else.
        """
        wanted = (1, settings.size_px, settings.size_px)
        for engine in engines:
            spec = engine.manifest.input
            found = (spec.colour.channels, spec.height, spec.width)
            if found != wanted:
                raise ConfigError(
                    f'distil.teachers: expected nets that read {wanted}, found '
                    f"'{engine.manifest.id}' with {found}; leave it out or set seen_share to 0"
                )
        self._engines = tuple(engines)
        self._mean, self._std = settings.mean, settings.std

    def answers(self, images: Float32) -> Float32:
        """Return the teachers' mean distributions (N, 8) of images (N, 1, S, S), normalised."""
        pixels = images * self._std + self._mean
        answers: list[Float32] = []
        for index, engine in enumerate(self._engines):
            spec = engine.manifest.input
            seen = pixels[..., ::-1] if index % 2 else pixels
            batch = np.ascontiguousarray((seen - spec.mean[0]) / spec.std[0], np.float32)
            answers.append(softmax(engine.run(batch)[0]))
        mean: Float32 = np.mean(answers, axis=0, dtype=np.float32)
        return mean
