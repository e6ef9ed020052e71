"""What processes said, for tests of them."""

from __future__ import annotations


def of_ours(stderr: str) -> str:
    """Return what our process said, without what Cyclone DDS says of a loopback interface."""
    lines = stderr.splitlines(keepends=True)
    return ''.join(line for line in lines if 'is not multicast-capable' not in line)
