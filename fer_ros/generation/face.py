"""A face in motion: goals in action units, layers, safety, and the actuators of its rigs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from fer_ros.errors import ConfigError, DataError
from fer_ros.generation.layers import Blink, Breath, Gaze, LayerConfig, Speech
from fer_ros.generation.library import Library
from fer_ros.generation.motion import PLAIN, MinJerk
from fer_ros.generation.rig import Rig
from fer_ros.generation.rig_file import refuse_shared_places
from fer_ros.generation.safety import Conflicts, Guard, Interventions, Stop
from fer_ros.generation.units import CHANNELS, as_pose
from fer_ros.types import ActuatorCommand, AuPose, Float64

NS_PER_S = 1_000_000_000
BASE, RESPONSE = 0, 1


class Face:
    """One face, or many at once, on one or more rigs.

    A tick is one period: a late tick makes a motion slower, never faster than its limits.
    """

    def __init__(
        self,
        library: Library,
        rigs: Sequence[Rig],
        *,
        rate_hz: float | None = None,
        layers: LayerConfig | None = None,
        seed: int = 0,
        faces: tuple[int, ...] = (),
        ahead_s: float = 0.0,
    ) -> None:
        """Rest at neutral.

        :param rate_hz: ticks a second; the fastest rig's own without it.
        :param seed: of blinks and saccades.
        :param faces: () for one face; (N,) for N that differ in what they are asked for.
        :param ahead_s: how far it may be moved ahead of what is sent, and taken back.
        :raises ConfigError: two rigs send to one place.
        """
        if not rigs:
            raise ConfigError('rig: expected at least one rig, found none')
        refuse_shared_places(rigs)
        self.rate_hz = rate_hz or max(rig.rate_hz for rig in rigs)
        self.period_s = 1.0 / self.rate_hz
        self.interventions = Interventions()
        self.now_s = 0.0
        self.ticks = 0
        self._library = library
        config, random = layers or LayerConfig(), np.random.default_rng(seed)
        self._motion = MinJerk((*faces, 2), len(CHANNELS))
        self._blink = Blink(faces, config, random)
        self._gaze = Gaze(faces, config, random)
        self._breath = Breath(library.breathing, config)
        self._speech = Speech(faces, library.speech_share, library.visemes, config)
        self._conflicts = Conflicts(library.conflicts, self.interventions)
        self.ahead = max(round(ahead_s * self.rate_hz), 1)  # in ticks
        self.guards = tuple(
            Guard(rig, self.interventions, self.period_s, faces, self.ahead) for rig in rigs
        )
        self.units: Float64 = np.zeros((*faces, len(CHANNELS)))

    @property
    def stopped(self) -> Stop | None:
        """The emergency stop in force."""
        return self.guards[0].stop

    def aim(
        self,
        units: Float64,
        duration_s: float,
        *,
        layer: int = RESPONSE,
        face: tuple[int, ...] = (),
        bumps: Float64 = PLAIN,
    ) -> None:
        """Give a layer of a face a new goal in (C,) units, from wherever it is.

        :raises DataError: a unit is no number, or the time is not above 0.
        """
        if not np.isfinite(units).all() or not 0.0 < duration_s < math.inf:
            raise DataError(
                f'goal: expected numbers, and a time above 0, found {units} in {duration_s} s'
            )
        self._motion.aim(units, duration_s, self.now_s, (*face, layer), bumps)

    def look(self, yaw_rad: float, pitch_rad: float, face: tuple[int, ...] = ()) -> None:
        """Look at a direction: to the face's own left and down are positive.

        :raises DataError: it is no number.
        """
        if not (math.isfinite(yaw_rad) and math.isfinite(pitch_rad)):
            raise DataError(f'gaze: expected two angles, found {yaw_rad} and {pitch_rad}')
        self._gaze.look(yaw_rad, pitch_rad, face)

    def say(self, viseme: str, weight: float, face: tuple[int, ...] = ()) -> None:
        """Let speech own the mouth for a moment; see :class:`Speech`."""
        self._speech.say(viseme, weight, self.now_s, face)

    def stop(self, how: Stop | None) -> None:
        """Stop every actuator, or let go again."""
        if how is not None and how is not self.stopped:
            self.interventions.counts[f'estop {how.value}'] += 1
        for guard in self.guards:
            guard.stop = how

    def step(self) -> None:
        """Move one period on."""
        self.advance(1)

    def advance(self, ticks: int) -> tuple[Float64, tuple[Float64, ...]]:
        """Move some periods on, at most as many as can be taken back.

        :return: (ticks, ..., C) units, and (ticks, ..., M) positions of each rig.
        """
        times_s: Float64 = np.arange(self.ticks + 1.0, self.ticks + 1.0 + ticks) * self.period_s
        layers = self._motion.position(times_s)
        units = np.maximum(layers[..., BASE, :], layers[..., RESPONSE, :])
        self._breath.apply(units, times_s)
        self._speech.apply(units, times_s)
        self._gaze.apply(units, times_s)
        self._blink.apply(units, times_s)
        np.minimum(np.maximum(units, 0.0, out=units), 1.0, out=units)
        self._conflicts.resolve(units)
        positions = tuple(guard.steps(units) for guard in self.guards)
        self.ticks += ticks
        self.now_s = self.ticks * self.period_s
        self.units = units[-1]
        return units, positions

    def take_back(self, ticks: int) -> None:
        """Go on from some ticks ago, because what came after was not sent.

        A goal or a layer that has changed since then keeps its change; the limits hold.
        """
        self.ticks -= ticks
        self.now_s = self.ticks * self.period_s
        for guard in self.guards:
            guard.take_back(ticks)

    def pose(self, stamp_ns: int) -> AuPose:
        """Return what the units are, before the limits of any rig; of a single face."""
        return as_pose(self.units, stamp_ns)

    def command(self, guard: Guard, stamp_ns: int) -> ActuatorCommand:
        """Return where the actuators of a rig shall be one period after the stamp."""
        return ActuatorCommand(
            stamp_ns=stamp_ns,
            rig=guard.rig.name,
            names=guard.rig.names,
            targets=guard.position,
            duration_ns=round(self.period_s * NS_PER_S),
        )

    def is_still(self) -> bool:
        """Tell whether a frozen face has come to rest."""
        return all(
            np.ptp(guard.limiter.window, axis=0).max(initial=0.0) == 0.0 for guard in self.guards
        )
