"""The whole run of the temporal model: clips, fit, export, report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
import yaml
from rich.progress import track

from fer_ros.alignment import Landmarker
from fer_ros.errors import ModelError
from fer_ros.evaluation.compositions import Composition, compose, load_gallery
from fer_ros.evaluation.temporal import CLIPS, evaluate_temporal
from fer_ros.inference.factory import Device, load_engine
from fer_ros.inference.manifest import Task, load_manifest
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.pipeline import PipelineConfig
from fer_ros.recognition.static import StaticRecogniser
from fer_ros.recognition.temporal_model import TemporalModel
from fer_ros.taxonomy import EMOTIONS
from fer_ros.training.export import OPSET
from fer_ros.training.fit_temporal import fit_temporal
from fer_ros.training.sequences import sequence_of
from fer_ros.training.static import made
from fer_ros.training.temporal_card import write_temporal_card
from fer_ros.training.temporal_net import TemporalNet
from fer_ros.training.temporal_settings import TemporalSettings, load_temporal_settings

NS_PER_MS = 1_000_000
_OUTPUTS = ('logits', 'intensity', 'state')
_TOLERANCE = 1e-4


def train_temporal(
    data_dir: Path, config_path: Path, out_dir: Path, *, measured: int = CLIPS
) -> Path:
    """Compose clips, fit, export and measure; return the path of the manifest.

    :param data_dir: folder of ``ferplus_train.npz`` and ``ferplus_valid.npz``.
    :param out_dir: gets log, ONNX file, manifest, card and figures.
    :param measured: clips that the figures are taken on.
    :raises ConfigError, DataError, ModelError: one line each.
    """
    settings = load_temporal_settings(config_path)
    made(out_dir)
    static = settings.static_model or PipelineConfig().expression_model
    recogniser = StaticRecogniser(load_engine(static, Task.STATIC_EXPRESSION, Device.CPU))
    landmarker = Landmarker(load_engine(settings.landmark_model, Task.FACE_LANDMARKS, Device.CPU))
    clips = _clips(data_dir / settings.train, settings, recogniser, landmarker)
    step_ns = settings.step_ms * NS_PER_MS
    log = out_dir / f'{settings.id}.jsonl'
    net = fit_temporal([sequence_of(clip, step_ns) for clip in clips], settings, log)
    onnx_path = out_dir / f'{settings.id}.onnx'
    export_temporal(net, onnx_path)
    manifest_path = onnx_path.with_suffix('.yaml')
    _write_manifest(manifest_path, onnx_path, settings, net)
    model = TemporalModel(OnnxRuntimeEngine(load_manifest(manifest_path)))
    figures = evaluate_temporal(
        data_dir / settings.valid,
        recogniser,
        landmarker,
        model,
        clips=measured,
        progress=_shown('measuring'),
    )
    text = json.dumps(figures.to_dict(), indent=1)
    (out_dir / f'{settings.id}.json').write_text(text + '\n', encoding='utf-8')
    write_temporal_card(manifest_path.with_suffix('.md'), settings, static, figures)
    return manifest_path


def _clips(
    path: Path, settings: TemporalSettings, recogniser: StaticRecogniser, landmarker: Landmarker
) -> list[Composition]:
    """Compose the training clips."""
    return list(
        compose(
            load_gallery(path),
            recogniser,
            landmarker,
            settings.clips.count,
            seed=settings.clips.seed,
            progress=_shown('composing'),
        )
    )


def _shown(what: str) -> Any:
    """Return what shows how far a loop is."""

    def shown(numbers: Iterable[int]) -> Iterable[int]:
        return track(list(numbers), what)

    return shown


def export_temporal(net: TemporalNet, path: Path) -> None:
    """Write ONNX for any number of faces, checked against torch.

    :raises ModelError: ONNX Runtime answers otherwise than torch.
    """
    net = net.eval().cpu()
    partial = path.with_suffix('.part')
    torch.onnx.export(
        net,
        (torch.zeros(1, 1, 1, net.width),),
        str(partial),
        input_names=['rows'],
        output_names=list(_OUTPUTS),
        dynamic_axes={name: {0: 'N'} for name in ('rows', *_OUTPUTS)},
        opset_version=OPSET,
        dynamo=False,
    )
    session = onnxruntime.InferenceSession(str(partial), providers=['CPUExecutionProvider'])
    rows = torch.randn(3, 1, 1, net.width)
    with torch.inference_mode():
        wanted = [output.numpy() for output in net(rows)]
    found = session.run(list(_OUTPUTS), {'rows': rows.numpy()})
    worst = max(float(np.abs(w - f).max()) for w, f in zip(wanted, found))
    if not worst < _TOLERANCE:
        raise ModelError(
            f'{path}: expected the outputs of torch within {_TOLERANCE}, found a difference of '
            f'{worst:g}; try another version of torch'
        )
    partial.replace(path)


def _write_manifest(
    path: Path, onnx_path: Path, settings: TemporalSettings, net: TemporalNet
) -> None:
    """Describe the exported net so that the run time can load it."""
    entries: dict[str, Any] = {
        'id': settings.id,
        'task': Task.TEMPORAL_EXPRESSION.value,
        'file': onnx_path.name,
        'sha256': hashlib.sha256(onnx_path.read_bytes()).hexdigest(),
        'url': None,
        'licence': 'Apache-2.0',
        'source': 'fer_ros, trained on clips composed from FER+ (arXiv:1608.01041)',
        'input': {
            'name': 'rows',
            'width': net.width,
            'height': 1,
            'colour': 'gray',
            'mean': [0.0],
            'std': [1.0],
        },
        'outputs': list(_OUTPUTS),
        'labels': list(EMOTIONS),
        'options': {
            'step_ms': settings.step_ms,
            'max_gap_ms': settings.max_gap_ms,
            'parameters': sum(weight.numel() for weight in net.parameters()),
        },
    }
    partial = path.with_suffix('.part')
    partial.write_text(yaml.safe_dump(entries, sort_keys=False, width=99), encoding='utf-8')
    partial.replace(path)
