"""The colours of the avatar, as in HTML."""

SKIN, SKIN_DARK, SKIN_LIGHT = '#e8b896', '#b77f5d', '#f6d3b8'
HAIR, BROW, LASH = '#3b2a22', '#4a3226', '#2a1c18'
LIP, LIP_DARK, MOUTH, TEETH, TONGUE = '#c0706a', '#9a4f4c', '#4a1518', '#f7f3ec', '#c9696b'
WHITE, IRIS, PUPIL = '#fbf9f5', '#4f7f95', '#15110f'
SHIRT, BACKGROUND = '#46617c', '#dfe6ea'
