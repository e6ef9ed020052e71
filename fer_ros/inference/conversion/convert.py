"""From the MediaPipe wheel to the ONNX files and manifests that this package ships."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import yaml

from fer_ros.errors import ModelError
from fer_ros.inference.conversion import attention_operators
from fer_ros.inference.conversion.attention import fuse_regions
from fer_ros.inference.conversion.builder import Builder
from fer_ros.inference.conversion.cleanup import drop_unused, fold_padding, merge_twins
from fer_ros.inference.conversion.extras import require
from fer_ros.inference.conversion.graph import Graph
from fer_ros.inference.conversion.lanes import join_lanes
from fer_ros.inference.conversion.operators import OPERATORS, Conversion
from fer_ros.inference.conversion.prelu import bend
from fer_ros.inference.conversion.reader import read_tflite
from fer_ros.inference.conversion.recipes import RECIPES, Recipe
from fer_ros.inference.conversion.wheel import find_wheel, read_source
from fer_ros.inference.conversion.widening import widen_channels


def convert_wheel(wheel: Path | None, out_dir: Path) -> list[Path]:
    """Convert all models of a MediaPipe 0.10.21 wheel; the same input gives the same bytes.

    :param wheel: a ``.whl`` file of any platform, a folder that holds ``mediapipe/``, or None
        for ``$FER_ROS_MEDIAPIPE_WHEEL`` and, without it, the installed MediaPipe.
    :param out_dir: where ``<id>.onnx`` and ``<id>.yaml`` go; made if absent.
    :return: the files written, none of them before all are converted and checked.
    :raises ModelError: when the wheel is absent, another one or holds what we do not know.
    :raises MissingExtra: when the extra ``fer_ros[convert]`` is not installed.
    """
    for module in ('onnx', 'tflite', 'flatbuffers.flexbuffers'):
        require(module)
    source = find_wheel() if wheel is None else wheel
    files: dict[str, bytes] = {}
    for recipe in RECIPES:
        data = convert(read_source(source, recipe), recipe)
        manifest = recipe.manifest(hashlib.sha256(data).hexdigest())
        text = yaml.safe_dump(manifest, sort_keys=False, default_flow_style=None, width=99)
        files |= {recipe.file: data, f'{recipe.id}.yaml': text.encode()}
    out_dir.mkdir(parents=True, exist_ok=True)
    return [_replace(out_dir / name, data) for name, data in files.items()]


def convert(tflite: bytes, recipe: Recipe) -> bytes:
    """Convert one TFLite file as a recipe says and return the checked ONNX file."""
    onnx = require('onnx')
    model = build(read_tflite(tflite), recipe)
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def build(graph: Graph, recipe: Recipe) -> Any:
    """Turn a TFLite graph into an ONNX model; the graph is used up."""
    fold_padding(graph)
    merge_twins(graph)
    fuse_regions(graph)
    drop_unused(graph)
    bend(graph)
    widen_channels(graph)
    join_lanes(graph)
    conversion = Conversion(graph, Builder(), {graph.inputs[0]: 'image'})
    write_operators(conversion)
    outputs = []
    for output in recipe.outputs:
        value = _output(conversion, graph.outputs[output.number], output.shape)
        if output.sigmoid:
            value = conversion.builder.node('Sigmoid', value)
        outputs.append((output.name, value, output.shape))
    return conversion.builder.model(
        name=recipe.id.replace('-', '_'),
        image_size=recipe.size,
        outputs=outputs,
        description=recipe.source,
    )


def write_operators(conversion: Conversion) -> None:
    """Write every operator of the source.

    :raises ModelError: at the first one that is not known.
    """
    regional = {
        'CropRegions': attention_operators.crop_regions,
        'MergeRegions': attention_operators.merge_regions,
    }
    for op in conversion.graph.operators:
        if op.kind in regional:
            results = regional[op.kind](op, conversion)
        elif op.kind in OPERATORS:
            results = [OPERATORS[op.kind](op, conversion)]
        else:
            raise ModelError(f"the operator '{op.kind}' is not known to the converter")
        conversion.names.update(zip(op.outputs, results, strict=True))


def _output(conversion: Conversion, tensor: int, shape: tuple[int, ...]) -> str:
    """Give an output the shape (N, *shape), which differs in ones only."""
    value = conversion.value(tensor)
    if conversion.shape(tensor)[1:] == shape:
        return value
    return conversion.builder.node('Reshape', value, conversion.builder.ints(0, *shape))


def _replace(path: Path, data: bytes) -> Path:
    """Write a file whole or not at all."""
    temporary = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
