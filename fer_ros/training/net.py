"""A residual net for small faces (He et al. 2016; average-pooled shortcuts as in ResNet-D)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

_STEM_LAYERS = 3


@dataclass(frozen=True, slots=True)
class NetConfig:
    """Shape of the net.

    :param stem: channels at full resolution.
    :param widths: channels of each stage, which halves the resolution.
    :param blocks: residual blocks of each stage.
    :param dropout: share of the embedding that is dropped in training.
    """

    stem: int = 32
    widths: tuple[int, ...] = (64, 96, 160, 256)
    blocks: tuple[int, ...] = (1, 2, 2, 1)
    dropout: float = 0.2


class Block(nn.Module):  # type: ignore[misc]  # torch may be absent where types are checked
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        """Make a block that halves the resolution where the stride is 2."""
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(2) if stride == 2 else nn.Identity(),
                nn.Conv2d(inputs, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )
        self.activation = nn.ReLU(inplace=True)
        # Starts as the identity: Goyal et al. 2017.
        nn.init.zeros_(self.body[4].weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        y: Tensor = self.activation(self.body(x) + self.shortcut(x))
        return y


class ExpressionNet(nn.Module):  # type: ignore[misc]  # as above
    """Logits and embedding of normalised grey faces."""

    def __init__(self, config: NetConfig, classes: int) -> None:
        """Make the net with random weights."""
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(1, config.stem, 3, 1, 1, bias=False),
            nn.BatchNorm2d(config.stem),
            nn.ReLU(inplace=True),
        ]
        channels = config.stem
        for width, count in zip(config.widths, config.blocks):
            for index in range(count):
                layers.append(Block(channels, width, 2 if index == 0 else 1))
                channels = width
        self.features = nn.Sequential(*layers)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(channels, classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, 1, S, S) to logits (N, classes) and embeddings (N, D)."""
        embedding = self.features(images).mean((2, 3))
        return self.head(self.dropout(embedding)), embedding


def frozen_layers(net: ExpressionNet, config: NetConfig, stages: int) -> nn.Sequential:
    """Return the stem and the first stages of a net; none for ``stages`` = 0."""
    return net.features[: _STEM_LAYERS + sum(config.blocks[:stages]) if stages else 0]


def grown(weights: dict[str, Tensor], old: NetConfig, new: NetConfig) -> dict[str, Tensor]:
    """Return the weights of a net under the names that they have in one with more blocks.

    The blocks that are new are not among them: they start as the identity, so that the deeper net
    answers as the other did (Chen, Goodfellow & Shlens 2016, "Net2Net").
    """
    places = dict(zip(_places(old), _places(new, old.blocks)))

    def renamed(name: str) -> str:
        part, index, *rest = name.split('.')
        if part != 'features' or int(index) < _STEM_LAYERS:
            return name
        return '.'.join([part, str(places[int(index)]), *rest])

    return {renamed(name): weight for name, weight in weights.items()}


def _places(net: NetConfig, blocks: tuple[int, ...] | None = None) -> list[int]:
    """Return where in the features the first ``blocks`` of each stage are; all by default."""
    places: list[int] = []
    start = _STEM_LAYERS
    for have, wanted in zip(net.blocks, blocks or net.blocks):
        places += range(start, start + wanted)
        start += have
    return places


def parameters_of(net: nn.Module) -> int:
    """Count the weights."""
    return sum(weight.numel() for weight in net.parameters())
