"""Where DDS looks for peers: ROS's environment variables as Cyclone's configuration."""

from __future__ import annotations

import os
from pathlib import Path

from fer_ros.errors import MiddlewareError

RECEIVE_BUFFER = 4 * 1024 * 1024  # below that, most of a 720p image's fragments are lost
# Beyond this domain, the ports that DDS derives from its number do not exist.
MAX_DOMAIN = 232
MAX_PARTICIPANTS = 120
LAST_PORT = 65535


def domain_id() -> int:
    """Return the domain of ``ROS_DOMAIN_ID``."""
    text = os.environ.get('ROS_DOMAIN_ID', '').strip() or '0'
    if not (text.isascii() and text.isdigit()) or int(text) > MAX_DOMAIN:
        raise MiddlewareError(
            f'ROS_DOMAIN_ID: expected a number in [0, {MAX_DOMAIN}], found {text!r}'
        )
    return int(text)


def participants(domain: int) -> int:
    """Return how many processes fit into a domain: the ports of the last ones end early."""
    first_port = 7400 + 250 * domain + 11
    return min(MAX_PARTICIPANTS, (LAST_PORT - first_port) // 2 + 1)


def loopback_only() -> bool:
    """Tell whether ROS's environment variables keep this process to its own machine."""
    discovery = os.environ.get('ROS_AUTOMATIC_DISCOVERY_RANGE', '').upper()
    return os.environ.get('ROS_LOCALHOST_ONLY') == '1' or discovery in ('LOCALHOST', 'OFF')


def configuration(domain: int) -> str:
    """Return Cyclone's configuration for a domain."""
    interfaces = messages = ''
    peers = [name for name in os.environ.get('ROS_STATIC_PEERS', '').split(';') if name]
    if loopback_only():
        # Unicast to every port: a sandbox's loopback often has no multicast.
        interfaces = (
            '<Interfaces><NetworkInterface address="127.0.0.1" multicast="false"/></Interfaces>'
            '<AllowMulticast>false</AllowMulticast>'
        )
        # Loopback carries 64 KiB in one datagram: an image in 50 instead of 2000.
        messages = '<MaxMessageSize>65500B</MaxMessageSize><FragmentSize>60000B</FragmentSize>'
        peers = ['127.0.0.1']
    hosts = ''.join(f'<Peer address="{name.strip()}"/>' for name in peers)
    return (
        f'<CycloneDDS><Domain Id="any"><General>{interfaces}{messages}</General>'
        '<Discovery><ParticipantIndex>auto</ParticipantIndex>'
        f'<MaxAutoParticipantIndex>{participants(domain) - 1}</MaxAutoParticipantIndex>'
        f'<Peers>{hosts}</Peers></Discovery><Internal>'
        f'<SocketReceiveBufferSize min="{_receive_buffer()}B"/></Internal></Domain></CycloneDDS>'
    )


def _receive_buffer() -> int:
    """Return the buffer to ask for: Cyclone refuses to start below it, so no more than allowed."""
    try:
        allowed = int(Path('/proc/sys/net/core/rmem_max').read_text(encoding='ascii'))
    except (OSError, ValueError):
        return 0
    return min(allowed, RECEIVE_BUFFER)
