"""A source through the pipeline into a file, without a middleware: what the node would publish.

The outputs of the live node are asked for their messages; they get :class:`Tape` in the place of
a node, whose publishers write down what they are given. So there is no second way from a result
to messages, and nothing below the nodes needs message classes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from fer_ros.errors import ConfigError, FrameError
from fer_ros.nodes import conversions, parameters
from fer_ros.nodes.outputs import Outputs, Timing
from fer_ros.nodes.recognition import NS_PER_S, Recognition
from fer_ros.pipeline import Pipeline
from fer_ros.sources import Source
from fer_ros.taxonomy import DropReason
from fer_ros.types import Frame

NODE = '/fer'
EXPRESSIONS = f'{NODE}/expressions'


class Sink(Protocol):
    """What is done with what was published."""

    def message(self, topic: str, typename: str, data: bytes, stamp_ns: int) -> None:
        """Take a message as CDR under the stamp of its image."""

    def expressions(self, frame: Frame, message: Any) -> None:
        """Take the FaceExpressionArray of a frame, as a subscriber would get it."""


def values_of(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return every parameter, some of them given; raises ConfigError where one is refused."""
    unknown = sorted(set(overrides) - set(parameters.BY_NAME))
    if unknown:
        raise ConfigError(
            f'parameter {unknown[0]}: expected one of the perception node, found none of that '
            'name; config/fer.yaml has them all'
        )
    values = parameters.defaults()
    for name, value in overrides.items():
        parameter = parameters.BY_NAME[name]
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if isinstance(parameter.default, float) and is_number:
            value = float(value)
        if type(value) is not type(parameter.default):
            raise ConfigError(
                f'parameter {name}: expected {type(parameter.default).__name__}, found {value!r}'
            )
        low, high = parameter.low, parameter.high
        if low is not None and high is not None and not low <= value <= high:
            raise ConfigError(
                f'parameter {name}: expected a value in [{low:g}, {high:g}], found {value!r}'
            )
        values[name] = value
    reason = parameters.refusal(values, overrides, running=False)
    if reason:
        raise ConfigError(reason)
    return values


class Tape:
    """Stands where outputs expect a node: publishers that hand everything to a sink."""

    def __init__(self, sink: Sink) -> None:
        """Begin without a frame."""
        self.frame: Frame | None = None
        self._sink = sink

    def create_publisher(self, kind: type, topic: str, qos: Any) -> _Publisher:
        """Return what writes a topic down."""
        return _Publisher(self, kind, topic.replace('~', NODE, 1))

    def destroy_publisher(self, publisher: Any) -> None:
        """Nothing to close."""

    def write(self, topic: str, kind: type, message: Any) -> None:
        """Write a message of the frame at hand."""
        assert self.frame is not None, 'outputs publish of a frame'
        data = serialize_message(message)
        self._sink.message(topic, conversions.type_name(kind), data, self.frame.stamp_ns)
        if topic == EXPRESSIONS:
            # As a subscriber gets it: numbers rounded to the fields' precision.
            self._sink.expressions(self.frame, deserialize_message(data, kind))


@dataclass(frozen=True, slots=True)
class _Publisher:
    """One topic of a tape."""

    tape: Tape
    kind: type
    topic: str

    def publish(self, message: Any) -> None:
        """Write a message down."""
        self.tape.write(self.topic, self.kind, message)

    def get_subscription_count(self) -> int:
        """Nobody looks at images of faces."""
        return 0


@dataclass(slots=True)
class Replay:
    """Runs sources through one pipeline; the same frames give the same messages at any rate.

    :param rate: speed against the source's time; 0 is as fast as possible. No frame is dropped
        for being late.
    :param drops: frames that became no message, by reason.
    :param notes: a line for each thing that people should know.
    """

    pipeline: Pipeline
    values: Mapping[str, Any]
    rate: float = 0.0
    drops: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def run(self, source: Source, sink: Sink) -> Iterator[int]:
        """Yield the stamp of each frame once its messages are written."""
        self.drops.clear()
        self.notes.clear()
        self.pipeline.reset()
        tape = Tape(sink)
        outputs = Outputs(tape, publish_json=bool(self.values['publish_json']))
        recognition = Recognition(self.pipeline, outputs, self.values, self._note)
        clock = _Clock(self.rate)
        processed = 0
        frames = iter(source)
        while True:
            began_s = time.perf_counter()
            frame = next(frames, None)
            if frame is None:
                break
            decoding_s = time.perf_counter() - began_s
            clock.wait_for(frame.stamp_ns)
            began_s = time.perf_counter() - decoding_s
            tape.frame = frame
            try:
                result = recognition.recognise(frame, source.intrinsics)
                spent_ms = (time.perf_counter() - began_s) * 1e3
                timing = Timing(spent_ms, spent_ms, processed + 1, sum(self.drops.values()))
                recognition.publish(result, frame, _header(frame), timing)
                processed += 1
            except FrameError as error:
                self._drop(error.reason, str(error))
            except Exception as error:  # as in the live node: one bad frame ends nothing
                self._drop(DropReason.ERROR.value, f'{type(error).__name__}: {error}')
            yield frame.stamp_ns
        if source.broken:
            self.drops[DropReason.BAD_DATA.value] += source.broken
        for line in source.notes:
            self._note(line)

    def _drop(self, reason: str, text: str) -> None:
        if not self.drops[reason]:
            self._note(f'{reason}: {text}')
        self.drops[reason] += 1

    def _note(self, line: str) -> None:
        self.notes.append(line)


class _Clock:
    """Waits until a frame is due."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._first: tuple[int, int] | None = None

    def wait_for(self, stamp_ns: int) -> None:
        if not self._rate:
            return
        if self._first is None:
            self._first = stamp_ns, time.monotonic_ns()
        first_ns, start_ns = self._first
        due_ns = start_ns + round((stamp_ns - first_ns) / self._rate)
        time.sleep(max(due_ns - time.monotonic_ns(), 0) / NS_PER_S)


def _header(frame: Frame) -> Header:
    return Header(stamp=conversions.ns_to_stamp(frame.stamp_ns), frame_id=frame.frame_id)
