"""What the robot's own face is to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fer_ros.errors import DataError
from fer_ros.types.arrays import Float64, require_array, require_range


@dataclass(frozen=True, slots=True, eq=False)
class AuPose:
    """Where a face's own action units are at a time.

    :param left, right: intensity 0..1 by FACS code on the subject's own side; the same number
        twice for a unit without sides.
    """

    stamp_ns: int
    left: Mapping[int, float]
    right: Mapping[int, float]

    def __post_init__(self) -> None:
        """Check codes and ranges."""
        if self.left.keys() != self.right.keys():
            raise DataError(
                'AuPose: expected the same codes on both sides, found '
                f'{sorted(self.left.keys() ^ self.right.keys())} on one side only'
            )
        for side, values in (('left', self.left), ('right', self.right)):
            for code, value in values.items():
                require_range('AuPose', f'{side}[{code}]', value, 0.0, 1.0)

    def intensity(self, code: int) -> float:
        """Return the stronger of a unit's two sides, 0 where it is not moved."""
        return max(self.left.get(code, 0.0), self.right.get(code, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class ActuatorCommand:
    """Where a rig's actuators shall be.

    :param names: one per actuator.
    :param targets: (M,) float64 in each actuator's own unit.
    :param duration_ns: when they shall be there, after the stamp.
    """

    stamp_ns: int
    rig: str
    names: tuple[str, ...]
    targets: Float64
    duration_ns: int

    def __post_init__(self) -> None:
        """Check the targets."""
        require_array('ActuatorCommand', 'targets', self.targets, (len(self.names),), np.float64)
        if not np.isfinite(self.targets).all():
            raise DataError('ActuatorCommand.targets: expected finite numbers, found NaN')
