"""One source through the chain, here or in a process or on a machine of its own."""

from __future__ import annotations

import pickle
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fer_ros import __version__, rosless
from fer_ros.cli import common
from fer_ros.cli.eval.interrupts import Interrupts
from fer_ros.errors import DataError, FerError
from fer_ros.evaluation.replay.corpus import ANSWERS, read_answers, write_answers
from fer_ros.evaluation.replay.files import PARTS, Notebook, Outcome, ReplayFiles, read_json
from fer_ros.evaluation.replay.labels import Labels, csv_of, labels_for
from fer_ros.evaluation.replay.spread import Tell
from fer_ros.evaluation.results import Health
from fer_ros.pipeline import Pipeline
from fer_ros.sources import Source, open_source

SEGMENT = 1000  # frames after which all is saved that a later run needs to go on
STATE = 'state.pickle'


@dataclass(frozen=True, slots=True)
class ReplayJob:
    """One source and what is to be done with it; any process can take it.

    :param folder: where the results go, None for figures alone.
    :param parameters: those of the perception node that are not the defaults.
    :param rate: speed against real time; 0 is as fast as possible.
    :param fps: rate of a folder of images.
    """

    source: str
    folder: Path | None
    topic: str = ''
    labels: str = ''
    parameters: Mapping[str, Any] = field(default_factory=dict)
    rate: float = 0.0
    fps: float = 10.0
    keep_crops: bool = False
    segment: int = SEGMENT

    def identity(self, models: Mapping[str, str]) -> dict[str, Any]:
        """Return all that the results depend on: equal identities have equal results."""
        return {
            'source': self.source,
            'files': _digest(Path(self.source)),
            'topic': self.topic,
            'labels': self.labels
            and [self.labels, _digest(csv_of(self.labels, Path(self.source)))],
            'keep_crops': self.keep_crops,
            'fps': self.fps,
            'parameters': dict(sorted(self.parameters.items())),
            'models': dict(models),
            'version': __version__,
        }


def _digest(path: Path) -> str:
    """Return what changes when a file does, or one of those in a folder; '' for neither."""
    if not path.exists():
        return ''
    found = sha256()
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        if file.is_file():
            state = file.stat()
            entry = f'{file.name}/{state.st_size}/{state.st_mtime_ns}\n'
            found.update(entry.encode('utf-8', 'replace'))
    return found.hexdigest()[:16]


def run_job(job: ReplayJob, tell: Tell) -> Outcome:
    """Replay a source; an error of ours becomes the outcome's, so that other jobs go on."""
    try:
        return replay(job, tell)
    except FerError as error:
        return _failed(job, str(error))


def lost(job: ReplayJob) -> Outcome:
    """Return the outcome of a job whose process was killed."""
    return _failed(
        job,
        f'{job.source}: expected results, found none: the process that read it was killed; is '
        'there enough memory for as many jobs?',
    )


def _failed(job: ReplayJob, error: str) -> Outcome:
    return Outcome({'source': job.source, 'error': error, 'complete': False})


def replay(job: ReplayJob, tell: Tell) -> Outcome:
    """Replay a source, or go on where an earlier run of the same job was interrupted.

    :param tell: takes how many frames are done, and how many there are.
    :raises DataError: there is no room for the results; what was saved stays, to go on from.
    """
    try:
        return _replay(job, tell)
    except FerError:
        raise
    except OSError as error:
        raise DataError(
            f'{job.folder or job.source}: expected to write the results of {job.source}, found: '
            f'{error.strerror or error}; the same command goes on from what was saved'
        ) from None


def _replay(job: ReplayJob, tell: Tell) -> Outcome:
    common.use_ros()
    from fer_ros.nodes.replay import Replay

    pipeline, values = _pipeline(tuple(sorted(job.parameters.items())))
    labels = labels_for(job.labels, Path(job.source)) if job.labels else None
    with open_source(job.source, topic=job.topic, fps=job.fps) as source:
        link = _Link()
        replaying = Replay(pipeline, values, link, rate=job.rate)
        identity = job.identity(replaying.models())
        finished = _finished(job.folder, identity)
        if finished is not None:
            return finished
        link.files = _begin(job, identity, replaying, labels)
        with Interrupts() as interrupts:
            outcome = _run(job, identity, source, replaying, link.files, tell, interrupts)
            interrupts.check()
        return outcome


class _Link:
    """A sink that is known before its files are: those of an earlier run may be taken up."""

    files: ReplayFiles

    def message(self, topic: str, typename: str, data: bytes, stamp_ns: int) -> None:
        """Pass on."""
        self.files.message(topic, typename, data, stamp_ns)

    def expressions(self, frame: Any, message: Any) -> None:
        """Pass on."""
        self.files.expressions(frame, message)

    def event(self, message: Any) -> None:
        """Pass on."""
        self.files.event(message)


@lru_cache(maxsize=1)
def _pipeline(parameters: tuple[tuple[str, Any], ...]) -> tuple[Pipeline, dict[str, Any]]:
    """Return this process's pipeline, which never sees a frame: all sources share its nets."""
    from fer_ros.nodes import parameters as table
    from fer_ros.nodes.replay import values_of

    values = values_of(dict(parameters))
    return Pipeline(table.pipeline_config(values)), values


def _finished(folder: Path | None, identity: Mapping[str, Any]) -> Outcome | None:
    """Return what an earlier run of the same job has left whole."""
    summary = read_json(folder / 'summary.json') if folder is not None else None
    if folder is None or not summary or not summary.get('complete'):
        return None
    if summary.get('job') != identity:
        return None
    return read_answers(folder / ANSWERS, summary)


def _begin(
    job: ReplayJob, identity: Mapping[str, Any], replaying: Any, labels: Labels | None
) -> ReplayFiles:
    """Take up an interrupted run of the same job, or begin anew."""
    store = rosless.typestore()
    if job.folder is not None:
        saved = _saved(job.folder / PARTS / STATE)
        if saved is not None and saved['job'] == identity:
            replaying.restore(saved['replay'])
            return ReplayFiles.resume(job.folder, store, saved['files'])
    return ReplayFiles(job.folder, store, Notebook(labels, keep_crops=job.keep_crops))


def _saved(path: Path) -> dict[str, Any] | None:
    """Return what an interrupted run saved; None where there is nothing to go on from."""
    try:
        content = pickle.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except Exception:  # of another version, or cut off: then it begins anew
        return None
    return content if isinstance(content, dict) else None


def _run(
    job: ReplayJob,
    identity: dict[str, Any],
    source: Source,
    replaying: Any,
    files: ReplayFiles,
    tell: Tell,
    interrupts: Interrupts,
) -> Outcome:
    """Take every frame that is left, and write the results however it ends.

    An interrupt waits for the frame at hand, half of which would be missing for ever, and for
    files that are being written.
    """
    began_s, began_cpu_s, first = time.perf_counter(), time.process_time(), replaying.frames
    behind, complete = first, False
    try:
        for _ in replaying.run(source):
            behind = replaying.frames
            tell(replaying.frames, source.info.frames)
            if job.folder is not None and replaying.frames % job.segment == 0:
                _save(job.folder, identity, replaying, files)
            interrupts.check()
        complete = True
    finally:
        done = replaying.frames - first
        # Of a frame that was begun and not ended, nobody knows how far it came.
        if job.folder is not None and not complete and replaying.frames == behind:
            _save(job.folder, identity, replaying, files)
        speed = _speed(
            done, source, time.perf_counter() - began_s, time.process_time() - began_cpu_s
        )
        engine = replaying.pipeline
        outcome = files.finish(
            Health(dict(replaying.drops), engine.backend, engine.model_ids),
            frames=replaying.frames + source.broken,
            about={'source': job.source, 'speed': speed, 'job': identity},
            notes=replaying.notes,
            complete=complete,
        )
        if job.folder is not None:
            write_answers(job.folder / ANSWERS, outcome)
    return outcome


def _save(folder: Path, identity: Mapping[str, Any], replaying: Any, files: ReplayFiles) -> None:
    """Save all that a later run needs to go on behind this frame."""
    path = folder / PARTS / STATE
    content = {'job': identity, 'files': files.save(), 'replay': replaying.save()}
    partial = path.with_suffix('.new')
    partial.write_bytes(pickle.dumps(content))
    partial.replace(path)


def _speed(frames: int, source: Source, wall_s: float, cpu_s: float) -> dict[str, float | None]:
    """Return how fast it went; the rest of the summary is the same at any speed."""
    fps = source.info.fps
    return {
        'frames_per_second': round(frames / wall_s, 2) if wall_s > 0 else None,
        'times_real_time': round(frames / wall_s / fps, 2) if fps and wall_s > 0 else None,
        'cpu_ms_per_frame': round(cpu_s / frames * 1e3, 3) if frames else None,
    }


def forget(folder: Path) -> None:
    """Remove what an earlier run left, so that the next one begins anew."""
    shutil.rmtree(folder / PARTS, ignore_errors=True)
    (folder / 'summary.json').unlink(missing_ok=True)
