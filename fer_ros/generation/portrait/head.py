"""The head: its outline, ears, neck, shoulders and hair."""

from __future__ import annotations

from fer_ros.generation.portrait.colours import HAIR, SHIRT, SKIN, SKIN_DARK, SKIN_LIGHT
from fer_ros.generation.portrait.sketch import Sketch


def head(s: Sketch) -> None:
    """Draw what everything else is drawn upon."""
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
    s.move(26, chin=(0, 21), jaw2=(-4, 18), jaw1=(-3, 7))
    s.move(27, chin=(0, 38), jaw2=(-6, 32), jaw1=(-4, 14))
    s.move(17, chin=(0, -4))
    s.move(34, face4=(10, 0), jaw1=(16, -4), jaw2=(8, 0))
    s.move(12, face4=(3, -2), jaw1=(3, -2))


def fringe(s: Sketch) -> None:
    """Draw the hair that falls over the forehead."""
    s.both(0.3, lock1=(58, 96), lock2=(104, 140), lock3=(117, 208), lock4=(124, 205),
           lock5=(124, 120), lock6=(72, 58))  # fmt: skip
    s.middle(0.3, lock=(0, 92), top_lock=(0, 44))
    s.draw('fringe', 'lock3_R lock2_R lock1_R lock lock1_L lock2_L lock3_L',
           'lock3_L lock4_L lock5_L lock6_L top_lock lock6_R lock5_R lock4_R lock3_R',
           fill=HAIR)  # fmt: skip
