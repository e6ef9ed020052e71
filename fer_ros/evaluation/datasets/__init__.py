"""Labelled faces that a user has: one small loader a published layout, nothing is downloaded."""

from fer_ros.evaluation.datasets.folder import LayoutError
from fer_ros.evaluation.datasets.layout import ALL, Layout
from fer_ros.evaluation.datasets.registry import READERS, DataSet, counted, layout_of, open_dataset
from fer_ros.evaluation.datasets.samples import (
    Framing,
    Media,
    OwnClass,
    Sample,
    UnitTable,
)

__all__ = [
    'ALL',
    'DataSet',
    'Framing',
    'Layout',
    'LayoutError',
    'Media',
    'OwnClass',
    'READERS',
    'Sample',
    'UnitTable',
    'counted',
    'layout_of',
    'open_dataset',
]
