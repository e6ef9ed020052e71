"""Eyes and brows."""

from __future__ import annotations

import numpy as np

from fer_ros.generation.portrait.colours import BROW, IRIS, LASH, PUPIL, SKIN_DARK, WHITE
from fer_ros.generation.portrait.sketch import Sketch


def eyes(s: Sketch) -> None:
    """Draw eyes, lids and lashes."""
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


def brows(s: Sketch) -> None:
    """Draw brows, and let them crease the forehead."""
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
