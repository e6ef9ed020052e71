"""Embodied facial expression recognition for ROS 2: camera frames in, expressions out."""

import os

# Newer ONNX Runtimes keep an id of the machine in its home and report their use to their maker.
# Nothing of what a robot sees or does shall leave it unasked; read when onnxruntime is imported.
os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')

__version__ = '0.1.0'
