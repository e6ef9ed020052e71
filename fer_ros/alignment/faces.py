"""From landmarks to the vocabulary: faces, and crops of them."""

from __future__ import annotations

import math

from fer_ros.alignment.crop import similarity_to_template, warp
from fer_ros.alignment.halves import Halves
from fer_ros.alignment.pose import head_pose
from fer_ros.alignment.quality import QualityConfig, assess_quality
from fer_ros.roi import box_around
from fer_ros.types import (
    AlignedFace,
    CameraIntrinsics,
    Face,
    FaceQuality,
    Frame,
    Landmarks,
    Roi,
    UInt8,
)

_MARGIN = 0.05  # of the landmarks' box on each side: the mesh ends at hairline, cheek and chin


def describe(
    frame: Frame,
    face_id: str,
    landmarks: Landmarks,
    intrinsics: CameraIntrinsics | None = None,
    quality: QualityConfig | None = None,
    halves: Halves | None = None,
    known: FaceQuality | None = None,
) -> Face:
    """Return all that one frame tells of a face.

    :param intrinsics: of the camera; without them about 60 degrees across the longer side are
        assumed and the head's position is not in metres.
    :param halves: of the frame's pixels, to share them with :func:`align`.
    :param known: the quality of a face that keeps still, from a moment ago; None judges it anew.
    :returns: its roi is the box around the landmarks with 5 % on each side and may reach beyond
        the frame.
    """
    points_px = landmarks.points_px
    camera = (
        CameraIntrinsics.guess(frame.width, frame.height)
        if intrinsics is None
        else intrinsics.scaled_to(frame.width, frame.height)
    )
    pose = head_pose(points_px, camera)
    return Face(
        face_id=face_id,
        stamp_ns=frame.stamp_ns,
        roi=box_around(points_px, _MARGIN),
        score=landmarks.presence,
        landmarks_px=points_px,
        scheme=landmarks.scheme,
        head_pose=pose,
        quality=known or assess_quality(frame, landmarks, pose, quality, halves),
    )


def align(frame: Frame, face: Face, size_px: int, halves: Halves | None = None) -> AlignedFace:
    """Return the face upright, eyes level, as (size_px, size_px, 3).

    :param halves: of the frame's pixels, where they were made already.
    """
    matrix = similarity_to_template(face.landmarks_px, size_px)
    pixels = warp(halves or frame.pixels, matrix, size_px)
    return AlignedFace(face.face_id, face.stamp_ns, pixels, matrix, face.quality)


def crop(frame: Frame, roi: Roi) -> UInt8:
    """Return the part of the frame inside a box, (h, w, 3), at least one pixel; not a copy."""
    left = min(max(math.floor(roi.x), 0), frame.width - 1)
    top = min(max(math.floor(roi.y), 0), frame.height - 1)
    right = max(min(math.ceil(roi.x + roi.width), frame.width), left + 1)
    bottom = max(min(math.ceil(roi.y + roi.height), frame.height), top + 1)
    part: UInt8 = frame.pixels[top:bottom, left:right]
    return part
