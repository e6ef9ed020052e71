"""What is done to each number by itself."""

from __future__ import annotations

import functools

import torch
from torch.nn import functional

from fer_ros.inference.torch_operators.node import OPERATORS, plain

OPERATORS.update(
    {
        'Abs': plain(torch.abs),
        'Add': plain(torch.add),
        'Ceil': plain(torch.ceil),
        'Cos': plain(torch.cos),
        'Div': plain(lambda a, b: a / b if a.is_floating_point() else a // b),
        'Equal': plain(torch.eq),
        'Erf': plain(torch.erf),
        'Exp': plain(torch.exp),
        'Floor': plain(torch.floor),
        'Greater': plain(torch.gt),
        'GreaterOrEqual': plain(torch.ge),
        'HardSwish': plain(functional.hardswish),
        'Identity': plain(lambda x: x),
        'Less': plain(torch.lt),
        'LessOrEqual': plain(torch.le),
        'Log': plain(torch.log),
        'MatMul': plain(torch.matmul),
        'Max': plain(lambda *rows: functools.reduce(torch.maximum, rows)),
        'Min': plain(lambda *rows: functools.reduce(torch.minimum, rows)),
        'Mul': plain(torch.mul),
        'Neg': plain(torch.neg),
        'Not': plain(torch.logical_not),
        'And': plain(torch.logical_and),
        'Or': plain(torch.logical_or),
        'PRelu': plain(lambda x, slope: torch.where(x < 0, x * slope, x)),
        'Pow': plain(torch.pow),
        'Reciprocal': plain(torch.reciprocal),
        'Relu': plain(torch.relu),
        'Round': plain(torch.round),
        'Shape': plain(lambda x: torch.tensor(x.shape, dtype=torch.int64)),
        'Sigmoid': plain(torch.sigmoid),
        'Sin': plain(torch.sin),
        'Softplus': plain(functional.softplus),
        'Sqrt': plain(torch.sqrt),
        'Sub': plain(torch.sub),
        'Tanh': plain(torch.tanh),
        'Where': plain(torch.where),
        'GlobalAveragePool': plain(lambda x: x.mean(dim=(2, 3), keepdim=True)),
    }
)
