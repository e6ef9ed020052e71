"""Names for faces: a letter first, five characters, none twice in a run (REP-155)."""

from __future__ import annotations

import hashlib
import string

_LETTERS = string.ascii_lowercase
_SYMBOLS = _LETTERS + string.digits
IDS = len(_LETTERS) * len(_SYMBOLS) ** 4
STRIDE = 27_644_437  # prime and no divisor of IDS: walks through every id before one comes back


class FaceIds:
    """Hands out ids: the same for the same frames, so that a replayed bag has the same faces.

    They begin at a place that depends on the stamp of the first face, so that two runs rarely
    share ids.
    """

    def __init__(self) -> None:
        """Hand out none yet."""
        self._seed: int | None = None
        self.count = 0

    def next(self, stamp_ns: int) -> str:
        """Return an id that was not handed out before."""
        if self._seed is None:
            digest = hashlib.blake2s(str(stamp_ns).encode()).digest()
            self._seed = int.from_bytes(digest[:8], 'big')
        number = (self._seed + self.count * STRIDE) % IDS
        self.count += 1
        number, symbol = divmod(number, len(_LETTERS))
        letters = _LETTERS[symbol]
        for _ in range(4):
            number, symbol = divmod(number, len(_SYMBOLS))
            letters += _SYMBOLS[symbol]
        return letters
