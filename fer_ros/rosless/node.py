"""rclpy.node: parameters, topics and timers of a node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fer_ros.errors import MiddlewareError
from fer_ros.rosless.callback_groups import CallbackGroup
from fer_ros.rosless.context import context
from fer_ros.rosless.entities import Publisher, Subscription, Timer, TopicEndpointInfo
from fer_ros.rosless.logging import Logger
from fer_ros.rosless.messages import message_class
from fer_ros.rosless.parameters import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    Parameter,
    ParameterAlreadyDeclaredException,
    ParameterNotDeclaredException,
    ParameterType,
    refusal,
    type_of,
)
from fer_ros.rosless.qos import QoSProfile, ReliabilityPolicy
from fer_ros.rosless.time import NS_PER_S, Clock


class NotInRosless(MiddlewareError, AttributeError, NotImplementedError):
    """A part of rclpy that rosless does not stand in for."""


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
        # Kept: a node may be destroyed after rclpy.shutdown().
        self._participant, self._graph = context.participant, context.graph
        arguments = context.arguments
        self._remaps = arguments.remaps_of(node_name)
        self._name = self._remaps.pop('__node', node_name)
        space = self._remaps.pop('__ns', namespace or '')
        self._namespace = '/' + space.strip('/')
        self.publishers: list[Publisher] = []
        self.subscriptions: list[Subscription] = []
        self.timers: list[Timer] = []
        self.services: tuple[()] = ()  # none in rosless
        self._logger = Logger(self.get_fully_qualified_name().strip('/').replace('/', '.'))
        self._clock = Clock()
        self._parameters: dict[str, tuple[Parameter, Any]] = {}
        self._on_set: list[Callable[[list[Parameter]], Any]] = []
        # rclpy calls it so, too, and tells nobody which of them nobody has declared.
        self._parameter_overrides = arguments.overrides(self.get_fully_qualified_name())
        self._parameter_overrides.update({p.name: p.value for p in parameter_overrides or ()})
        self._graph.add(self)
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
        for source, target in self._remaps.items():
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
        self,
        msg_type: Any,
        topic: str,
        qos_profile: QoSProfile | int,
        *,
        publisher_class: type[Publisher] = Publisher,
        **_: Any,
    ) -> Publisher:
        """Open a topic for sending."""
        name = self.resolve_topic_name(topic)
        publisher = publisher_class(self, msg_type, name, QoSProfile.of(qos_profile))
        self.publishers.append(publisher)
        self._graph.tell()
        return publisher

    def create_subscription(
        self,
        msg_type: Any,
        topic: str,
        callback: Callable[[Any], None],
        qos_profile: QoSProfile | int,
        *,
        raw: bool = False,
        callback_group: CallbackGroup | None = None,
        **_: Any,
    ) -> Subscription:
        """Open a topic for receiving; ``raw`` hands the serialised bytes over."""
        name = self.resolve_topic_name(topic)
        qos = QoSProfile.of(qos_profile)
        subscription = Subscription(
            self, msg_type, name, callback, qos, raw=raw, group=callback_group
        )
        self.subscriptions.append(subscription)
        self._graph.tell()
        return subscription

    def create_timer(
        self, timer_period_sec: float, callback: Callable[[], None], *_: Any, **__: Any
    ) -> Timer:
        """Call back once a period."""
        timer = Timer(self._clock, timer_period_sec, callback)
        self.timers.append(timer)
        context.wake()
        return timer

    def __getattr__(self, name: str) -> Any:
        """Say what is missing: services, clients and the rest of rclpy's node."""
        if name.startswith(('create_', 'get_', 'set_', 'add_', 'remove_', 'describe_')):
            raise NotInRosless(
                f'Node.{name} is not part of rosless, which does topics, timers and parameters: '
                'install ROS 2 with rclpy'
            )
        raise AttributeError(f'{type(self).__name__!r} object has no attribute {name!r}')

    def destroy_publisher(self, publisher: Publisher) -> bool:
        """Close a topic."""
        self.publishers.remove(publisher)
        publisher.close()
        self._graph.tell()
        return True

    def destroy_subscription(self, subscription: Subscription) -> bool:
        """Close a topic."""
        self.subscriptions.remove(subscription)
        subscription.close(self._participant)
        self._graph.tell()
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
        self._graph.remove(self)

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
        return self._endpoints(topic, self._participant.publications())

    def get_subscriptions_info_by_topic(self, topic: str) -> list[TopicEndpointInfo]:
        """Return every subscription of a topic."""
        return self._endpoints(topic, self._participant.subscriptions())

    def _endpoints(self, topic: str, endpoints: Any) -> list[TopicEndpointInfo]:
        name = f'rt{self.resolve_topic_name(topic)}'
        return [
            TopicEndpointInfo(*self._graph.node_of(endpoint), endpoint.typename, endpoint.qos)
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
        chosen = self._parameter_overrides.get(name, value)
        reason = ''
        if chosen is not None:
            reason = refusal(name, chosen, kind, descriptor, declaring=True)
        if reason:
            found = type_of(chosen)
            if found != kind and not descriptor.dynamic_typing:
                raise InvalidParameterTypeException(
                    f"Trying to set parameter '{name}' to '{chosen}' of type '{found.name}', "
                    f"expecting type '{kind.name}': {name}",
                    [name],
                )
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
            self._clock.simulated_ns = now_ns = stamp.sec * NS_PER_S + stamp.nanosec
            for timer in self.timers:
                timer.follow(now_ns)

        qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        self.create_subscription(kind, '/clock', follow, qos)
