"""PReLU as two passes over memory in place of ONNX Runtime's own, which is 40 % of a mesh's time.

With slope a for negative values, ``prelu(x) = a*x + (1-a)*relu(x)``: a ReLU and two 1x1 depthwise
convolutions that stay in the blocked layout, the sum fused. Better still, the second factor can
be left to whoever reads the result: with ``y = f*y'``

    x = s*x', s > 0:   f = s*(1-a)     y' = relu(x') + a/(1-a) * x'
    x = s*x', s < 0:   f = -s*(1-a)    y' = relu(x') -  1/(1-a) * x'

and f, one number a channel and of any sign, goes into the weights of the next convolutions and,
through the sum of a residual block, into those of the last one before. Where a reader can not
take it (a maximum cannot be turned, a cut-out feature map has other readers), both factors stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.graph import Array, Graph, Operator

# Slopes nearer to 1 than this would make weights huge.
_NEAREST_TO_ONE = 1e-3


def bend(graph: Graph) -> None:
    """Replace each PRELU by ``BEND``: input, its factor, the factor of its ReLU."""
    scaling = _Scaling(graph)
    for op in list(graph.operators):
        scaling.visit(op)


@dataclass(slots=True)
class _Scaling:
    """What is known while walking the graph: true value = ``scales[tensor]`` * value."""

    graph: Graph
    scales: dict[int, Array] = field(default_factory=dict)

    def visit(self, op: Operator) -> None:
        """Take the scales of an operator's inputs into it or hand them on."""
        source = op.inputs[0]
        if op.kind == 'PRELU':
            self._bend(op)
        elif op.kind == 'ADD':
            self._add(op)
        elif source in self.scales:
            scale = self.scales[source]
            if op.kind in ('CONV_2D', 'DEPTHWISE_CONV_2D'):
                # Kernels are (out, h, w, in) and (1, h, w, channels): either way the last axis.
                self._replace(op, 1, self.graph.constant(op.inputs[1]) * scale)
            elif op.kind == 'PAD':
                new = self.graph.tensors[op.outputs[0]].shape[3] - scale.size
                self.scales[op.outputs[0]] = np.pad(scale, (0, new), constant_values=1)
            elif op.kind == 'MAX_POOL_2D':
                self.scales[op.outputs[0]] = scale
            else:
                raise ModelError(f'{op.kind} can not read a scaled tensor')

    def _bend(self, op: Operator) -> None:
        x, y = op.inputs[0], op.outputs[0]
        channels = self.graph.tensors[x].shape[3]
        slope = self.graph.constant(op.inputs[1]).astype(np.float64)
        if slope.size != channels or slope.shape[-1] != channels:
            raise ModelError(f'PRELU: expected one slope a channel, found the shape {slope.shape}')
        slope = slope.reshape(channels)
        scale = self.scales.get(x, np.ones(channels))
        bent = np.abs(scale) * (1 - slope)
        straight = np.where(scale > 0, scale * slope, scale)
        far = bool((np.abs(1 - slope) > _NEAREST_TO_ONE).all())
        if far and self._takes_scale(y, positive=bool((bent > 0).all())):
            self.scales[y] = bent
            straight, bent = straight / bent, np.ones(channels)
        op.kind = 'BEND'
        self._replace(op, 1, straight)
        op.inputs.append(-1)
        self._replace(op, 2, bent)

    def _add(self, op: Operator) -> None:
        """Give the convolution of a residual block the scale of what it is added to."""
        scaled = [i for i in op.inputs if i in self.scales]
        if not scaled:
            return
        scale = self.scales[scaled[0]]
        other = op.inputs[1 - op.inputs.index(scaled[0])]
        convolution = self._sole_convolution(other)
        if convolution is None:
            raise ModelError('ADD can not read a scaled tensor')
        kernel = self.graph.constant(convolution.inputs[1])
        self._replace(convolution, 1, kernel / scale[:, None, None, None])
        self._replace(convolution, 2, self.graph.constant(convolution.inputs[2]) / scale)
        self.scales[op.outputs[0]] = scale

    def _takes_scale(self, tensor: int, positive: bool) -> bool:
        """Tell whether all readers of a tensor can take a factor a channel."""
        readers = self.graph.consumers(tensor)
        if tensor in self.graph.outputs or not readers:
            return False
        return all(self._reader_takes_scale(op, tensor, positive) for op in readers)

    def _reader_takes_scale(self, op: Operator, tensor: int, positive: bool) -> bool:
        if op.kind in ('CONV_2D', 'DEPTHWISE_CONV_2D', 'PRELU'):
            return True
        if op.kind == 'ADD':
            other = op.inputs[1 - op.inputs.index(tensor)]
            if op.options['FusedActivationFunction'] or self._sole_convolution(other) is None:
                return False
        elif op.kind != 'PAD' and not (op.kind == 'MAX_POOL_2D' and positive):
            return False
        return self._takes_scale(op.outputs[0], positive)

    def _sole_convolution(self, tensor: int) -> Operator | None:
        """Return the plain CONV_2D with bias that makes a tensor for one reader alone."""
        if tensor in self.graph.outputs or len(self.graph.consumers(tensor)) != 1:
            return None
        for op in self.graph.operators:
            if tensor in op.outputs and op.kind == 'CONV_2D' and len(op.inputs) == 3:
                return None if op.options['FusedActivationFunction'] else op
        return None

    def _replace(self, op: Operator, number: int, values: Array) -> None:
        op.inputs[number] = self.graph.add_constant(values.astype(np.float32))
