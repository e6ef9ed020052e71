"""The avatar as data: points of a face, how action units move them, and shapes between them.

Points are pixels of a canvas of 400 x 480; x grows to the right, so the face's own left is on the
right. Every unit moves points by a straight line, so that any renderer draws the same face with a
few lines: this one's is :mod:`fer_ros.generation.avatar`, that of a browser in ``avatar.html``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fer_ros.generation.units import CHANNELS, channels_of
from fer_ros.types import Float64

WIDTH, HEIGHT = 400, 480
CENTRE_X = 200.0
PIVOT = (200.0, 430.0)  # about which the head tilts
TILT_RAD = 1.0472  # at unit 55 or 56 of 1: 60 degrees

SKIN, SKIN_DARK, SKIN_LIGHT = '#e8b896', '#b77f5d', '#f6d3b8'
HAIR, BROW, LASH = '#3b2a22', '#4a3226', '#2a1c18'
LIP, LIP_DARK, MOUTH, TEETH, TONGUE = '#c0706a', '#9a4f4c', '#4a1518', '#f7f3ec', '#c9696b'
WHITE, IRIS, PUPIL = '#fbf9f5', '#4f7f95', '#15110f'
SHIRT, BACKGROUND = '#46617c', '#dfe6ea'

Move = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """An area or a line.

    :param paths: names of points; each path is a smooth curve, one after the other an outline.
    :param loop: the only path is smooth at its end too.
    :param fill, stroke: colours as in HTML, '' for none.
    :param width: of the stroke, pixels.
    :param blur: softens the edge, pixels.
    :param clip: another shape that this one does not leave.
    :param alpha: opacity of a face at rest, and what units add to it.
    """

    name: str
    paths: tuple[tuple[str, ...], ...]
    loop: bool = False
    fill: str = ''
    stroke: str = ''
    width: float = 0.0
    blur: float = 0.0
    clip: str = ''
    alpha: float = 1.0
    shows: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A face to draw.

    :param names: of P points.
    :param points: (P, 2) at rest.
    :param moves: (C, P, 2) by channel at 1.
    :param tilts: (P,) 1 for points that tilt with the head.
    """

    names: tuple[str, ...]
    points: Float64
    moves: Float64
    tilts: Float64
    shapes: tuple[Shape, ...]

    def pose(self, units: Float64) -> Float64:
        """Return (P, 2) points for (C,) units."""
        moved = self.points + np.tensordot(units, self.moves, axes=1)
        right, left = units[channels_of(56)[0]], units[channels_of(55)[0]]
        angle = TILT_RAD * (left - right) * self.tilts
        offset = moved - PIVOT
        cos, sin = np.cos(angle), np.sin(angle)
        turned = np.stack(
            [cos * offset[:, 0] - sin * offset[:, 1], sin * offset[:, 0] + cos * offset[:, 1]], 1
        )
        found: Float64 = turned + PIVOT
        return found

    def as_json(self) -> dict[str, Any]:
        """Return everything that a page needs to draw."""
        return {
            'width': WIDTH, 'height': HEIGHT, 'background': BACKGROUND,
            'pivot': PIVOT, 'tilt_rad': TILT_RAD, 'channels': CHANNELS,
            'points': self.points.round(2).tolist(),
            'tilts': self.tilts.tolist(),
            'moves': {
                channel: {
                    str(point): self.moves[index, point].round(3).tolist()
                    for point in np.flatnonzero(np.abs(self.moves[index]).sum(axis=1)).tolist()
                }
                for index, channel in enumerate(CHANNELS)
                if self.moves[index].any()
            },
            'shapes': [
                {
                    'name': shape.name, 'loop': shape.loop, 'fill': shape.fill,
                    'stroke': shape.stroke, 'width': shape.width, 'blur': shape.blur,
                    'clip': shape.clip, 'alpha': shape.alpha, 'shows': dict(shape.shows),
                    'paths': [[self.names.index(name) for name in path] for path in shape.paths],
                }
                for shape in self.shapes
            ],
        }  # fmt: skip


class _Sketch:
    """Collects points, moves and shapes, both halves of the face at once."""

    def __init__(self) -> None:
        self.points: dict[str, Move] = {}
        self.depths: dict[str, float] = {}
        self.moves: dict[str, dict[str, Move]] = {}
        self.shapes: list[Shape] = []
        self.fixed: set[str] = set()

    def middle(self, depth: float, **points: Move) -> None:
        """Add points of the middle: x from the centre, y of the canvas."""
        for name, (x, y) in points.items():
            self.points[name] = (CENTRE_X + x, y)
            self.depths[name] = depth

    def both(self, depth: float, **points: Move) -> None:
        """Add points of both halves: x outward from the centre."""
        for name, (x, y) in points.items():
            self.points[f'{name}_L'] = (CENTRE_X + x, y)
            self.points[f'{name}_R'] = (CENTRE_X - x, y)
            self.depths[f'{name}_L'] = self.depths[f'{name}_R'] = depth

    def move(self, unit: int, **moves: Move) -> None:
        """Let a unit move points of both halves (x outward) and of the middle."""
        for name, (x, y) in moves.items():
            for channel in channels_of(unit):
                side = CHANNELS[channel][-1]
                goals = [(name, x)] if name in self.points else []
                for half, sign in (('L', 1.0), ('R', -1.0)):
                    if side in (half, *'0123456789') and f'{name}_{half}' in self.points:
                        goals.append((f'{name}_{half}', sign * x))
                # The middle is shared by two halves.
                share = 0.5 if side in 'LR' and name in self.points else 1.0
                for goal, dx in goals:
                    self.moves.setdefault(CHANNELS[channel], {})[goal] = (dx * share, y * share)

    def draw(self, name: str, *paths: str, both: bool = False, **look: Any) -> None:
        """Add a shape; ``@`` in a point's name is the side."""
        sides = 'RL' if both else ' '
        for side in sides:
            names = tuple(
                tuple(point.replace('@', side) for point in path.split()) for path in paths
            )
            shows = {
                unit.replace('@', side): value for unit, value in look.get('shows', {}).items()
            }
            clip = look.get('clip', '').replace('@', side)
            self.shapes.append(
                Shape(
                    f'{name}_{side}' if both else name,
                    names,
                    **{**look, 'shows': shows, 'clip': clip},
                )
            )

    def portrait(self) -> Portrait:
        """Return the finished face; turning and nodding move points by their depth."""
        names = tuple(self.points)
        points = np.array([self.points[name] for name in names])
        moves = np.zeros((len(CHANNELS), len(names), 2))
        for channel, goals in self.moves.items():
            for name, move in goals.items():
                moves[CHANNELS.index(channel), names.index(name)] = move
        depths = np.array([self.depths[name] for name in names])
        turn, nod = 75.0 * depths, 60.0 * depths
        for unit, axis, reach in ((51, 0, turn), (52, 0, -turn), (54, 1, nod), (53, 1, -nod)):
            moves[channels_of(unit)[0], :, axis] = reach
        tilts = np.array([float(name not in self.fixed) for name in names])
        return Portrait(names, points, moves, tilts, tuple(self.shapes))


def portrait() -> Portrait:
    """Return the avatar's face."""
    sketch = _Sketch()
    _head(sketch)
    _nose_and_cheeks(sketch)
    _eyes(sketch)
    _brows(sketch)
    _mouth(sketch)
    _fringe(sketch)
    return sketch.portrait()


def _head(s: _Sketch) -> None:
    s.both(0.0, neck=(44, 360), collar=(60, 438), shoulder=(120, 452), side=(190, 500))
    s.middle(0.0, bottom=(0, 500), throat=(0, 452))
    s.fixed |= {f'{n}_{h}' for n in ('collar', 'shoulder', 'side') for h in 'LR'}
    s.fixed |= {'bottom', 'throat'}
    s.middle(-0.2, crown=(0, 42))
    s.both(-0.2, hair1=(70, 54), hair2=(122, 110), hair3=(134, 190), hair4=(126, 262))
    s.both(-0.15, ear1=(112, 226), ear2=(128, 222), ear3=(130, 250), ear4=(118, 282))
    s.middle(0.25, forehead=(0, 78), chin=(0, 418))
    s.both(
        0.25, face1=(62, 92), face2=(106, 150), face3=(115, 220), face4=(110, 290),
        jaw1=(92, 352), jaw2=(52, 402),
    )  # fmt: skip
    s.draw('shirt', 'side_R shoulder_R collar_R throat collar_L shoulder_L side_L',
           'side_L bottom side_R', fill=SHIRT)  # fmt: skip
    s.draw('hair', 'hair4_R hair3_R hair2_R hair1_R crown hair1_L hair2_L hair3_L hair4_L',
           fill=HAIR)  # fmt: skip
    s.draw('neck', 'neck_R collar_R', 'collar_R throat collar_L', 'collar_L neck_L',
           fill=SKIN_DARK)  # fmt: skip
    s.draw('ear', 'ear1_@ ear2_@ ear3_@ ear4_@', both=True, loop=True, fill=SKIN,
           stroke=SKIN_DARK, width=1.5)  # fmt: skip
    outline = (
        'forehead face1_L face2_L face3_L face4_L jaw1_L jaw2_L chin jaw2_R jaw1_R face4_R '
        'face3_R face2_R face1_R'
    )
    s.draw('face', outline, loop=True, fill=SKIN)
    s.draw('face_edge', outline, loop=True, stroke=SKIN_DARK, width=16, blur=14, clip='face',
           alpha=0.6)  # fmt: skip
    s.middle(0.6, glow1=(0, 110), glow2=(0, 172))
    s.both(0.6, glow3=(50, 140))
    s.draw('forehead_light', 'glow1 glow3_L glow2 glow3_R', loop=True, fill=SKIN_LIGHT, blur=16,
           alpha=0.5)  # fmt: skip
    s.move(26, chin=(0, 24), jaw2=(-4, 20), jaw1=(-3, 8))
    s.move(27, chin=(0, 38), jaw2=(-6, 32), jaw1=(-4, 14))
    s.move(17, chin=(0, -4))
    s.move(34, face4=(10, 0), jaw1=(16, -4), jaw2=(8, 0))
    s.move(12, face4=(3, -2), jaw1=(3, -2))


def _nose_and_cheeks(s: _Sketch) -> None:
    s.both(0.7, cheek1=(50, 282), cheek2=(86, 272), cheek3=(94, 300), cheek4=(64, 316))
    s.draw('cheek', 'cheek1_@ cheek2_@ cheek3_@ cheek4_@', both=True, loop=True, fill='#e08f78',
           blur=14, alpha=0.28, shows={'6@': 0.25, '12@': 0.12})  # fmt: skip
    s.move(6, cheek1=(2, -10), cheek2=(0, -9), cheek3=(0, -8), cheek4=(2, -10))
    s.move(12, cheek1=(2, -7), cheek2=(0, -5), cheek3=(0, -5), cheek4=(4, -9))
    # Shade beside the bridge, light upon it, wings, nostrils.
    s.both(1.0, bridge1=(17, 236), bridge2=(12, 262), bridge3=(20, 288))
    s.middle(1.25, ridge1=(0, 215), ridge2=(0, 262), tip=(0, 292), base=(0, 305))
    s.both(1.1, wing1=(14, 278), wing2=(25, 292), wing3=(19, 304), nostril1=(7, 303),
           nostril2=(17, 300), ridge=(5, 250))  # fmt: skip
    s.draw('bridge', 'bridge1_@ bridge2_@ bridge3_@', both=True, stroke=SKIN_DARK, width=8,
           blur=6, alpha=0.4)  # fmt: skip
    s.draw('ridge', 'ridge1 ridge_L tip ridge_R', loop=True, fill=SKIN_LIGHT, blur=5, alpha=0.7)
    s.draw('nose_shadow', 'wing2_R wing3_R base wing3_L wing2_L', stroke=SKIN_DARK, width=7,
           blur=5, alpha=0.6)  # fmt: skip
    s.draw('wing', 'wing1_@ wing2_@ wing3_@', both=True, stroke=SKIN_DARK, width=2.2, blur=1,
           alpha=0.75)  # fmt: skip
    s.draw('nostril', 'nostril1_@ nostril2_@', both=True, stroke='#6e3f2e', width=5, blur=1.5,
           alpha=0.9)  # fmt: skip
    s.move(9, wing1=(3, -9), wing2=(4, -9), wing3=(3, -7), nostril2=(2, -5), nostril1=(1, -4),
           tip=(0, -5), base=(0, -5))  # fmt: skip
    s.move(10, wing2=(3, -4), wing3=(2, -3), wing1=(2, -3))
    # Furrow from the nose's wing to the mouth's corner; wrinkles of the nose and the outer eye.
    s.both(0.95, fold1=(30, 296), fold2=(46, 318), fold3=(54, 344))
    s.draw('fold', 'fold1_@ fold2_@ fold3_@', both=True, stroke=SKIN_DARK, width=3.2, blur=1.8,
           alpha=0.12, shows={'12@': 0.55, '10@': 0.6, '9@': 0.5, '20@': 0.2})  # fmt: skip
    s.move(12, fold2=(9, -5), fold3=(16, -8))
    s.move(10, fold1=(2, -6), fold2=(5, -5))
    s.move(9, fold1=(2, -8), fold2=(3, -4))
    s.move(20, fold3=(8, 0))
    for row in range(3):
        y = 232.0 + 9 * row
        s.both(1.1, **{f'wrinkle{row}a': (3, y + 3), f'wrinkle{row}b': (14, y - 3)})
        s.draw(f'wrinkle{row}', f'wrinkle{row}a_@ wrinkle{row}b_@', both=True, stroke=SKIN_DARK,
               width=2.4, blur=1, alpha=0.0, shows={'9@': 0.85})  # fmt: skip
        s.both(0.5, **{f'crow{row}a': (94, 238 + 5 * row), f'crow{row}b': (107, 230 + 12 * row)})
        s.draw(f'crow{row}', f'crow{row}a_@ crow{row}b_@', both=True, stroke=SKIN_DARK, width=1.8,
               blur=0.8, alpha=0.0, shows={'6@': 0.6})  # fmt: skip
        s.middle(0.6, **{f'line{row}m': (0, 122 + 17 * row)})
        s.both(0.6, **{f'line{row}a': (38, 118 + 17 * row), f'line{row}b': (68, 124 + 17 * row)})
        s.draw(f'line{row}', f'line{row}b_R line{row}a_R line{row}m line{row}a_L line{row}b_L',
               stroke=SKIN_DARK, width=2.2, blur=1.2, alpha=0.0,
               shows={'1L': 0.25, '1R': 0.25, '2L': 0.15, '2R': 0.15})  # fmt: skip
    s.both(0.95, frown1=(8, 178), frown2=(9, 206))
    s.draw('frown', 'frown1_@ frown2_@', both=True, stroke=SKIN_DARK, width=3, blur=1.2,
           alpha=0.0, shows={'4@': 0.85})  # fmt: skip
    s.move(4, frown1=(-2, 2), frown2=(-2, 4))


def _eyes(s: _Sketch) -> None:
    s.both(
        0.85, in_=(35, 243), out=(88, 238), up1=(46, 229), up2=(62, 223), up3=(78, 228),
        low1=(48, 250), low2=(63, 253), low3=(78, 248),
        socket1=(36, 228), socket2=(62, 212), socket3=(90, 224),
        bag1=(42, 258), bag2=(63, 265), bag3=(84, 257),
    )  # fmt: skip
    lids = 'in__@ up1_@ up2_@ up3_@ out_@', 'out_@ low3_@ low2_@ low1_@ in__@'
    s.draw('socket', 'socket1_@ socket2_@ socket3_@ out_@ low2_@ in__@', both=True, loop=True,
           fill=SKIN_DARK, blur=9, alpha=0.33)  # fmt: skip
    s.draw('bag', 'bag1_@ bag2_@ bag3_@', both=True, stroke=SKIN_DARK, width=3, blur=2.5,
           alpha=0.25, shows={'6@': 0.35, '7@': 0.3})  # fmt: skip
    s.draw('eye', *lids, both=True, fill=WHITE)
    around = []
    for step in range(8):
        angle = step * np.pi / 4
        x, y = np.cos(angle), np.sin(angle)
        s.both(0.95, **{f'iris{step}': (62 + 12.5 * x, 238 + 12.5 * y),
                        f'pupil{step}': (62 + 5.5 * x, 238 + 5.5 * y)})  # fmt: skip
        around.append(f'iris{step}_@')
        for name in (f'iris{step}', f'pupil{step}'):
            for side in 'LR':
                for unit, move in ((61, (17, 0)), (62, (-17, 0)), (63, (0, -11)), (64, (0, 12))):
                    s.moves.setdefault(str(unit), {})[f'{name}_{side}'] = move
    s.both(0.95, glint1=(57, 232), glint2=(60, 231), glint3=(60, 234), glint4=(57, 235))
    s.draw('iris', ' '.join(around), both=True, loop=True, fill=IRIS, stroke='#274452', width=2,
           clip='eye_@')  # fmt: skip
    s.draw('pupil', ' '.join(around).replace('iris', 'pupil'), both=True, loop=True, fill=PUPIL,
           clip='eye_@')  # fmt: skip
    s.draw('glint', 'glint1_@ glint2_@ glint3_@ glint4_@', both=True, loop=True, fill='#ffffff',
           blur=0.8, clip='eye_@')  # fmt: skip
    s.draw('lid_shadow', 'in__@ up1_@ up2_@ up3_@ out_@', both=True, stroke='#3c2c28', width=8,
           blur=3, alpha=0.35, clip='eye_@')  # fmt: skip
    s.draw('lower_lid', 'out_@ low3_@ low2_@ low1_@ in__@', both=True, stroke=SKIN_DARK, width=1.8,
           alpha=0.9)  # fmt: skip
    s.draw('lash', 'in__@ up1_@ up2_@ up3_@ out_@', both=True, stroke=LASH, width=4)
    s.draw('crease', 'socket1_@ socket2_@ socket3_@', both=True, stroke=SKIN_DARK, width=2,
           blur=1, alpha=0.5)  # fmt: skip
    s.move(5, up1=(0, -7), up2=(0, -9), up3=(0, -7), socket2=(0, -4), socket1=(0, -3),
           socket3=(0, -3))  # fmt: skip
    s.move(43, up1=(0, 19), up2=(0, 28), up3=(0, 19), low2=(0, -1), socket2=(0, 4))
    # Lids go with the gaze.
    s.move(64, up1=(0, 8), up2=(0, 11), up3=(0, 8), low2=(0, 3))
    s.move(63, up1=(0, -3), up2=(0, -4), up3=(0, -3), low2=(0, -2))
    s.move(7, up1=(0, 4), up2=(0, 5), up3=(0, 4), low1=(0, -6), low2=(0, -8), low3=(0, -6))
    s.move(6, low1=(0, -4), low2=(0, -6), low3=(0, -6), out=(0, -1), bag1=(0, -6), bag2=(0, -8),
           bag3=(0, -7), up3=(0, 2))  # fmt: skip
    s.move(9, low1=(0, -4), low2=(0, -3), up1=(0, 3))
    s.move(1, socket1=(0, -4))
    s.move(4, socket1=(0, 8), socket2=(0, 6), socket3=(0, 3), up1=(0, 4), up2=(0, 3), in_=(-1, 2))


def _brows(s: _Sketch) -> None:
    s.both(0.9, brow1=(24, 201), brow2=(44, 195), brow3=(68, 193), brow4=(99, 204),
           under1=(25, 209), under2=(46, 203), under3=(68, 200))  # fmt: skip
    s.draw('brow', 'brow1_@ brow2_@ brow3_@ brow4_@', 'brow4_@ under3_@ under2_@ under1_@ brow1_@',
           both=True, fill=BROW, stroke=BROW, width=2)  # fmt: skip
    s.move(1, brow1=(0, -24), under1=(0, -24), brow2=(0, -14), under2=(0, -14), brow3=(0, -3),
           under3=(0, -3))  # fmt: skip
    s.move(2, brow4=(0, -20), brow3=(0, -19), under3=(0, -19), brow2=(0, -10), under2=(0, -10))
    s.move(4, brow1=(-9, 24), under1=(-9, 25), brow2=(-7, 20), under2=(-7, 20), brow3=(-3, 12),
           under3=(-3, 12), brow4=(0, 0))  # fmt: skip
    s.move(9, brow1=(-3, 8), under1=(-3, 8), brow2=(-2, 4), under2=(-2, 4))
    for row, y in ((0, -10), (1, -8), (2, -6)):
        for name in ('m', 'a', 'b'):
            s.move(1, **{f'line{row}{name}': (0, y if name != 'b' else y / 2)})
            s.move(2, **{f'line{row}{name}': (0, y if name != 'm' else y / 2)})


def _mouth(s: _Sketch) -> None:
    s.both(0.95, corner=(47, 350), top1=(22, 340), low1_=(24, 364), inner=(40, 351),
           in_top=(20, 350), in_low=(20, 351))  # fmt: skip
    s.middle(1.0, top=(0, 342), low=(0, 368), in_top=(0, 351), in_low=(0, 352),
             boss1=(0, 382), philtrum=(0, 328))  # fmt: skip
    s.both(0.9, boss=(22, 388))
    s.draw('under_lip', 'boss_R boss1 boss_L', stroke=SKIN_DARK, width=6, blur=4, alpha=0.4,
           shows={'17': 0.4, '15L': 0.1, '15R': 0.1})  # fmt: skip
    inside = 'inner_R in_top_R in_top in_top_L inner_L', 'inner_L in_low_L in_low in_low_R inner_R'
    s.draw('mouth', *inside, fill=MOUTH, stroke=LIP_DARK, width=1.5)
    s.both(0.95, tooth=(34, 346), tooth_low=(26, 356), under=(30, 384), under_low=(24, 396),
           tongue=(24, 392))  # fmt: skip
    s.middle(1.0, tooth_mid=(0, 358), under_mid=(0, 382), tongue_top=(0, 384), tongue_end=(0, 410))
    s.draw('tongue', 'tongue_R tongue_top tongue_L', 'tongue_L tongue_end tongue_R', fill=TONGUE,
           blur=2, clip='mouth')  # fmt: skip
    s.draw('teeth', 'tooth_R tooth_L', 'tooth_L tooth_low_L tooth_mid tooth_low_R tooth_R',
           fill=TEETH, clip='mouth')  # fmt: skip
    s.draw('teeth_low', 'under_R under_mid under_L', 'under_L under_low_L under_low_R under_R',
           fill='#e6ddd2', clip='mouth', alpha=0.0,
           shows={'20L': 0.4, '20R': 0.4, '16L': 0.5, '16R': 0.5})  # fmt: skip
    s.draw('upper_lip', 'corner_R top1_R top top1_L corner_L',
           'corner_L inner_L in_top_L in_top in_top_R inner_R corner_R',
           fill=LIP_DARK)  # fmt: skip
    s.draw('lower_lip', 'corner_R inner_R in_low_R in_low in_low_L inner_L corner_L',
           'corner_L low1__L low low1__R corner_R', fill=LIP)  # fmt: skip
    s.both(0.95, shine1=(12, 359), dimple1=(60, 340), dimple2=(62, 356))
    s.draw('shine', 'shine1_R shine1_L', stroke='#e2a29a', width=4, blur=2.5, alpha=0.6)
    s.draw('dimple', 'dimple1_@ dimple2_@', both=True, stroke=SKIN_DARK, width=4, blur=2,
           alpha=0.05, shows={'14@': 0.85, '12@': 0.25})  # fmt: skip
    lower = ('low1_', 'low', 'in_low', 'shine1', 'boss', 'boss1')
    s.move(12, corner=(22, -20), inner=(20, -19), top1=(8, -4), low1_=(9, -4), in_top=(5, -1),
           in_low=(7, -2), top=(0, 3), dimple1=(20, -16), dimple2=(20, -18))  # fmt: skip
    s.move(15, corner=(5, 18), inner=(4, 16), low1_=(2, 4), top1=(2, 4), in_top=(2, 3),
           in_low=(2, 3), boss=(4, 4))  # fmt: skip
    s.move(20, corner=(20, 6), inner=(18, 5), top1=(8, 1), low1_=(8, 3), in_low=(8, 3),
           in_top=(8, 0))  # fmt: skip
    s.move(14, corner=(9, 1), inner=(7, 1), dimple1=(8, 0), dimple2=(8, 0))
    s.move(10, top1=(0, -11), top=(0, -8), in_top=(0, -8), corner=(0, 1))
    s.move(9, top1=(0, -6), top=(0, -5), in_top=(0, -3))
    s.move(16, low1_=(2, 10), low=(0, 6), in_low=(0, 9))
    s.move(17, **dict.fromkeys(lower, (0.0, -8.0)), corner=(0, 4), inner=(0, 3),
           top=(0, -3), in_top=(0, -4))  # fmt: skip
    s.move(18, corner=(-20, 0), inner=(-19, 0), top1=(-8, -2), low1_=(-8, 3), in_top=(-8, -2),
           in_low=(-8, 2))  # fmt: skip
    s.move(22, corner=(-12, 0), inner=(-13, 0), top1=(-3, -5), top=(0, -5), low1_=(-3, 6),
           low=(0, 6), in_top=(0, -5), in_low=(0, 6))  # fmt: skip
    s.move(23, corner=(-6, 0), inner=(-5, 0), top1=(0, 4), top=(0, 4), low1_=(0, -6), low=(0, -7))
    s.move(24, top1=(0, 5), top=(0, 5), low1_=(0, -7), low=(0, -9), corner=(-1, 1))
    s.move(25, in_top=(0, -9), top=(0, -7), top1=(0, -6), in_low=(0, 15), low1_=(0, 12),
           low=(0, 13), shine1=(0, 13), boss=(0, 4), boss1=(0, 5))  # fmt: skip
    s.move(26, **dict.fromkeys(lower, (0.0, 27.0)), corner=(-4, 8), inner=(-4, 9),
           under=(0, 16), under_low=(0, 20), under_mid=(0, 16), tongue=(0, 6), tongue_top=(0, 8),
           tongue_end=(0, 14))  # fmt: skip
    s.move(27, **dict.fromkeys(lower, (0.0, 44.0)), corner=(-8, 14), inner=(-8, 16),
           under=(0, 30), under_low=(0, 34), under_mid=(0, 30), tongue=(0, 16),
           tongue_top=(0, 18), tongue_end=(0, 24))  # fmt: skip
    s.move(28, top1=(0, 7), top=(0, 7), low1_=(0, -9), low=(0, -11))
    s.move(19, tongue=(0, -20), tongue_top=(0, -26), tongue_end=(0, -6))
    for unit, x in (('30L', 14.0), ('30R', -14.0)):
        for name in (*lower, 'chin', 'jaw2'):
            for point in (name, f'{name}_L', f'{name}_R'):
                if point in s.points:
                    s.moves.setdefault(unit, {})[point] = (x, 0.0)


def _fringe(s: _Sketch) -> None:
    s.both(0.3, lock1=(58, 96), lock2=(104, 140), lock3=(117, 208), lock4=(124, 205),
           lock5=(124, 120), lock6=(72, 58))  # fmt: skip
    s.middle(0.3, lock=(0, 92), top_lock=(0, 44))
    s.draw('fringe', 'lock3_R lock2_R lock1_R lock lock1_L lock2_L lock3_L',
           'lock3_L lock4_L lock5_L lock6_L top_lock lock6_R lock5_R lock4_R lock3_R',
           fill=HAIR)  # fmt: skip
