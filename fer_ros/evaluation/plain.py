"""Reports as plain values that JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np


def to_plain(value: Any, digits: int | None = 6) -> Any:
    """Return dictionaries, lists, numbers and text; NaN and infinity, which JSON lacks, are None.

    Dataclasses become dictionaries by the names of their fields, keys become text.

    :param digits: of fractions; None keeps them all.
    """
    if isinstance(value, Enum):
        return to_plain(value.value, digits)
    if is_dataclass(value):
        return {one.name: to_plain(getattr(value, one.name), digits) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(one, digits) for key, one in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return to_plain(value.tolist(), digits)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [to_plain(one, digits) for one in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return value if digits is None else round(value, digits)
    return value
