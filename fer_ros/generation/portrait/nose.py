"""Nose and cheeks, and the lines that expressions draw into the skin."""

from __future__ import annotations

from fer_ros.generation.portrait.colours import SKIN_DARK, SKIN_LIGHT
from fer_ros.generation.portrait.sketch import Sketch


def nose_and_cheeks(s: Sketch) -> None:
    """Draw nose, cheeks, folds and wrinkles."""
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
