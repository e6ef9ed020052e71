"""The wire: CDR bytes on DDS topics. The one file that touches Cyclone DDS.

The bytes go through ``ddspy_write`` and ``ddspy_take``, which the Python binding keeps to itself:
its own serialiser takes a third of a second for a 720p image. That is why its version is pinned.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet, WeakValueDictionary

from cyclonedds._clayer import ddspy_take, ddspy_write
from cyclonedds.builtin import (
    BuiltinDataReader,
    BuiltinTopicDcpsPublication,
    BuiltinTopicDcpsSubscription,
)
from cyclonedds.core import (
    DDSException,
    GuardCondition,
    InstanceState,
    ReadCondition,
    SampleState,
    ViewState,
    WaitSet,
)
from cyclonedds.domain import Domain, DomainParticipant
from cyclonedds.internal import dds_c_t
from cyclonedds.pub import DataWriter
from cyclonedds.qos import Policy, Qos
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic
from cyclonedds.util import duration

from fer_ros.errors import MiddlewareError
from fer_ros.rosless.definitions import typestore
from fer_ros.rosless.idl import idl_type
from fer_ros.rosless.network import configuration, participants
from fer_ros.rosless.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

ANY_STATE = SampleState.Any | ViewState.Any | InstanceState.Any
WAIT_NS = duration(seconds=1)
WITHOUT_END_NS = duration(infinite=True)
TAKE = 64  # samples fetched from one reader at a time
TIMEOUT = -10  # DDS_RETCODE_TIMEOUT
# DDS_*_QOS_POLICY_ID of the policies that ROS sets.
POLICIES = {2: 'DURABILITY', 11: 'RELIABILITY', 23: 'DATA_REPRESENTATION', 24: 'TYPE'}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A publisher or subscription somewhere in the graph."""

    topic: str
    typename: str
    guid: bytes
    participant: bytes
    qos: QoSProfile


@dataclass(frozen=True, slots=True)
class Mismatch:
    """How many peers of an endpoint have a QoS that does not fit, and what did not last."""

    count: int
    policy: str


class _Topic(Topic):  # type: ignore[misc]  # the package has no types
    """A topic that knows when it is gone.

    Its last reference may go in another thread, which gives the GIL away while Cyclone deletes it:
    for that long a look-up still finds it by name, and would bring it back, dead.
    """

    lock = threading.RLock()  # again in the same thread where garbage is collected under it
    gone = False

    def __del__(self) -> None:
        """Delete it, out of everybody's sight."""
        with _Topic.lock:
            self.gone = True
            super().__del__()


class Writer:
    """Sends CDR bytes on one topic."""

    def __init__(self, participant: Any, topic: Any, qos: QoSProfile, typename: str) -> None:
        """Open the topic."""
        self._topic = topic
        self._writer: Any = DataWriter(participant, topic, qos=_dds_qos(qos, typename))
        self.guid = bytes(self._writer.get_guid().bytes)

    def write(self, data: bytes) -> bool:
        """Send one sample, whose length is a multiple of four.

        :return: False where a reliable reader left no room for it in time: it is dropped.
        """
        writer = self._writer
        if writer is None:
            raise MiddlewareError('expected to send before rclpy.shutdown(), found the topic shut')
        code = ddspy_write(writer._ref, data)
        if code < 0 and code != TIMEOUT:
            raise MiddlewareError(f'DDS could not send {len(data)} bytes: code {code}')
        return bool(code != TIMEOUT)

    def matched(self) -> int:
        """Return how many readers listen."""
        writer = self._writer
        if writer is None:
            return 0
        # Without room for their handles, Cyclone returns their number alone.
        return max(int(writer._get_matched_subscriptions(writer._ref, None, 0)), 0)

    def wait_for_acks(self, timeout_ns: int) -> bool:
        """Wait until reliable readers have every sample; return whether they have.

        :param timeout_ns: the longest wait; a negative one is without end.
        """
        writer = self._writer
        if writer is None:
            return True
        # The package's own method stumbles over a timeout.
        code = writer._wait_for_acks(
            writer._ref, timeout_ns if timeout_ns >= 0 else WITHOUT_END_NS
        )
        if code < 0 and code != TIMEOUT:
            raise MiddlewareError(f'DDS could not wait for its readers: code {code}')
        return bool(code != TIMEOUT)

    def mismatch(self) -> Mismatch:
        """Return how many readers asked for more than this writer offers."""
        return _mismatch(self._writer.get_offered_incompatible_qos_status())

    def close(self) -> None:
        """Close the topic."""
        self._writer = self._topic = None


class Reader:
    """Hands the CDR bytes of one topic to a function, in the participant's thread."""

    def __init__(
        self,
        participant: Any,
        topic: Any,
        qos: QoSProfile,
        typename: str,
        deliver: Callable[[bytes], None],
    ) -> None:
        """Open the topic."""
        self._topic = topic
        self._deliver = deliver
        self._reader: Any = DataReader(participant, topic, qos=_dds_qos(qos, typename))
        self.condition: Any = ReadCondition(self._reader, ANY_STATE)
        self.guid = bytes(self._reader.get_guid().bytes)

    def drain(self) -> None:
        """Deliver everything that has arrived."""
        while True:
            samples = ddspy_take(self._reader._ref, ANY_STATE, TAKE)
            if isinstance(samples, int):  # an error code: the reader is going away
                return
            for data, info in samples:
                if info.valid_data:
                    self._deliver(data)
            if len(samples) < TAKE:
                return

    def mismatch(self) -> Mismatch:
        """Return how many writers offered less than this reader asks for."""
        return _mismatch(self._reader.get_requested_incompatible_qos_status())

    def close(self) -> None:
        """Close the topic; only where no thread reads any more."""
        self.condition = self._reader = self._topic = None


class Participant:
    """A process in the graph, and the thread that reads for all its topics."""

    def __init__(self, domain_id: int) -> None:
        """Join a domain; raises MiddlewareError where that fails."""
        self._domain, self._participant = _join(domain_id)
        # Weak: the topics of a face that has gone go with its writers.
        self._topics: WeakValueDictionary[str, _Topic] = WeakValueDictionary()
        self._endpoints: WeakSet[Writer | Reader] = WeakSet()
        inside = self._participant
        self._publications: Any = BuiltinDataReader(inside, BuiltinTopicDcpsPublication)
        self._subscriptions: Any = BuiltinDataReader(inside, BuiltinTopicDcpsSubscription)
        self._readers: list[Reader] = []
        self._lock = threading.Lock()
        self._changed: Any = GuardCondition(self._participant)
        self._stopping = False
        self._thread = threading.Thread(target=self._read, name='dds-reader', daemon=True)
        self._thread.start()

    @property
    def guid(self) -> bytes:
        """The participant's 16 bytes."""
        return bytes(self._participant.get_guid().bytes)

    def writer(self, topic: str, typename: str, qos: QoSProfile) -> Writer:
        """Open a topic for writing; ``topic`` is the name on the wire."""
        writer = Writer(self._participant, self._topic(topic, typename), qos, typename)
        self._endpoints.add(writer)
        return writer

    def reader(
        self, topic: str, typename: str, qos: QoSProfile, deliver: Callable[[bytes], None]
    ) -> Reader:
        """Open a topic for reading."""
        reader = Reader(self._participant, self._topic(topic, typename), qos, typename, deliver)
        self._endpoints.add(reader)
        with self._lock:
            self._readers.append(reader)
        self._changed.set(True)
        return reader

    def remove(self, reader: Reader) -> None:
        """Read no more from a reader."""
        with self._lock:
            if reader in self._readers:
                self._readers.remove(reader)
        if self._changed is not None:
            self._changed.set(True)

    def publications(self) -> list[Endpoint]:
        """Return every writer in the graph."""
        return _endpoints(self._publications)

    def subscriptions(self) -> list[Endpoint]:
        """Return every reader in the graph."""
        return _endpoints(self._subscriptions)

    def close(self) -> None:
        """Leave the domain, with everything that is still open in it."""
        self._stopping = True
        self._changed.set(True)
        self._thread.join()
        self._readers.clear()
        # One by one, the inner ones first: the domain can not be joined again while it exists,
        # and Cyclone hangs where something is deleted after its domain.
        for endpoint in list(self._endpoints):
            endpoint.close()
        self._publications = self._subscriptions = self._changed = None
        self._participant = None
        self._domain = None

    def _topic(self, name: str, typename: str) -> Any:
        """Return a topic, made once: Cyclone refuses a second one with another type object."""
        kind = idl_type(typename)
        with _Topic.lock:
            topic = self._topics.get(name)
            if topic is None or topic.gone:
                topic = self._topics[name] = _Topic(self._participant, name, kind)
        if topic.data_type is not kind:
            raise MiddlewareError(
                f'topic {name}: expected one type in this process, found {typename} and '
                f'{topic.data_type.__idl_typename__}'
            )
        return topic

    def _read(self) -> None:
        """Wait for samples of any reader; begin again when readers come or go."""
        while True:
            self._changed.set(False)
            if self._stopping:  # after the line above, which may undo what close() has set
                return
            with self._lock:
                readers = list(self._readers)
            self._read_until_changed(readers)

    def _read_until_changed(self, readers: list[Reader]) -> None:
        """Read from those readers that have something."""
        waiting = _WaitSet(self._participant, [self._changed, *(r.condition for r in readers)])
        while True:
            come = waiting.come()
            if 0 in come:
                return
            for number in come:
                readers[number - 1].drain()


class _WaitSet(WaitSet):  # type: ignore[misc]  # the package has no types
    """Waits for some of many entities, and says which: the package's own says how many."""

    def __init__(self, participant: Any, entities: list[Any]) -> None:
        """Attach them, each with its number."""
        super().__init__(participant)
        self._entities = entities
        self._come = (dds_c_t.attach * len(entities))()
        for number, entity in enumerate(entities):
            self._waitset_attach(self._ref, entity._ref, number)

    def come(self) -> list[int]:
        """Wait; return the numbers of those that have something, of none after a second."""
        count = self._waitset_wait(self._ref, self._come, len(self._come), WAIT_NS)
        if count < 0:
            raise DDSException(count, 'Occurred while waiting for samples')
        return [number or 0 for number in self._come[:count]]


def _join(domain_id: int) -> tuple[Any, Any]:
    """Return a domain, None where CYCLONEDDS_URI configures it, and a participant in it."""
    domain: Any = None
    try:
        if not os.environ.get('CYCLONEDDS_URI'):
            domain = Domain(domain_id, configuration(domain_id))
        return domain, DomainParticipant(domain_id, qos=Qos(Policy.Userdata(b'enclave=/;')))
    except DDSException as error:
        raise MiddlewareError(
            f'DDS domain {domain_id}: expected to join it, found code {error.code}; check '
            f'CYCLONEDDS_URI, the network interface, and that no more than '
            f'{participants(domain_id)} processes use this domain'
        ) from None


def _mismatch(status: Any) -> Mismatch:
    """Return a DDS status in words."""
    number = int(status.last_policy_id)
    return Mismatch(int(status.total_count), POLICIES.get(number, f'POLICY {number}'))


def _endpoints(reader: Any) -> list[Endpoint]:
    """Return what a reader of the graph holds now."""
    if reader is None:
        return []
    return [
        Endpoint(
            sample.topic_name,
            _typename(sample.type_name),
            sample.key.bytes,
            sample.participant_key.bytes,
            _profile(sample.qos),
        )
        for sample in reader.read(N=4096)
        if sample.sample_info.instance_state == InstanceState.Alive
    ]


def _typename(wire_name: str) -> str:
    """Return ``std_msgs/msg/String`` of ``std_msgs::msg::dds_::String_``."""
    return wire_name.replace('::dds_::', '::').removesuffix('_').replace('::', '/')


def _profile(qos: Any) -> QoSProfile:
    """Return what of a DDS QoS our nodes look at."""
    reliable = any(isinstance(policy, Policy.Reliability.Reliable) for policy in qos)
    local = Policy.Durability.TransientLocal in qos
    return QoSProfile(
        depth=0,  # history does not travel
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if local else DurabilityPolicy.VOLATILE,
    )


def _dds_qos(profile: QoSProfile, typename: str) -> Any:
    """Return a profile as DDS policies."""
    reliable = profile.reliability != ReliabilityPolicy.BEST_EFFORT
    local = profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
    size = profile.queue_size
    history = Policy.History.KeepAll if size is None else Policy.History.KeepLast(size)
    policies: list[Any] = [
        Policy.Reliability.Reliable(duration(milliseconds=100))
        if reliable
        else Policy.Reliability.BestEffort,
        Policy.Durability.TransientLocal if local else Policy.Durability.Volatile,
        history,
        Policy.DataRepresentation(use_cdrv0_representation=True),
        Policy.Userdata(f'typehash={typestore().hash_rihs01(typename)};'.encode()),
    ]
    if local:
        policies.append(
            Policy.DurabilityService(
                cleanup_delay=0,
                history=history,
                max_samples=-1,
                max_instances=-1,
                max_samples_per_instance=-1,
            )
        )
    return Qos(*policies)
