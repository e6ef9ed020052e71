"""ONNX operators as torch calls: each takes what is known before a run and returns a closure."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from fer_ros.errors import ModelError

Operator = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Node:
    """What is known of an operator before it runs.

    :param where: file and operator, for errors.
    :param known: its constant inputs; None for those that a run brings.
    :param outputs: how many there are.
    """

    where: str
    opset: int
    attributes: Mapping[str, Any]
    known: Sequence[NDArray[Any] | None]
    outputs: int

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute."""
        return self.attributes.get(name, default)

    def ints(self, index: int, name: str = '', default: Any = None) -> Any:
        """Return whole numbers from a constant input or, in older opsets, an attribute."""
        value = self.known[index] if index < len(self.known) else None
        if value is not None:
            return value.reshape(-1).tolist()
        return self.attributes.get(name, default)

    def refuse(self, wanted: str, found: object) -> ModelError:
        """Return the error of a variant that is not covered."""
        return ModelError(
            f'{self.where}: expected {wanted}, found {found}; set device to cpu, or add it to '
            'torch_operators'
        )


Binder = Callable[[Node], Operator]
OPERATORS: dict[str, Binder] = {}


def _operator(*names: str) -> Callable[[Binder], Binder]:
    """Enter an operator in the table."""

    def enter(bind: Binder) -> Binder:
        OPERATORS.update(dict.fromkeys(names, bind))
        return bind

    return enter


def _plain(function: Operator) -> Binder:
    """Return an operator that has nothing to bind."""
    return lambda _: function


OPERATORS |= {
    'Abs': _plain(torch.abs),
    'Add': _plain(torch.add),
    'Ceil': _plain(torch.ceil),
    'Cos': _plain(torch.cos),
    'Div': _plain(lambda a, b: a / b if a.is_floating_point() else a // b),
    'Equal': _plain(torch.eq),
    'Erf': _plain(torch.erf),
    'Exp': _plain(torch.exp),
    'Floor': _plain(torch.floor),
    'Greater': _plain(torch.gt),
    'GreaterOrEqual': _plain(torch.ge),
    'HardSwish': _plain(functional.hardswish),
    'Identity': _plain(lambda x: x),
    'Less': _plain(torch.lt),
    'LessOrEqual': _plain(torch.le),
    'Log': _plain(torch.log),
    'MatMul': _plain(torch.matmul),
    'Max': _plain(lambda *rows: functools.reduce(torch.maximum, rows)),
    'Min': _plain(lambda *rows: functools.reduce(torch.minimum, rows)),
    'Mul': _plain(torch.mul),
    'Neg': _plain(torch.neg),
    'Not': _plain(torch.logical_not),
    'And': _plain(torch.logical_and),
    'Or': _plain(torch.logical_or),
    'PRelu': _plain(lambda x, slope: torch.where(x < 0, x * slope, x)),
    'Pow': _plain(torch.pow),
    'Reciprocal': _plain(torch.reciprocal),
    'Relu': _plain(torch.relu),
    'Round': _plain(torch.round),
    'Shape': _plain(lambda x: torch.tensor(x.shape, dtype=torch.int64)),
    'Sigmoid': _plain(torch.sigmoid),
    'Sin': _plain(torch.sin),
    'Softplus': _plain(functional.softplus),
    'Sqrt': _plain(torch.sqrt),
    'Sub': _plain(torch.sub),
    'Tanh': _plain(torch.tanh),
    'Where': _plain(torch.where),
    'GlobalAveragePool': _plain(lambda x: x.mean(dim=(2, 3), keepdim=True)),
}

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


# Convolution, pooling, resizing


@_operator('Conv')
def _conv(node: Node) -> Operator:
    strides, dilations = node.get('strides', [1, 1]), node.get('dilations', [1, 1])
    group, weight = node.get('group', 1), node.known[1]
    pad = _padding(node)
    if weight is not None and weight.ndim == 4:
        one_to_one = group == weight.shape[0] and weight.shape[1:] == (1, 1, 1)
        if one_to_one and strides == [1, 1] and not any(node.get('pads', [])):
            return _scale
    if weight is not None and weight.ndim != 4:
        raise node.refuse('a convolution in two dimensions', f'{weight.ndim - 2}')

    def run(x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
        x, symmetric = pad(x, 0.0)
        return functional.conv2d(x, w, b, strides, symmetric, dilations, group)

    return run


def _scale(x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
    """Multiply each channel: what a 1x1 depthwise convolution is, without cuDNN's launch."""
    factor = w.reshape(1, -1, 1, 1)
    return x * factor if b is None else torch.addcmul(b.reshape(1, -1, 1, 1), x, factor)


def _padding(node: Node) -> Callable[[Tensor, float], tuple[Tensor, tuple[int, int]]]:
    """Return what pads a tensor where torch's own symmetric padding can not, and that padding."""
    if node.get('auto_pad', 'NOTSET') not in ('NOTSET', 'VALID'):
        raise node.refuse('explicit pads', node.get('auto_pad'))
    top, left, bottom, right = node.get('pads') or (0, 0, 0, 0)
    if (top, left) == (bottom, right):
        return lambda x, _: (x, (top, left))
    return lambda x, value: (functional.pad(x, (left, right, top, bottom), value=value), (0, 0))


@_operator('MaxPool')
def _max_pool(node: Node) -> Operator:
    kernel, strides = node.get('kernel_shape'), node.get('strides', [1, 1])
    ceil, pad = bool(node.get('ceil_mode', 0)), _padding(node)

    def run(x: Tensor) -> Tensor:
        x, symmetric = pad(x, -math.inf)
        return functional.max_pool2d(x, kernel, strides, symmetric, ceil_mode=ceil)

    return run


@_operator('AveragePool')
def _average_pool(node: Node) -> Operator:
    kernel, strides = node.get('kernel_shape'), node.get('strides', [1, 1])
    ceil, pad = bool(node.get('ceil_mode', 0)), _padding(node)
    counted = bool(node.get('count_include_pad', 0))
    top, left, bottom, right = node.get('pads') or (0, 0, 0, 0)
    if (top, left) != (bottom, right) and not counted:
        raise node.refuse('the same pads on both sides', node.get('pads'))

    def run(x: Tensor) -> Tensor:
        x, symmetric = pad(x, 0.0)
        return functional.avg_pool2d(x, kernel, strides, symmetric, ceil, counted)

    return run


@_operator('Resize')
def _resize(node: Node) -> Operator:
    mode = node.get('mode', 'nearest')
    place = node.get('coordinate_transformation_mode', 'half_pixel')
    scales = node.known[2] if len(node.known) > 2 else None
    sizes = node.ints(3) if len(node.known) > 3 else None
    covered = {('linear', 'half_pixel'): 'bilinear', ('nearest', 'asymmetric'): 'nearest'}
    if (mode, place) not in covered or not (sizes or (scales is not None and scales.size)):
        raise node.refuse('constant sizes, linear half_pixel or nearest', f'{mode} {place}')
    torch_mode = covered[mode, place]
    align = False if torch_mode == 'bilinear' else None
    size = sizes[2:] if sizes else None
    factor = None if size or scales is None else scales[2:].tolist()

    def run(x: Tensor, *_: Any) -> Tensor:
        return functional.interpolate(x, size, factor, torch_mode, align)

    return run


@_operator('DepthToSpace')
def _depth_to_space(node: Node) -> Operator:
    block = node.get('blocksize')
    if node.get('mode', 'DCR') == 'CRD':
        return lambda x: functional.pixel_shuffle(x, block)

    def run(x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        parts = x.reshape(n, block, block, c // block**2, h, w).permute(0, 3, 4, 1, 5, 2)
        return parts.reshape(n, -1, h * block, w * block)

    return run


# Products and norms


@_operator('Gemm')
def _gemm(node: Node) -> Operator:
    alpha, beta = node.get('alpha', 1.0), node.get('beta', 1.0)
    turn_a, turn_b = node.get('transA', 0), node.get('transB', 0)

    def run(a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
        a, b = (a.T if turn_a else a), (b.T if turn_b else b)
        return alpha * (a @ b) if c is None else torch.addmm(c, a, b, beta=beta, alpha=alpha)

    return run


@_operator('BatchNormalization')
def _batch_norm(node: Node) -> Operator:
    epsilon = node.get('epsilon', 1e-5)
    return lambda x, scale, b, mean, var: functional.batch_norm(
        x, mean, var, scale, b, eps=epsilon
    )


@_operator('LayerNormalization')
def _layer_norm(node: Node) -> Operator:
    axis, epsilon = node.get('axis', -1), node.get('epsilon', 1e-5)

    def run(x: Tensor, scale: Tensor, b: Tensor | None = None) -> Tensor:
        return functional.layer_norm(x, x.shape[axis:], scale, b, epsilon)

    return run


@_operator('Softmax')
def _softmax(node: Node) -> Operator:
    return lambda x: torch.softmax(x, node.get('axis', -1))


@_operator('LeakyRelu')
def _leaky_relu(node: Node) -> Operator:
    return lambda x: functional.leaky_relu(x, node.get('alpha', 0.01))


@_operator('Elu')
def _elu(node: Node) -> Operator:
    return lambda x: functional.elu(x, node.get('alpha', 1.0))


@_operator('HardSigmoid')
def _hard_sigmoid(node: Node) -> Operator:
    alpha, beta = node.get('alpha', 0.2), node.get('beta', 0.5)
    return lambda x: (x * alpha + beta).clamp(0.0, 1.0)


@_operator('Gelu')
def _gelu(node: Node) -> Operator:
    return lambda x: functional.gelu(x, approximate=node.get('approximate', 'none'))


@_operator('Clip')
def _clip(node: Node) -> Operator:
    low, high = node.get('min'), node.get('max')

    def run(x: Tensor, least: Tensor | None = None, most: Tensor | None = None) -> Tensor:
        x = x if least is None and low is None else x.clamp_min(low if least is None else least)
        return x if most is None and high is None else x.clamp_max(high if most is None else most)

    return run


def _reduction(reduce: Callable[[Tensor, list[int], bool], Tensor]) -> Binder:
    """Return an operator that folds axes."""

    def bind(node: Node) -> Operator:
        axes, keep = node.ints(1, 'axes'), bool(node.get('keepdims', 1))

        def run(x: Tensor, *_: Any) -> Tensor:
            return reduce(x, axes if axes is not None else list(range(x.ndim)), keep)

        return run

    return bind


def _product(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
        x = x.prod(dim=axis, keepdim=keep)
    return x


OPERATORS |= {
    'ReduceMean': _reduction(lambda x, axes, keep: x.mean(dim=axes, keepdim=keep)),
    'ReduceSum': _reduction(lambda x, axes, keep: x.sum(dim=axes, keepdim=keep)),
    'ReduceMax': _reduction(lambda x, axes, keep: x.amax(dim=axes, keepdim=keep)),
    'ReduceMin': _reduction(lambda x, axes, keep: x.amin(dim=axes, keepdim=keep)),
    'ReduceL2': _reduction(lambda x, axes, keep: x.square().sum(axes, keep).sqrt()),
    'ReduceProd': _reduction(_product),
}


# Shapes and places


@_operator('Reshape')
def _reshape(node: Node) -> Operator:
    fixed = node.ints(1)

    def run(x: Tensor, shape: Tensor) -> Tensor:
        wanted = fixed if fixed is not None else shape.tolist()
        return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(wanted)])

    return run


@_operator('Flatten')
def _flatten(node: Node) -> Operator:
    axis = node.get('axis', 1)
    return lambda x: x.reshape(math.prod(x.shape[:axis]), -1)


@_operator('Transpose')
def _transpose(node: Node) -> Operator:
    order = node.get('perm')
    return lambda x: x.permute(order or tuple(range(x.ndim))[::-1])


@_operator('Concat')
def _concat(node: Node) -> Operator:
    axis = node.get('axis')
    return lambda *rows: torch.cat([row.to(rows[0].device) for row in rows], axis)


@_operator('Split')
def _split(node: Node) -> Operator:
    axis, sizes = node.get('axis', 0), node.ints(1, 'split')

    def run(x: Tensor, *_: Any) -> tuple[Tensor, ...]:
        return tuple(x.split(sizes or math.ceil(x.shape[axis] / node.outputs), axis))

    return run


@_operator('Slice')
def _slice(node: Node) -> Operator:
    starts, ends = node.ints(1), node.ints(2)
    if starts is None or ends is None:
        raise node.refuse('constant starts and ends', 'others')
    axes = node.ints(3) or list(range(len(starts)))
    steps = node.ints(4) or [1] * len(starts)
    if min(steps) < 1:
        raise node.refuse('positive steps', steps)

    def run(x: Tensor, *_: Any) -> Tensor:
        places = [slice(None)] * x.ndim
        for axis, start, end, step in zip(axes, starts, ends, steps):
            places[axis] = slice(start, end, step)
        return x[tuple(places)]

    return run


@_operator('Expand')
def _expand(node: Node) -> Operator:
    fixed = node.ints(1)

    def run(x: Tensor, shape: Tensor) -> Tensor:
        wanted = fixed if fixed is not None else shape.tolist()
        return x.expand(torch.broadcast_shapes(x.shape, wanted))

    return run


@_operator('Gather')
def _gather(node: Node) -> Operator:
    axis = node.get('axis', 0)

    def run(x: Tensor, places: Tensor) -> Tensor:
        places = places.to(x.device)
        # A negative place counts from the end.
        flat = torch.where(places < 0, places + x.shape[axis], places).reshape(-1)
        shape = (*x.shape[:axis], *places.shape, *x.shape[axis % x.ndim + 1 :])
        return x.index_select(axis, flat).reshape(shape)

    return run


@_operator('GatherND')
def _gather_nd(node: Node) -> Operator:
    batch = node.get('batch_dims', 0)
    if batch > 1:
        raise node.refuse('batch_dims of 0 or 1', batch)

    def run(x: Tensor, places: Tensor) -> Tensor:
        columns = places.unbind(-1)
        if batch:
            rows = torch.arange(x.shape[0], device=x.device)
            columns = (rows.reshape(-1, *[1] * (columns[0].ndim - 1)), *columns)
        return x[columns]

    return run


@_operator('Unsqueeze')
def _unsqueeze(node: Node) -> Operator:
    axes = node.ints(1, 'axes')

    def run(x: Tensor, *_: Any) -> Tensor:
        rank = x.ndim + len(axes)
        for axis in sorted(axis % rank for axis in axes):
            x = x.unsqueeze(axis)
        return x

    return run


@_operator('Squeeze')
def _squeeze(node: Node) -> Operator:
    axes = node.ints(1, 'axes')
    return lambda x, *_: x.squeeze() if axes is None else x.squeeze(tuple(axes))


@_operator('Pad')
def _pad(node: Node) -> Operator:
    pads, mode = node.ints(1, 'pads'), node.get('mode', 'constant')
    value = node.known[2] if len(node.known) > 2 else None
    if pads is None or mode not in ('constant', 'edge', 'reflect'):
        raise node.refuse('constant pads', mode)
    half = len(pads) // 2
    pairs = [pads[axis + side * half] for axis in reversed(range(half)) for side in (0, 1)]
    fill = float(value) if value is not None else 0.0
    if mode == 'constant':
        return lambda x, *_: functional.pad(x, pairs, value=fill)
    torch_mode = 'replicate' if mode == 'edge' else 'reflect'
    return lambda x, *_: functional.pad(x, pairs[:4], mode=torch_mode)


# Types and quantisation


@_operator('Cast')
def _cast(node: Node) -> Operator:
    dtype = _DTYPES.get(node.get('to'))
    if dtype is None:
        raise node.refuse('a type that torch has', node.get('to'))
    return lambda x: x.to(dtype)


@_operator('QuantizeLinear')
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


@_operator('DequantizeLinear')
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
