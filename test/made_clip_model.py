"""A clip model of 16 frames: its logits are the brightness of its first and of its last frame."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx
import yaml
from onnx import TensorProto, helper

LABELS = ['boredom', 'joy']  # of its own: a clip model need not know the eight


def write_clip_model(folder: Path, layout: str = 'NCTHW', **options: object) -> Path:
    """Write the net and its manifest: pixels 0..255 in, (N, 2) logits out."""
    frames_axis = 2 if layout == 'NCTHW' else 1
    shape = ['N', 3, 16, 8, 8] if layout == 'NCTHW' else ['N', 16, 3, 8, 8]
    over = [axis for axis in range(1, 5) if axis != frames_axis]
    nodes = [
        helper.make_node('ReduceMean', ['clip'], ['means'], axes=over, keepdims=0),
        helper.make_node('Gather', ['means', 'ends'], ['logits'], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        'clip',
        [helper.make_tensor_value_info('clip', TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info('logits', TensorProto.FLOAT, ['N', 2])],
        [helper.make_tensor('ends', TensorProto.INT64, [2], [0, 15])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    path = folder / f'{layout.lower()}.onnx'
    onnx.save(model, path)
    entries = {
        'id': path.stem,
        'task': 'clip_expression',
        'file': path.name,
        'sha256': hashlib.sha256(path.read_bytes()).hexdigest(),
        'licence': 'Apache-2.0',
        'source': 'made',
        'input': {
            'name': 'clip', 'width': 8, 'height': 8, 'colour': 'rgb',
            'mean': [0.0] * 3, 'std': [255.0] * 3,
        },
        'outputs': ['logits'],
        'labels': LABELS,
        'options': {
            'frames': 16, 'span_ms': 1600, 'every_ms': 500, 'layout': layout, **options,
        },
    }  # fmt: skip
    manifest = path.with_suffix('.yaml')
    manifest.write_text(yaml.safe_dump(entries), encoding='utf-8')
    return manifest
