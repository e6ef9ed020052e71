"""How long the made source is."""

FRAMES = 15
