"""Rewrites that change a network's weights but not what it says."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from single_graphs import CONV, DEPTHWISE, Array, graph_of, image, run

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.graph import Graph, Operator, Tensor
from fer_ros.inference.conversion.lanes import join_lanes
from fer_ros.inference.conversion.prelu import bend
from fer_ros.inference.conversion.widening import widen_channels

ADD = {'FusedActivationFunction': 0}
POOL = {**CONV, 'StrideH': 2, 'StrideW': 2, 'FilterHeight': 2, 'FilterWidth': 2}


class Net:
    """A graph under construction and, beside it, what it must compute (NHWC)."""

    def __init__(self, value: Array) -> None:
        self.graph = Graph([Tensor('image', value.shape)], [], [0], [0])
        self.values = {0: value}
        self._rng = np.random.default_rng(0)

    def _push(self, kind: str, inputs: list[int], options: object, value: Array) -> int:
        self.graph.tensors.append(Tensor(kind, value.shape))
        number = len(self.graph.tensors) - 1
        self.graph.operators.append(Operator(kind, inputs, [number], options))
        self.graph.outputs = [number]
        self.values[number] = value
        return number

    def conv(self, x: int, channels: int) -> int:
        kernel = self._rng.normal(size=(channels, 1, 1, self.values[x].shape[3]))
        bias = self._rng.normal(size=channels)
        constants = [self.graph.add_constant(a.astype(np.float32)) for a in (kernel, bias)]
        value = self.values[x] @ kernel[:, 0, 0].T + bias
        return self._push('CONV_2D', [x, *constants], CONV, value)

    def depthwise(self, x: int) -> int:
        channels = self.values[x].shape[3]
        kernel = self._rng.normal(size=(1, 1, 1, channels))
        bias = self._rng.normal(size=channels)
        constants = [self.graph.add_constant(a.astype(np.float32)) for a in (kernel, bias)]
        value = self.values[x] * kernel + bias
        return self._push('DEPTHWISE_CONV_2D', [x, *constants], DEPTHWISE, value)

    def prelu(self, x: int, *slopes: float) -> int:
        slope = np.array(slopes, np.float32)
        constant = self.graph.add_constant(slope.reshape(1, 1, -1))
        value = np.where(self.values[x] > 0, self.values[x], slope * self.values[x])
        return self._push('PRELU', [x, constant], {}, value)

    def add(self, x: int, y: int) -> int:
        return self._push('ADD', [x, y], ADD, self.values[x] + self.values[y])

    def relu(self, x: int) -> int:
        return self._push('RELU', [x], {}, np.maximum(self.values[x], 0))

    def pool(self, x: int) -> int:
        n, h, w, c = self.values[x].shape
        value = self.values[x].reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))
        return self._push('MAX_POOL_2D', [x], POOL, value)

    def pad(self, x: int, more: int) -> int:
        amounts = np.array([[0, 0], [0, 0], [0, 0], [0, more]], np.int32)
        constant = self.graph.add_constant(amounts)
        return self._push('PAD', [x, constant], {}, np.pad(self.values[x], amounts))

    def check(self) -> None:
        result = run(self.graph, self.values[0])
        np.testing.assert_allclose(
            result, self.values[self.graph.outputs[0]], rtol=1e-4, atol=1e-4
        )

    def factors(self) -> list[int]:
        """How many depthwise factors each PReLU has become: 1 or 2."""
        bends = [op for op in self.graph.operators if op.kind == 'BEND']
        return [1 + int((self.graph.constant(op.inputs[2]) != 1).any()) for op in bends]


def picture() -> Array:
    return np.random.default_rng(5).normal(size=(1, 4, 4, 3)).astype(np.float32)


@pytest.mark.parametrize('slope', [0.25, 1.0, 2.0, -0.5])
def test_prelu(slope: float) -> None:
    slopes = np.array([slope, 0, 1], np.float32).reshape(1, 1, 3)
    value = image(2, 2) - 6
    graph = graph_of('PRELU', value.shape, [slopes], {}, value.shape)
    bend(graph)
    result = run(graph, value)
    assert result[0, 0, 0].tolist() == [-6 * slope, 0, -4]
    assert result[0, 1, 1].tolist() == [3, 4, 5]


def test_residual_blocks_take_the_factor_over() -> None:
    net = Net(picture())
    x = net.prelu(net.conv(0, 4), 0.25, 2.0, -1.5, 0.9)
    for slopes in ((-0.5, 3.0, 0.0, 1.01), (0.5, 0.5, 2.0, 4.0)):
        x = net.prelu(net.add(x, net.conv(net.depthwise(x), 4)), *slopes)
    net.conv(x, 2)
    bend(net.graph)
    assert net.factors() == [1, 1, 1]
    net.check()


def test_smaller_and_wider_blocks_take_it_too() -> None:
    net = Net(picture())
    x = net.prelu(net.conv(0, 4), 0.25, -2.0, 0.5, 0.9)
    branch = net.pool(net.conv(net.depthwise(x), 6))
    x = net.prelu(net.add(net.pad(net.pool(x), 2), net.conv(branch, 6)), 2, -1, 0, 0.5, 3, -4)
    net.conv(x, 2)
    bend(net.graph)
    assert net.factors() == [1, 1]
    net.check()


def test_a_maximum_takes_no_negative_factor() -> None:
    net = Net(picture())
    x = net.prelu(net.conv(0, 4), 0.25, 2.0, 0.5, 0.9)
    net.conv(net.pool(x), 2)
    bend(net.graph)
    assert net.factors() == [2]
    net.check()


def test_a_slope_of_one_keeps_both_factors() -> None:
    net = Net(picture())
    net.conv(net.prelu(net.conv(0, 3), 0.5, 1.0, 0.25), 2)
    bend(net.graph)
    assert net.factors() == [2]
    net.check()


def test_other_readers_get_the_true_value() -> None:
    net = Net(picture())
    first = net.prelu(net.conv(0, 3), 0.5, 3.0, -2.0)
    net.relu(net.prelu(net.add(first, net.conv(first, 3)), 2.0, 0.5, -1.0))
    bend(net.graph)
    assert net.factors() == [1, 2]
    net.check()


def test_a_graph_output_is_the_true_value() -> None:
    net = Net(picture())
    net.prelu(net.conv(0, 3), 0.5, 3.0, -2.0)
    bend(net.graph)
    assert net.factors() == [2]
    net.check()


def test_slopes_by_pixel_are_refused() -> None:
    slopes = np.ones((2, 2, 3), np.float32)
    with pytest.raises(ModelError, match='one slope a channel'):
        bend(graph_of('PRELU', (1, 2, 2, 3), [slopes], {}, (1, 2, 2, 3)))


def test_inner_channels_are_filled_up_to_sixteen() -> None:
    net = Net(picture())
    x = net.relu(net.conv(0, 5))
    x = net.add(net.pad(net.pool(x), 13), net.conv(net.pool(net.depthwise(x)), 18))
    last = net.conv(x, 2)
    widen_channels(net.graph)
    shapes = [net.graph.tensors[op.outputs[0]].shape[3] for op in net.graph.operators]
    assert set(shapes[:-1]) == {16, 32}
    assert net.graph.tensors[last].shape[3] == 2
    net.check()


def lane(net: Net, x: int, parts: list[int]) -> list[int]:
    """A region's net, as deep as it takes to meet every kind of layer: heads of so many points."""
    x = net.prelu(net.add(x, net.conv(net.depthwise(x), 3)), 0.25, -2.0, 0.5)
    x = net.add(net.pad(net.pool(x), 2), net.conv(net.pool(x), 5))
    return [net.conv(net.prelu(net.depthwise(x), 2, -1, 0, 0.5, 3), count) for count in parts]


def regional(parts: list[list[int]]) -> tuple[Net, list[list[int]]]:
    """A graph with a net a region, between operators that hand on what they are given."""
    net = Net(picture())
    sources = [net.conv(0, 3) for _ in parts]
    crops = []
    for source in sources:
        net.graph.tensors.append(Tensor('crop', net.values[source].shape))
        crops.append(len(net.graph.tensors) - 1)
        net.values[crops[-1]] = net.values[source]
    crop = Operator('CropRegions', sources, crops, {})
    net.graph.operators.append(crop)
    heads = [lane(net, x, counts) for x, counts in zip(crops, parts, strict=True)]
    crop.options = {'Regions': [SimpleNamespace(heads=tuple(of_one)) for of_one in heads]}
    flat = [head for of_one in heads for head in of_one]
    net.graph.operators.append(Operator('MergeRegions', [0, *flat], [0], crop.options))
    return net, heads


def test_nets_of_one_build_run_side_by_side() -> None:
    net, heads = regional([[4], [3, 2], [3, 2]])
    bend(net.graph)
    join_lanes(net.graph)
    crop, merge = (op for op in net.graph.operators if op.kind.endswith('Regions'))
    crop.kind, crop.options = 'CONCATENATION', {'Axis': 3}
    net.graph.operators.remove(merge)
    net.graph.outputs = [merge.inputs[1]]
    result = run(net.graph, net.values[0])
    assert result.shape == (1, 2, 2, 6 * 4)
    columns = np.split(result, 6, axis=3)
    wanted = [heads[0][0], heads[1][0], heads[2][0], heads[0][0], heads[1][1], heads[2][1]]
    for found, head in zip(columns, wanted, strict=True):
        value = net.values[head]
        np.testing.assert_allclose(found[..., : value.shape[3]], value, rtol=1e-4, atol=1e-4)
        assert not found[..., value.shape[3] :].any()
    layers = [op.kind for op in net.graph.operators if op.kind != 'CONCATENATION']
    assert len(layers) == 3 + 12  # the sources, and one layer where there were three or five


def test_nets_of_another_build_are_refused() -> None:
    net, _ = regional([[4], [3], [3]])
    stray = next(op for op in net.graph.operators if op.kind == 'PRELU')
    stray.kind = 'RELU'
    with pytest.raises(ModelError, match='of one build'):
        join_lanes(net.graph)


def test_a_net_without_regions_is_left_alone() -> None:
    net = Net(picture())
    net.conv(net.relu(net.conv(0, 5)), 2)
    join_lanes(net.graph)
    assert [op.kind for op in net.graph.operators] == ['CONV_2D', 'RELU', 'CONV_2D']
    net.check()
