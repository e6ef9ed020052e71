"""``fer-ros run``: a source through the perception node over real topics, and what came of it."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

from fer_ros import rosless
from fer_ros.cli import common
from fer_ros.config import share_dir
from fer_ros.errors import FerError, MiddlewareError
from fer_ros.evaluation.run import RunFiles
from fer_ros.sources import SourceInfo, open_source

START_S = 30.0  # for models to load and topics to be found, on a slow machine
QUIET_S = 1.0  # without a message after the source has ended, all have come
DEFAULT_FPS = 30.0


def main(words: Sequence[str]) -> int:
    """Play, recognise and record; print where to look."""
    options = _options(words)
    sample = str(share_dir() / 'samples' / 'astronaut.mcap')
    source = options.source or sample
    with open_source(source, now_ns=time.time_ns, topic=options.topic) as opened:
        info = opened.info
    with common.claimed(options.out):
        common.stay_on_this_machine()
        common.choose_domain()
        common.use_ros()
        summary = _run(source, info, options)
    if options.json:
        common.print_json(summary)
    else:
        _tell(summary, options.out)
    return 0


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = common.parser(
        'run',
        'Play a source as a camera, recognise it with the perception node over real DDS topics, '
        'and write annotated.mp4, results.mcap, report.html and summary.json.',
    )
    parser.add_argument('source', nargs='?', help='video, image, folder or bag; default: a sample')
    parser.add_argument('--out', type=Path, default=Path('out'), help='folder for the results')
    parser.add_argument('--rate', type=float, default=1.0, help='speed against real time')
    parser.add_argument('--topic', default='', help='image topic of a bag')
    parser.add_argument(
        '--source-stamps', action='store_true', help="keep the source's stamps, publish /clock"
    )
    parser.add_argument(
        '--lockstep', action='store_true', help='play each frame when the last one has its result'
    )
    parser.add_argument('--fov', type=float, help='horizontal field of view in degrees')
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    common.add_ros_arguments(parser)
    return parser.parse_args(words)


def _run(source: str, info: SourceInfo, options: argparse.Namespace) -> dict[str, Any]:
    """Start both nodes, listen until the source has ended, and write the files."""
    import rclpy
    from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor

    from fer_ros.nodes.play_node import PlayOptions
    from fer_ros.nodes.record_node import RecordNode

    PlayOptions(rate=options.rate, fov_deg=options.fov)  # refuses now what the player would
    fps = (info.fps or DEFAULT_FPS) * options.rate
    files = RunFiles(options.out, rosless.typestore(), source=source, fps=fps)
    rclpy.init(args=[])
    node = RecordNode(files)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    children: list[subprocess.Popen[bytes]] = []
    try:
        # Reliable, so that no frame is lost between the player and a busy machine's socket.
        # That the source has ended is nothing to warn of.
        rules = ('-p', 'image_reliability:=reliable', '-p', 'camera_timeout_s:=60.0')
        children.append(_start('up', *rules, *_up_words(options)))
        _wait_until_active(node, executor, children[0])
        children.append(_start('play', source, *_play_words(options)))
        _listen(executor, files, info, *children)
    except ExternalShutdownException:
        raise KeyboardInterrupt from None  # told to end: what came before is kept, as on Ctrl-C
    finally:
        for child in children:
            _stop(child)
        summary = files.finish()
        node.destroy_node()
        rclpy.try_shutdown()
    return summary


def _up_words(options: argparse.Namespace) -> list[str]:
    words = ['--params', options.params] if options.params else []
    for rule in options.param:
        words += ['-p', rule]
    return [*words, '--log-level', options.log_level or 'warn']


def _play_words(options: argparse.Namespace) -> list[str]:
    words = ['--quiet', '--subscribers', '2', '--rate', str(options.rate)]
    if options.topic:
        words += ['--topic', options.topic]
    if options.source_stamps:
        words.append('--source-stamps')
    if options.lockstep:
        words.append('--lockstep')
    if options.fov is not None:
        words += ['--fov', str(options.fov)]
    return words


def _start(*words: str) -> subprocess.Popen[bytes]:
    """Start another fer-ros in a process of its own."""
    return subprocess.Popen([sys.executable, '-m', 'fer_ros.cli.main', *words])


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End a process that may have ended already."""
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            child.kill()


def _wait_until_active(node: Any, executor: Any, perception: subprocess.Popen[bytes]) -> None:
    """Wait for the perception node to open its topics."""
    deadline_s = time.monotonic() + START_S
    while not node.perception_is_active():
        if perception.poll() is not None:
            raise FerError('the perception node did not start; its line above says why')
        if time.monotonic() > deadline_s:
            raise MiddlewareError(
                f'expected the perception node within {START_S:.0f} s, found none on '
                f'ROS_DOMAIN_ID {os.environ["ROS_DOMAIN_ID"]}; does a firewall block loopback?'
            )
        executor.spin_once(timeout_sec=0.05)


def _listen(
    executor: Any,
    files: RunFiles,
    info: SourceInfo,
    perception: subprocess.Popen[bytes],
    player: subprocess.Popen[bytes],
) -> None:
    """Take everything in until the source has ended and the last result has come."""
    columns = (
        TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    )  # fmt: skip
    with common.progress_bar(*columns) as progress:
        task = progress.add_task('recognising', total=info.frames)
        heard, heard_s, ended_at = -1, time.monotonic(), -1
        while True:
            executor.spin_once(timeout_sec=0.05)
            if len(files.rows) != heard:
                heard, heard_s = len(files.rows), time.monotonic()
                progress.update(task, completed=files.frames, description=_now(files))
            if perception.poll() is not None:
                raise FerError('the perception node ended early; what came before is kept')
            if player.poll() is None:
                continue
            ended_at = files.health_count if ended_at < 0 else ended_at
            quiet = time.monotonic() - heard_s > QUIET_S
            # The drops of the last frames are in the diagnostics after them.
            if quiet and (files.health_count > ended_at + 1 or time.monotonic() - heard_s > 5.0):
                break
    if player.returncode:
        raise FerError('the player ended with an error; its line above says why')


def _now(files: RunFiles) -> str:
    """Return the state of a run in a few words."""
    row = files.rows[-1] if files.rows else None
    if row is None:
        return 'waiting for the first result'
    faces = ', '.join(f'{face.face_id} {face.expression}' for face in row.faces) or 'no face'
    return f'{faces}  {row.latency_ms:.0f} ms'


def _tell(summary: dict[str, Any], folder: Path) -> None:
    """Print the result for people."""
    print(
        f'{summary["frames_processed"]} of {summary["frames"]} frames, '
        f'{summary["faces"]} faces, {summary["fps"]} fps, '
        f'latency p50 {summary["latency_ms"]["p50"]} ms, {summary["backend"]}'
    )
    for face_id, person in summary['people'].items():
        share = person['probabilities'][person['dominant']]
        print(f'  {face_id}: {person["dominant"]} {share:.0%} over {person["frames"]} frames')
    for name, what in (
        ('annotated.mp4', 'the video with boxes, landmarks and labels'),
        ('report.html', 'a timeline per person, opens in any browser'),
        ('summary.json', 'the figures'),
        ('results.mcap', 'every published message'),
    ):
        if (folder / name).exists():
            print(f'  {folder / name}: {what}')
