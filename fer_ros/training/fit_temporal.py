"""Finds the weights of the temporal model: AdamW with a cosine, averaged weights."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from fer_ros.training.sequences import CLASSES, FEATURES, Steps, batch_of
from fer_ros.training.temporal_net import TemporalNet
from fer_ros.training.temporal_settings import TemporalSettings

_HELD_BACK = 0.1  # of the clips, for the log; nothing is chosen by them


def fit_temporal(clips: Sequence[Steps], settings: TemporalSettings, log: Path) -> TemporalNet:
    """Fit on nine tenths of the clips, log the loss on the rest, return the averaged net."""
    fit = settings.fit
    torch.set_num_threads(fit.threads)
    torch.manual_seed(fit.seed)
    rng = np.random.default_rng(fit.seed)
    net = TemporalNet(settings.net, CLASSES, FEATURES)
    average = TemporalNet(settings.net, CLASSES, FEATURES)
    average.requires_grad_(False)
    average.load_state_dict(net.state_dict())
    optimiser = torch.optim.AdamW(
        net.parameters(), lr=fit.learning_rate, weight_decay=fit.weight_decay
    )
    held_back = max(round(_HELD_BACK * len(clips)), 2)
    shown, kept = clips[held_back:], batch_of(
        clips[: held_back // 2 * 2], settings.clips, np.random.default_rng(0)
    )  # fmt: skip
    steps = fit.epochs * max(len(shown) // fit.batch_size, 1)
    done, started_s = 0, time.perf_counter()
    log.unlink(missing_ok=True)
    for epoch in range(fit.epochs):
        total = 0.0
        for batch in _batches(shown, settings, rng):
            for group in optimiser.param_groups:
                group['lr'] = fit.learning_rate * _cosine(done / steps)
            loss = _loss(net, batch, settings)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            _blend(average, net, min(fit.ema, done / (done + 10)))
            total += float(loss.detach())
            done += 1
        with torch.inference_mode():
            valid = float(_loss(average, kept, settings))
        row = {
            'epoch': epoch + 1,
            'loss': round(total * (epoch + 1) / done, 4),
            'held_back': round(valid, 4),
            'seconds': round(time.perf_counter() - started_s, 1),
        }
        with log.open('a', encoding='utf-8') as file:
            file.write(json.dumps(row) + '\n')
    return average


def _batches(
    clips: Sequence[Steps], settings: TemporalSettings, rng: np.random.Generator
) -> Iterator[Steps]:
    """Yield one epoch of batches; two clips make one row, the last few are left out."""
    order = rng.permutation(len(clips))
    size = min(settings.fit.batch_size, len(clips)) // 2 * 2
    for start in range(0, len(order) - size + 1, size):
        rows = [clips[index] for index in order[start : start + size]]
        yield batch_of(rows, settings.clips, rng)


def _loss(net: TemporalNet, batch: Steps, settings: TemporalSettings) -> Tensor:
    """Soft cross-entropy, that of the intensity, and what moves while nothing happens."""
    features, targets, strength = (
        torch.from_numpy(part) for part in (batch.features, batch.targets, batch.strength)
    )
    known = torch.from_numpy(batch.known)
    logits, raw = net.unrolled(features)
    labels = -(targets * logits.log_softmax(-1)).sum(-1)[known].mean()
    intensity = nn.functional.binary_cross_entropy_with_logits(raw[known], strength[known])
    still = known[:, 1:] & known[:, :-1] & ((strength[:, 1:] - strength[:, :-1]).abs() < 1e-4)
    still &= (targets[:, 1:] - targets[:, :-1]).abs().amax(-1) < 1e-4
    shares = logits.softmax(-1)
    moves = (shares[:, 1:] - shares[:, :-1]).abs().sum(-1)[still].mean()
    fit = settings.fit
    loss: Tensor = labels + fit.intensity * intensity + fit.steadiness * moves
    return loss


def _blend(average: nn.Module, net: nn.Module, decay: float) -> None:
    """Move the averaged weights towards those of now."""
    with torch.no_grad():
        for mean, weight in zip(average.parameters(), net.parameters()):
            mean.lerp_(weight, 1.0 - decay)


def _cosine(share: float) -> float:
    """Return the share of the learning rate: a short rise, then a cosine to zero."""
    return min(share / 0.03, 1.0) * 0.5 * (1.0 + math.cos(math.pi * min(share, 1.0)))
