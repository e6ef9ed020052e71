"""Other programs on the same frames, where they are installed (``benchmarks/peers.txt``)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import cv2

from fer_ros.types import Frame

Run = Callable[[Frame], int]  # takes a frame, returns how many faces were seen


@dataclass(frozen=True, slots=True)
class Peer:
    """A program that is compared with ours.

    :param open: makes it for so many faces; raises ImportError where it is not installed.
    """

    name: str
    package: str
    open: Callable[[int], Run]

    @property
    def version(self) -> str | None:
        """Which one is installed, None where none is."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return None


def _face_mesh(faces: int) -> Run:
    """MediaPipe's Face Mesh: 478 landmarks, in its tracking mode. Landmarks only."""
    from mediapipe.python.solutions.face_mesh import FaceMesh

    mesh = FaceMesh(max_num_faces=faces, refine_landmarks=True)

    def run(frame: Frame) -> int:
        return len(mesh.process(frame.pixels).multi_face_landmarks or ())

    return run


def _fer(_: int) -> Run:
    """The package fer: a Haar cascade and its quantised TFLite net, as it comes."""
    logging.getLogger('fer').setLevel(logging.WARNING)
    from fer.fer import FER

    recogniser = FER(mtcnn=False)

    def run(frame: Frame) -> int:
        return len(recogniser.detect_emotions(cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2BGR)))

    return run


FACE_MESH = Peer('facemesh', 'mediapipe', _face_mesh)
FER = Peer('fer', 'fer', _fer)
PEERS = (FACE_MESH, FER)


def open_peers(faces: int) -> tuple[dict[str, Run], dict[str, str]]:
    """Return the peers that are here, and why the others are not, by name."""
    found: dict[str, Run] = {}
    absent: dict[str, str] = {}
    for peer in PEERS:
        try:
            found[peer.name] = peer.open(faces)
        except ImportError as error:
            absent[peer.name] = f'not installed: {error}'
        except Exception as error:  # whatever another program raises must not end ours
            absent[peer.name] = f'{type(error).__name__}: {error}'.splitlines()[0]
    return found, absent
