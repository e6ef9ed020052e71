"""Conversion of the MediaPipe face models from TFLite to ONNX.

Only needed to make the shipped files again; brings the extra ``fer_ros[convert]``.
"""

from __future__ import annotations

from fer_ros.inference.conversion.convert import convert_wheel

__all__ = ['convert_wheel']
