"""rclpy.qos: policies and profiles."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class InvalidQoSProfileException(ValueError):
    """A profile lacks history or depth."""

    def __init__(self, message: str) -> None:
        """Say so as rclpy does."""
        super().__init__(f'Invalid QoSProfile: {message}')


class HistoryPolicy(IntEnum):
    """How many samples are kept."""

    SYSTEM_DEFAULT = 0
    KEEP_LAST = 1
    KEEP_ALL = 2


class ReliabilityPolicy(IntEnum):
    """Whether lost samples are sent again."""

    SYSTEM_DEFAULT = 0
    RELIABLE = 1
    BEST_EFFORT = 2


class DurabilityPolicy(IntEnum):
    """Whether late joiners receive earlier samples."""

    SYSTEM_DEFAULT = 0
    TRANSIENT_LOCAL = 1
    VOLATILE = 2


QoSHistoryPolicy = HistoryPolicy
QoSReliabilityPolicy = ReliabilityPolicy
QoSDurabilityPolicy = DurabilityPolicy


@dataclass(kw_only=True)
class QoSProfile:
    """History, depth, reliability and durability; the defaults are ROS 2's own."""

    history: HistoryPolicy | None = None
    depth: int | None = None
    reliability: ReliabilityPolicy = ReliabilityPolicy.RELIABLE
    durability: DurabilityPolicy = DurabilityPolicy.VOLATILE

    def __post_init__(self) -> None:
        """Ask for what rclpy asks for."""
        if self.history is None:
            if self.depth is None:
                raise InvalidQoSProfileException('History and/or depth settings are required.')
            self.history = HistoryPolicy.KEEP_LAST
        if self.depth is None:
            if self.history == HistoryPolicy.KEEP_LAST:
                raise InvalidQoSProfileException('History set to KEEP_LAST without a depth.')
            self.depth = 0

    @property
    def queue_size(self) -> int | None:
        """How many samples are kept, None for all."""
        if self.history == HistoryPolicy.KEEP_ALL:
            return None
        return max(self.depth or 0, 1)

    @classmethod
    def of(cls, profile: QoSProfile | int) -> QoSProfile:
        """Return a profile; a number is the depth of the default one."""
        return cls(depth=profile) if isinstance(profile, int) else profile


qos_profile_sensor_data = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
qos_profile_system_default = QoSProfile(depth=10)


class QoSPresetProfiles(Enum):
    """Profiles by name."""

    SYSTEM_DEFAULT = qos_profile_system_default
    SENSOR_DATA = qos_profile_sensor_data
