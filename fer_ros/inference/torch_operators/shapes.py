"""Shapes and places."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from fer_ros.inference.torch_operators.node import Node, Operator, operator


@operator('Reshape')
def _reshape(node: Node) -> Operator:
    fixed = node.ints(1)

    def run(x: Tensor, shape: Tensor) -> Tensor:
        wanted = fixed if fixed is not None else shape.tolist()
        return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(wanted)])

    return run


@operator('Flatten')
def _flatten(node: Node) -> Operator:
    axis = node.get('axis', 1)
    return lambda x: x.reshape(math.prod(x.shape[:axis]), -1)


@operator('Transpose')
def _transpose(node: Node) -> Operator:
    order = node.get('perm')
    return lambda x: x.permute(order or tuple(range(x.ndim))[::-1])


@operator('Concat')
def _concat(node: Node) -> Operator:
    axis = node.get('axis')
    return lambda *rows: torch.cat([row.to(rows[0].device) for row in rows], axis)


@operator('Split')
def _split(node: Node) -> Operator:
    axis, sizes = node.get('axis', 0), node.ints(1, 'split')

    def run(x: Tensor, *_: Any) -> tuple[Tensor, ...]:
        return tuple(x.split(sizes or math.ceil(x.shape[axis] / node.outputs), axis))

    return run


@operator('Slice')
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


@operator('Expand')
def _expand(node: Node) -> Operator:
    fixed = node.ints(1)

    def run(x: Tensor, shape: Tensor) -> Tensor:
        wanted = fixed if fixed is not None else shape.tolist()
        return x.expand(torch.broadcast_shapes(x.shape, wanted))

    return run


@operator('Gather')
def _gather(node: Node) -> Operator:
    axis = node.get('axis', 0)

    def run(x: Tensor, places: Tensor) -> Tensor:
        places = places.to(x.device)
        # A negative place counts from the end.
        flat = torch.where(places < 0, places + x.shape[axis], places).reshape(-1)
        shape = (*x.shape[:axis], *places.shape, *x.shape[axis % x.ndim + 1 :])
        return x.index_select(axis, flat).reshape(shape)

    return run


@operator('GatherND')
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


@operator('Unsqueeze')
def _unsqueeze(node: Node) -> Operator:
    axes = node.ints(1, 'axes')

    def run(x: Tensor, *_: Any) -> Tensor:
        rank = x.ndim + len(axes)
        for axis in sorted(axis % rank for axis in axes):
            x = x.unsqueeze(axis)
        return x

    return run


@operator('Squeeze')
def _squeeze(node: Node) -> Operator:
    axes = node.ints(1, 'axes')
    return lambda x, *_: x.squeeze() if axes is None else x.squeeze(tuple(axes))


@operator('Pad')
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
