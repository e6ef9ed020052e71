"""What the tiny bags of these tests hold."""

from __future__ import annotations

NS_PER_S = 1_000_000_000
START_NS = 1_700_000_000 * NS_PER_S + 123_456_789
STEP_NS = 33_333_333
IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED = 'sensor_msgs/msg/CompressedImage'
INFO = 'sensor_msgs/msg/CameraInfo'
