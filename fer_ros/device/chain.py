"""What is done with one frame on the device: looks for faces, landmarks, aligned faces.

Each of the three is one launch: a CUDA graph with fixed shapes, filled with where to look and
emptied of what was found. On the CPU the same functions are called as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fer_ros.detection.blazeface import Candidates, anchor_centres
from fer_ros.detection.squares import Square
from fer_ros.device.atlas import Atlas
from fer_ros.device.sampling import Crops, as_input, on_levels, sample
from fer_ros.device.suppression import decode, suppress, uncut
from fer_ros.errors import DeviceError
from fer_ros.inference.manifest import Manifest
from fer_ros.inference.torch_engine import BATCHES, TorchEngine, record
from fer_ros.types import Float32, Float64, UInt8

# Candidates that one look keeps: a crowd of 64 has about ten a face.
_MOST = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """Faces of the recogniser: (N, S, S, 3) crops, (N, K) logits, (N, D) embeddings."""

    pixels: UInt8
    logits: Float32
    embeddings: Float32


@dataclass(frozen=True, slots=True, eq=False)
class _Launch:
    """One recorded call: where its crops go, what it gives, how it is run.

    :param squares: (S, 3) of detection; not used by the others.
    """

    crops: Crops
    squares: Tensor
    run: Callable[[], tuple[Tensor, ...]]


class DeviceChain:
    """One camera's frames on one device; the nets are those of its engines."""

    def __init__(self, engines: Sequence[TorchEngine], *, mirror_below: float) -> None:
        """Take the nets: detector of full and short range, face mesh, recogniser.

        :param mirror_below: average a face with its mirror image where the likeliest emotion is
            given less than this.
        """
        self._engines = {engine.manifest.id: engine for engine in engines}
        self._mirror_below = mirror_below
        self.device = engines[0].graph.device
        self._atlas: Atlas | None = None
        self._frame: object = None
        self._size = 0, 0
        self._launches: dict[Hashable, _Launch] = {}
        self._anchors: dict[str, Tensor] = {}
        # Since the beginning, for those who measure.
        self.launches = 0
        self.downloaded_bytes = 0

    def wait(self) -> None:
        """Wait until the device has done all it was given."""
        if self.device.type == 'cuda':
            torch.cuda.synchronize(self.device)

    def transfer(self, data: UInt8) -> None:
        """Copy the bytes of a frame to the device and do nothing with them."""
        assert self._atlas is not None, 'a frame is uploaded first'
        self._atlas.upload(data)
        self._frame = None

    def upload(
        self, frame: object, data: UInt8, width: int, height: int, encoding: str = 'rgb8'
    ) -> None:
        """Take the pixels of a frame, once.

        :param frame: tells frames apart: the same one is not uploaded again.
        :param data: its bytes without padding, in its camera's encoding.
        """
        if frame is self._frame:
            return
        atlas = self._atlas
        if atlas is None or self._size != (width, height) or atlas.encoding != encoding:
            self._launches.clear()  # they read the old buffer
            self._atlas = atlas = Atlas(width, height, encoding, self.device)
            self._size = width, height
        atlas.upload(data)
        self._launch(('fill',), 1, self._fill).run()
        self.launches += 1
        self._frame = frame

    def look(
        self, model: str, squares: Sequence[Square], min_score: float, max_overlap: float
    ) -> Candidates:
        """Look for faces in squares of the frame; each face comes once."""
        manifest = self._engines[model].manifest
        size = manifest.input.width
        sides = np.array([square.side for square in squares])
        corners = np.array([(square.x, square.y) for square in squares])
        scale = (sides / size)[:, None, None]
        matrix = np.concatenate([np.eye(2) * scale, corners[:, :, None]], axis=2)
        # A level is read with the same shift as by the rooms: half a pixel of the crop.
        key = ('look', model, len(squares), min_score, max_overlap)
        launch = self._launch(
            key, len(squares), lambda one: self._look(model, one, min_score, max_overlap)
        )
        self._place(launch, matrix, _halvings(sides / size))
        launch.squares.copy_(torch.from_numpy(np.c_[corners, sides].astype(np.float32)))
        boxes, keypoints, scores = self._fetch(launch)
        found = scores > 0
        return Candidates(boxes[found], keypoints[found], scores[found])

    def locate(self, model: str, crop_to_frame: Float64) -> tuple[Float32, Float32]:
        """Return landmarks (N, L, 3) in pixels of the crops, and presences (N,).

        :param crop_to_frame: (N, 2, 3) of crops of the net's size.
        """
        scale = np.hypot(crop_to_frame[:, 0, 0], crop_to_frame[:, 1, 0])
        # The mesh has the centre of the crop's first pixel at (0, 0), not at 0.5.
        matrix = crop_to_frame.copy()
        matrix[:, :, 2] -= crop_to_frame[:, :, :2].sum(axis=2) / 2
        points, presences = self._in_batches('locate', model, matrix, _halvings(scale))
        return points, presences.reshape(-1)

    def recognise(self, model: str, crop_to_frame: Float64) -> Aligned:
        """Return aligned faces and what the net says of them."""
        scale = np.hypot(crop_to_frame[:, 0, 0], crop_to_frame[:, 1, 0])
        halvings = np.maximum(np.round(np.log2(scale)), 0).astype(np.int64)
        pixels, logits, embeddings = self._in_batches('recognise', model, crop_to_frame, halvings)
        return Aligned(pixels.astype(np.uint8), logits, embeddings)

    def _in_batches(
        self, kind: str, model: str, matrix: Float64, halvings: Any
    ) -> tuple[Float32, ...]:
        """Run crops in launches of fixed sizes; the last one is filled up."""
        call = self._locate if kind == 'locate' else self._recognise
        parts = []
        for start in range(0, len(matrix), BATCHES[-1]):
            rows = slice(start, start + BATCHES[-1])
            count = len(matrix[rows])
            size = next(batch for batch in BATCHES if batch >= count)
            launch = self._launch((kind, model, size), size, lambda one: call(model, one))
            self._place(launch, matrix[rows], halvings[rows])
            parts.append([found[:count] for found in self._fetch(launch)])
        return tuple(np.concatenate(columns) for columns in zip(*parts))

    # What is recorded

    def _fill(self, _: _Launch) -> tuple[Tensor, ...]:
        assert self._atlas is not None, 'a frame is uploaded first'
        self._atlas.fill()
        return ()

    def _look(
        self, model: str, launch: _Launch, min_score: float, max_overlap: float
    ) -> tuple[Tensor, ...]:
        manifest = self._engines[model].manifest
        crops = self._sample(launch, manifest, cubic=False, black=True)
        raw, logits = self._run(model, as_input(crops, manifest.input))
        options = manifest.options
        boxes, keypoints, scores = decode(
            raw,
            logits,
            self._anchors_of(manifest),
            launch.squares,
            float(options['box_scale']),
            min(float(options['score_clip']), 80.0),
        )
        kept = (scores >= min_score) & uncut(boxes, launch.squares, *self._size)
        scores = torch.where(kept, scores, 0.0)
        return suppress(boxes, keypoints, scores, max_overlap, _MOST)

    def _locate(self, model: str, launch: _Launch) -> tuple[Tensor, ...]:
        manifest = self._engines[model].manifest
        crops = self._sample(launch, manifest, cubic=False, black=False)
        return self._run(model, as_input(crops, manifest.input))

    def _recognise(self, model: str, launch: _Launch) -> tuple[Tensor, ...]:
        manifest = self._engines[model].manifest
        crops = self._sample(launch, manifest, cubic=True, black=False)
        batch = as_input(crops, manifest.input)
        if not self._mirror_below:
            return (crops.to(torch.uint8), *self._run(model, batch))
        # A recorded launch has one shape: all are mirrored, and the torn ones make use of it.
        looks = [
            one.reshape(2, len(batch), -1)
            for one in self._run(model, torch.cat([batch, batch.flip(-1)]))
        ]
        likeliest = torch.softmax(looks[0][0].float() / manifest.temperature, dim=1).amax(dim=1)
        torn = (likeliest < self._mirror_below)[:, None]
        averaged = (torch.where(torn, both.mean(dim=0), both[0]) for both in looks)
        return (crops.to(torch.uint8), *averaged)

    def _sample(self, launch: _Launch, manifest: Manifest, *, cubic: bool, black: bool) -> Tensor:
        assert self._atlas is not None, 'a frame is uploaded first'
        return sample(
            self._atlas.pixels, launch.crops, manifest.input.width, cubic=cubic, black=black
        )

    def _run(self, model: str, batch: Tensor) -> tuple[Tensor, ...]:
        """Run a net; its outputs in the manifest's order."""
        engine = self._engines[model]
        outputs = dict(
            zip(engine.graph.outputs, engine.graph({engine.manifest.input.name: batch}))
        )
        return tuple(outputs[name] for name in engine.manifest.outputs)

    def _anchors_of(self, manifest: Manifest) -> Tensor:
        """Return a detector's anchors on the device."""
        if manifest.id not in self._anchors:
            options = manifest.options
            centres = anchor_centres(
                manifest.input.width, options['strides'], options['anchors_per_cell']
            )
            self._anchors[manifest.id] = torch.from_numpy(centres).to(self.device)
        return self._anchors[manifest.id]

    # How it is launched

    def _place(self, launch: _Launch, matrix: Float64, halvings: Any) -> None:
        """Say where the crops are."""
        assert self._atlas is not None, 'a frame is uploaded first'
        launch.crops.copy_from(*on_levels(matrix, halvings, self._atlas.levels))

    def _launch(self, key: Hashable, count: int, call: Callable[[_Launch], Any]) -> _Launch:
        """Return a recorded call, recorded when it is first needed."""
        if key not in self._launches:
            crops = Crops.room_for(count, self.device)
            squares = torch.ones((count, 3), device=self.device)
            plain = _Launch(crops, squares, tuple)
            if key[0] == 'look':  # type: ignore[index]  # places that the recording may read
                self._anchors_of(self._engines[key[1]].manifest)  # type: ignore[index]
            self._launches[key] = _Launch(crops, squares, self._recorded(plain, call))
        return self._launches[key]

    def _recorded(self, launch: _Launch, call: Callable[[_Launch], Any]) -> Callable[[], Any]:
        """Return what runs a call again and again."""
        if self.device.type == 'cpu':
            return lambda: call(launch)
        with torch.inference_mode():
            graph, outputs = record(lambda: call(launch))

        def replay() -> Any:
            graph.replay()
            return outputs

        return replay

    def _fetch(self, launch: _Launch) -> list[Any]:
        """Run a launch and bring its results back."""
        results = [found.cpu().numpy() for found in launch.run()]
        self.launches += 1
        self.downloaded_bytes += sum(one.nbytes for one in results)
        return results


def _halvings(scale: Any) -> Any:
    """Return how often to halve a frame that is shown so much smaller, as the rooms do."""
    return np.maximum(np.log2(np.maximum(scale, 1e-9)).astype(np.int64), 0)


def as_device_error(error: RuntimeError) -> DeviceError:
    """Return torch's error as ours."""
    return DeviceError(str(error).splitlines()[0])
