"""What a training run is told: one YAML file, read into dataclasses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from fer_ros.config import load_yaml
from fer_ros.errors import ConfigError
from fer_ros.training.augment import AugmentConfig
from fer_ros.training.net import NetConfig


@dataclass(frozen=True, slots=True)
class FitConfig:
    """How the weights are found.

    :param learning_rate: the peak, reached after ``warmup_epochs``; a cosine brings it to zero.
    :param mixup: share of batches that blend two faces (Zhang et al. 2018).
    :param mixup_alpha: both parameters of the Beta distribution of the blend.
    :param rare_repeat: how often an epoch shows a face of a class that is rarer than 3 %; more
        than a few costs accuracy.
    :param frozen_stages: the stem and so many stages stay as the earlier run left them: a run that
        refines takes a third less time.
    :param ema: decay a step of the averaged weights, which are the ones that are judged and kept.
    """

    epochs: int = 24
    batch_size: int = 128
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    warmup_epochs: float = 1.0
    mixup: float = 0.5
    mixup_alpha: float = 0.4
    rare_repeat: int = 1
    frozen_stages: int = 0
    ema: float = 0.999
    seed: int = 0
    threads: int = 1
    bf16: bool = True

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ('epochs', 'batch_size', 'rare_repeat', 'threads'):
            within(f'fit.{name}', getattr(self, name), 1)
        within('fit.seed', self.seed, 0, 2**63 - 1)
        within('fit.frozen_stages', self.frozen_stages, 0)
        for name in ('learning_rate', 'mixup_alpha'):
            within(f'fit.{name}', getattr(self, name), 1e-6, 100.0)
        for name in ('weight_decay', 'warmup_epochs'):
            within(f'fit.{name}', getattr(self, name), 0.0)
        for name in ('momentum', 'mixup', 'ema'):
            within(f'fit.{name}', getattr(self, name), 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class DistilConfig:
    """Learning from other models too (Hinton et al. 2015).

    :param teachers: ids or manifest paths; the mean of their distributions is the teacher's.
    :param share: of the teachers in what is to be learned, beside the votes.
    :param seen_share: of what the teachers say of the very images that the student sees, augmented
        and blended (Beyer et al. 2022, "A good teacher is patient and consistent"), beside all
        that is known of the faces as they are.
    :param mesh_share: of what the face mesh's own features tell (``fer_ros.training.mesh``).
    """

    teachers: tuple[str, ...] = ()
    share: float = 0.5
    mesh_share: float = 0.0
    seen_share: float = 0.0

    def __post_init__(self) -> None:
        """Check the shares."""
        within('distil.share', self.share, 0.0, 1.0)
        within('distil.seen_share', self.seen_share, 0.0, 1.0)
        if self.seen_share and not self.teachers:
            raise ConfigError(
                f'distil.seen_share: expected teachers, found none for a share of '
                f'{self.seen_share}; name some or leave the share out'
            )
        within('distil.mesh_share', self.mesh_share, 0.0, 1.0)
        within('distil.share and mesh_share together', self.share + self.mesh_share, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class StaticSettings:
    """A run of the static model.

    :param id: of the model; names its files.
    :param size_px: side of the crop that the net reads.
    :param mean, std: of the pixels, 0..255.
    :param start: checkpoint of an earlier run whose best weights are refined; '' to start anew.
    :param drop_single_votes: a vote that no other annotator shares is noise.
    :param sharpen: power of the shares that are learned: above 1 they come nearer to what most
        annotators chose, which is what is scored.
    """

    id: str
    size_px: int = 48
    mean: float = 129.4
    std: float = 64.9
    start: str = ''
    landmark_model: str = 'facemesh-478'
    train: str = 'ferplus_train.npz'
    valid: str = 'ferplus_valid.npz'
    drop_single_votes: bool = True
    sharpen: float = 1.0
    net: NetConfig = field(default_factory=NetConfig)
    fit: FitConfig = field(default_factory=FitConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    distil: DistilConfig = field(default_factory=DistilConfig)

    def __post_init__(self) -> None:
        """Check sizes and scales; those of the groups that other files own, too."""
        within('size_px', self.size_px, 16, 512)
        within('std', self.std, 1e-3)
        _check_net(self.net)
        for entry in fields(self.augment):
            lowest = 2 if entry.name == 'small_px' else 0.0
            highest = 1.0 if entry.name in _SHARES else math.inf
            within(f'augment.{entry.name}', getattr(self.augment, entry.name), lowest, highest)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, to be compared with those of a checkpoint."""
        return asdict(self)


_SHARES = (
    'unaligned',
    'mirror',
    'tone',
    'dark',
    'noise',
    'blur',
    'jpeg',
    'small',
    'occluded',
)


def within(name: str, value: float, lowest: float, highest: float = math.inf) -> None:
    """Refuse a number out of its range, NaN included."""
    if not lowest <= value <= highest or math.isinf(value):
        upper = '' if math.isinf(highest) else f' .. {highest}'
        raise ConfigError(f'{name}: expected {lowest}{upper or " or more"}, found {value}')


def _check_net(net: NetConfig) -> None:
    """Refuse a net that can not be built, or not as it was meant."""
    if not net.widths or len(net.widths) != len(net.blocks):
        raise ConfigError(
            'net: expected as many widths as blocks, found '
            f'{list(net.widths)} and {list(net.blocks)}'
        )
    within('net.stem', net.stem, 1)
    for name, numbers in (('widths', net.widths), ('blocks', net.blocks)):
        for number in numbers:
            within(f'net.{name}', number, 1)
    within('net.dropout', net.dropout, 0.0, 0.99)


Group = TypeVar('Group')


def load_settings(path: Path) -> StaticSettings:
    """Read a run's YAML; what it leaves out keeps its default.

    :raises ConfigError: an unknown entry, or one of another type, by name.
    """
    groups = {'net': NetConfig, 'fit': FitConfig, 'augment': AugmentConfig, 'distil': DistilConfig}
    return read_settings(path, StaticSettings, groups)


def read_settings(path: Path, kind: type[Group], groups: Mapping[str, type]) -> Group:
    """Read a YAML whose entries in ``groups`` are dataclasses of their own.

    :raises ConfigError: an unknown entry, or one of another type, by name.
    """
    entries = load_yaml(path)
    try:
        nested: dict[str, Any] = {
            name: group(part, f'{name}.', entries.pop(name, {})) for name, part in groups.items()
        }
        return group(kind, '', {**entries, **nested})
    except ConfigError as error:
        raise ConfigError(f'{path}: {error}') from None


def group(kind: type[Group], prefix: str, entries: Any) -> Group:
    """Make one dataclass of a mapping."""
    if not isinstance(entries, Mapping):
        raise ConfigError(f'{prefix}: expected a mapping, found {type(entries).__name__}')
    known = {item.name: item.type for item in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(entries) - set(known))
    if unknown:
        raise ConfigError(f'expected the entries {sorted(known)}, found {prefix}{unknown[0]}')
    values = {name: _typed(prefix + name, entries[name], str(known[name])) for name in entries}
    try:
        return kind(**values)
    except TypeError as error:  # an entry without a default is missing
        raise ConfigError(f'{prefix}{error}') from None


def _typed(name: str, value: Any, wanted: str) -> Any:
    """Check one value against its annotation."""
    accepts: dict[str, tuple[type, ...]] = {
        'int': (int,),
        'float': (int, float),
        'str': (str,),
        'bool': (bool,),
        'tuple[int, ...]': (list, tuple),
        'tuple[str, ...]': (list, tuple),
    }
    kinds = accepts.get(wanted)
    if kinds is None:  # a group, made before
        return value
    if not isinstance(value, kinds) or (isinstance(value, bool) and wanted != 'bool'):
        raise ConfigError(f'{name}: expected {wanted}, found {value!r}')
    if isinstance(value, (list, tuple)):
        member = int if 'int' in wanted else str
        if not all(isinstance(item, member) and not isinstance(item, bool) for item in value):
            raise ConfigError(f'{name}: expected a list of {member.__name__}, found {value!r}')
    if isinstance(value, int) and wanted == 'float':
        return float(value)
    return tuple(value) if isinstance(value, list) else value
