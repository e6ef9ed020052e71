"""From averaged weights to the files that the run time loads."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
import yaml
from torch import Tensor, nn

from fer_ros.config import load_yaml
from fer_ros.errors import ModelError
from fer_ros.taxonomy import EMOTIONS
from fer_ros.training.net import ExpressionNet, parameters_of
from fer_ros.training.settings import StaticSettings

OPSET = 17
_TOLERANCE = 1e-3
_HALF_TOLERANCE = 0.05


class _Half(nn.Module):  # type: ignore[misc]  # torch may be absent where types are checked
    """A net in half precision whose input and outputs stay float32."""

    def __init__(self, net: ExpressionNet) -> None:
        """Take a copy of the net."""
        super().__init__()
        self.net = copy.deepcopy(net).half()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Do as the net does."""
        logits, embedding = self.net(images.half())
        return logits.float(), embedding.float()


def export(net: ExpressionNet, settings: StaticSettings, path: Path, *, half: bool) -> None:
    """Write ONNX for any number of faces, norms folded into convolutions, checked against torch.

    :param half: sums in float16, for GPUs. Weights are kept in float16 either way, which halves
        the file; where sums are float32 the run time widens them once, when it loads.
    :raises ModelError: ONNX Runtime answers otherwise than torch.
    """
    net = net.eval().cpu().to(memory_format=torch.contiguous_format)
    traced = _Half(net) if half else net
    sample = torch.zeros(1, 1, settings.size_px, settings.size_px)
    names = ['image', 'logits', 'embedding']
    partial = path.with_suffix('.part')
    # The exporter by tracing: it needs no package beyond onnx and folds norms into convolutions.
    torch.onnx.export(
        traced,
        (sample,),
        str(partial),
        input_names=names[:1],
        output_names=names[1:],
        dynamic_axes={name: {0: 'N'} for name in names},
        opset_version=OPSET,
        dynamo=False,
    )
    if not half:
        _check(net, settings, partial, _TOLERANCE)
        _store_half(partial)
    _check(net, settings, partial, _HALF_TOLERANCE)
    partial.replace(path)


def _store_half(path: Path) -> None:
    """Keep the weights of convolutions in float16, each cast to float32 before it is used."""
    model = onnx.load(str(path))
    graph = model.graph
    casts = []
    for weight in graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT or len(weight.dims) < 4:
            continue
        values = onnx.numpy_helper.to_array(weight).astype(np.float16)
        wide, kept = weight.name, f'{weight.name}_half'
        weight.CopyFrom(onnx.numpy_helper.from_array(values, kept))
        casts.append(onnx.helper.make_node('Cast', [kept], [wide], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, str(path))


def _check(net: ExpressionNet, settings: StaticSettings, path: Path, tolerance: float) -> None:
    """Compare both runtimes on noise, for one face and for three."""
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    for count in (1, 3):
        images = torch.randn(count, 1, settings.size_px, settings.size_px)
        with torch.inference_mode():
            wanted = [output.numpy() for output in net(images)]
        found = session.run(['logits', 'embedding'], {'image': images.numpy()})
        worst = max(float(np.abs(w - f).max()) for w, f in zip(wanted, found))
        if not worst < tolerance:
            raise ModelError(
                f'{path}: expected the outputs of torch within {tolerance}, found a difference '
                f'of {worst:g}; try another version of torch'
            )


def refer_to_int8(path: Path, quantised: Path) -> None:
    """Name a model's int8 form in its manifest."""
    _write(path, {**load_yaml(path), 'int8': quantised.name})


def write_manifest(
    path: Path, onnx_file: Path, settings: StaticSettings, net: ExpressionNet, temperature: float
) -> None:
    """Describe an exported net so that the run time can load it."""
    entries: dict[str, Any] = {
        'id': onnx_file.stem,
        'task': 'static_expression',
        'file': onnx_file.name,
        'sha256': hashlib.sha256(onnx_file.read_bytes()).hexdigest(),
        'url': None,
        'licence': 'Apache-2.0',
        'source': 'fer_ros, trained on FER+ (Barsoum et al. 2016, arXiv:1608.01041)',
        'input': {
            'name': 'image',
            'width': settings.size_px,
            'height': settings.size_px,
            'colour': 'gray',
            'mean': [settings.mean],
            'std': [settings.std],
        },
        'outputs': ['logits', 'embedding'],
        'labels': list(EMOTIONS),
        'temperature': round(temperature, 4),
        'options': {
            'template': 'ferplus',
            'parameters': parameters_of(net),
        },
    }
    _write(path, entries)


def _write(path: Path, entries: dict[str, Any]) -> None:
    """Write a manifest whole or not at all."""
    partial = path.with_suffix('.part')
    partial.write_text(yaml.safe_dump(entries, sort_keys=False, width=99), encoding='utf-8')
    partial.replace(path)
