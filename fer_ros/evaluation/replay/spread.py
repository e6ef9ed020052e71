"""One function over many jobs: here, over processes of this machine, or over a Ray cluster."""

from __future__ import annotations

import multiprocessing
import queue
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from fer_ros.errors import ConfigError, MissingExtra

Job = TypeVar('Job')
Result = TypeVar('Result')

# Takes how many frames of a job are done, and how many there are (None where only reading tells).
Tell = Callable[[int, int | None], None]
# Takes a job and how to tell its progress.
Work = Callable[[Job, Tell], Result]
# The same with the job's number before.
Watch = Callable[[int, int, int | None], None]
# The result of a job whose process ended without one: killed, or out of memory.
Lost = Callable[[Job], Result]

_POLL_S = 0.2
_EVERY = 10  # frames of another process are told in tens


def over_processes(
    work: Work[Job, Result],
    jobs: Sequence[Job],
    processes: int,
    watch: Watch,
    lost: Lost[Job, Result],
) -> Iterator[tuple[int, Result]]:
    """Yield number and result of each job as it ends; one process works in this one.

    :param work: a function of a module, so that another process finds it.
    """
    if processes == 1 or len(jobs) == 1:
        for index, job in enumerate(jobs):
            yield index, work(job, _teller(watch, index))
        return
    left = dict(enumerate(jobs))
    for index, result in _in_pool(work, left, min(processes, len(jobs)), watch):
        del left[index]
        yield index, result
    # A process that dies takes its pool with it: what is left once more, each by itself.
    for index, job in left.items():
        alone = list(_in_pool(work, {index: job}, 1, watch))
        yield from alone or [(index, lost(job))]


def _in_pool(
    work: Work[Job, Result], jobs: Mapping[int, Job], processes: int, watch: Watch
) -> Iterator[tuple[int, Result]]:
    """Yield numbers and results until all are done or a process has died."""
    # Spawned: threads of ONNX Runtime and DDS do not survive a fork.
    context = multiprocessing.get_context('spawn')
    with context.Manager() as manager:
        news: Any = manager.Queue()
        pool = ProcessPoolExecutor(processes, mp_context=context)
        try:
            futures: dict[Future[Result], int] = {
                pool.submit(_with_news, work, job, index, news): index
                for index, job in jobs.items()
            }
            pending = set(futures)
            while pending:
                done, pending = wait(pending, _POLL_S, FIRST_COMPLETED)
                _pass_on(news, watch)
                for future in done:
                    if not isinstance(future.exception(), BrokenProcessPool):
                        yield futures[future], future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _teller(watch: Watch, index: int) -> Tell:
    return lambda frames, total: watch(index, frames, total)


def _with_news(work: Work[Job, Result], job: Job, index: int, news: Any) -> Result:
    """Work in another process; tell through a queue."""

    def tell(frames: int, total: int | None) -> None:
        if frames % _EVERY == 0:
            news.put((index, frames, total))

    return work(job, tell)


def _pass_on(news: Any, watch: Watch) -> None:
    while True:
        try:
            index, frames, total = news.get_nowait()
        except queue.Empty:
            return
        watch(index, frames, total)


def over_ray(
    work: Work[Job, Result], jobs: Sequence[Job], address: str, lost: Lost[Job, Result]
) -> Iterator[tuple[int, Result]]:
    """Yield number and result of each job as a Ray cluster ends it; a job takes one CPU.

    :param address: of the cluster (``auto``, ``ray://host:10001``), or ``local`` to start one
        here. Its machines need fer_ros and the same paths.
    :raises MissingExtra: Ray is not installed.
    :raises ConfigError: no cluster answers.
    """
    try:
        import ray
    except ImportError:
        raise MissingExtra('ray', 'ray', 'evaluation over several machines') from None
    begun = not ray.is_initialized()
    if begun:
        try:
            ray.init(address=address, log_to_driver=False, include_dashboard=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise ConfigError(
                f'ray: expected a cluster at {address!r}, or local, found none: {reason}'
            ) from None
    try:
        remote = ray.remote(num_cpus=1, max_retries=2)(_quietly)
        pending = {remote.remote(work, job): index for index, job in enumerate(jobs)}
        while pending:
            done, _ = ray.wait(list(pending))
            for reference in done:
                index = pending.pop(reference)
                try:
                    result = ray.get(reference)
                except ray.exceptions.RayTaskError:
                    raise  # what went wrong is in the code, not in the cluster
                except ray.exceptions.RayError:
                    result = lost(jobs[index])
                yield index, result
    finally:
        if begun:
            ray.shutdown()


def _quietly(work: Work[Job, Result], job: Job) -> Result:
    """Work on another machine, where nobody watches."""
    return work(job, _ignore)


def _ignore(frames: int, total: int | None) -> None:
    """Nobody counts the frames."""
