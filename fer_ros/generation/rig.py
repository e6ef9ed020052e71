"""A rig: which actuators a robot's face has, their limits, and how action units move them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from fer_ros.generation.least_squares import BoundedLeastSquares
from fer_ros.types import Float64


class OutputKind(str, Enum):
    """Where the commands of a rig can go."""

    JOINT_TRAJECTORY = 'joint_trajectory'
    FLOAT64_MULTI_ARRAY = 'float64_multi_array'
    JOINT_STATE = 'joint_state'
    FACS = 'facs'
    ARKIT_JSON = 'arkit_json'
    LIVELINK = 'livelink'
    OSC = 'osc'
    WEBSOCKET = 'websocket'


TOPIC_KINDS = frozenset(
    {
        OutputKind.JOINT_TRAJECTORY,
        OutputKind.FLOAT64_MULTI_ARRAY,
        OutputKind.JOINT_STATE,
        OutputKind.FACS,
        OutputKind.ARKIT_JSON,
    }
)


@dataclass(frozen=True, slots=True)
class Output:
    """One place that a rig's commands go to.

    :param topic: for those that are ROS topics.
    :param actuators: which of them, in order.
    :param host, port: for those that are not; loopback unless the user allows more.
    :param subject: what LiveLink calls the face.
    :param style: dialect of OSC, ``vmc`` or ``vrchat``.
    """

    kind: OutputKind
    topic: str = ''
    actuators: tuple[int, ...] = ()
    host: str = '127.0.0.1'
    port: int = 0
    subject: str = 'fer_ros'
    style: str = 'vmc'
    rate_hz: float = 0.0

    @property
    def place(self) -> str:
        """What no two outputs may share."""
        return self.topic or f'{self.host}:{self.port}'


@dataclass(frozen=True, slots=True, eq=False)
class Rig:
    """A robot's face with M actuators.

    :param names, joints: (M,) names of actuators, and what the robot calls them.
    :param low, high, neutral: (M,) in each actuator's own unit.
    :param velocity, acceleration, jerk: (M,) limits, per second, per second^2 and ^3.
    :param weights: (C, M) share of the throw by channel: 1 goes to ``high``, -1 to ``low``.
    :param points: (C, P) how far each channel moves points of the face, in any unit.
    :param moves: (P, M) how far an actuator moves those points, per its own unit.
    :param max_load: largest mean share of the throw of all actuators.
    :param extreme_s: how long an actuator may stay beyond ``extreme_share`` of its throw.
    """

    name: str
    rate_hz: float
    names: tuple[str, ...]
    joints: tuple[str, ...]
    low: Float64
    high: Float64
    neutral: Float64
    velocity: Float64
    acceleration: Float64
    jerk: Float64
    weights: Float64
    points: Float64
    moves: Float64
    max_load: float = 1.0
    extreme_share: float = 0.95
    extreme_s: float = 30.0
    outputs: tuple[Output, ...] = field(default=())


class Mapper:
    """Action units to actuators, by weights and, where a rig has points, by least squares."""

    def __init__(self, rig: Rig) -> None:
        """Prepare the solver."""
        self._up, self._down = rig.high - rig.neutral, rig.neutral - rig.low
        self._weights, self._points = np.ascontiguousarray(rig.weights), rig.points
        self._fitted = np.flatnonzero(np.abs(rig.moves).sum(axis=0) > 0)
        self._solver = (
            BoundedLeastSquares(
                rig.moves[:, self._fitted], -self._down[self._fitted], self._up[self._fitted]
            )
            if self._fitted.size
            else None
        )

    def offsets(self, units: Float64) -> Float64:
        """Return (..., M) ways from neutral, in the rig's own units, for (..., C) channels."""
        share = units @ self._weights
        found: Float64 = np.minimum(np.maximum(share, 0.0), 1.0) * self._up
        found += np.maximum(np.minimum(share, 0.0), -1.0) * self._down
        if self._solver is not None:
            found[..., self._fitted] = self._solver.solve(units @ self._points)
        return found
