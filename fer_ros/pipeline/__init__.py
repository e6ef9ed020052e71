"""The walk of a camera frame through the rooms: nodes, CLI and evaluation call nothing else."""

from fer_ros.pipeline.config import FILTER, FrameResult, PipelineConfig
from fer_ros.pipeline.crops import CropPipeline
from fer_ros.pipeline.loading import load_clips, load_temporal
from fer_ros.pipeline.pipeline import Pipeline

__all__ = [
    'FILTER',
    'CropPipeline',
    'FrameResult',
    'Pipeline',
    'PipelineConfig',
    'load_clips',
    'load_temporal',
]
