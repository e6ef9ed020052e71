"""Finds the weights: soft cross-entropy, SGD with a cosine, averaged weights, checkpoints."""

from __future__ import annotations

import contextlib
import copy
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor, nn

from fer_ros.errors import ConfigError, ModelError
from fer_ros.evaluation.ferplus import absolute_majority, majority
from fer_ros.recognition.static import MIRROR_BELOW, torn_faces
from fer_ros.taxonomy import EMOTIONS
from fer_ros.training.data import Split, batches, crops, rows_of_epoch
from fer_ros.training.net import ExpressionNet, NetConfig, frozen_layers, grown
from fer_ros.training.settings import StaticSettings
from fer_ros.training.teachers import Teachers
from fer_ros.types import Float32, UInt8


@dataclass(frozen=True, slots=True)
class Paths:
    """Files of a run."""

    folder: Path

    @property
    def checkpoint(self) -> Path:
        """All that a run needs to go on."""
        return self.folder / 'checkpoint.pt'

    @property
    def log(self) -> Path:
        """One JSON object an epoch."""
        return self.folder / 'log.jsonl'


class Run:
    """A fit in progress: net, average, optimiser, epoch and random state."""

    def __init__(self, settings: StaticSettings, device: str) -> None:
        """Start anew, seeded."""
        fit = settings.fit
        if device == 'cpu':
            torch.set_num_threads(fit.threads)
        cv2.setNumThreads(1)
        torch.manual_seed(fit.seed)
        self.settings = settings
        self.device = torch.device(device)
        self.rng = np.random.default_rng(fit.seed)
        net = ExpressionNet(settings.net, len(EMOTIONS))
        self.net = net.to(self.device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net).requires_grad_(False)
        self.frozen = frozen_layers(self.net, settings.net, fit.frozen_stages)
        self.frozen.requires_grad_(False)
        self.optimiser = _optimiser(self.net, settings)
        self.epoch = 0
        self.step = 0
        self.best: dict[str, Any] = {}

    def refine(self, path: Path) -> None:
        """Start from the best weights of another run, whose net may have fewer blocks."""
        state = read_checkpoint(path)
        theirs = NetConfig(**state['settings']['net'])
        ours = self.settings.net
        same = (theirs.stem, theirs.widths) == (ours.stem, ours.widths)
        if not same or any(have > want for have, want in zip(theirs.blocks, ours.blocks)):
            raise ModelError(
                f'{path}: expected the weights of a net {ours} or of one with fewer blocks, found '
                f'those of {theirs}; give both runs the same stem and widths'
            )
        weights = grown(state['best']['weights'], theirs, ours)
        self.net.load_state_dict(weights, strict=False)  # blocks that are new add nothing yet
        self.average.load_state_dict(self.net.state_dict())

    def save(self, path: Path) -> None:
        """Write a checkpoint; a crash leaves the last one whole."""
        state = {
            'settings': self.settings.as_dict(),
            'net': self.net.state_dict(),
            'average': self.average.state_dict(),
            'optimiser': self.optimiser.state_dict(),
            'epoch': self.epoch,
            'step': self.step,
            'best': self.best,
            'torch_rng': torch.get_rng_state(),
            'numpy_rng': json.dumps(self.rng.bit_generator.state),
        }
        partial = path.with_suffix('.part')
        torch.save(state, partial)
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint of the same settings."""
        state = read_checkpoint(path)
        if state['settings'] != self.settings.as_dict():
            raise ModelError(
                f'{path}: expected a checkpoint of these settings, found one of others; '
                'choose another output folder or do not resume'
            )
        self.net.load_state_dict(state['net'])
        self.average.load_state_dict(state['average'])
        self.optimiser.load_state_dict(state['optimiser'])
        self.epoch, self.step, self.best = state['epoch'], state['step'], state['best']
        torch.set_rng_state(state['torch_rng'])
        self.rng.bit_generator.state = json.loads(state['numpy_rng'])


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint; raises ModelError where there is none or it is broken."""
    try:
        state: dict[str, Any] = torch.load(path, map_location='cpu', weights_only=True)
        missing = {'settings', 'net', 'average', 'optimiser', 'epoch', 'best'} - set(state)
    except Exception as error:  # torch, pickle and zipfile raise errors of no common family
        reason = ' '.join(str(error).split())[:120] or type(error).__name__
        raise ModelError(
            f'{path}: expected a checkpoint, found none that can be read: {reason}; '
            'train without resuming'
        ) from None
    if missing:
        raise ModelError(f'{path}: expected a checkpoint with {sorted(missing)}, found none')
    return state


def fit(
    run: Run, train: Split, valid: Split, paths: Paths, teachers: Teachers | None = None
) -> None:
    """Run the epochs that are left; a checkpoint and a line in the log follow each.

    :param teachers: what they say of the images of each batch is learned too.
    """
    valid_crops = crops(valid, run.settings.size_px)
    with _progress() as bar:
        while run.epoch < run.settings.fit.epochs:
            began = time.perf_counter()
            loss = _epoch(run, train, bar, teachers)
            run.epoch += 1
            scores = judge(run, valid, valid_crops)
            _keep_best(run, scores)
            seconds = time.perf_counter() - began
            entry = {'epoch': run.epoch, 'loss': loss, **scores, 'seconds': seconds}
            run.save(paths.checkpoint)
            with paths.log.open('a', encoding='utf-8') as log:
                log.write(json.dumps({k: round(v, 5) for k, v in entry.items()}) + '\n')
            bar.console.print(
                f'epoch {run.epoch}: loss {loss:.4f}, Valid A8 {scores["A8"]:.2%}, '
                f'B8 {scores["B8"]:.2%}, best A8 {run.best["A8"]:.2%}, {seconds:.0f} s'
            )


def _keep_best(run: Run, scores: dict[str, float]) -> None:
    """Keep the averaged weights with the best A8 on Valid."""
    if scores['A8'] >= run.best.get('A8', 0.0):
        weights = {name: tensor.clone() for name, tensor in run.average.state_dict().items()}
        run.best = {**scores, 'epoch': run.epoch, 'weights': weights}


def _epoch(run: Run, train: Split, bar: Progress, teachers: Teachers | None) -> float:
    """Learn from every face once and return the mean loss."""
    fit_config, settings = run.settings.fit, run.settings
    rows = rows_of_epoch(train, fit_config.rare_repeat)
    steps = len(rows) // fit_config.batch_size
    if steps == 0:
        raise ConfigError(
            f'fit.batch_size: expected at most the {len(rows)} faces of an epoch, found '
            f'{fit_config.batch_size}; choose a smaller one'
        )
    task = bar.add_task(f'epoch {run.epoch + 1}/{fit_config.epochs}', total=steps, loss=math.nan)
    run.net.train()
    run.frozen.eval()
    total = 0.0
    source = batches(
        train, settings.size_px, fit_config.batch_size, settings.augment, run.rng, rows
    )
    for index, (faces, targets) in enumerate(source):
        for group in run.optimiser.param_groups:
            group['lr'] = learning_rate(settings, run.step, steps)
        images, wanted = _mixup(run, as_input(faces, run), torch.from_numpy(targets))
        if teachers:
            seen = torch.from_numpy(teachers.answers(images.cpu().numpy()))
            wanted = torch.lerp(wanted, seen, settings.distil.seen_share)
        total += _step(run, images, wanted.to(run.device))
        bar.update(task, advance=1, loss=total / (index + 1))
    bar.remove_task(task)
    if not math.isfinite(total):
        raise ModelError(
            f'epoch {run.epoch + 1}: expected a finite loss, found {total}; '
            'choose a smaller learning_rate'
        )
    return total / steps


def _step(run: Run, images: Tensor, targets: Tensor) -> float:
    """Take one step of the optimiser and of the average."""
    with _precision(run):
        logits, _ = run.net(images)
    loss = nn.functional.cross_entropy(logits.float(), targets)
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    run.optimiser.step()
    run.step += 1
    _average(run)
    return float(loss.detach())


def _average(run: Run) -> None:
    """Move the averaged weights; early on they follow faster, to forget the random start."""
    decay = min(run.settings.fit.ema, (1 + run.step) / (10 + run.step))
    with torch.no_grad():
        for mean, now in zip(run.average.state_dict().values(), run.net.state_dict().values()):
            if mean.dtype.is_floating_point:
                mean.lerp_(now, 1 - decay)
            else:
                mean.copy_(now)


def _mixup(run: Run, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Blend the batch with itself in another order, in a share of the batches."""
    config = run.settings.fit
    if run.rng.random() >= config.mixup:
        return images, targets
    share = float(run.rng.beta(config.mixup_alpha, config.mixup_alpha))
    order = torch.from_numpy(run.rng.permutation(len(images)))
    blended = share * images + (1 - share) * images[order.to(images.device)]
    return blended, share * targets + (1 - share) * targets[order]


def learning_rate(settings: StaticSettings, step: int, steps_an_epoch: int) -> float:
    """Rise linearly, then fall along half a cosine."""
    config = settings.fit
    warmup = config.warmup_epochs * steps_an_epoch
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    done = (step - warmup) / max(config.epochs * steps_an_epoch - warmup, 1.0)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def as_input(faces: UInt8, run: Run) -> Tensor:
    """Turn crops (N, S, S) into the net's input (N, 1, S, S)."""
    scaled = (faces.astype(np.float32) - run.settings.mean) / run.settings.std
    images = torch.from_numpy(scaled)[:, None].to(run.device)
    return images.contiguous(memory_format=torch.channels_last)


def judge(run: Run, split: Split, faces: UInt8) -> dict[str, float]:
    """Return loss, A8 and B8 of the averaged weights, used as the run time will use them."""
    run.average.eval()
    rows: list[Float32] = []
    with torch.inference_mode():
        for start in range(0, len(faces), 256):
            images = as_input(faces[start : start + 256], run)
            logits = run.average(images)[0].float()
            torn = torch.from_numpy(torn_faces(logits.cpu().numpy(), 1.0, MIRROR_BELOW))
            if torn.any():
                again = run.average(images[torn].flip(3))[0].float()
                logits[torn] = (logits[torn] + again) / 2
            rows.append(logits.cpu().numpy())
    logits_of_all = np.concatenate(rows)
    predicted = logits_of_all.argmax(axis=1)
    scores = {}
    for name, labels in (
        ('A8', majority(split.faces.votes)),
        ('B8', absolute_majority(split.faces.votes)),
    ):
        scored = labels >= 0
        scores[name] = float((predicted == labels)[scored].mean()) if scored.any() else 0.0
    loss = nn.functional.cross_entropy(
        torch.from_numpy(logits_of_all), torch.from_numpy(split.targets)
    )
    return {'valid_loss': float(loss), **scores}


def _precision(run: Run) -> contextlib.AbstractContextManager[Any]:
    """Compute in bfloat16 where asked."""
    if not run.settings.fit.bf16:
        return contextlib.nullcontext()
    precision: contextlib.AbstractContextManager[Any] = torch.autocast(
        run.device.type, torch.bfloat16
    )
    return precision


def _optimiser(net: nn.Module, settings: StaticSettings) -> torch.optim.Optimizer:
    """SGD with Nesterov's momentum; norms and biases do not decay."""
    config = settings.fit
    learned = [weight for weight in net.parameters() if weight.requires_grad]
    matrices = [weight for weight in learned if weight.ndim > 1]
    vectors = [weight for weight in learned if weight.ndim <= 1]
    return torch.optim.SGD(
        [
            {'params': matrices, 'weight_decay': config.weight_decay},
            {'params': vectors, 'weight_decay': 0.0},
        ],
        lr=config.learning_rate,
        momentum=config.momentum,
        nesterov=True,
    )


@contextlib.contextmanager
def _progress() -> Iterator[Progress]:
    """Show epoch, loss and the time that is left of it."""
    columns = (
        TextColumn('{task.description}'),
        BarColumn(),
        TextColumn('{task.completed}/{task.total}'),
        TextColumn('loss {task.fields[loss]:.4f}'),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as bar:
        yield bar
