"""Make ``samples/astronaut.mcap``: a portrait that moves, as a camera would record it.

The portrait is NASA's of Eileen Collins (public domain), as scikit-image ships it. A virtual
camera comes closer, goes back, pans and rolls before it; the head turns a little, the smile gets
weaker and stronger, the brows go up. The same code, models and packages give the same file, byte
by byte::

    pip install 'fer_ros[dev]'
    python examples/make_sample.py
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from fer_ros.pipeline import Pipeline
from fer_ros.types import Float64, Frame, UInt8

FPS = 30
SECONDS = 8
WIDTH, HEIGHT = 640, 480
FOCAL_PX = 800.0
FRAME_ID = 'camera_optical_frame'
START_NS = 1_767_225_600_000_000_000  # 2026-01-01, so that stamps are recognisable
JPEG_QUALITY = 38
NOISE_SIGMA = 0.8
# A face is about 0.14 m wide; the portrait's is 103 pixels.
METRES_PER_PIXEL = 0.14 / 103
# The spline that moves the face is smooth: a value each 8 pixels is enough.
FIELD_STEP_PX = 8

# Points of the 478: lips from the subject's right corner to the left, and the brows' two edges.
UPPER_LIP = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LOWER_LIP = (146, 91, 181, 84, 17, 314, 405, 321, 375)
UPPER_INNER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_INNER = (95, 88, 178, 87, 14, 317, 402, 318, 324)
BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
BROWS_LOWER = (46, 53, 52, 65, 55, 285, 295, 282, 283, 276)
UPPER_LIDS = (160, 159, 158, 385, 386, 387)
CHEEKS = (205, 50, 425, 280)
# These hold still, and the face between them and the rest is stretched.
STILL = (33, 133, 145, 362, 263, 374, 168, 6, 1, 98, 327, 10, 67, 297, 103, 332)
CONTOUR = (127, 234, 93, 132, 58, 172, 136, 150, 152, 379, 365, 397, 288, 361, 323, 454, 356)


@dataclass(frozen=True, slots=True)
class Moment:
    """Camera and face at one time.

    :param x_m, y_m: where the camera is, against the middle of the face.
    :param z_m: how far away it is.
    :param roll_rad: how far it is tilted.
    :param smile: 0 as on the portrait, less below.
    :param brows: how far they are raised, 0..1.
    :param yaw_rad, pitch_rad: how far the head is turned.
    """

    x_m: float
    y_m: float
    z_m: float
    roll_rad: float
    smile: float
    brows: float
    yaw_rad: float
    pitch_rad: float


def ease(time_s: float, times_s: tuple[float, ...], values: tuple[float, ...]) -> float:
    """Return a value between key frames, where every movement begins and ends at rest."""
    index = int(np.clip(np.searchsorted(times_s, time_s) - 1, 0, len(times_s) - 2))
    share = np.clip((time_s - times_s[index]) / (times_s[index + 1] - times_s[index]), 0.0, 1.0)
    return float(values[index] + (values[index + 1] - values[index]) * share**2 * (3 - 2 * share))


def moment(time_s: float) -> Moment:
    """Return the script of the scene."""
    sway = 2 * np.pi * time_s
    return Moment(
        x_m=ease(time_s, (0, 2.2, 4.4, 6, 8), (0.075, 0.02, -0.02, 0.03, 0.075))
        + 0.002 * np.sin(sway / 1.7),
        y_m=ease(time_s, (0, 2.2, 4.4, 6, 8), (0.095, 0.01, 0.0, 0.03, 0.095))
        + 0.0015 * np.sin(sway / 1.3),
        z_m=ease(time_s, (0, 0.7, 2.8, 4.6, 7.2, 8), (0.83, 0.83, 0.46, 0.46, 0.83, 0.83)),
        roll_rad=0.035 * np.sin(sway / 6.0),
        smile=ease(
            time_s,
            (0, 0.6, 1.5, 2.6, 3.7, 4.7, 5.6, 6.8, 8),
            (-1.2, -1.2, 0.3, 0.3, -1.1, -1.1, 0.25, 0.25, 0),
        ),
        brows=ease(
            time_s, (0, 2.8, 3.3, 3.9, 4.4, 6.4, 6.9, 7.4, 8), (0, 0, 1, 1, 0, 0, 0.8, 0, 0)
        ),
        yaw_rad=0.10 * np.sin(sway / 4.0),
        pitch_rad=0.05 * np.sin(sway / 3.1),
    )


def face_points(portrait: UInt8) -> Float64:
    """Return the (478, 3) landmarks of the portrait, x and y in OpenCV's pixel coordinates."""
    pipeline = Pipeline()
    for index in range(3):  # the tracker settles
        result = pipeline.process(Frame(index + 1, 'portrait', index, portrait))
    points: Float64 = result.states[0].face.landmarks_px.astype(np.float64)
    points[:, :2] -= 0.5
    return points


def moved(points: Float64, at: Moment) -> Float64:
    """Return (478, 2): where the landmarks go."""
    eye_distance = float(np.linalg.norm(points[33, :2] - points[263, :2]))
    result = points[:, :2].copy()
    depth = points[:, 2] - points[:, 2].mean()
    result[:, 0] += np.sin(at.yaw_rad) * -depth
    result[:, 1] += np.sin(at.pitch_rad) * -depth
    corners = points[[61, 291], :2]
    middle, half = corners.mean(axis=0), np.ptp(corners[:, 0]) / 2
    lips = list(UPPER_LIP + LOWER_LIP + UPPER_INNER + LOWER_INNER)
    aside = (points[lips, 0] - middle[0]) / half
    # The corners go out and up, and pull the lips along, less towards the middle.
    result[lips, 0] += at.smile * 0.065 * eye_distance * aside
    result[lips, 1] -= at.smile * 0.095 * eye_distance * (aside**2 - 0.3)
    result[list(CHEEKS), 1] -= at.smile * 0.045 * eye_distance
    # A weaker smile shows less of the teeth.
    gap = points[14, 1] - points[13, 1]
    closing = min(at.smile, 0.0) * 0.33 * gap
    width = np.clip(1 - np.abs(points[:, 0] - middle[0]) / half, 0.0, 1.0)
    result[list(UPPER_LIP + UPPER_INNER), 1] -= closing * width[list(UPPER_LIP + UPPER_INNER)]
    result[list(LOWER_LIP + LOWER_INNER), 1] += closing * width[list(LOWER_LIP + LOWER_INNER)]
    result[list(BROWS), 1] -= at.brows * 0.11 * eye_distance
    result[list(BROWS_LOWER), 1] -= at.brows * 0.09 * eye_distance
    result[list(UPPER_LIDS), 1] -= at.brows * 0.02 * eye_distance
    return result


def controls(points: Float64, at: Moment, size: tuple[int, int]) -> tuple[Float64, Float64]:
    """Return (N, 2) where control points go and (N, 2) where they come from."""
    used = list(
        UPPER_LIP + LOWER_LIP + UPPER_INNER + LOWER_INNER + BROWS + BROWS_LOWER + UPPER_LIDS
        + CHEEKS + STILL + CONTOUR
    )  # fmt: skip
    face = points[used, :2]
    centre, radius = face.mean(axis=0), np.ptp(face, axis=0).max()
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    # A ring around the head keeps hair ends, suit and background where they are.
    ring = centre + 1.05 * radius * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    ring = np.clip(ring, 0, np.array(size) - 1)
    return np.concatenate([moved(points, at)[used], ring]), np.concatenate([face, ring])


def spline(targets: Float64, sources: Float64, queries: Float64) -> Float64:
    """Return the thin-plate spline (Bookstein 1989) that takes targets to sources, at queries."""

    def kernel(a: Float64, b: Float64) -> Float64:
        squared = ((a[:, None] - b[None]) ** 2).sum(axis=-1)
        return squared * np.log(np.maximum(squared, 1e-9))

    count = len(targets)
    affine = np.column_stack([np.ones(count), targets])
    system = np.zeros((count + 3, count + 3))
    # A little stiffness keeps neighbouring points from fighting over a pixel.
    system[:count, :count] = kernel(targets, targets) + 40.0 * np.eye(count)
    system[:count, count:], system[count:, :count] = affine, affine.T
    weights = np.linalg.solve(system, np.vstack([sources - targets, np.zeros((3, 2))]))
    bent = kernel(queries, targets) @ weights[:count]
    return bent + np.column_stack([np.ones(len(queries)), queries]) @ weights[count:]


def camera_to_portrait(at: Moment, look_at: Float64) -> Float64:
    """Return the (2, 3) similarity from camera pixels to portrait pixels (pinhole, plane)."""
    scale = at.z_m / FOCAL_PX / METRES_PER_PIXEL
    turn = scale * np.array(
        [[np.cos(at.roll_rad), -np.sin(at.roll_rad)], [np.sin(at.roll_rad), np.cos(at.roll_rad)]]
    )
    centre = look_at + np.array([at.x_m, at.y_m]) / METRES_PER_PIXEL
    return np.column_stack([turn, centre - turn @ np.array([WIDTH / 2 - 0.5, HEIGHT / 2 - 0.5])])


def pixel_map(points: Float64, at: Moment, size: tuple[int, int]) -> UInt8:
    """Return (H, W, 2) float32: where each camera pixel comes from on the portrait."""
    steps = np.mgrid[0 : HEIGHT + 1 : FIELD_STEP_PX, 0 : WIDTH + 1 : FIELD_STEP_PX]
    grid = steps[::-1].reshape(2, -1).T.astype(np.float64)
    similarity = camera_to_portrait(at, points[:, :2].mean(axis=0))
    seen = grid @ similarity[:, :2].T + similarity[:, 2]
    shift = spline(*controls(points, at, size), seen)
    ring_radius = np.ptp(points[:, :2], axis=0).max()
    away = np.linalg.norm(seen - points[:, :2].mean(axis=0), axis=1)
    # Beyond the ring a spline drifts off: fade it out.
    shift *= np.clip(1.6 - away / (0.95 * ring_radius), 0.0, 1.0)[:, None]
    coarse = (seen + shift).reshape(*steps.shape[1:], 2).astype(np.float32)
    x, y = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    return cv2.remap(coarse, x / FIELD_STEP_PX, y / FIELD_STEP_PX, cv2.INTER_LINEAR)


def focused(portrait: UInt8, points: Float64) -> UInt8:
    """Return the portrait in focus on the face: as near cameras show it, and a smaller file."""
    centre = points[:, :2].mean(axis=0)
    radius = np.ptp(points[:, :2], axis=0).max()
    y, x = np.mgrid[0 : portrait.shape[0], 0 : portrait.shape[1]]
    away = np.hypot((x - centre[0]) / 0.9, (y - centre[1]) / 1.05) / radius
    picture = cv2.GaussianBlur(portrait, (0, 0), 6.0).astype(np.float64)
    # Hair, then the face itself: each covers what is further from the focus.
    for layer, edge, softness in (
        (cv2.GaussianBlur(portrait, (0, 0), 1.3), 1.15, 0.3),
        (portrait, 0.75, 0.2),
    ):
        share = np.clip((edge - away) / softness, 0.0, 1.0)[..., None]
        picture += share * (layer - picture)
    return np.round(picture).astype(np.uint8)


def frames() -> Iterator[UInt8]:
    """Yield every (480, 640, 3) RGB frame."""
    portrait = np.ascontiguousarray(skimage.data.astronaut())
    points = face_points(portrait)
    scene = focused(portrait, points)
    random = np.random.default_rng(1)
    size = (portrait.shape[1], portrait.shape[0])
    for index in range(FPS * SECONDS):
        source = pixel_map(points, moment(index / FPS), size)
        picture = cv2.remap(scene, source, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        noise = random.normal(0.0, NOISE_SIGMA, (HEIGHT, WIDTH, 1))
        yield np.clip(np.round(picture + noise), 0, 255).astype(np.uint8)


def jpeg(pixels: UInt8) -> UInt8:
    """Return a frame as JPEG."""
    options = [
        cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1,
        cv2.IMWRITE_JPEG_PROGRESSIVE, 1,
    ]  # fmt: skip
    _, data = cv2.imencode('.jpg', cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)
    return data


def write_bag(path: Path, pictures: list[UInt8]) -> None:
    """Write JPEG pictures and the camera's calibration as one MCAP file."""
    store = get_typestore(Stores.ROS2_JAZZY)
    types = store.types
    image_type, info_type = 'sensor_msgs/msg/CompressedImage', 'sensor_msgs/msg/CameraInfo'
    with tempfile.TemporaryDirectory() as folder:
        bag = Path(folder) / 'bag'
        writer = Writer(bag, version=9, storage_plugin=StoragePlugin.MCAP)
        # JPEG does not shrink further, the calibration beside each picture does.
        writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
        with writer:
            images = writer.add_connection('/camera/image/compressed', image_type, typestore=store)
            infos = writer.add_connection('/camera/camera_info', info_type, typestore=store)
            for index, data in enumerate(pictures):
                stamp_ns = START_NS + round(index * 1e9 / FPS)
                stamp = types['builtin_interfaces/msg/Time'](*divmod(stamp_ns, 1_000_000_000))
                header = types['std_msgs/msg/Header'](stamp, FRAME_ID)
                info = camera_info(types, header)
                writer.write(infos, stamp_ns, store.serialize_cdr(info, info_type))
                image = types[image_type](header, 'rgb8; jpeg compressed bgr8', data)
                writer.write(images, stamp_ns, store.serialize_cdr(image, image_type))
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(next(bag.glob('*.mcap')), path)


def camera_info(types, header):
    """Return the calibration of a pinhole camera without distortion."""
    cx, cy = WIDTH / 2, HEIGHT / 2
    return types['sensor_msgs/msg/CameraInfo'](
        header=header,
        height=HEIGHT,
        width=WIDTH,
        distortion_model='plumb_bob',
        d=np.zeros(5),
        k=np.array([FOCAL_PX, 0, cx, 0, FOCAL_PX, cy, 0, 0, 1]),
        r=np.eye(3).reshape(-1),
        p=np.array([FOCAL_PX, 0, cx, 0, 0, FOCAL_PX, cy, 0, 0, 0, 1, 0]),
        binning_x=0,
        binning_y=0,
        roi=types['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False),
    )


def main() -> None:
    """Make the sample, and pictures to look at where asked to."""
    samples = Path(__file__).resolve().parent.parent / 'samples'
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, default=samples / 'astronaut.mcap')
    parser.add_argument('--preview', type=Path, help='folder for every 15th frame as PNG')
    options = parser.parse_args()
    pictures = []
    for index, pixels in enumerate(frames()):
        pictures.append(jpeg(pixels).reshape(-1))
        if options.preview and index % 15 == 0:
            options.preview.mkdir(parents=True, exist_ok=True)
            picture = cv2.imdecode(pictures[-1], cv2.IMREAD_COLOR)
            cv2.imwrite(str(options.preview / f'{index:03d}.png'), picture)
    write_bag(options.out, pictures)
    print(f'{options.out}: {len(pictures)} frames, {options.out.stat().st_size / 1e6:.2f} MB')


if __name__ == '__main__':
    main()
