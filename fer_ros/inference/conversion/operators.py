"""TFLite operators as ONNX nodes: one function each.

Images are NHWC in TFLite and NCHW here, so every 4-d value is transposed in the reader's mind:
channel attributes move to axis 1, and only RESHAPE, which depends on the order of memory, goes
back to NHWC first. The batch dimension, 1 in the file, stays dynamic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.builder import Builder
from fer_ros.inference.conversion.graph import Array, Graph, Operator

_SAME, _VALID = 0, 1
_NO_ACTIVATION, _RELU = 0, 1
TO_NHWC = (0, 2, 3, 1)
TO_NCHW = (0, 3, 1, 2)


@dataclass(slots=True)
class Conversion:
    """A conversion under way: the source, the result and the ONNX name of each tensor.

    ``frames`` are the values that the operators of the attention mesh share.
    """

    graph: Graph
    builder: Builder
    names: dict[int, str] = field(default_factory=dict)
    frames: tuple[str, str, str] = ('', '', '')

    def value(self, tensor: int) -> str:
        """Return the ONNX name of a tensor, making constants known on the way."""
        if tensor not in self.names:
            values = self.graph.constant(tensor)
            if values.ndim == 4:
                raise ModelError(f'tensor {tensor}: a 4-d constant has no place here')
            self.names[tensor] = self.builder.constant(values)
        return self.names[tensor]

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Return the TFLite shape (NHWC, batch 1) of a tensor."""
        return self.graph.tensors[tensor].shape


OperatorFunction = Callable[[Operator, Conversion], str]


def conv_2d(op: Operator, c: Conversion) -> str:
    """Write a convolution; its kernel is (out, h, w, in)."""
    kernel = c.graph.constant(op.inputs[1]).transpose(0, 3, 1, 2)
    return _convolution(op, c, kernel, groups=op.options.get('Groups', 1))


def depthwise_conv_2d(op: Operator, c: Conversion) -> str:
    """Write a depthwise convolution; its kernel is (1, h, w, in * multiplier)."""
    kernel = c.graph.constant(op.inputs[1]).transpose(3, 0, 1, 2)
    channels = c.shape(op.inputs[0])[3]
    if kernel.shape[0] != channels * int(op.options['DepthMultiplier']):
        raise ModelError(f'depthwise kernel {kernel.shape} does not fit {channels} channels')
    return _convolution(op, c, kernel, groups=channels)


def _convolution(op: Operator, c: Conversion, kernel: Array, groups: int) -> str:
    options = op.options
    strides = (options['StrideH'], options['StrideW'])
    dilations = (options['DilationHFactor'], options['DilationWFactor'])
    window = tuple(
        (size - 1) * dilation + 1
        for size, dilation in zip(kernel.shape[2:], dilations, strict=True)
    )
    inputs = [c.value(op.inputs[0]), c.builder.constant(np.array(kernel, order='C'))]
    if len(op.inputs) > 2 and op.inputs[2] >= 0:
        inputs.append(c.value(op.inputs[2]))
    result = c.builder.node(
        'Conv',
        *inputs,
        kernel_shape=list(kernel.shape[2:]),
        strides=list(strides),
        dilations=list(dilations),
        pads=list(_pads(op, c, window, strides)),
        group=groups,
    )
    return _activated(op, c, result)


def max_pool_2d(op: Operator, c: Conversion) -> str:
    """Write a maximum over windows."""
    options = op.options
    window = (options['FilterHeight'], options['FilterWidth'])
    strides = (options['StrideH'], options['StrideW'])
    result = c.builder.node(
        'MaxPool',
        c.value(op.inputs[0]),
        kernel_shape=list(window),
        strides=list(strides),
        pads=list(_pads(op, c, window, strides)),
    )
    return _activated(op, c, result)


def _pads(
    op: Operator, c: Conversion, window: tuple[int, ...], strides: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return top, left, bottom, right; TFLite's SAME puts the odd pixel at bottom and right."""
    if 'Pads' in op.options:
        top, left, bottom, right = op.options['Pads']
        return top, left, bottom, right
    if op.options['Padding'] == _VALID:
        return 0, 0, 0, 0
    totals = [
        max((-(-size // stride) - 1) * stride + extent - size, 0)
        for size, stride, extent in zip(c.shape(op.inputs[0])[1:3], strides, window, strict=True)
    ]
    starts = [total // 2 for total in totals]
    return starts[0], starts[1], totals[0] - starts[0], totals[1] - starts[1]


def _activated(op: Operator, c: Conversion, value: str) -> str:
    activation = op.options['FusedActivationFunction']
    if activation == _NO_ACTIVATION:
        return value
    if activation == _RELU:
        return c.builder.node('Relu', value)
    raise ModelError(f'{op.kind}: unknown fused activation {activation}')


def relu(op: Operator, c: Conversion) -> str:
    """Write max(x, 0)."""
    return c.builder.node('Relu', c.value(op.inputs[0]))


def bend(op: Operator, c: Conversion) -> str:
    """Write ``straight*x + bent*relu(x)``, a factor a channel: what PRELU has become."""
    x = c.value(op.inputs[0])
    straight, bent = (c.graph.constant(i).reshape(-1, 1, 1, 1) for i in op.inputs[1:])
    factor = {'kernel_shape': [1, 1], 'group': straight.size}
    line = c.builder.node('Conv', x, c.builder.constant(straight), **factor)
    kink = c.builder.node('Relu', x)
    if (bent != 1).any():
        kink = c.builder.node('Conv', kink, c.builder.constant(bent), **factor)
    return c.builder.node('Add', line, kink)


def add(op: Operator, c: Conversion) -> str:
    """Write a sum of two values of one shape."""
    if c.shape(op.inputs[0]) != c.shape(op.inputs[1]):
        raise ModelError(f'ADD: expected equal shapes, found {[c.shape(i) for i in op.inputs]}')
    return _activated(op, c, c.builder.node('Add', *(c.value(i) for i in op.inputs)))


def mul(op: Operator, c: Conversion) -> str:
    """Write a product; neither side may be an image."""
    if any(len(c.shape(i)) > 3 for i in op.inputs):
        raise ModelError('MUL of images is not supported')
    return _activated(op, c, c.builder.node('Mul', *(c.value(i) for i in op.inputs)))


def pad(op: Operator, c: Conversion) -> str:
    """Write zero channels behind the last one: the way residual blocks grow.

    As a 1x1 convolution with the unit matrix: unlike Pad it stays in the blocked layout of
    ONNX Runtime's convolutions and takes the block's sum and activation in with it.
    """
    amounts = c.graph.constant(op.inputs[1])
    if amounts[:3].any() or amounts[3, 0]:
        raise ModelError(f'PAD: expected new channels at the end only, found {amounts.tolist()}')
    before, after = c.shape(op.inputs[0])[3], c.shape(op.outputs[0])[3]
    if before == after:
        return c.value(op.inputs[0])
    unit = c.builder.floats(np.eye(after, before)[:, :, None, None])
    return c.builder.node('Conv', c.value(op.inputs[0]), unit, kernel_shape=[1, 1])


def concatenation(op: Operator, c: Conversion) -> str:
    """Write values one behind the other."""
    rank = len(c.shape(op.outputs[0]))
    axis = int(op.options['Axis']) % rank
    axis = (0, 2, 3, 1)[axis] if rank == 4 else axis
    return c.builder.node('Concat', *(c.value(i) for i in op.inputs), axis=axis)


def depth_to_space(op: Operator, c: Conversion) -> str:
    """Write blocks of channels as blocks of pixels (depth, column, row: TFLite's own order)."""
    return c.builder.node(
        'DepthToSpace', c.value(op.inputs[0]), blocksize=op.options['BlockSize'], mode='DCR'
    )


def resize_bilinear(op: Operator, c: Conversion) -> str:
    """Write a bilinear enlargement by whole factors."""
    if op.options['AlignCorners'] or not op.options['HalfPixelCenters']:
        raise ModelError(f'RESIZE_BILINEAR: expected half-pixel centres, found {op.options}')
    before, after = c.shape(op.inputs[0]), c.shape(op.outputs[0])
    scales = c.builder.floats([1, 1, after[1] / before[1], after[2] / before[2]])
    return c.builder.node(
        'Resize',
        c.value(op.inputs[0]),
        '',
        scales,
        mode='linear',
        coordinate_transformation_mode='half_pixel',
    )


def reshape(op: Operator, c: Conversion) -> str:
    """Write another shape for the same memory, which for images means NHWC memory."""
    before, after = c.shape(op.inputs[0]), c.shape(op.outputs[0])
    value = c.value(op.inputs[0])
    # With one pixel both orders are the same.
    if len(before) == 4 and before[1:3] != (1, 1):
        value = c.builder.node('Transpose', value, perm=list(TO_NHWC))
    if len(after) != 4:
        return c.builder.node('Reshape', value, c.builder.ints(0, *after[1:]))
    if after[1:3] == (1, 1):
        return c.builder.node('Reshape', value, c.builder.ints(0, after[3], 1, 1))
    value = c.builder.node('Reshape', value, c.builder.ints(0, *after[1:]))
    return c.builder.node('Transpose', value, perm=list(TO_NCHW))


def strided_slice(op: Operator, c: Conversion) -> str:
    """Pass a value on: only the slice that takes everything is known."""
    if c.shape(op.inputs[0]) != c.shape(op.outputs[0]):
        raise ModelError('STRIDED_SLICE: only a slice of the whole is supported')
    return c.value(op.inputs[0])


OPERATORS: dict[str, OperatorFunction] = {
    'ADD': add,
    'BEND': bend,
    'CONCATENATION': concatenation,
    'CONV_2D': conv_2d,
    'DEPTHWISE_CONV_2D': depthwise_conv_2d,
    'DEPTH_TO_SPACE': depth_to_space,
    'MAX_POOL_2D': max_pool_2d,
    'MUL': mul,
    'PAD': pad,
    'RELU': relu,
    'RESHAPE': reshape,
    'RESIZE_BILINEAR': resize_bilinear,
    'STRIDED_SLICE': strided_slice,
}
