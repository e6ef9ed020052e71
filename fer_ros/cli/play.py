"""``fer-ros play``: any source as a camera."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from fer_ros.cli import common
from fer_ros.errors import ConfigError, SourceError
from fer_ros.sources import open_source


def main(words: Sequence[str]) -> int:
    """Publish every frame when it is due."""
    options = _options(words)
    with open_source(
        options.source,
        now_ns=time.time_ns,
        topic=options.topic,
        fps=options.fps,
        frame_id=options.frame_id,
    ) as source:
        common.use_ros()
        return _play(source, options)


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = common.parser(
        'play', 'Publish a video, image, folder, camera or bag on image and camera_info.'
    )
    parser.add_argument('source', help='a file, a folder, or the number of a camera')
    parser.add_argument('--rate', type=float, default=1.0, help='speed against real time')
    parser.add_argument('--compressed', action='store_true', help='publish JPEG')
    parser.add_argument(
        '--source-stamps', action='store_true', help="keep the source's stamps, publish /clock"
    )
    parser.add_argument(
        '--lockstep', action='store_true', help='after each frame wait for its result'
    )
    parser.add_argument('--wait', type=float, default=5.0, help='seconds to wait for a subscriber')
    parser.add_argument('--subscribers', type=int, default=1, help='how many to wait for')
    parser.add_argument('--topic', default='', help='image topic of a bag')
    parser.add_argument('--fps', type=float, default=10.0, help='rate of a folder of images')
    parser.add_argument('--frame-id', default='camera_optical_frame', help='TF frame')
    parser.add_argument(
        '--fov', type=float, help="horizontal field of view in degrees: makes up camera_info's K"
    )
    parser.add_argument('--quiet', action='store_true', help='no progress line')
    common.add_ros_arguments(parser)
    return parser.parse_args(words)


def _play(source, options: argparse.Namespace) -> int:  # type: ignore[no-untyped-def]
    """Play a source that is open."""
    import rclpy

    from fer_ros.nodes.play_node import PlayNode, PlayOptions

    how = PlayOptions(
        rate=options.rate,
        compressed=options.compressed,
        source_stamps=options.source_stamps,
        wait_s=options.wait,
        subscribers=options.subscribers,
        fov_deg=options.fov,
        lockstep=options.lockstep,
    )
    try:
        rclpy.init(args=common.ros_arguments(options))
    except RuntimeError as error:  # what rcl says of options that it can not read
        raise ConfigError(str(error)) from None
    node = PlayNode(how)
    try:
        if not node.wait_for_subscribers() and rclpy.ok():
            print(
                f'fer-ros play: expected {options.subscribers} to listen within {options.wait:g} '
                's, found fewer; playing anyway',
                file=sys.stderr,
            )
        count = _with_progress(node.play(source), source.info, quiet=options.quiet)
        stopped = not rclpy.ok()
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
    if not count and not stopped:
        raise SourceError(f'{options.source}: expected frames, found none that decode')
    for note in (f'{source.broken} frames did not decode' if source.broken else '', *source.notes):
        if note:
            print(f'fer-ros play: {note}', file=sys.stderr)
    return 0


def _with_progress(stamps, info, *, quiet: bool) -> int:  # type: ignore[no-untyped-def]
    """Count what is played, and show it."""
    columns = (
        TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    )  # fmt: skip
    count = 0
    with common.progress_bar(*columns, quiet=quiet) as progress:
        task = progress.add_task(f'playing {info.name}', total=info.frames)
        for count, _ in enumerate(stamps, start=1):
            progress.update(task, completed=count)
    return count
