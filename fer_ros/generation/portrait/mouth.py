"""The mouth, and what is in it."""

from __future__ import annotations

from fer_ros.generation.portrait.colours import LIP, LIP_DARK, MOUTH, SKIN_DARK, TEETH, TONGUE
from fer_ros.generation.portrait.sketch import Sketch


def mouth(s: Sketch) -> None:
    """Draw lips, teeth and tongue."""
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
           fill=TEETH, clip='mouth', alpha=0.2,
           shows={'10L': 0.4, '10R': 0.4, '12L': 0.7, '12R': 0.7, '20L': 0.6, '20R': 0.6,
                  '26': 0.4, '27': 0.5})  # fmt: skip
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
    s.move(25, in_top=(0, -7), top=(0, -6), top1=(0, -5), in_low=(0, 18), low1_=(0, 15),
           low=(0, 16), shine1=(0, 16), boss=(0, 2), boss1=(0, 2))  # fmt: skip
    s.move(26, **dict.fromkeys(lower, (0.0, 21.0)), corner=(-4, 8), inner=(-4, 9),
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
