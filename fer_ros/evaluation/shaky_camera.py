"""What a robot's camera does to an aligned face in the course of a clip."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fer_ros.types import Float64, UInt8

NS_PER_S = 1_000_000_000
RATES_HZ = (10.0, 15.0, 25.0, 30.0)
_JITTER_S = 0.004  # of the stamps


@dataclass(frozen=True, slots=True, eq=False)
class Disturbance:
    """What happens to a face, frame by frame; all arrays (T,) unless said.

    :param moves: (T, 4): dx and dy in shares of the side, turn in radians, log of the size.
    :param gain: of the brightness.
    :param noise: deviation of the sensor's noise, of 255.
    :param blur: length of the motion in pixels, 0 none.
    :param lids: how far the lids are closed, 0 .. 1.
    :param cover: (T, 4): x, y, width and height in shares of the side of what is in front; a
        width of 0 is nothing.
    :param coarse: pixels across that are left of the face.
    :param shade: grey of what is in front.
    """

    moves: Float64
    gain: Float64
    noise: float
    blur: Float64
    lids: Float64
    cover: Float64
    coarse: int
    shade: int

    def quality(self, rng: np.random.Generator) -> Float64:
        """Return about what the quality room says of such frames, (T,) 0 .. 1."""
        score = np.full(len(self.gain), 1.0 if self.coarse >= 40 else 0.7)
        score *= np.where(self.blur > 0, 0.55, 1.0) * np.where(self.cover[:, 2] > 0, 0.4, 1.0)
        return np.clip(score * rng.uniform(0.85, 1.0, len(score)), 0.0, 1.0)


def draw_stamps(length_s: float, rng: np.random.Generator) -> list[int]:
    """Draw when frames come: a rate of its own a clip, uneven stamps, and now and then a gap."""
    rate = float(rng.choice(RATES_HZ))
    times = np.arange(0.0, length_s, 1.0 / rate)
    times = times + rng.uniform(-_JITTER_S, _JITTER_S, len(times))
    times[0] = max(times[0], 0.0)
    kept = rng.random(len(times)) > 0.03  # frames that were dropped
    if rng.random() < 0.25:
        start = rng.uniform(0.0, length_s)
        kept &= (times < start) | (times > start + rng.uniform(0.1, 0.6))
    kept[0] = True
    return [round(time * NS_PER_S) for time in np.unique(np.maximum(times[kept], 0.0)).tolist()]


def draw_disturbance(times_s: Float64, rng: np.random.Generator) -> Disturbance:
    """Draw one clip's camera, light and mishaps."""
    count = len(times_s)
    return Disturbance(
        moves=_moves(count, rng),
        gain=1.0 + rng.uniform(0.0, 0.03) * rng.standard_normal(count),
        noise=float(rng.uniform(1.0, 8.0)),
        blur=rng.uniform(2.0, 5.0) * _bursts(times_s, 0.3, (0.1, 0.4), rng),
        lids=_blinks(times_s, rng),
        cover=_covers(times_s, rng),
        coarse=int(rng.choice((20, 30, 48, 48, 48))),
        shade=int(rng.integers(0, 256)),
    )


def photograph(face: UInt8, how: Disturbance, index: int, rng: np.random.Generator) -> UInt8:
    """Return one frame's crop, (S, S) uint8."""
    side = face.shape[0]
    dx, dy, turn, grow = how.moves[index].tolist()
    matrix = cv2.getRotationMatrix2D(
        ((side - 1) / 2, (side - 1) / 2), np.degrees(turn), np.exp(grow)
    )
    matrix[:, 2] += (dx * side, dy * side)
    shot = cv2.warpAffine(
        face, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    x, y, width, height = how.cover[index].tolist()
    if width > 0:
        centre, axes = (round(x * side), round(y * side)), (int(width * side), int(height * side))
        cv2.ellipse(shot, centre, axes, 0, 0, 360, how.shade, -1)
    if how.blur[index] > 0:
        length = round(how.blur[index])
        shot = cv2.blur(shot, (length, 1))
    if how.coarse < side:
        small = cv2.resize(shot, (how.coarse, how.coarse), interpolation=cv2.INTER_AREA)
        shot = cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)
    noisy = shot * how.gain[index] + rng.normal(0.0, how.noise, shot.shape)
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def _moves(count: int, rng: np.random.Generator) -> Float64:
    """Return jitter of the landmarks on top of a slow drift."""
    scale = np.array([0.012, 0.012, 0.015, 0.012]) * rng.uniform(0.1, 1.0)
    jitter = rng.standard_normal((count, 4)) * scale
    drift = np.cumsum(rng.standard_normal((count, 4)), axis=0) / np.sqrt(count)
    return np.asarray(jitter + drift * np.array([0.015, 0.015, 0.04, 0.02]), np.float64)


def _bursts(
    times_s: Float64, share: float, lasting_s: tuple[float, float], rng: np.random.Generator
) -> Float64:
    """Return 1 during one stretch of time, in this share of the clips, and 0 elsewhere."""
    if rng.random() >= share:
        return np.zeros(len(times_s))
    start = rng.uniform(0.0, times_s[-1] + 0.01)
    during = (times_s >= start) & (times_s < start + rng.uniform(*lasting_s))
    return np.asarray(during, np.float64)


def _blinks(times_s: Float64, rng: np.random.Generator) -> Float64:
    """Return how far the lids are closed: a blink of 0.15 to 0.3 s every few seconds."""
    lids = np.zeros(len(times_s))
    start = rng.exponential(3.0)
    while start < times_s[-1]:
        half = rng.uniform(0.075, 0.15)
        lids = np.maximum(lids, 1.0 - np.abs(times_s - start - half) / half)
        start += 2 * half + rng.exponential(3.0)
    return np.clip(lids, 0.0, 1.0)


def _covers(times_s: Float64, rng: np.random.Generator) -> Float64:
    """Return something that passes before the face: a hand, a cup."""
    during = _bursts(times_s, 0.25, (0.2, 0.8), rng)
    place = np.array([*rng.uniform(0.2, 0.8, 2), *rng.uniform(0.12, 0.25, 2)])
    drift = np.outer(times_s - times_s.mean(), rng.normal(0.0, 0.2, 2))
    cover = np.tile(place, (len(times_s), 1))
    cover[:, :2] += drift
    return np.asarray(cover * during[:, None], np.float64)
