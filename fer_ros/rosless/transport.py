"""The wire: CDR bytes on DDS topics. The one file that touches Cyclone DDS.

The bytes go through ``ddspy_write`` and ``ddspy_take``, which the Python binding keeps to itself:
its own serialiser takes a third of a second for a 720p image. That is why its version is pinned.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from cyclonedds.pub import DataWriter
from cyclonedds.qos import Policy, Qos
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic
from cyclonedds.util import duration

from fer_ros.errors import MiddlewareError
from fer_ros.rosless.definitions import typestore
from fer_ros.rosless.idl import idl_type
from fer_ros.rosless.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

ANY_STATE = SampleState.Any | ViewState.Any | InstanceState.Any
TAKE = 64  # samples fetched from one reader at a time
RECEIVE_BUFFER = 4 * 1024 * 1024  # below that, most of a 720p image's fragments are lost


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A publisher or subscription somewhere in the graph."""

    topic: str
    participant: bytes
    qos: QoSProfile


class Writer:
    """Sends CDR bytes on one topic."""

    def __init__(self, participant: Any, topic: Any, qos: QoSProfile, typename: str) -> None:
        """Open the topic."""
        self._topic = topic
        self._writer = DataWriter(participant, topic, qos=_dds_qos(qos, typename))

    @property
    def guid(self) -> bytes:
        """The writer's 16 bytes."""
        return bytes(self._writer.get_guid().bytes)

    def write(self, data: bytes) -> None:
        """Send one sample, whose length is a multiple of four."""
        code = ddspy_write(self._writer._ref, data)
        if code < 0:
            raise MiddlewareError(f'DDS could not send {len(data)} bytes: code {code}')

    def matched(self) -> int:
        """Return how many readers listen."""
        return len(self._writer.get_matched_subscriptions())

    def incompatible(self) -> int:
        """Return how many readers asked for more than this writer offers."""
        return int(self._writer.get_offered_incompatible_qos_status().total_count)


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
        self._reader = DataReader(participant, topic, qos=_dds_qos(qos, typename))
        self.condition = ReadCondition(self._reader, ANY_STATE)

    @property
    def guid(self) -> bytes:
        """The reader's 16 bytes."""
        return bytes(self._reader.get_guid().bytes)

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

    def incompatible(self) -> int:
        """Return how many writers offered less than this reader asks for."""
        return int(self._reader.get_requested_incompatible_qos_status().total_count)


class Participant:
    """A process in the graph, and the thread that reads for all its topics."""

    def __init__(self, domain_id: int) -> None:
        """Join a domain; raises MiddlewareError where that fails."""
        try:
            if 'CYCLONEDDS_URI' not in os.environ:
                self._domain = _domain(domain_id)
            self._participant = DomainParticipant(
                domain_id, qos=Qos(Policy.Userdata(b'enclave=/;'))
            )
        except DDSException as error:
            raise MiddlewareError(
                f'DDS domain {domain_id}: expected to join it, found {error.msg or error}; check '
                'CYCLONEDDS_URI, the network interface, and that fewer than 120 other processes '
                'use this domain'
            ) from None
        self._topics: dict[str, Any] = {}
        self._publications = BuiltinDataReader(self._participant, BuiltinTopicDcpsPublication)
        self._subscriptions = BuiltinDataReader(self._participant, BuiltinTopicDcpsSubscription)
        self._readers: list[Reader] = []
        self._lock = threading.Lock()
        self._changed = GuardCondition(self._participant)
        self._stopping = False
        self._thread = threading.Thread(target=self._read, name='dds-reader', daemon=True)
        self._thread.start()

    @property
    def guid(self) -> bytes:
        """The participant's 16 bytes."""
        return bytes(self._participant.get_guid().bytes)

    def writer(self, topic: str, typename: str, qos: QoSProfile) -> Writer:
        """Open a topic for writing; ``topic`` is the name on the wire."""
        return Writer(self._participant, self._topic(topic, typename), qos, typename)

    def reader(
        self, topic: str, typename: str, qos: QoSProfile, deliver: Callable[[bytes], None]
    ) -> Reader:
        """Open a topic for reading."""
        reader = Reader(self._participant, self._topic(topic, typename), qos, typename, deliver)
        with self._lock:
            self._readers.append(reader)
        self._changed.set(True)
        return reader

    def remove(self, reader: Reader) -> None:
        """Read no more from a reader."""
        with self._lock:
            self._readers.remove(reader)
        self._changed.set(True)

    def publications(self) -> list[Endpoint]:
        """Return every writer in the graph."""
        return _endpoints(self._publications)

    def subscriptions(self) -> list[Endpoint]:
        """Return every reader in the graph."""
        return _endpoints(self._subscriptions)

    def close(self) -> None:
        """Leave the domain."""
        self._stopping = True
        self._changed.set(True)
        self._thread.join()

    def _topic(self, name: str, typename: str) -> Any:
        """Return a topic, made once: Cyclone refuses a second one with another type object."""
        if name not in self._topics:
            self._topics[name] = Topic(self._participant, name, idl_type(typename))
        return self._topics[name]

    def _read(self) -> None:
        """Wait for samples of any reader; begin again when readers come or go."""
        while not self._stopping:
            self._changed.set(False)
            with self._lock:
                readers = list(self._readers)
            waiting = WaitSet(self._participant)
            waiting.attach(self._changed)
            for reader in readers:
                waiting.attach(reader.condition)
            while not self._changed.read():
                for reader in readers:
                    reader.drain()
                waiting.wait(duration(seconds=1))
            del waiting


def _endpoints(reader: Any) -> list[Endpoint]:
    """Return what a reader of the graph holds now."""
    return [
        Endpoint(sample.topic_name, sample.participant_key.bytes, _profile(sample.qos))
        for sample in reader.read(N=4096)
        if sample.sample_info.instance_state == InstanceState.Alive
    ]


def _profile(qos: Any) -> QoSProfile:
    """Return what of a DDS QoS our nodes look at."""
    reliable = any(isinstance(policy, Policy.Reliability.Reliable) for policy in qos)
    local = Policy.Durability.TransientLocal in qos
    return QoSProfile(
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if local else DurabilityPolicy.VOLATILE,
    )


def _dds_qos(profile: QoSProfile, typename: str) -> Any:
    """Return a profile as DDS policies."""
    reliable = profile.reliability != ReliabilityPolicy.BEST_EFFORT
    local = profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
    keep_all = profile.history == HistoryPolicy.KEEP_ALL
    depth = max(profile.depth, 1)
    policies: list[Any] = [
        Policy.Reliability.Reliable(duration(milliseconds=100))
        if reliable
        else Policy.Reliability.BestEffort,
        Policy.Durability.TransientLocal if local else Policy.Durability.Volatile,
        Policy.History.KeepAll if keep_all else Policy.History.KeepLast(depth),
        Policy.DataRepresentation(use_cdrv0_representation=True),
        Policy.Userdata(f'typehash={typestore().hash_rihs01(typename)};'.encode()),
    ]
    if local and not keep_all:
        policies.append(
            Policy.DurabilityService(
                cleanup_delay=0,
                history=Policy.History.KeepLast(depth),
                max_samples=-1,
                max_instances=-1,
                max_samples_per_instance=-1,
            )
        )
    return Qos(*policies)


def _domain(domain_id: int) -> Any:
    """Return a domain with settings under which images arrive whole."""
    return Domain(domain_id, _configuration(loopback_only()))


def loopback_only() -> bool:
    """Tell whether ROS's environment variables keep this process to its own machine."""
    discovery = os.environ.get('ROS_AUTOMATIC_DISCOVERY_RANGE', '').upper()
    return os.environ.get('ROS_LOCALHOST_ONLY') == '1' or discovery in ('LOCALHOST', 'OFF')


def _configuration(loopback: bool) -> str:
    """Return Cyclone's configuration."""
    if loopback:
        # Unicast to every port: a sandbox's loopback often has no multicast.
        network = (
            '<General><Interfaces><NetworkInterface address="127.0.0.1" multicast="false"/>'
            '</Interfaces><AllowMulticast>false</AllowMulticast>'
            '<MaxMessageSize>65500B</MaxMessageSize><FragmentSize>60000B</FragmentSize></General>'
            '<Discovery><ParticipantIndex>auto</ParticipantIndex>'
            '<MaxAutoParticipantIndex>119</MaxAutoParticipantIndex>'
            '<Peers><Peer address="127.0.0.1"/></Peers></Discovery>'
        )
    else:
        network = (
            '<Discovery><ParticipantIndex>auto</ParticipantIndex>'
            '<MaxAutoParticipantIndex>119</MaxAutoParticipantIndex></Discovery>'
        )
    return (
        f'<CycloneDDS><Domain Id="any">{network}<Internal>'
        f'<SocketReceiveBufferSize min="{_receive_buffer()}B"/></Internal></Domain></CycloneDDS>'
    )


def _receive_buffer() -> int:
    """Return the buffer to ask for: Cyclone refuses to start below it, so no more than allowed."""
    try:
        allowed = int(Path('/proc/sys/net/core/rmem_max').read_text(encoding='ascii'))
    except (OSError, ValueError):
        return 0
    return min(allowed, RECEIVE_BUFFER)
