"""How much of what the detector can look at is looked at in one frame."""

from __future__ import annotations

from enum import IntEnum


class Look(IntEnum):
    """How much of a frame the detector looks at."""

    NONE = 0
    NEXT = 1  # the whole, and larger the next of the places where far faces may be
    ALL = 2  # the whole and all of these
