"""Each operator in a graph of its own, against numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from single_graphs import CONV, DEPTHWISE, SAME, Array, graph_of, image, run, single

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.builder import Builder
from fer_ros.inference.conversion.cleanup import drop_unused, fold_padding, merge_twins
from fer_ros.inference.conversion.graph import Graph, Operator, Tensor


def test_same_padding_puts_the_odd_pixel_at_bottom_and_right() -> None:
    # 4 pixels, window 3, stride 2: total padding (2 - 1) * 2 + 3 - 4 = 1, all of it at the end.
    ones = np.ones((1, 3, 3, 3), np.float32)
    options = {**CONV, 'Padding': SAME, 'StrideH': 2, 'StrideW': 2}
    value = np.ones((1, 4, 4, 3), np.float32)
    result = single('CONV_2D', value, [ones, np.zeros(1, np.float32)], options, (1, 2, 2, 1))
    assert result[0, :, :, 0].tolist() == [[27, 18], [18, 12]]


def test_kernel_axes_of_a_convolution() -> None:
    # Output 0 takes channel 2 of the pixel itself, output 1 channel 0 of its right neighbour.
    kernel = np.zeros((2, 1, 2, 3), np.float32)
    kernel[0, 0, 0, 2] = 1
    kernel[1, 0, 1, 0] = 10
    bias = np.array([0, 0.5], np.float32)
    result = single('CONV_2D', image(3, 3), [kernel, bias], CONV, (1, 3, 2, 2))
    assert result[0, 1].tolist() == [[11, 120.5], [14, 150.5]]


def test_fused_activation() -> None:
    kernel = np.full((1, 1, 1, 3), -1, np.float32)
    options = {**CONV, 'FusedActivationFunction': 1}
    result = single(
        'CONV_2D', image(2, 2), [kernel, np.full(1, 13, np.float32)], options, (1, 2, 2, 1)
    )
    assert result.ravel().tolist() == [10, 1, 0, 0]


def test_depthwise_convolution_keeps_channels_apart() -> None:
    kernel = np.array([1, 10, 100], np.float32).reshape(1, 1, 1, 3)
    constants = [kernel, np.zeros(3, np.float32)]
    result = single('DEPTHWISE_CONV_2D', image(2, 2), constants, DEPTHWISE, (1, 2, 2, 3))
    assert result[0, 1, 1].tolist() == [9, 100, 1100]


def test_kernel_axes_of_a_depthwise_convolution() -> None:
    # Ten times the right neighbour.
    kernel = np.array([0, 10], np.float32).reshape(1, 1, 2, 1).repeat(3, 3)
    constants = [kernel, np.zeros(3, np.float32)]
    result = single('DEPTHWISE_CONV_2D', image(3, 3), constants, DEPTHWISE, (1, 3, 2, 3))
    assert result[0, 1, 0].tolist() == [120, 130, 140]


def test_max_pool() -> None:
    options = {**CONV, 'StrideH': 2, 'StrideW': 2, 'FilterHeight': 2, 'FilterWidth': 2}
    result = single('MAX_POOL_2D', image(4, 4), [], options, (1, 2, 2, 3))
    assert result[0, :, :, 0].tolist() == [[15, 21], [39, 45]]


def test_new_channels_are_zero() -> None:
    amounts = np.array([[0, 0], [0, 0], [0, 0], [0, 2]], np.int32)
    result = single('PAD', image(2, 2), [amounts], {}, (1, 2, 2, 5))
    assert result[0, 1, 0].tolist() == [6, 7, 8, 0, 0]


def test_depth_to_space() -> None:
    value = np.concatenate([image(1, 1), image(1, 1) + 3, image(1, 1) + 6, image(1, 1) + 9], 3)
    kernel = np.zeros((12, 1, 1, 3), np.float32)
    for channel in range(12):
        kernel[channel, 0, 0, 0] = channel
    graph = graph_of('CONV_2D', (1, 1, 1, 3), [kernel], CONV, (1, 1, 1, 12))
    graph.tensors.append(Tensor('d2s', (1, 2, 2, 3)))
    graph.operators.append(Operator('DEPTH_TO_SPACE', [2], [3], {'BlockSize': 2}))
    graph.outputs = [3]
    result = run(graph, np.ones((1, 1, 1, 3), np.float32))
    assert result.ravel().tolist() == np.ravel(value).tolist()


def test_resize_bilinear_with_half_pixel_centres() -> None:
    value = np.zeros((1, 2, 2, 3), np.float32)
    value[0, :, 1, 0] = 4
    options = {'AlignCorners': False, 'HalfPixelCenters': True}
    size = np.array([4, 4], np.int32)
    result = single('RESIZE_BILINEAR', value, [size], options, (1, 4, 4, 3))
    assert result[0, 1, :, 0].tolist() == [0, 1, 3, 4]


def test_reshape_reads_nhwc_memory() -> None:
    shape = np.array([1, 12], np.int32)
    result = single('RESHAPE', image(2, 2), [shape], {}, (1, 12))
    assert result[0].tolist() == list(range(12))


def test_batch_stays_dynamic() -> None:
    graph = graph_of('RESHAPE', (1, 2, 2, 3), [np.array([1, 12], np.int32)], {}, (1, 12))
    value = np.concatenate([image(2, 2), image(2, 2) + 100])
    assert run(graph, value)[1].tolist() == list(range(100, 112))


def test_a_0d_constant_stays_0d() -> None:
    builder = Builder()
    names = {builder.constant(np.float32(1) * np.ones(())), builder.constant(np.ones(1))}
    assert len(names) == 2
    shapes = sorted(tuple(t.dims) for t in builder.model('m', 1, [], '').graph.initializer)
    assert shapes == [(), (1,)]


def test_spatial_padding_moves_into_the_convolution() -> None:
    amounts = np.array([[0, 0], [1, 2], [3, 4], [0, 0]], np.int32)
    graph = graph_of('PAD', (1, 2, 2, 3), [amounts], {}, (1, 5, 9, 3))
    kernel = np.ones((1, 1, 1, 3), np.float32)
    graph.tensors += [Tensor('k', kernel.shape, kernel), Tensor('y', (1, 5, 9, 1))]
    graph.operators.append(Operator('CONV_2D', [2, 3], [4], CONV))
    graph.outputs = [4]
    fold_padding(graph)
    assert [op.kind for op in graph.operators] == ['CONV_2D']
    result = run(graph, image(2, 2))[0, :, :, 0]
    assert result.shape == (5, 9)
    assert result[1, 3] == 3
    assert result.sum() == 66


def test_twins_are_computed_once_and_the_unread_not_at_all() -> None:
    tensors = [Tensor(str(i), (1, 2, 2, 3)) for i in range(5)]
    graph = Graph(
        tensors,
        [Operator('RELU', [0], [1]), Operator('RELU', [0], [2]), Operator('RELU', [0], [3])],
        [0],
        [4],
    )
    graph.operators += [Operator('ADD', [1, 2], [4], {'FusedActivationFunction': 0})]
    merge_twins(graph)
    drop_unused(graph)
    assert [(op.kind, op.inputs) for op in graph.operators] == [('RELU', [0]), ('ADD', [1, 1])]
    assert run(graph, image(2, 2))[0, 0, 1].tolist() == [6, 8, 10]


@pytest.mark.parametrize(
    ('kind', 'constants', 'options', 'out', 'message'),
    [
        ('LSTM', [], {}, (1, 2, 2, 3), "'LSTM' is not known"),
        ('STRIDED_SLICE', [], {}, (1, 1, 2, 3), 'slice of the whole'),
        ('PAD', [np.ones((4, 2), np.int32)], {}, (3, 4, 4, 5), 'new channels at the end'),
        (
            'RESIZE_BILINEAR',
            [np.array([4, 4], np.int32)],
            {'AlignCorners': True, 'HalfPixelCenters': False},
            (1, 4, 4, 3),
            'half-pixel centres',
        ),
        (
            'CONV_2D',
            [np.ones((1, 1, 1, 3), np.float32)],
            {**CONV, 'FusedActivationFunction': 4},
            (1, 2, 2, 1),
            'unknown fused activation 4',
        ),
    ],
)
def test_what_is_not_known_is_refused(
    kind: str, constants: list[Array], options: Any, out: Any, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        single(kind, image(2, 2), constants, options, out)
