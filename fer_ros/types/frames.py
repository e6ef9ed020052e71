"""Images, cameras, and places in an image."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fer_ros.errors import DataError
from fer_ros.types.arrays import UInt8, require_array


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One camera image.

    :param stamp_ns: when it was taken, on the camera's clock.
    :param frame_id: TF frame of the camera's optical centre.
    :param sequence: counts frames of one source, from 0.
    :param pixels: (H, W, 3) uint8 RGB.
    """

    stamp_ns: int
    frame_id: str
    sequence: int
    pixels: UInt8

    def __post_init__(self) -> None:
        """Check the pixels."""
        require_array('Frame', 'pixels', self.pixels, (None, None, 3), np.uint8)
        if not self.pixels.size:
            raise DataError(f'Frame.pixels: expected an image, found {self.pixels.shape}')

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])


# From a fisheye's centre to a telescope: what is beyond was never measured.
FOCAL_SIDES = (0.01, 1000.0)


@dataclass(frozen=True, slots=True)
class CameraIntrinsics:
    """A pinhole camera in pixels (``K`` of sensor_msgs/CameraInfo), for images of this size."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        """Check that it can project."""
        low, high = FOCAL_SIDES
        side = max(self.width, self.height)
        # NaN fails every comparison.
        lens = all(low * side <= focal <= high * side for focal in (self.fx, self.fy))
        axis = all(abs(centre) <= high * side for centre in (self.cx, self.cy))
        if not (min(self.width, self.height) > 0 and lens and axis):
            raise DataError(
                f'CameraIntrinsics: expected a positive size and a focal length of {low:g} to '
                f'{high:g} of its longer sides, found {self.width}x{self.height}, fx={self.fx}, '
                f'fy={self.fy}, cx={self.cx}, cy={self.cy}; is the camera calibrated?'
            )

    @classmethod
    def guess(cls, width: int, height: int) -> CameraIntrinsics:
        """Assume 60 degrees across the longer side: good enough for angles, not for metres."""
        longer = max(width, height)
        focal = cls.of_fov(longer, longer, 60.0).fx
        return cls(width, height, focal, focal, width / 2, height / 2)

    @classmethod
    def of_fov(cls, width: int, height: int, fov_deg: float) -> CameraIntrinsics:
        """Return a camera of a horizontal field of view, its axis through the image's centre."""
        focal = width / 2 / math.tan(math.radians(fov_deg) / 2)
        return cls(width, height, focal, focal, width / 2, height / 2)

    def scaled_to(self, width: int, height: int) -> CameraIntrinsics:
        """Return the same camera for images of another size."""
        sx, sy = width / self.width, height / self.height
        return CameraIntrinsics(
            width, height, self.fx * sx, self.fy * sy, self.cx * sx, self.cy * sy
        )


@dataclass(frozen=True, slots=True)
class Roi:
    """An upright rectangle in pixels of the frame; it may reach beyond its edges."""

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        """Check that it has an area."""
        numbers = (self.x, self.y, self.width, self.height)
        if not all(map(math.isfinite, numbers)) or self.width <= 0 or self.height <= 0:
            raise DataError(f'Roi: expected finite numbers and a positive size, found {numbers}')

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.width * self.height

    def iou(self, other: Roi) -> float:
        """Return intersection over union with another ROI, 0..1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        shared = max(width, 0.0) * max(height, 0.0)
        return shared / (self.area + other.area - shared)


@dataclass(frozen=True, slots=True)
class RotatedRoi:
    """A square that follows the head's roll, from which landmarks are read.

    :param centre_x, centre_y: pixels of the frame.
    :param size: side in pixels.
    :param rotation_rad: clockwise in the image; 0 is an upright face.
    """

    centre_x: float
    centre_y: float
    size: float
    rotation_rad: float

    def __post_init__(self) -> None:
        """Check that it has an area."""
        numbers = (self.centre_x, self.centre_y, self.size, self.rotation_rad)
        if not all(map(math.isfinite, numbers)) or self.size <= 0:
            raise DataError(
                f'RotatedRoi: expected finite numbers and a positive size, found {numbers}'
            )
