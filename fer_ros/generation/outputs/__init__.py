"""Where commands go that no ROS message carries: LiveLink Face, OSC, a web page."""

from fer_ros.generation.outputs.livelink import livelink_packet
from fer_ros.generation.outputs.osc import osc_bundle, osc_messages
from fer_ros.generation.outputs.udp import Datagrams

__all__ = ['Datagrams', 'livelink_packet', 'osc_bundle', 'osc_messages']
