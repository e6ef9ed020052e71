"""Datagrams to a host, loopback unless the user allows more."""

from __future__ import annotations

import ipaddress
import socket

from fer_ros.errors import ConfigError


def require_loopback(host: str, *, allow_network: bool) -> None:
    """Refuse a host beyond this machine unless that is allowed.

    :raises ConfigError: the host is no loopback address, or can not be found.
    """
    if allow_network:
        return
    try:
        local = host == 'localhost' or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise ConfigError(
            f'host {host}: expected this machine (127.0.0.1); set allow_network to send or '
            'listen beyond it'
        )


class Datagrams:
    """A UDP socket that never waits."""

    def __init__(self, host: str, port: int, *, allow_network: bool = False) -> None:
        """Open it.

        :raises ConfigError: the host may not be used.
        """
        require_loopback(host, allow_network=allow_network)
        try:
            family, kind, proto, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_DGRAM
            )[0]
        except OSError as error:
            raise ConfigError(f'host {host}: expected one that can be found: {error}') from None
        self._socket = socket.socket(family, kind, proto)
        self._socket.setblocking(False)
        self._address = address
        self.dropped = 0

    def send(self, data: bytes) -> None:
        """Send a datagram; one that the system does not take is counted."""
        try:
            self._socket.sendto(data, self._address)
        except OSError:
            self.dropped += 1

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
