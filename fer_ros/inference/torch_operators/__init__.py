"""ONNX operators as torch calls: each takes what is known before a run and returns a closure."""

from fer_ros.inference.torch_operators import elementwise, images, numbers, products, shapes
from fer_ros.inference.torch_operators.node import OPERATORS, Node

__all__ = ['OPERATORS', 'Node', 'elementwise', 'images', 'numbers', 'products', 'shapes']
