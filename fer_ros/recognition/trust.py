"""When a label is worth vouching for, and when a face shows two emotions at once."""

from __future__ import annotations

from dataclasses import dataclass

from fer_ros.errors import ConfigError
from fer_ros.types import Compound, Expression, FaceQuality


@dataclass(frozen=True, slots=True)
class TrustConfig:
    """Limits of abstention and of compound emotions.

    :param min_confidence: below this calibrated confidence no label is vouched for.
    :param min_confidence_impaired: the same of a face with a quality flag: it has to be surer.
    :param max_entropy: above this share of the maximal entropy none is either.
    :param min_quality: below this quality score none is, whatever the net says.
    :param max_novelty: above this none is: the face is unlike those that the net learned from.
    :param compound_share: least share of the second emotion beside the first, 0..0.5.
    """

    min_confidence: float = 0.3
    min_confidence_impaired: float = 0.5
    max_entropy: float = 0.85
    min_quality: float = 0.15
    max_novelty: float = 1.0
    compound_share: float = 0.3

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, high in (
            ('min_confidence', 1.0), ('min_confidence_impaired', 1.0), ('max_entropy', 1.0),
            ('min_quality', 1.0), ('max_novelty', 100.0), ('compound_share', 0.5),
        ):  # fmt: skip
            value = getattr(self, name)
            if not 0.0 <= value <= high:
                raise ConfigError(f'{name}: expected a number in [0, {high:g}], found {value!r}')


def abstention(expression: Expression, quality: FaceQuality, config: TrustConfig) -> str:
    """Return why no label is vouched for, the worst cause first, or '' where one is.

    The causes: ``low_resolution``, ``blur``, ``dark``, ``extreme_pose``, ``occluded_upper``,
    ``occluded_lower`` and ``overexposed`` of a face that can not be read, or of one for whose
    flaws the answer is not sure enough; ``out_of_distribution``; ``high_entropy``;
    ``low_confidence``; ``low_quality`` where several small flaws come together.
    """
    flaws = quality.flags.names()
    if quality.score < config.min_quality:
        return ', '.join(flaws) or 'low_quality'
    if expression.novelty > config.max_novelty:
        return ', '.join(('out_of_distribution', *flaws))
    if expression.entropy > config.max_entropy:
        return ', '.join(('high_entropy', *flaws))
    if expression.confidence < config.min_confidence:
        return ', '.join(('low_confidence', *flaws))
    if flaws and expression.confidence < config.min_confidence_impaired:
        return ', '.join(flaws)
    return ''


def compound(expression: Expression, config: TrustConfig) -> Compound | None:
    """Return the second emotion where it holds enough of what the two strongest share.

    Compound emotions: Du, Tao & Martinez 2014. Neutral is the absence of one and takes no part.
    """
    ranked = sorted(zip(expression.probabilities.tolist(), expression.labels), reverse=True)
    emotional = [(share, label) for share, label in ranked if label != 'neutral'][:2]
    if len(emotional) < 2 or ranked[0][1] == 'neutral':
        return None
    (first, _), (second, label) = emotional
    share = second / max(first + second, 1e-9)
    return Compound(label, share) if share >= config.compound_share else None
