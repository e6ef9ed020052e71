"""A gated recurrent unit (Cho et al. 2014) that steps once for each face and frame."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class TemporalNetConfig:
    """Shape of the net.

    :param state: numbers that are remembered of a face.
    """

    state: int = 48


class TemporalNet(nn.Module):  # type: ignore[misc]  # torch may be absent where types are checked
    """Logits and intensity of a face from one step's features and its state."""

    def __init__(self, config: TemporalNetConfig, classes: int, features: int) -> None:
        """Make the net with random weights."""
        super().__init__()
        self.features = features
        self.state = config.state
        self.unit = nn.GRU(features, config.state, batch_first=True)
        self.head = nn.Linear(config.state, classes)
        self.strength = nn.Linear(config.state, 1)

    @property
    def width(self) -> int:
        """Length of a row of features and state."""
        return self.features + self.state

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map (N, 1, 1, features + state) to logits (N, K), intensity (N, 1), state (N, S)."""
        flat = rows.flatten(1)
        state = self._step(flat[:, : self.features], flat[:, self.features :])
        return self.head(state), torch.sigmoid(self.strength(state)), state

    def unrolled(self, sequences: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, T, features) from rest to logits (N, T, K) and intensity logits (N, T)."""
        states, _ = self.unit(sequences)
        return self.head(states), self.strength(states)[..., 0]

    def _step(self, features: Tensor, state: Tensor) -> Tensor:
        """Do one step of the unit in plain operations, which every runtime has."""
        unit = self.unit
        new = nn.functional.linear(features, unit.weight_ih_l0, unit.bias_ih_l0).chunk(3, dim=1)
        old = nn.functional.linear(state, unit.weight_hh_l0, unit.bias_hh_l0).chunk(3, dim=1)
        reset = torch.sigmoid(new[0] + old[0])
        keep = torch.sigmoid(new[1] + old[1])
        after: Tensor = (1 - keep) * torch.tanh(new[2] + reset * old[2]) + keep * state
        return after
