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
from io import BytesIO
from itertools import islice
from pickle import Pickler, Unpickler
from typing import Any, Protocol

from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
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
EXPRESSIONS, EVENTS = f'{NODE}/expressions', f'{NODE}/events'


class Sink(Protocol):
    """What is done with what was published."""

    def message(self, topic: str, typename: str, data: bytes, stamp_ns: int) -> None:
        """Take a message as CDR under the stamp of its image."""

    def expressions(self, frame: Frame, message: Any) -> None:
        """Take the FaceExpressionArray of a frame, before its numbers are rounded for sending."""

    def event(self, message: Any) -> None:
        """Take an ExpressionEvent, likewise."""


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

    def create_publisher(
        self, kind: type, topic: str, qos: Any, *, event_callbacks: Any = None
    ) -> _Publisher:
        """Return what writes a topic down; to a file, nothing happens that one could hear of."""
        return _Publisher(self, kind, topic.replace('~', NODE, 1))

    def destroy_publisher(self, publisher: Any) -> None:
        """Nothing to close."""

    def write(self, topic: str, kind: type, message: Any) -> None:
        """Write a message of the frame at hand."""
        assert self.frame is not None, 'outputs publish of a frame'
        data = serialize_message(message)
        self._sink.message(topic, conversions.type_name(kind), data, self.frame.stamp_ns)
        if topic == EXPRESSIONS:
            self._sink.expressions(self.frame, message)
        elif topic == EVENTS:
            self._sink.event(message)


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
        """All is heard but images of faces."""
        return int(self.kind is not Image)


class Replay:
    """Runs one source through a pipeline; the same frames give the same messages at any rate.

    Between two frames :meth:`save` tells all that the rest depends on, so that a run that was
    interrupted goes on as if it had not been.
    """

    def __init__(
        self, pipeline: Pipeline, values: Mapping[str, Any], sink: Sink, *, rate: float = 0.0
    ) -> None:
        """Begin with nothing seen.

        :param pipeline: one that has seen nothing; it stays so, for other replays: a copy with
            the same nets does the work.
        :param rate: speed against the source's time; 0 is as fast as possible. No frame is
            dropped for being late.
        """
        pipeline = _copy(pipeline)
        tape = Tape(sink)
        outputs = Outputs(tape, publish_json=bool(values['publish_json']))
        self._state = _State(tape, Recognition(pipeline, outputs, values, _Notes()))
        self.pipeline = pipeline
        self._sink = sink
        self._clock = _Clock(rate)

    @property
    def frames(self) -> int:
        """How many frames were taken."""
        return self._state.frames

    @property
    def drops(self) -> Counter[str]:
        """Frames that became no message, by reason."""
        return self._state.drops

    @property
    def notes(self) -> list[str]:
        """A line for each thing that people should know."""
        return self._state.recognition.warn.lines

    def run(self, source: Source) -> Iterator[int]:
        """Yield the stamp of each frame once its messages are written, from where we are on."""
        frames = islice(source, self._state.frames, None)
        while True:
            began_s = time.perf_counter()
            frame = next(frames, None)
            if frame is None:
                break
            decoding_s = time.perf_counter() - began_s
            self._clock.wait_for(frame.stamp_ns)
            self._take(frame, source, time.perf_counter() - decoding_s)
            yield frame.stamp_ns
        self.drops.update(source.reasons)
        self.notes.extend(source.notes)

    def _take(self, frame: Frame, source: Source, began_s: float) -> None:
        """Recognise a frame and publish what was found."""
        state = self._state
        state.frames += 1
        state.tape.frame = frame
        try:
            result = state.recognition.recognise(frame, source.intrinsics)
            spent_ms = (time.perf_counter() - began_s) * 1e3
            dropped = sum(state.drops.values())
            timing = Timing(spent_ms, spent_ms, state.processed + 1, dropped)
            state.recognition.publish(result, frame, _header(frame), timing)
            state.processed += 1
        except FrameError as error:
            self._drop(error.reason, str(error))
        except OSError:  # the sink has no room: no fault of the frame
            raise
        except Exception as error:  # as in the live node: one bad frame ends nothing
            self._drop(DropReason.ERROR.value, f'{type(error).__name__}: {error}')

    def _drop(self, reason: str, text: str) -> None:
        if not self.drops[reason]:
            self.notes.append(f'{reason}: {text}')
        self.drops[reason] += 1

    # Going on later

    def models(self) -> dict[str, str]:
        """Return the sha256 of each model by its id."""
        return {key: one.manifest.sha256 for key, one in self._fixed().items() if key != _SINK}

    def save(self) -> bytes:
        """Return all that the next frames depend on; models and sink stay outside."""
        self._state.tape.frame = None
        return _dump(self._state, self._sink)[0]

    def restore(self, saved: bytes) -> None:
        """Go on from what :meth:`save` returned in a replay with the same models and values."""
        self._state = _load(saved, self._fixed())

    def _fixed(self) -> dict[str, Any]:
        """Return what stays outside by its key."""
        return _dump(self._state, self._sink)[1]


_SINK = 'sink'


@dataclass(slots=True)
class _State:
    """What the next frames depend on."""

    tape: Tape
    recognition: Recognition
    frames: int = 0
    processed: int = 0
    drops: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Notes:
    """Keeps lines for people."""

    lines: list[str] = field(default_factory=list)

    def __call__(self, line: str) -> None:
        self.lines.append(line)


class _Pickler(Pickler):
    """Leaves nets, which no file can hold, and the sink outside."""

    def __init__(self, file: BytesIO, sink: Sink | None) -> None:
        super().__init__(file)
        self._sink = sink
        self.outside: dict[str, Any] = {_SINK: sink}

    def persistent_id(self, item: Any) -> str | None:
        if item is self._sink and item is not None:
            return _SINK
        manifest = getattr(type(item), 'manifest', None)
        if isinstance(manifest, property):
            self.outside[item.manifest.id] = item
            return item.manifest.id
        return None


def _dump(content: Any, sink: Sink | None) -> tuple[bytes, dict[str, Any]]:
    """Return an object's bytes, and what was left outside by its key."""
    data = BytesIO()
    pickler = _Pickler(data, sink)
    pickler.dump(content)
    return data.getvalue(), pickler.outside


def _load(data: bytes, outside: Mapping[str, Any]) -> Any:
    """Return the object again."""
    loader = Unpickler(BytesIO(data))
    loader.persistent_load = outside.__getitem__
    return loader.load()


def _copy(pipeline: Pipeline) -> Pipeline:
    """Return a pipeline in the same state that shares the nets."""
    return _load(*_dump(pipeline, None))


class _Clock:
    """Waits until a frame is due; where time went back, it counts from there on."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._first: tuple[int, int] | None = None
        self._last_ns = 0

    def wait_for(self, stamp_ns: int) -> None:
        if not self._rate:
            return
        if self._first is None or stamp_ns < self._last_ns:
            self._first = stamp_ns, time.monotonic_ns()
        self._last_ns = stamp_ns
        first_ns, start_ns = self._first
        due_ns = start_ns + round((stamp_ns - first_ns) / self._rate)
        time.sleep(max(due_ns - time.monotonic_ns(), 0) / NS_PER_S)


def _header(frame: Frame) -> Header:
    return Header(stamp=conversions.ns_to_stamp(frame.stamp_ns), frame_id=frame.frame_id)
