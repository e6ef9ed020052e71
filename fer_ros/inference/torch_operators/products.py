"""Products, norms, activations with a parameter, sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from fer_ros.inference.torch_operators.node import OPERATORS, Binder, Node, Operator, operator


@operator('Gemm')
def _gemm(node: Node) -> Operator:
    alpha, beta = node.get('alpha', 1.0), node.get('beta', 1.0)
    turn_a, turn_b = node.get('transA', 0), node.get('transB', 0)

    def run(a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
        a, b = (a.T if turn_a else a), (b.T if turn_b else b)
        return alpha * (a @ b) if c is None else torch.addmm(c, a, b, beta=beta, alpha=alpha)

    return run


@operator('BatchNormalization')
def _batch_norm(node: Node) -> Operator:
    epsilon = node.get('epsilon', 1e-5)
    return lambda x, scale, b, mean, var: functional.batch_norm(
        x, mean, var, scale, b, eps=epsilon
    )


@operator('LayerNormalization')
def _layer_norm(node: Node) -> Operator:
    axis, epsilon = node.get('axis', -1), node.get('epsilon', 1e-5)

    def run(x: Tensor, scale: Tensor, b: Tensor | None = None) -> Tensor:
        return functional.layer_norm(x, x.shape[axis:], scale, b, epsilon)

    return run


@operator('Softmax')
def _softmax(node: Node) -> Operator:
    return lambda x: torch.softmax(x, node.get('axis', -1))


@operator('LeakyRelu')
def _leaky_relu(node: Node) -> Operator:
    return lambda x: functional.leaky_relu(x, node.get('alpha', 0.01))


@operator('Elu')
def _elu(node: Node) -> Operator:
    return lambda x: functional.elu(x, node.get('alpha', 1.0))


@operator('HardSigmoid')
def _hard_sigmoid(node: Node) -> Operator:
    alpha, beta = node.get('alpha', 0.2), node.get('beta', 0.5)
    return lambda x: (x * alpha + beta).clamp(0.0, 1.0)


@operator('Gelu')
def _gelu(node: Node) -> Operator:
    return lambda x: functional.gelu(x, approximate=node.get('approximate', 'none'))


@operator('Clip')
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


OPERATORS.update(
    {
        'ReduceMean': _reduction(lambda x, axes, keep: x.mean(dim=axes, keepdim=keep)),
        'ReduceSum': _reduction(lambda x, axes, keep: x.sum(dim=axes, keepdim=keep)),
        'ReduceMax': _reduction(lambda x, axes, keep: x.amax(dim=axes, keepdim=keep)),
        'ReduceMin': _reduction(lambda x, axes, keep: x.amin(dim=axes, keepdim=keep)),
        'ReduceL2': _reduction(lambda x, axes, keep: x.square().sum(axes, keep).sqrt()),
        'ReduceProd': _reduction(_product),
    }
)
