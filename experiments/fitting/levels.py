"""Counts by month whose level may move: estimate of the level, and what comes next.

A Gamma–Poisson level with discounting (Harvey & Fernandes 1989; West & Harrison 1997,
ch. 10): each month the knowledge of the past is worth a factor δ less. δ = 1 is a level
that never moves. Several δ are weighed by how well each foretold the months before, so a
steady series uses all its history and one that jumped its recent part. Beforehand a level
that never moves is as likely as all others together.

Months also differ for reasons of their own: a campaign, a large batch, a seller on leave. How much
more than chance and a moving level explain is told by the series itself, by how far each
month fell from what the months before foretold of it (:attr:`Level.dispersion`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from experiments.fitting.estimate import SEED, Estimate, Floats

DISCOUNTS = (1.0, 0.97, 0.94, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02)
PRIOR = 0.5  # Jeffreys' shape for a Poisson rate: half an event is known beforehand
DRAWS = 4_000
WARM_UP = 3  # months before errors of what was foretold say something
BELIEF = 4.0  # months' worth of belief that errors are as large as foretold
FARTHEST = 9.0  # squared standardised error beyond which a month is a jump, which is the level's to follow
LEAST = 1e-12  # shape of next to no knowledge; in decades without an event it would vanish


@dataclass(frozen=True)
class Level:
    """Knowledge of the present rate of events.

    Attributes
    ----------
    shape, rate : array
        Of a Gamma distribution for each discount.
    weight : array
        How much each discount is believed.
    months : int
        Length of the series.
    dispersion : float
        Mean squared error of what was foretold for the next month, in its own variances; 1 or more.
    """

    shape: Floats
    rate: Floats
    weight: Floats
    months: int
    dispersion: float = 1.0

    @property
    def memory(self) -> float:
        """How many months the level rests on."""
        discount = np.array(DISCOUNTS)
        lasting = np.where(discount < 1, 1.0 / np.maximum(1.0 - discount, 1.0 / max(self.months, 1)), self.months)
        return float((self.weight * np.minimum(lasting, self.months)).sum())

    def draws(self, ahead: int = 0, n: int = DRAWS, seed: int = SEED) -> Floats:
        """Draws of the rate so many months ahead: each month adds as much doubt as the first one does."""
        rng = np.random.default_rng(seed)
        which = rng.choice(len(DISCOUNTS), size=n, p=self.weight)
        fading = 1.0 / (1.0 + ahead * (1.0 / np.array(DISCOUNTS)[which] - 1.0))
        return np.asarray(rng.gamma(np.maximum(self.shape[which] * fading, 1e-3), 1.0 / (self.rate[which] * fading)))

    def estimate(self) -> Estimate:
        """The present rate with its 95 % interval."""
        drawn = self.draws()
        value = float((self.weight * self.shape / self.rate).sum())
        low, high = np.quantile(drawn, [0.025, 0.975])
        return Estimate(value, float(low), float(high), self.months, float(np.std(np.log(np.maximum(drawn, 1e-9)))))


def level(counts: Floats, exposure: Floats) -> Level:
    """Filter a series of counts; ``exposure`` is what a rate of 1 would have given in each month."""
    discount = np.array(DISCOUNTS)
    shape, rate = np.full(len(discount), PRIOR), np.full(len(discount), 1e-9)
    score = np.where(discount == 1.0, 0.0, -math.log(len(discount) - 1))  # half of the belief is in a level that stays
    errors: list[float] = []
    seen = 0
    for count, watched in zip(counts, exposure, strict=True):
        if watched <= 0:
            continue
        shape, rate = np.maximum(shape * discount, LEAST), rate * discount
        if seen:
            if seen >= WARM_UP:
                errors.append(_error(count, watched, shape, rate, _weight(score)))
            score += _foretold(count, watched, shape, rate)
        shape, rate = shape + count, rate + watched
        seen += 1
    dispersion = (BELIEF + sum(errors)) / (BELIEF + len(errors))
    return Level(shape, np.maximum(rate, 1e-9), _weight(score), int((exposure > 0).sum()), max(dispersion, 1.0))


def _weight(score: Floats) -> Floats:
    weight = np.exp(score - score.max())
    return np.asarray(weight / weight.sum())


def _error(count: float, watched: float, shape: Floats, rate: Floats, weight: Floats) -> float:
    """Squared error of what all discounts together foretell of a month, in its variance."""
    means = shape / rate * watched
    mean = float((weight * means).sum())
    variance = float((weight * (means * (1.0 + watched / rate) + (means - mean) ** 2)).sum())
    return min((count - mean) ** 2 / max(variance, 1e-9), FARTHEST)


def _foretold(count: float, watched: float, shape: Floats, rate: Floats) -> Floats:
    """Log probability of a count: negative binomial."""
    p = rate / (rate + watched)
    return np.asarray(
        special.gammaln(shape + count) - special.gammaln(shape) - math.lgamma(count + 1)
        + shape * np.log(p) + count * np.log1p(-p)
    )  # fmt: skip
