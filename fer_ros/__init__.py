"""Embodied facial expression recognition for ROS 2: camera frames in, expressions out."""

__version__ = '0.1.0'
