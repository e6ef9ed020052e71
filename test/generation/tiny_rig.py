"""A rig of two actuators that is easy to reckon with."""

TINY = """name: tiny
rate_hz: 100
defaults: {velocity: 4.0, acceleration: 40.0, jerk: 800.0}
actuators:
  mouth: {min: -0.5, max: 1.0, units: {12: 0.5, 15: -0.5}}
  jaw: {min: 0.0, max: 0.4, units: {26: 1.0}}
outputs:
  - {kind: joint_state, topic: /tiny/joints}
"""
