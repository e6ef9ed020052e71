"""What the chain reads in a labelled image or clip: end to end, and on an aligned face alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from fer_ros.alignment import Landmarker, warp
from fer_ros.detection import FarFaces
from fer_ros.evaluation.datasets import Framing, Layout, Media, Sample
from fer_ros.evaluation.detection import is_found
from fer_ros.evaluation.stills import alignments, locate_stills
from fer_ros.inference.factory import load_engine
from fer_ros.inference.manifest import Task
from fer_ros.pipeline import Pipeline, PipelineConfig
from fer_ros.recognition.static import StaticRecogniser, softmax
from fer_ros.sources import open_source
from fer_ros.sources.base import Source
from fer_ros.sources.images import ImageSource, read_image
from fer_ros.types import FaceState, Float32, Frame, Roi, UInt8

CLIP_FPS = 25.0  # of clips that are kept as images: what films have
PEAK_SHARE = 1 / 3  # of a clip's frames that count where it goes from neutral to an expression
BOX_SIDES = 1.3  # side of the square around a labelled box: about the framing of FER+
_LARGEST_SQUARE_PX = 512


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the chain says of a sample.

    :param scores: (K,) probabilities end to end, or None where no face was found.
    :param aligned: (K,) probabilities of the net on the labelled face, or None where the set has
        neither crops nor boxes.
    :param valence, arousal: end to end; NaN where no face was found.
    :param units: action units by frame and FACS code, those that are estimated.
    :param width_px: of the labelled box, else of the face that was found; NaN without either.
    :param abstained: why no label is vouched for, or ''.
    """

    scores: Float32 | None
    aligned: Float32 | None
    valence: float = float('nan')
    arousal: float = float('nan')
    units: Mapping[int, Mapping[int, float]] | None = None
    width_px: float = float('nan')
    abstained: str = ''


class SampleReader:
    """The whole chain, and the recogniser by itself, on samples of one data set."""

    def __init__(self, layout: Layout, config: PipelineConfig | None = None) -> None:
        """Load the models; still images are searched for faces of every size."""
        config = config or PipelineConfig()
        self._layout = layout
        if layout.media is Media.IMAGE:
            searched = replace(config.detection, far_faces=FarFaces.ALL)
            config = replace(config, detection=searched)
        self._pipeline = Pipeline(config)
        landmarks = load_engine(config.landmark_model, Task.FACE_LANDMARKS, config.device)
        expression = load_engine(config.expression_model, Task.STATIC_EXPRESSION, config.device)
        self._landmarker = Landmarker(landmarks)
        self._recogniser = StaticRecogniser(expression, mirror_below=config.mirror_below)

    @property
    def model(self) -> str:
        """Id of the model that is measured."""
        return self._recogniser.engine.manifest.id

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes of the scores."""
        return self._recogniser.engine.manifest.labels

    def read(self, sample: Sample) -> Reading:
        """Run the chain on a sample.

        :raises FrameError: its image can not be read.
        :raises SourceError: its clip can not be read.
        """
        if sample.media is Media.IMAGE:
            return self._still(sample, pixels_of(sample))
        return self._clip(open_clip(sample))

    def _still(self, sample: Sample, pixels: UInt8) -> Reading:
        """Read one image, the face in the labelled box or else the largest one."""
        self._pipeline.reset()
        states = self._pipeline.process(Frame(0, 'still', 0, pixels)).states
        state = labelled_face(states, sample.box_px)
        aligned = self._aligned(sample, pixels)
        box = sample.box_px
        if state is None:
            return Reading(None, aligned, width_px=box.width if box else math.nan)
        width = box.width if box else state.face.roi.width
        found = state.expression
        units = {0: unit_strengths(state)}
        return Reading(
            found.probabilities, aligned, found.valence, found.arousal, units, width,
            state.abstained,
        )  # fmt: skip

    def _aligned(self, sample: Sample, pixels: UInt8) -> Float32 | None:
        """Ask the recogniser alone, on what the set says is the face."""
        if sample.aligned is not None:
            crop = read_image(sample.aligned)
        elif self._layout.framing is Framing.CROP:
            crop = pixels
        elif sample.box_px is not None:
            crop = square_around(pixels, sample.box_px)
        else:
            return None
        face = aligned_face(crop, self._landmarker, self._recogniser.engine.manifest.input.width)
        logits, _ = self._recogniser.logits([face])
        scores: Float32 = softmax(logits, self._recogniser.engine.manifest.temperature)[0]
        return scores

    def _clip(self, source: Source) -> Reading:
        """Follow the faces of a clip and read the one that is largest and longest there."""
        self._pipeline.reset()
        seen: dict[str, list[tuple[int, FaceState]]] = {}
        with source:
            for frame in source:
                for state in self._pipeline.process(frame).states:
                    seen.setdefault(state.face.face_id, []).append((frame.sequence, state))
        if not seen:
            return Reading(None, None)
        frames = max(seen.values(), key=lambda one: sum(state.face.roi.area for _, state in one))
        states = [state for _, state in frames]
        scores = clip_scores(states, peak=self._layout.peak)
        return Reading(
            scores=scores,
            aligned=None,
            valence=float(np.mean([state.expression.valence for state in states])),
            arousal=float(np.mean([state.expression.arousal for state in states])),
            units={sequence: unit_strengths(state) for sequence, state in frames},
            width_px=float(np.median([state.face.roi.width for state in states])),
            abstained=Counter(state.abstained for state in states).most_common(1)[0][0],
        )


def pixels_of(sample: Sample) -> UInt8:
    """Return a still as (H, W, 3) RGB."""
    if sample.pixels is not None:
        return np.asarray(cv2.cvtColor(sample.pixels, cv2.COLOR_GRAY2RGB), np.uint8)
    return read_image(sample.paths[0])


def open_clip(sample: Sample) -> Source:
    """Open a clip, whether it is a video or a list of images."""
    if sample.media is Media.FRAMES:
        return ImageSource(sample.name, sample.paths, fps=CLIP_FPS)
    return open_source(sample.paths[0])


def labelled_face(states: Sequence[FaceState], box_px: Roi | None) -> FaceState | None:
    """Return the face in a labelled box, or the largest one where none is labelled."""
    if box_px is not None:
        states = [state for state in states if is_found(box_px, [state.face.roi])]
    return max(states, key=lambda state: state.face.roi.area, default=None)


def clip_scores(states: Sequence[FaceState], *, peak: bool) -> Float32:
    """Return one distribution for the frames of a clip: their mean.

    :param peak: of the third with the strongest expression, for clips that begin neutral.
    """
    chosen = sorted(states, key=lambda state: state.intensity, reverse=True) if peak else states
    count = math.ceil(len(chosen) * PEAK_SHARE) if peak else len(chosen)
    mean: Float32 = np.mean([one.expression.probabilities for one in chosen[:count]], axis=0)
    return mean.astype(np.float32)


def unit_strengths(state: FaceState) -> dict[int, float]:
    """Return the strength of each unit that is estimated."""
    units = state.expression.action_units
    return {code: unit.intensity for code, unit in units.items() if unit.confidence > 0}


def square_around(pixels: UInt8, box_px: Roi, sides: float = BOX_SIDES) -> UInt8:
    """Return the square around a box, edges repeated outside of the image.

    :param sides: side of the square, as a share of the box's longer side.
    """
    side = sides * max(box_px.width, box_px.height)
    size_px = max(min(round(side), _LARGEST_SQUARE_PX), 1)
    scale = size_px / side
    left = box_px.x + (box_px.width - side) / 2
    top = box_px.y + (box_px.height - side) / 2
    return warp(pixels, np.array([[scale, 0, -left * scale], [0, scale, -top * scale]]), size_px)


def aligned_face(crop: UInt8, landmarker: Landmarker, size_px: int) -> UInt8:
    """Return the recogniser's crop of an image that is cut to a face, (size_px, size_px, 3).

    A face that the mesh misses is only scaled, as ``fer-ros eval static`` does.
    """
    height, width = crop.shape[:2]
    square = crop if height == width else square_around(crop, Roi(0, 0, width, height), sides=1.0)
    gray = np.asarray(cv2.cvtColor(square, cv2.COLOR_RGB2GRAY), np.uint8)
    matrix = alignments(locate_stills(gray[None], landmarker), len(gray), size_px)[0]
    return warp(square, matrix, size_px)
