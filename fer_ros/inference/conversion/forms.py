"""Other forms of a model, each a file and a manifest of its own: float16 and int8."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import yaml

from fer_ros.config import load_yaml
from fer_ros.errors import ModelError
from fer_ros.inference.cache import sha256_of, write_whole
from fer_ros.inference.conversion.half import to_half
from fer_ros.inference.conversion.pools import fold_pools
from fer_ros.inference.manifest import Manifest, load_manifest
from fer_ros.inference.parity import stored_batch
from fer_ros.types import Float32

# Faces that are seen at once: memory grows with it.
_BATCH = 32


def write_half(source: Path, out: Path) -> Path:
    """Write the float16 form of a model; return its manifest."""
    manifest = _float32(source)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'half.onnx'
        to_half(manifest.file, path, {manifest.input.name: stored_batch(manifest)})
        return _write(source, out, 'fp16', path.read_bytes())


def write_quantised(source: Path, batch: Float32, out: Path) -> Path:
    """Write the int8 form of a model; return its manifest.

    Explicit QuantizeLinear and DequantizeLinear pairs: activations uint8 by their largest and
    smallest values on real faces, batch by batch, weights int8 for each channel. ONNX Runtime
    runs that with a CPU's products of bytes. TensorRT does not: it has no int32 biases.

    :param batch: (N, C, H, W) calibration faces, as the net reads them.
    """
    manifest = _float32(source)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'int8.onnx'
        _quantise(manifest, batch, path)
        return _write(source, out, 'int8', path.read_bytes())


def _float32(source: Path) -> Manifest:
    """Return the manifest of a model that has not another form already."""
    manifest = load_manifest(source)
    found = manifest.options.get('precision', 'fp32')
    if found != 'fp32':
        raise ModelError(f"model '{manifest.id}': expected a float32 model, found {found}")
    return manifest


def _quantise(manifest: Manifest, batch: Float32, path: Path) -> None:
    """Quantise a file with ONNX Runtime's own tool."""
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Faces(CalibrationDataReader):  # type: ignore[misc]  # the package has no types
        def __init__(self) -> None:
            self._starts = iter(range(0, len(batch), _BATCH))

        def get_next(self) -> Mapping[str, Any] | None:
            start = next(self._starts, None)
            return None if start is None else {manifest.input.name: batch[start : start + _BATCH]}

    prepared = path.with_name('prepared.onnx')
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # it logs its advice to the root logger
    try:
        quant_pre_process(str(manifest.file), str(prepared), skip_symbolic_shape=True)
        fold_pools(prepared)
        quantize_static(
            str(prepared),
            str(path),
            Faces(),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            nodes_to_exclude=_ends(prepared),
            # The mean of the batches' ranges: one odd face does not widen them for all.
            extra_options={'CalibMovingAverage': True},
        )
    except Exception as error:  # the tool's errors share no base class
        text = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelError(f"model '{manifest.id}': could not be quantised: {text}") from None
    finally:
        root.setLevel(level)


def _ends(path: Path) -> list[str]:
    """Return the layers that stay float32: the first and the last, which cost most labels."""
    nodes = [n.name for n in onnx.load(str(path)).graph.node if n.op_type in ('Conv', 'Gemm')]
    return [*nodes[:1], *nodes[-1:]]


def _write(source: Path, out: Path, precision: str, content: bytes) -> Path:
    """Write a form's file, then the manifest that vouches for it."""
    entries = load_yaml(source)
    entries.pop('int8', None)
    name = f'{entries["id"]}-{precision}'
    entries |= {
        'id': name,
        'file': f'{name}.onnx',
        'sha256': sha256_of(content),
        'url': None,
        'source': f'{entries["source"]}; {precision} of {entries["id"]}',
        'options': {**(entries.get('options') or {}), 'precision': precision},
    }
    path = out / f'{name}.yaml'
    write_whole(out / entries['file'], content)
    write_whole(path, yaml.safe_dump(entries, sort_keys=False, width=99).encode())
    load_manifest(path)
    return path
