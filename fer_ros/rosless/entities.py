"""What a node holds: publishers, subscriptions and timers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from fer_ros.rosless.callback_groups import CallbackGroup
from fer_ros.rosless.codec import deserialize, serialize, warm_up
from fer_ros.rosless.context import context
from fer_ros.rosless.messages import Message
from fer_ros.rosless.qos import QoSProfile
from fer_ros.rosless.time import NS_PER_S, Clock, Duration

NEVER_NS = 1 << 63
WITHOUT_END = Duration(seconds=-1)

if TYPE_CHECKING:
    from fer_ros.rosless.node import Node
    from fer_ros.rosless.transport import Participant


class _Endpoint:
    """What publishers and subscriptions share."""

    role: ClassVar[str]

    def __init__(self, node: Node, kind: type[Message], topic: str, qos: QoSProfile) -> None:
        """Compile the message's codec; who inherits opens the topic."""
        self.msg_type, self.topic_name, self.qos_profile = kind, topic, qos
        self._node = node
        self._wire: Any = None
        self._mismatches = 0
        warm_up(kind)

    @property
    def guid(self) -> bytes:
        """Its place in the graph."""
        return bytes(self._wire.guid)

    def check(self) -> None:
        """Report peers whose QoS does not fit."""
        wire = self._wire
        if wire is None:
            return
        mismatch = wire.mismatch()
        if mismatch.count > self._mismatches:
            self._mismatches = mismatch.count
            self._node.get_logger().warning(
                self.role.format(topic=self.topic_name, policy=mismatch.policy)
            )


class Publisher(_Endpoint):
    """Sends messages on one topic."""

    role = (
        "New subscription discovered on topic '{topic}', requesting incompatible QoS. "
        'No messages will be sent to it. Last incompatible policy: {policy}'
    )

    def __init__(self, node: Node, kind: type[Message], topic: str, qos: QoSProfile) -> None:
        """Open the topic."""
        super().__init__(node, kind, topic, qos)
        self._wire = context.participant.writer(f'rt{topic}', kind.TYPENAME, qos)

    def publish(self, message: Message | bytes) -> None:
        """Send a message, or one that is serialised already."""
        if isinstance(message, bytes):
            data = message + b'\0' * (-len(message) % 4) if len(message) % 4 else message
        elif isinstance(message, self.msg_type):
            data = serialize(message)
        else:
            raise TypeError(f'Expected {self.msg_type}, got {type(message)}')
        wire = self._wire  # another thread may close the topic
        if wire is not None and not wire.write(data):
            self._node.get_logger().warning(
                f'{self.topic_name}: dropped a message, because a reliable subscription does '
                'not keep up',
                throttle_duration_sec=5.0,
            )

    def get_subscription_count(self) -> int:
        """Return how many subscriptions listen."""
        wire = self._wire
        return int(wire.matched()) if wire is not None else 0

    def wait_for_all_acked(self, timeout: Duration = WITHOUT_END) -> bool:
        """Wait until reliable subscriptions have received everything; return whether they have.

        :param timeout: the longest wait; a negative one is without end.
        """
        wire = self._wire
        return wire is None or bool(wire.wait_for_acks(timeout.nanoseconds))

    def close(self) -> None:
        """Close the topic."""
        self._wire = None


class Subscription(_Endpoint):
    """Receives messages of one topic; the queue is as deep as its history."""

    role = (
        "New publisher discovered on topic '{topic}', offering incompatible QoS. "
        'No messages will be received from it. Last incompatible policy: {policy}'
    )

    def __init__(
        self,
        node: Node,
        kind: type[Message],
        topic: str,
        callback: Callable[[Any], None],
        qos: QoSProfile,
        *,
        raw: bool,
        group: CallbackGroup | None = None,
    ) -> None:
        """Open the topic."""
        super().__init__(node, kind, topic, qos)
        self.callback, self.raw = callback, raw
        self._is_served = group is None or group.can_execute(self)
        self._queue: deque[bytes] = deque(maxlen=qos.queue_size)
        self._wire = context.participant.reader(f'rt{topic}', kind.TYPENAME, qos, self._deliver)

    def waiting(self) -> int:
        """Return how many messages wait for an executor."""
        return len(self._queue) if self._is_served else 0

    def _deliver(self, data: bytes) -> None:
        self._queue.append(data)
        if self._is_served:
            context.wake()

    @property
    def handle(self) -> Subscription:
        """What messages are taken from without an executor; rclpy's is entered before."""
        return self

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def take_message(self, kind: type[Message], raw: bool) -> tuple[Any, dict[str, int]] | None:
        """Return the oldest message that waits, without rclpy's times.

        None where none does, and where it is not what the topic's type says: that is reported.
        """
        try:
            data = self._queue.popleft()
        except IndexError:
            return None
        try:
            return data if raw else deserialize(data, kind), {}
        except Exception as error:  # whatever a stranger sends, the node lives on
            self._node.get_logger().error(
                f'{self.topic_name}: expected {self.msg_type.TYPENAME}, found {len(data)} bytes '
                f'that are not: {error}',
                throttle_duration_sec=5.0,
            )
            return None

    def handle_one(self) -> bool:
        """Call back with the oldest message that waits; return whether there was one."""
        if not self._queue:
            return False
        if (taken := self.take_message(self.msg_type, self.raw)) is not None:
            self.callback(taken[0])
        return True

    def close(self, participant: Participant) -> None:
        """Close the topic."""
        participant.remove(self._wire)
        self._wire = None
        self._queue.clear()


class Timer:
    """Calls back once a period of the node's clock."""

    def __init__(self, clock: Clock, period_s: float, callback: Callable[[], None]) -> None:
        """Start it."""
        self._clock = clock
        self.due_ns = NEVER_NS  # on the clock's timers_ns()
        self._period_ns = max(round(period_s * NS_PER_S), 1)
        self.callback = callback
        self._canceled = False
        self.reset()

    def reset(self) -> None:
        """Start the period again."""
        self.due_ns = self._clock.timers_ns() + self._period_ns
        self._canceled = False

    def cancel(self) -> None:
        """Stop it."""
        self.due_ns = NEVER_NS
        self._canceled = True

    def is_canceled(self) -> bool:
        """Tell whether it is stopped."""
        return self._canceled

    def is_ready(self) -> bool:
        """Tell whether it is due."""
        return self._clock.timers_ns() >= self.due_ns

    def call(self, now_ns: int) -> None:
        """Call back, because it is due; periods that were missed are skipped."""
        self.due_ns += ((now_ns - self.due_ns) // self._period_ns + 1) * self._period_ns
        self.callback()

    def follow(self, now_ns: int) -> None:
        """Start the period again where /clock was set back."""
        if not self._canceled and self.due_ns - now_ns > self._period_ns:
            self.due_ns = now_ns + self._period_ns


@dataclass(frozen=True)
class TopicEndpointInfo:
    """A publisher or subscription of some node."""

    node_name: str
    node_namespace: str
    topic_type: str
    qos_profile: QoSProfile
