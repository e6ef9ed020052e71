"""Types and quantisation."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_ros.inference.torch_operators.node import Node, Operator, operator

_DTYPES = {
    1: torch.float32,
    2: torch.uint8,
    3: torch.int8,
    6: torch.int32,
    7: torch.int64,
    9: torch.bool,
    10: torch.float16,
    11: torch.float64,
    16: torch.bfloat16,
}


@operator('Cast')
def _cast(node: Node) -> Operator:
    dtype = _DTYPES.get(node.get('to'))
    if dtype is None:
        raise node.refuse('a type that torch has', node.get('to'))
    return lambda x: x.to(dtype)


@operator('QuantizeLinear')
def _quantize(node: Node) -> Operator:
    zero, axis = node.known[2] if len(node.known) > 2 else None, node.get('axis', 1)
    signed = zero is not None and zero.dtype.kind == 'i'
    low, high = (-128, 127) if signed else (0, 255)

    # Whole numbers in float: exact, and torch's kernels take them.
    def run(x: Tensor, scale: Tensor, zero_point: Tensor | None = None) -> Tensor:
        steps = torch.round(x / _along(scale, x, axis))
        if zero_point is not None:
            steps = steps + _along(zero_point, x, axis).to(x.dtype)
        return steps.clamp(low, high)

    return run


@operator('DequantizeLinear')
def _dequantize(node: Node) -> Operator:
    axis = node.get('axis', 1)

    def run(x: Tensor, scale: Tensor, zero_point: Tensor | None = None) -> Tensor:
        steps = x.to(scale.dtype)
        if zero_point is not None:
            steps = steps - _along(zero_point, x, axis).to(scale.dtype)
        return steps * _along(scale, x, axis)

    return run


def _along(values: Tensor, x: Tensor, axis: int) -> Tensor:
    """Return one value, or one for each place along an axis, in a shape that fits a tensor."""
    if values.ndim == 0 or values.numel() == 1:
        return values.reshape(())
    shape = [1] * x.ndim
    shape[axis] = -1
    return values.reshape(shape)
