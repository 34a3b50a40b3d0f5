"""What a nurturing touch does: it raises intent, or it only reveals intent that is there.

Nobody has measured which. In the form ``raise`` a touch closes part of the gap between
intent and 1, so nurturing makes buyers. In the form ``reveal`` it fills a missing field about
intent: it sorts buyers and makes none, and demand comes wholly from outside.
"""

from __future__ import annotations

import math
from typing import Any

from sim.compiled import compiled, inlined
from sim.rules.arithmetic import ones
from sim.rules.scoring import STEEPNESS, reliance, reliance_of
from sim.state import EXISTS, INTENT_FIELDS

RAISES = 0  # value of nurture_form
STEEPEST = 0.25 * STEEPNESS  # slope of the score in the weighted reading, at the middle


@inlined
def touched(p: Any, intent: float) -> float:
    """Intent after one more touch that raises it."""
    return intent + p.nurture_gain * (1.0 - intent)


@inlined
def lowest(fields: int) -> int:
    """The first field of a set, alone; 0 of an empty one."""
    return fields & -fields


@inlined
def missing(fields: int) -> int:
    """Fields about intent that the record does not have."""
    return ~(fields >> EXISTS) & INTENT_FIELDS


@inlined
def revealed(fields: int) -> int:
    """The record after a touch that reveals: the first missing field is filled."""
    return fields | (lowest(missing(fields)) << EXISTS)


@compiled
def news(p: Any, fields: int) -> float:
    """Standard deviation of what one more field adds to the reading of intent; 0 once the record is full."""
    if missing(fields) == 0:
        return 0.0
    filled = reliance(p.intent_spread, p.score_noise, revealed(fields), INTENT_FIELDS)
    return math.sqrt(max(filled - reliance(p.intent_spread, p.score_noise, fields, INTENT_FIELDS), 0.0))


@inlined
def lift_of_touch(p: Any, weight: float) -> float:
    """What one touch adds to the score of a usual lead; in the form that reveals, if the news is good.

    ``weight`` is that of fit in the score.
    """
    known = ones(INTENT_FIELDS) * min(p.field_base + p.field_data * p.data_quality, 1.0)
    steepness = STEEPEST * (1.0 - weight)
    if p.nurture_form == RAISES:  # gain · (1 − intent) more intent is gain / intent more of its log-odds
        warmer = p.nurture_gain / max(p.intent_mean, 1e-6)
        return steepness * reliance_of(known, p.intent_spread, p.score_noise) * warmer / max(p.intent_spread, 0.1)
    return steepness * usual_news(p, known)


@compiled
def usual_news(p: Any, known: float) -> float:
    """:func:`news` where ``known`` fields, not a whole number, are filled on average."""
    more = min(known + 1.0, float(ones(INTENT_FIELDS)))
    gained = reliance_of(more, p.intent_spread, p.score_noise) - reliance_of(known, p.intent_spread, p.score_noise)
    return math.sqrt(max(gained, 0.0))
