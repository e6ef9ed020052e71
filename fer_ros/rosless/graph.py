"""``ros_discovery_info``: which nodes a participant holds, told to peers and heard from them."""

from __future__ import annotations

import threading
from typing import Any

from fer_ros.rosless.codec import deserialize, serialize
from fer_ros.rosless.messages import message_class
from fer_ros.rosless.qos import DurabilityPolicy, QoSProfile
from fer_ros.rosless.transport import Endpoint, Participant

TOPIC = 'ros_discovery_info'
TYPENAME = 'rmw_dds_common/msg/ParticipantEntitiesInfo'
UNKNOWN = '_NODE_NAME_UNKNOWN_'


class Graph:
    """Says which nodes live here, and knows those of others."""

    def __init__(self, participant: Participant) -> None:
        """Open the topic both ways."""
        self._participant = participant
        self._kind = message_class(TYPENAME)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        everyone = QoSProfile(depth=200, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._lock = threading.Lock()
        self._nodes: list[Any] = []
        self._peers: dict[bytes, list[tuple[str, str, set[bytes]]]] = {}
        self._closed = False
        self._writer = participant.writer(TOPIC, TYPENAME, latched)
        self._reader = participant.reader(TOPIC, TYPENAME, everyone, self._hear)

    def add(self, node: Any) -> None:
        """Tell of a node."""
        with self._lock:
            self._nodes.append(node)
        self.tell()

    def remove(self, node: Any) -> None:
        """Tell that a node is gone."""
        with self._lock:
            if node in self._nodes:
                self._nodes.remove(node)
        self.tell()

    def close(self) -> None:
        """Tell nothing any more: nodes may be destroyed after the participant."""
        self._closed = True

    def tell(self) -> None:
        """Publish the nodes of this process with their topics."""
        if self._closed:
            return
        with self._lock:
            entries = [node.entities() for node in self._nodes]
        gid = message_class('rmw_dds_common/msg/Gid')
        entities = message_class('rmw_dds_common/msg/NodeEntitiesInfo')
        message = self._kind(
            gid=gid(data=self._participant.guid),
            node_entities_info_seq=[
                entities(
                    node_namespace=namespace,
                    node_name=name,
                    reader_gid_seq=[gid(data=guid) for guid in readers],
                    writer_gid_seq=[gid(data=guid) for guid in writers],
                )
                for namespace, name, readers, writers in entries
            ],
        )
        self._writer.write(serialize(message))

    def node_of(self, endpoint: Endpoint) -> tuple[str, str]:
        """Return name and namespace of the node that an endpoint belongs to."""
        with self._lock:
            nodes = self._peers.get(endpoint.participant, [])
        for name, namespace, guids in nodes:
            if endpoint.guid in guids:
                return name, namespace
        return UNKNOWN, UNKNOWN

    def _hear(self, data: bytes) -> None:
        """Keep what a peer tells."""
        try:
            message: Any = deserialize(data, self._kind)
        except Exception:  # Humble's message differs; a stranger's must not end the thread
            return
        nodes = [
            (
                item.node_name,
                item.node_namespace,
                {bytes(gid.data) for gid in (*item.reader_gid_seq, *item.writer_gid_seq)},
            )
            for item in message.node_entities_info_seq
        ]
        with self._lock:
            self._peers[bytes(message.gid.data)] = nodes
