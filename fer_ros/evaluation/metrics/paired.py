"""Whether one of two models is better on the same faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fer_ros.evaluation.metrics.bootstrap import LEVEL, RESAMPLES, Interval, bootstrap_interval
from fer_ros.evaluation.metrics.classes import Labels

# A figure of answers against labels.
Score = Callable[[Labels, Labels], float]


@dataclass(frozen=True, slots=True)
class McNemar:
    """Faces that only one of the two read right, and how likely such a difference is by chance.

    :param only_a, only_b: faces that A alone, and B alone, read right.
    :param p_exact: two-sided exact p: never too small, but cautious.
    :param p_mid: two-sided mid-p, close to the level it names.
    """

    only_a: int
    only_b: int
    p_exact: float
    p_mid: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of A, of B, and B minus A with its interval."""

    a: float
    b: float
    b_minus_a: Interval

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.b_minus_a.low > 0 or self.b_minus_a.high < 0


def mcnemar(a: Labels, b: Labels, labels: Labels) -> McNemar:
    """Test whether two models are right equally often on the same faces (McNemar 1947).

    Exact binomial test of the discordant pairs, and its mid-p (Fagerland, Lydersen & Laake 2013).

    :param a, b: (N,) answers; -1 is a miss, and wrong.
    """
    scored = labels >= 0
    right_a, right_b = (a == labels)[scored], (b == labels)[scored]
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    total, fewer = only_a + only_b, min(only_a, only_b)
    # Binomial coefficients of `total` in integers: exact however many there are.
    term, tail = 1, 1
    for k in range(fewer):
        term = term * (total - k) // (k + 1)
        tail += term
    p_exact = min(2 * tail / 2**total, 1.0)
    if not total:
        return McNemar(0, 0, 1.0, 1.0)
    p_mid = (2 * tail - term) / 2**total if only_a != only_b else 1 - term / 2 ** (total + 1)
    return McNemar(only_a, only_b, p_exact, p_mid)


def paired_difference(
    score: Score,
    a: Labels,
    b: Labels,
    labels: Labels,
    *,
    clusters: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> Difference:
    """Return a figure of two models and the bootstrap interval of its difference.

    Both are measured on the same resampled faces (paired bootstrap: Koehn 2004, "Statistical
    significance tests"), so that what is hard for both does not blur the difference.
    """

    def difference(rows: Labels) -> float:
        return score(b[rows], labels[rows]) - score(a[rows], labels[rows])

    interval = bootstrap_interval(
        difference, len(labels), clusters=clusters, resamples=resamples, level=level, seed=seed
    )
    return Difference(score(a, labels), score(b, labels), interval)
