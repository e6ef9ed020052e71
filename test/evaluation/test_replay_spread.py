"""Jobs over processes, one of which dies."""

from __future__ import annotations

import os
import signal

from fer_ros.evaluation.replay.spread import over_processes


def work(job: str, tell) -> str:
    tell(10, 20)
    if job == 'deadly':
        os.kill(os.getpid(), signal.SIGKILL)
    return f'{job} done'


def test_a_process_that_dies_costs_its_own_job_alone():
    jobs = ['a', 'deadly', 'b']
    told = []
    results = dict(
        over_processes(work, jobs, 2, lambda *news: told.append(news), lambda job: f'{job} lost')
    )
    assert results == {0: 'a done', 1: 'deadly lost', 2: 'b done'}
    assert (0, 10, 20) in told
