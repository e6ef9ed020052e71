"""ROS 2 without ROS: the part of rclpy that fer_ros's nodes use, on Cyclone DDS.

A stand-in, not a framework: it is installed only where rclpy can not be imported, holds what our
nodes use and no more, and what it can not do it says.
"""

from fer_ros.rosless.definitions import typestore
from fer_ros.rosless.hook import available, install

__all__ = ['available', 'install', 'typestore']
