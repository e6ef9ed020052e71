"""rclpy.node: parameters, topics and timers of a node."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fer_ros.errors import MiddlewareError
from fer_ros.rosless.context import context
from fer_ros.rosless.logging import Logger
from fer_ros.rosless.messages import (
    Message,
    deserialize,
    message_class,
    serialize,
    warm_up,
)
from fer_ros.rosless.parameters import (
    InvalidParameterValueException,
    Parameter,
    ParameterAlreadyDeclaredException,
    ParameterNotDeclaredException,
    ParameterType,
    refusal,
    type_of,
)
from fer_ros.rosless.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from fer_ros.rosless.time import NS_PER_S, Clock


class Publisher:
    """Sends messages on one topic."""

    def __init__(self, node: Node, kind: type[Message], topic: str, qos: QoSProfile) -> None:
        """Open the topic."""
        self.msg_type, self.topic_name, self.qos_profile = kind, topic, qos
        warm_up(kind)
        self._writer: Any = context.participant.writer(f'rt{topic}', kind.TYPENAME, qos)
        self._node = node
        self._incompatible = 0

    @property
    def guid(self) -> bytes:
        """Its place in the graph."""
        return bytes(self._writer.guid)

    def publish(self, message: Message | bytes) -> None:
        """Send a message, or one that is serialised already."""
        if isinstance(message, bytes):
            data = message + b'\0' * (-len(message) % 4)
        elif isinstance(message, self.msg_type):
            data = serialize(message)
        else:
            raise TypeError(f'Expected {self.msg_type}, got {type(message)}')
        if self._writer is not None:
            self._writer.write(data)

    def get_subscription_count(self) -> int:
        """Return how many subscriptions listen."""
        return int(self._writer.matched()) if self._writer is not None else 0

    def check(self) -> None:
        """Report subscriptions that can not be served."""
        count = self._writer.incompatible() if self._writer is not None else 0
        if count > self._incompatible:
            self._incompatible = count
            self._node.get_logger().warning(
                f"New subscription discovered on topic '{self.topic_name}', requesting "
                'incompatible QoS. No messages will be sent to it. Offered: '
                f'{self.qos_profile.reliability.name}, {self.qos_profile.durability.name}'
            )

    def close(self) -> None:
        """Close the topic."""
        self._writer = None


class Subscription:
    """Receives messages of one topic; the queue is as deep as its history."""

    def __init__(
        self,
        node: Node,
        kind: type[Message],
        topic: str,
        callback: Callable[[Any], None],
        qos: QoSProfile,
        *,
        raw: bool,
    ) -> None:
        """Open the topic."""
        self.msg_type, self.topic_name, self.qos_profile, self.raw = kind, topic, qos, raw
        self.callback = callback
        warm_up(kind)
        keep_all = qos.history == HistoryPolicy.KEEP_ALL
        self._queue: deque[bytes] = deque(maxlen=None if keep_all else max(qos.depth, 1))
        self._node = node
        self._incompatible = 0
        self._reader: Any = context.participant.reader(
            f'rt{topic}', kind.TYPENAME, qos, self._deliver
        )

    @property
    def guid(self) -> bytes:
        """Its place in the graph."""
        return bytes(self._reader.guid)

    def _deliver(self, data: bytes) -> None:
        self._queue.append(data)
        context.wake()

    def handle_one(self) -> bool:
        """Call back with the oldest message that waits; return whether there was one."""
        try:
            data = self._queue.popleft()
        except IndexError:
            return False
        self.callback(data if self.raw else deserialize(data, self.msg_type))
        return True

    def check(self) -> None:
        """Report publishers that can not be heard."""
        count = self._reader.incompatible()
        if count > self._incompatible:
            self._incompatible = count
            self._node.get_logger().warning(
                f"New publisher discovered on topic '{self.topic_name}', offering incompatible "
                'QoS. No messages will be received from it. Requested: '
                f'{self.qos_profile.reliability.name}, {self.qos_profile.durability.name}'
            )

    def close(self) -> None:
        """Close the topic."""
        context.participant.remove(self._reader)
        self._queue.clear()


class Timer:
    """Calls back once a period of the node's clock."""

    def __init__(self, clock: Clock, period_s: float, callback: Callable[[], None]) -> None:
        """Start it."""
        self._clock = clock
        self._period_ns = max(round(period_s * NS_PER_S), 1)
        self.callback = callback
        self._canceled = False
        self.reset()

    def _now_ns(self) -> int:
        simulated = self._clock.simulated_ns
        return time.monotonic_ns() if simulated is None else simulated

    def reset(self) -> None:
        """Start the period again."""
        self._due_ns = self._now_ns() + self._period_ns
        self._canceled = False

    def cancel(self) -> None:
        """Stop it."""
        self._canceled = True

    def is_canceled(self) -> bool:
        """Tell whether it is stopped."""
        return self._canceled

    def wait_s(self) -> float:
        """Return seconds until it is due."""
        if self._canceled:
            return float('inf')
        return max(self._due_ns - self._now_ns(), 0) / NS_PER_S

    def handle(self) -> bool:
        """Call back if it is due; periods that were missed are skipped."""
        if self._canceled or self._now_ns() < self._due_ns:
            return False
        missed = (self._now_ns() - self._due_ns) // self._period_ns
        self._due_ns += (missed + 1) * self._period_ns
        self.callback()
        return True


@dataclass(frozen=True)
class TopicEndpointInfo:
    """A publisher or subscription of some node."""

    node_name: str
    node_namespace: str
    qos_profile: QoSProfile


class Node:
    """A node as rclpy's, of the parts that fer_ros uses."""

    def __init__(
        self,
        node_name: str,
        *,
        namespace: str | None = None,
        parameter_overrides: Sequence[Parameter] | None = None,
        **_: Any,
    ) -> None:
        """Join the graph."""
        arguments = context.arguments
        self._name = arguments.node_name or node_name
        space = arguments.namespace or namespace or ''
        self._namespace = '/' + space.strip('/')
        self.publishers: list[Publisher] = []
        self.subscriptions: list[Subscription] = []
        self.timers: list[Timer] = []
        self._logger = Logger(self.get_fully_qualified_name().strip('/').replace('/', '.'))
        self._clock = Clock()
        self._parameters: dict[str, tuple[Parameter, Any]] = {}
        self._on_set: list[Callable[[list[Parameter]], Any]] = []
        self._overrides = arguments.overrides(self.get_fully_qualified_name())
        self._overrides.update({p.name: p.value for p in parameter_overrides or ()})
        context.graph.add(self)
        self.declare_parameter('use_sim_time', False)
        if self.get_parameter('use_sim_time').value:
            self._follow_simulation()

    # Names

    def get_name(self) -> str:
        """Return the node's name."""
        return self._name

    def get_namespace(self) -> str:
        """Return its namespace, ``/`` for none."""
        return self._namespace

    def get_fully_qualified_name(self) -> str:
        """Return namespace and name."""
        return f'{self._namespace.rstrip("/")}/{self._name}'

    def get_logger(self) -> Logger:
        """Return the node's logger."""
        return self._logger

    def get_clock(self) -> Clock:
        """Return the node's clock."""
        return self._clock

    def resolve_topic_name(self, topic: str, *, only_expand: bool = False) -> str:
        """Return a topic's full name, remapped by the command line."""
        name = self._expand(topic)
        if only_expand:
            return name
        for source, target in context.arguments.remaps.items():
            if self._expand(source.removeprefix('rostopic://')) == name:
                return self._expand(target)
        return name

    def _expand(self, topic: str) -> str:
        if topic.startswith('~'):
            return self.get_fully_qualified_name() + topic[1:]
        if topic.startswith('/'):
            return topic
        return f'{self._namespace.rstrip("/")}/{topic}'

    # Topics and timers

    def create_publisher(
        self, msg_type: Any, topic: str, qos_profile: QoSProfile | int, **_: Any
    ) -> Publisher:
        """Open a topic for sending."""
        name = self.resolve_topic_name(topic)
        publisher = Publisher(self, msg_type, name, QoSProfile.of(qos_profile))
        self.publishers.append(publisher)
        context.graph.tell()
        return publisher

    def create_subscription(
        self,
        msg_type: Any,
        topic: str,
        callback: Callable[[Any], None],
        qos_profile: QoSProfile | int,
        *,
        raw: bool = False,
        **_: Any,
    ) -> Subscription:
        """Open a topic for receiving; ``raw`` hands the serialised bytes over."""
        name = self.resolve_topic_name(topic)
        qos = QoSProfile.of(qos_profile)
        subscription = Subscription(self, msg_type, name, callback, qos, raw=raw)
        self.subscriptions.append(subscription)
        context.graph.tell()
        return subscription

    def create_timer(
        self, timer_period_sec: float, callback: Callable[[], None], *_: Any, **__: Any
    ) -> Timer:
        """Call back once a period."""
        timer = Timer(self._clock, timer_period_sec, callback)
        self.timers.append(timer)
        context.wake()
        return timer

    def create_service(self, *_: Any, **__: Any) -> None:
        """Services need ROS 2."""
        raise MiddlewareError('services are not part of rosless: install ROS 2 with rclpy')

    create_client = create_service

    def destroy_publisher(self, publisher: Publisher) -> bool:
        """Close a topic."""
        self.publishers.remove(publisher)
        publisher.close()
        context.graph.tell()
        return True

    def destroy_subscription(self, subscription: Subscription) -> bool:
        """Close a topic."""
        self.subscriptions.remove(subscription)
        subscription.close()
        context.graph.tell()
        return True

    def destroy_timer(self, timer: Timer) -> bool:
        """Stop a timer."""
        timer.cancel()
        self.timers.remove(timer)
        return True

    def destroy_node(self) -> None:
        """Close everything and leave the graph."""
        for timer in list(self.timers):
            self.destroy_timer(timer)
        for publisher in list(self.publishers):
            self.destroy_publisher(publisher)
        for subscription in list(self.subscriptions):
            self.destroy_subscription(subscription)
        context.graph.remove(self)

    def check(self) -> None:
        """Report QoS that do not fit."""
        for publisher in list(self.publishers):
            publisher.check()
        for subscription in list(self.subscriptions):
            subscription.check()

    # Graph

    def entities(self) -> tuple[str, str, list[bytes], list[bytes]]:
        """Return namespace, name, and the places of subscriptions and publishers."""
        return (
            self._namespace,
            self._name,
            [subscription.guid for subscription in list(self.subscriptions)],
            [publisher.guid for publisher in list(self.publishers)],
        )

    def count_publishers(self, topic: str) -> int:
        """Return how many publishers a topic has."""
        return len(self.get_publishers_info_by_topic(topic))

    def count_subscribers(self, topic: str) -> int:
        """Return how many subscriptions a topic has."""
        return len(self.get_subscriptions_info_by_topic(topic))

    def get_publishers_info_by_topic(self, topic: str) -> list[TopicEndpointInfo]:
        """Return every publisher of a topic."""
        return self._endpoints(topic, context.participant.publications())

    def get_subscriptions_info_by_topic(self, topic: str) -> list[TopicEndpointInfo]:
        """Return every subscription of a topic."""
        return self._endpoints(topic, context.participant.subscriptions())

    def _endpoints(self, topic: str, endpoints: Any) -> list[TopicEndpointInfo]:
        name = f'rt{self.resolve_topic_name(topic)}'
        return [
            TopicEndpointInfo(*context.graph.node_of(endpoint), endpoint.qos)
            for endpoint in endpoints
            if endpoint.topic == name
        ]

    # Parameters

    def declare_parameter(
        self, name: str, value: Any = None, descriptor: Any = None, **_: Any
    ) -> Parameter:
        """Make a parameter known; the command line's value goes before the default."""
        if name in self._parameters:
            raise ParameterAlreadyDeclaredException(
                f"Parameter(s) already declared: ['{name}']", [name]
            )
        kind = type_of(value)
        if descriptor is None:
            descriptor = message_class('rcl_interfaces/msg/ParameterDescriptor')()
        chosen = self._overrides.get(name, value)
        reason = refusal(name, chosen, kind, descriptor) if chosen is not None else ''
        if reason:
            raise InvalidParameterValueException(
                f"Invalid parameter value ({chosen}) for parameter '{name}'. Reason: {reason}",
                [name],
            )
        parameter = Parameter(name, None, chosen)
        self._parameters[name] = (parameter, (kind, descriptor))
        return parameter

    def declare_parameters(
        self, namespace: str, parameters: Sequence[tuple[Any, ...]], **_: Any
    ) -> list[Parameter]:
        """Make several parameters known."""
        prefix = f'{namespace}.' if namespace else ''
        return [self.declare_parameter(prefix + name, *rest) for name, *rest in parameters]

    def has_parameter(self, name: str) -> bool:
        """Tell whether a parameter is known."""
        return name in self._parameters

    def get_parameter(self, name: str) -> Parameter:
        """Return a parameter."""
        if name not in self._parameters:
            raise ParameterNotDeclaredException(
                f"Invalid access to undeclared parameter(s): ['{name}']", [name]
            )
        return self._parameters[name][0]

    def describe_parameter(self, name: str) -> Any:
        """Return a parameter's descriptor."""
        self.get_parameter(name)
        return self._parameters[name][1][1]

    def set_parameters(self, parameters: Sequence[Parameter]) -> list[Any]:
        """Set each parameter by itself; return a result for each."""
        return [self._set(parameter) for parameter in parameters]

    def add_on_set_parameters_callback(self, callback: Callable[[list[Parameter]], Any]) -> None:
        """Ask a function before any parameter is set."""
        self._on_set.insert(0, callback)

    def remove_on_set_parameters_callback(
        self, callback: Callable[[list[Parameter]], Any]
    ) -> None:
        """Ask it no more."""
        self._on_set.remove(callback)

    def _set(self, parameter: Parameter) -> Any:
        self.get_parameter(parameter.name)
        kind: tuple[ParameterType, Any] = self._parameters[parameter.name][1]
        result = message_class('rcl_interfaces/msg/SetParametersResult')
        reason = refusal(parameter.name, parameter.value, *kind)
        if reason:
            return result(successful=False, reason=reason)
        for callback in self._on_set:
            answer = callback([parameter])
            if not answer.successful:
                return answer
        self._parameters[parameter.name] = (parameter, kind)
        return result(successful=True)

    def _follow_simulation(self) -> None:
        """Take the time of /clock."""
        self._clock.simulated_ns = 0
        kind = message_class('rosgraph_msgs/msg/Clock')

        def follow(message: Any) -> None:
            stamp = message.clock
            self._clock.simulated_ns = stamp.sec * NS_PER_S + stamp.nanosec

        qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        self.create_subscription(kind, '/clock', follow, qos)
