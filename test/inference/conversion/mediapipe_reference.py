"""What the TFLite interpreter makes of MediaPipe's files, for comparison.

The interpreter does not know MediaPipe's three custom operators, so the attention mesh is run in
two halves; the operators between and behind them are written here as MediaPipe's own loops
define them, point by point.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from flatbuffers import Builder, flexbuffers
from mediapipe_loops import Array, fit, merge, place, sample

_CUSTOM_CODE = 32


def run(model: bytes, image: Array) -> dict[str, Array]:
    """Run a TFLite file on one (H, W, 3) image; outputs by name."""
    return run_inputs(model, [image[None]])


def run_inputs(model: bytes, inputs: Sequence[Array]) -> dict[str, Array]:
    """Run a TFLite file on its inputs in order; outputs by name."""
    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    for detail, value in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail['index'], value.astype(np.float32))
    interpreter.invoke()
    return {
        detail['name']: interpreter.get_tensor(detail['index']).copy()
        for detail in interpreter.get_output_details()
    }


def run_attention(model: bytes, image: Array) -> tuple[Array, float]:
    """Run the attention mesh on one (192, 192, 3) image: points (478, 3) and the face flag."""
    whole = schema.ModelT.InitFromPackedBuf(model, 0)
    graph = whole.subgraphs[0]
    customs = [op for op in graph.operators if _is_custom(whole, op)]
    matrices, crops, places = customs[:3], customs[3:6], customs[6:]
    mesh_scaled = [op.inputs[0] for op in matrices]
    features = crops[0].inputs[0]
    mesh_output, flag_output = graph.outputs[0], graph.outputs[-1]
    first = _cut(model, list(graph.inputs), [features, *mesh_scaled, mesh_output, flag_output])
    feature_map, *scaled, mesh, flag = _by_number(run_inputs(first, [image[None]]))
    affines = [fit(points[0], _options(op)) for points, op in zip(scaled, matrices, strict=True)]
    samples = [sample(feature_map[0], affine) for affine in affines]
    matrix_numbers = [op.inputs[1] for op in places]
    second = _cut(model, [op.outputs[0] for op in crops], [op.inputs[0] for op in places])
    heads = _by_number(run_inputs(second, [s[None] for s in samples]))
    fitted = [affines[0], affines[1], affines[1], affines[2], affines[2]]
    assert matrix_numbers[1] == matrix_numbers[2]
    assert matrix_numbers[3] == matrix_numbers[4]
    placed = [place(head[0], affine) for head, affine in zip(heads, fitted, strict=True)]
    subsets = [_options(op)['subset_idxs'] for op in matrices]
    return merge(mesh.reshape(468, 3), placed, subsets), float(flag.ravel()[0])


def _is_custom(model: Any, op: Any) -> bool:
    code = model.operatorCodes[op.opcodeIndex]
    return bool(max(code.builtinCode, code.deprecatedBuiltinCode) == _CUSTOM_CODE)


def _options(op: Any) -> dict[str, Any]:
    options: dict[str, Any] = flexbuffers.Loads(bytes(op.customOptions))
    return options


def _cut(model: bytes, inputs: list[int], outputs: list[int]) -> bytes:
    """Keep what leads from some tensors to others; outputs are named by their place."""
    part = schema.ModelT.InitFromPackedBuf(model, 0)
    graph = part.subgraphs[0]
    needed, kept = set(outputs), []
    for op in reversed(graph.operators):
        if needed.intersection(op.outputs) and not set(inputs).intersection(op.outputs):
            needed.update(op.inputs)
            kept.append(op)
    graph.operators = kept[::-1]
    graph.inputs, graph.outputs = inputs, outputs
    for order, number in enumerate(outputs):
        graph.tensors[number].name = f'{order:02d}'.encode()
    part.signatureDefs = None
    builder = Builder(1 << 20)
    builder.Finish(part.Pack(builder), b'TFL3')
    return bytes(builder.Output())


def _by_number(outputs: dict[str, Array]) -> list[Array]:
    return [outputs[name] for name in sorted(outputs)]
