"""Every figure by its formula: one function each, with its source.

Answers and labels are (N,) class indices. A label of -1 is not scored; an answer of -1 is a face
that was missed, which is wrong wherever there is a label. :func:`answers_of` makes answers of
scores.
"""

from fer_ros.evaluation.metrics.action_units import binary_f1, icc_3_1
from fer_ros.evaluation.metrics.bootstrap import Figure, Interval, bootstrap_interval
from fer_ros.evaluation.metrics.calibration import (
    Reliability,
    calibration_error,
    cross_fitted_error,
    fit_temperature,
    reliability,
)
from fer_ros.evaluation.metrics.classes import (
    Labels,
    accuracy,
    answers_of,
    confusion,
    f1,
    found_only,
    mean_known,
    mean_recall,
    precision,
    recall,
    top_two,
)
from fer_ros.evaluation.metrics.continuous import ccc, pcc, rmse
from fer_ros.evaluation.metrics.detection import SizeBin, rate_by_size
from fer_ros.evaluation.metrics.events import (
    Event,
    EventIndex,
    EventScores,
    event_scores,
    flip_rate,
    flips,
)
from fer_ros.evaluation.metrics.groups import Gap, Grouped, GroupFigure, by_group
from fer_ros.evaluation.metrics.paired import (
    Difference,
    McNemar,
    mcnemar,
    paired_difference,
)

__all__ = [
    'Difference',
    'Event',
    'EventIndex',
    'EventScores',
    'Figure',
    'Gap',
    'GroupFigure',
    'Grouped',
    'Interval',
    'Labels',
    'McNemar',
    'Reliability',
    'SizeBin',
    'accuracy',
    'answers_of',
    'binary_f1',
    'bootstrap_interval',
    'by_group',
    'calibration_error',
    'ccc',
    'confusion',
    'cross_fitted_error',
    'event_scores',
    'f1',
    'fit_temperature',
    'flip_rate',
    'flips',
    'found_only',
    'icc_3_1',
    'mcnemar',
    'mean_known',
    'mean_recall',
    'paired_difference',
    'pcc',
    'precision',
    'rate_by_size',
    'recall',
    'reliability',
    'rmse',
    'top_two',
]
