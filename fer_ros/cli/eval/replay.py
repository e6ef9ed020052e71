"""``fer-ros eval replay``: recordings through the whole chain, without a middleware."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from fer_ros.cli import common
from fer_ros.cli.eval.replay_job import ReplayJob, forget, lost, replay, run_job
from fer_ros.errors import ConfigError
from fer_ros.evaluation.replay.corpus import find_sources, folder_names, pooled
from fer_ros.evaluation.replay.files import Outcome
from fer_ros.evaluation.replay.overview import write_overview
from fer_ros.evaluation.replay.spread import Tell, Watch, over_processes, over_ray
from fer_ros.rosless import arguments

FIGURES = (
    'WAR', 'UAR', 'flips_per_frame', 'event_precision', 'event_recall', 'event_timing_error_ms',
    'labelled_frames', 'missed_frames',
)  # fmt: skip


def main(words: Sequence[str]) -> int:
    """Replay, and print text or JSON; 1 where a source could not be read or gave no result."""
    options = _options(words)
    jobs = _jobs(options)
    with common.claimed(options.out):
        outcomes, summary = _replay(jobs, options)
    if options.json:
        common.print_json(summary)
    else:
        _tell(jobs, outcomes, summary, options.out)
    return int(not all(outcome.summary.get('frames_processed') for outcome in outcomes))


def _replay(
    jobs: Sequence[ReplayJob], options: argparse.Namespace
) -> tuple[list[Outcome], dict[str, Any]]:
    """Replay every source; return what came of each, and of all."""
    if options.again:
        for job in jobs:
            if job.folder is not None:
                forget(job.folder)
    if len(jobs) == 1 and not options.ray:
        with _progress(1, quiet=options.quiet) as watch:
            outcomes = [replay(jobs[0], _teller(watch))]
        return outcomes, outcomes[0].summary
    outcomes = _spread(jobs, options)
    return outcomes, _together(jobs, outcomes, options.out)


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = common.parser(
        'eval replay',
        'Run recordings through the whole chain as fast as it goes (or at --rate) and score the '
        'answers against labels. The messages are those of the live node.',
    )
    parser.add_argument(
        '--source', nargs='+', required=True, metavar='PATH', help='bags, videos, images, folders'
    )
    parser.add_argument('--topic', default='', help='image topic of a bag')
    parser.add_argument(
        '--labels',
        default='',
        metavar='WHERE',
        help='a CSV start_s,end_s,label; a folder of such CSVs, called like the clips; '
        'topic:/NAME of the bag; or folders: each clip lies in a folder called like its emotion',
    )
    parser.add_argument('--out', type=Path, help='folder for results; without it, figures alone')
    parser.add_argument(
        '--rate', type=float, default=0.0, help='speed against real time; 0: as fast as possible'
    )
    parser.add_argument('--fps', type=float, default=10.0, help='rate of a folder of images')
    parser.add_argument('--jobs', type=int, default=1, help='sources side by side in processes')
    parser.add_argument(
        '--ray', metavar='ADDRESS', help='a Ray cluster instead, or local (the ray extra)'
    )
    parser.add_argument(
        '--keep-crops', action='store_true', help='show the faces of wrong answers in the report'
    )
    parser.add_argument(
        '--again', action='store_true', help='begin anew where an earlier run left results'
    )
    parser.add_argument(
        '-p', '--param', action='append', default=[], metavar='NAME:=VALUE', help='set a parameter'
    )
    parser.add_argument('--params', metavar='FILE', help='parameter file')
    parser.add_argument('--quiet', action='store_true', help='no progress bar')
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    if not 0.0 <= options.rate <= 100.0:
        raise ConfigError(f'rate: expected a speed in [0, 100], found {options.rate:g}')
    if options.jobs < 1:
        raise ConfigError(f'jobs: expected 1 or more, found {options.jobs}')
    return options


def _jobs(options: argparse.Namespace) -> list[ReplayJob]:
    """Return one job for each source."""
    options.remap, options.log_level = [], None
    given = arguments.parse(common.ros_arguments(options)).overrides('/fer')
    sources = find_sources(options.source, options.out)
    folders: list[Path | None] = [options.out] * len(sources)
    if options.out is not None and len(sources) > 1:
        folders = [options.out / name for name in folder_names(sources)]
    return [
        ReplayJob(
            source,
            folder,
            topic=options.topic,
            labels=options.labels,
            parameters=given,
            rate=options.rate,
            fps=options.fps,
            keep_crops=options.keep_crops,
        )
        for source, folder in zip(sources, folders)
    ]


def _spread(jobs: Sequence[ReplayJob], options: argparse.Namespace) -> list[Outcome]:
    """Replay all sources side by side."""
    outcomes: dict[int, Outcome] = {}
    with _progress(len(jobs), quiet=options.quiet) as watch:
        results = (
            over_ray(run_job, jobs, options.ray, lost)
            if options.ray
            else over_processes(run_job, jobs, options.jobs, watch, lost)
        )
        for index, outcome in results:
            outcomes[index] = outcome
            if 'error' in outcome.summary:
                print(f'fer-ros eval: {outcome.summary["error"]}', file=sys.stderr)
            watch(index, outcome.summary.get('frames', 0), None)
    return [outcomes[index] for index in range(len(jobs))]


def _together(
    jobs: Sequence[ReplayJob], outcomes: Sequence[Outcome], out: Path | None
) -> dict[str, Any]:
    """Return one summary of all sources, written where there is a folder."""
    scores = pooled(outcomes)
    summary = {
        **(scores.to_dict() if scores else {}),
        'frames': sum(outcome.summary.get('frames', 0) for outcome in outcomes),
        'complete': all(outcome.summary['complete'] for outcome in outcomes),
        'sources': {job.source: outcome.summary for job, outcome in zip(jobs, outcomes)},
    }
    if out is not None:
        write_overview(out, summary, scores, [job.folder for job in jobs])
    return summary


_TOLD = 10  # frames between two looks at how far a replay is


@contextmanager
def _progress(sources: int, *, quiet: bool) -> Iterator[Watch]:
    """Show how far all sources are, on stderr; yield what takes the news."""
    columns = (
        TextColumn('{task.description}'),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn('{task.fields[rate]}'),
        TimeRemainingColumn(),
    )
    done: dict[int, int] = {}
    totals: dict[int, int] = {}
    with common.progress_bar(*columns, quiet=quiet) as progress:
        task = progress.add_task('replaying', total=None, rate='')

        def watch(index: int, frames: int, total: int | None) -> None:
            """Take how many frames of a source are done, and how many it has."""
            done[index] = frames
            totals[index] = total or totals.get(index, frames)
            if quiet or (frames % _TOLD and frames != total):
                return
            speed = progress.tasks[0].speed
            progress.update(
                task,
                completed=sum(done.values()),
                # Sources that have not begun are as long as the others, until they tell.
                total=round(sum(totals.values()) / len(totals) * sources),
                rate=f'{speed:.0f} fps' if speed else '',
            )

        yield watch


def _teller(watch: Watch) -> Tell:
    return lambda frames, total: watch(0, frames, total)


def _tell(
    jobs: Sequence[ReplayJob],
    outcomes: Sequence[Outcome],
    summary: dict[str, Any],
    out: Path | None,
) -> None:
    """Print the results for people."""
    for job, outcome in zip(jobs, outcomes):
        found = outcome.summary
        if 'error' in found:
            continue
        print(
            f'{job.source}: {found["frames_processed"]} of {found["frames"]} frames, '
            f'{found["faces"]} faces, {found["speed"]["frames_per_second"]} frames a second'
        )
        for face_id, person in found['people'].items():
            share = person['probabilities'].get(person['dominant'], 0.0)
            print(f'  {face_id}: {person["dominant"]} {share:.0%} over {person["frames"]} frames')
        for note in found['notes']:
            print(f'  note: {note}')
    if 'WAR' in summary:
        common.print_figures({name: summary[name] for name in FIGURES}, as_json=False)
    if out is None:
        print('with --out DIR: report.html, results.mcap, results.csv and summary.json')
        return
    for path in (out / 'report.html', out / 'summary.json', out / 'results.mcap'):
        if path.exists():
            print(f'  {path}')
