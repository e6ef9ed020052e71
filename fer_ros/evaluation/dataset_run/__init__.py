"""The chain on a data set: what it reads in each sample, and the figures of that."""

from fer_ros.evaluation.dataset_run.groups import read_columns
from fer_ros.evaluation.dataset_run.report import DatasetReport
from fer_ros.evaluation.dataset_run.run import evaluate_dataset, evenly
from fer_ros.evaluation.dataset_run.text import dataset_text

__all__ = ['DatasetReport', 'dataset_text', 'evaluate_dataset', 'evenly', 'read_columns']
