"""``fer-ros eval``: honest figures, one module a kind of measurement."""

from __future__ import annotations

from collections.abc import Sequence

from fer_ros.cli import common

KINDS = {
    'static': 'static expression on an npz of images and votes',
    'detection': 'detection rate by face size, false faces',
    'replay': 'bags, clips and folders through the whole chain, scored against labels',
    'compare': 'whether two recordings hold the same results, apart from timing',
    'label': 'a page on this machine to label a recording by hand',
    'aus': 'action units: distance of emotions from neutral, cross-talk of drawn ones',
    'temporal': 'models over time, on clips composed from stills',
    'jitter': 'changes of the label on photos that tremble',
    'datasets': 'the data sets that can be read, and how their folders look',
    'dataset': 'the whole chain on a data set that you have',
    'compare-models': 'whether one of two models is better, with an interval',
    'robustness': 'accuracy and confidence on degraded faces',
    'adaptation': 'gain of the corrections for a person and a room',
}


def main(words: Sequence[str]) -> int:
    """Run the measurement that the first word names."""
    return common.run_kind('eval', 'Measure a model or the chain.', KINDS, words)
