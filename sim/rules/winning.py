"""What wins a deal, and whether a lead is worth its hours (the truth, not what people believe)."""

from __future__ import annotations

import math
from typing import Any

from sim.compiled import inlined
from sim.rules.arithmetic import sigmoid
from sim.rules.scoring import intent_at
from sim.state import HOUR


@inlined
def project_chance(p: Any, intent: float) -> float:
    """Chance that a real project stands behind a lead of this intent."""
    return sigmoid(p.project_intercept + p.project_intent * (intent - p.intent_center))


@inlined
def win_logit(p: Any, lead: Any, intent: float, hours: float, log_skill: float) -> float:
    """Log-odds of winning a real deal, worked for ``hours`` by a seller of this skill (usual: 0)."""
    x = p.win_intercept + p.win_fit * (lead.fit - p.fit_center) + p.win_intent * (intent - p.intent_center)
    x += p.win_hours * math.log(1.0 + hours / p.win_hours_scale) + p.win_skill * log_skill
    if lead.response > 0.0:
        x -= p.win_delay * math.log(1.0 + lead.response)
    return x + p.win_discount * lead.discount


@inlined
def see_chance(lead: Any, signal: float) -> None:
    """From now on the lead's owner believes in these log-odds of winning it."""
    lead.signal = signal
    lead.chance = sigmoid(signal)


@inlined
def deal_hours(p: Any) -> float:
    """Hours a well-worked deal takes from discovery on."""
    return p.steps * p.step + p.close + p.deepen * 2.0


@inlined
def worth_its_hours(w: Any, lead: Any, time: float) -> bool:
    """Whether expected margin, worked well, exceeds the hours it needs at loaded cost (viable)."""
    p = w.params[0]
    intent = intent_at(p, lead, time)
    hours = deal_hours(p)
    chance = sigmoid(win_logit(p, lead, intent, hours, 0.0))
    cost = w.org[0].hour_cost
    gain = project_chance(p, intent) * (chance * p.gross_margin * lead.acv - cost * hours)
    return gain >= cost * (2.0 * p.contact + p.discovery)


@inlined
def still_worth(w: Any, lead: Any, real: bool) -> bool:
    """Whether the rest of an open deal is worth its hours, on the true state."""
    p = w.params[0]
    if not real:
        return False
    rest = (p.steps - lead.steps) * p.step + p.close
    chance = sigmoid(win_logit(p, lead, lead.intent, lead.sales_seconds / HOUR + rest, 0.0))
    return chance * p.gross_margin * lead.acv >= w.org[0].hour_cost * rest
