"""Lead scores: what the record shows of fit and intent, and how the weights learn.

A captured field gives a noisy reading; a missing one gives none; a wrong one gives a
reading of somebody else. The score is logistic in the weighted readings. Data
quality and process thus act on the score's validity through fields only.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from sim.compiled import compiled, inlined
from sim.rules.arithmetic import logit, ones, sigmoid
from sim.state import EXISTS, FIT_FIELDS, INTENT_FIELDS, N_BINS, WRONG

STEEPNESS = 1.7  # spreads scores over (0, 1)
CENTER, SCALE = 0.5, 0.2  # beliefs are about z = (score − CENTER) / SCALE


@inlined
def intent_at(p: Any, lead: Any, time: float) -> float:
    """Intent of a lead at ``time``: it cools with a half-life since it was last set."""
    age = time - lead.intent_time
    if age <= 0.0:
        return lead.intent
    return lead.intent * math.exp(-0.6931471805599453 * age / p.intent_half_life_days)


@inlined
def reliance(spread: float, noise: float, fields: int, mask: int) -> float:
    """How much a reading of the captured fields under ``mask`` is trusted (0 to 1)."""
    return reliance_of(ones(fields >> EXISTS & mask), spread, noise)


@inlined
def reliance_of(n: float, spread: float, noise: float) -> float:
    """How much a reading of ``n`` fields, on average perhaps no whole number, is trusted."""
    signal = n * spread * spread
    return signal / (signal + noise * noise) if signal > 0.0 else 0.0


@inlined
def reading(z: float, spread: float, noise: float, fields: int, mask: int, draw: float) -> float:
    """Shrunk reading, in population sd, of a trait that is ``z`` sd from its mean."""
    exists = fields >> EXISTS & mask
    n = ones(exists)
    if n == 0 or spread <= 0.0:
        return 0.0
    wrong = ones(exists & (fields >> WRONG))
    mean = (n - wrong) * z * spread / n
    variance = (n * noise * noise + wrong * spread * spread) / (n * n)
    return reliance(spread, noise, fields, mask) * (mean + math.sqrt(variance) * draw) / spread


@inlined
def read_fit(w: Any, lead: Any, draw: float) -> float:
    """What a new record shows of fit; ``draw`` is a standard normal. It does not change while the record stays."""
    p = w.params[0]
    z = (logit(lead.fit) - w.org[0].fit_logit) / max(p.fit_spread, 1e-9)
    return reading(z, p.fit_spread, p.score_noise, lead.fields, FIT_FIELDS, draw)


@inlined
def read_intent(w: Any, lead: Any, warmth: float) -> float:
    """What the record shows of intent whose log-odds are ``warmth``."""
    p = w.params[0]
    z = (warmth - w.org[0].intent_logit) / max(p.intent_spread, 1e-9)
    return reading(z, p.intent_spread, p.score_noise, lead.fields, INTENT_FIELDS, lead.misread)


@inlined
def to_score(raw: float) -> float:
    """Score in (0, 1) of a weighted reading."""
    return sigmoid(STEEPNESS * raw)


class Standing(NamedTuple):
    """Where a lead stands on a day: its intent, which nobody sees, and what the record says of it."""

    intent: float
    shown: float  # intent as the record shows it
    warmth: float  # log-odds of that
    raw: float  # weighted reading, before the logistic
    score: float


@inlined
def standing(w: Any, lead: Any, time: float) -> Standing:
    """Where a lead stands at ``time``."""
    p = w.params[0]
    org = w.org[0]
    intent = intent_at(p, lead, time)
    read = read_intent(w, lead, logit(intent))
    raw = org.weight * lead.seen_fit + (1.0 - org.weight) * read
    warmth = org.intent_logit + p.intent_spread * read
    return Standing(intent, sigmoid(warmth), warmth, raw, to_score(raw))


@inlined
def remember_score(w: Any, score: float) -> None:
    """Count a fresh, unpushed score in the histogram that the bars are quantiles of."""
    w.histogram[min(int(score * N_BINS), N_BINS - 1)] += 1.0


@compiled
def score_quantile(w: Any, level: float) -> float:
    """Score below which a share ``level`` of recent fresh scores lies."""
    total = 0.0
    for i in range(N_BINS):
        total += w.histogram[i]
    target = level * total
    before = 0.0
    for i in range(N_BINS):
        here = w.histogram[i]
        if before + here >= target and here > 0.0:
            return (i + (target - before) / here) / N_BINS
        before += here
    return 1.0


@compiled
def set_bars(w: Any) -> None:
    """Turn the levels of the bars (quantiles) into scores."""
    org = w.org[0]
    org.bar = score_quantile(w, org.bar_level)
    org.bar_agreed = score_quantile(w, org.bar_agreed_level)


@compiled
def set_low_bar(w: Any) -> None:
    """Turn the quantile below which a win counts as of low score into a score: one of those past the unagreed bar."""
    org = w.org[0]
    org.low_bar = score_quantile(w, org.bar_level + org.low_quantile * (1.0 - org.bar_level))


@compiled
def forget_scores(w: Any) -> None:
    """Let old scores count less."""
    for i in range(N_BINS):
        w.histogram[i] *= w.params[0].score_memory
