"""Convolution, pooling, resizing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from fer_ros.inference.torch_operators.node import Node, Operator, operator


@operator('Conv')
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


@operator('MaxPool')
def _max_pool(node: Node) -> Operator:
    kernel, strides = node.get('kernel_shape'), node.get('strides', [1, 1])
    ceil, pad = bool(node.get('ceil_mode', 0)), _padding(node)

    def run(x: Tensor) -> Tensor:
        x, symmetric = pad(x, -math.inf)
        return functional.max_pool2d(x, kernel, strides, symmetric, ceil_mode=ceil)

    return run


@operator('AveragePool')
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


@operator('Resize')
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


@operator('DepthToSpace')
def _depth_to_space(node: Node) -> Operator:
    block = node.get('blocksize')
    if node.get('mode', 'DCR') == 'CRD':
        return lambda x: functional.pixel_shuffle(x, block)

    def run(x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        parts = x.reshape(n, block, block, c // block**2, h, w).permute(0, 3, 4, 1, 5, 2)
        return parts.reshape(n, -1, h * block, w * block)

    return run
