"""Who holds a seat: traits drawn by key, sellers who leave, and the hires who replace them."""

from __future__ import annotations

import math
from typing import Any

from sim.compiled import compiled
from sim.draws import Stream, normal, uniform
from sim.rules.capability import cross_over
from sim.rules.lists import deals_of, inbox_of
from sim.rules.pay import pay_level, usual_pay
from sim.state import DEVELOPER, MARKETER, PAY_RECENT, SELLER, TRAINED, USES

SKILL_MARKETER = int(Stream.SKILL_MARKETER)
SKILL_SELLER = int(Stream.SKILL_SELLER)
INTEGRITY = int(Stream.TRAIT_INTEGRITY)
DISCOUNTING = int(Stream.TRAIT_DISCOUNT)
OPTIMISM = int(Stream.TRAIT_OPTIMISM)
LEAVING = int(Stream.TURNOVER)


@compiled
def draw_person(w: Any, person: Any, role: int) -> None:
    """Traits of whoever now holds the seat: pure functions of seat and generation."""
    p = w.params[0]
    g = person.generation
    person.integrity = p.integrity_mean * spread_out(w, INTEGRITY, person.key, g, p.integrity_spread)
    person.discounting = p.discount_mean * spread_out(w, DISCOUNTING, person.key, g, p.discount_spread)
    if role == MARKETER:
        person.skill = spread_out(w, SKILL_MARKETER, person.key, g, p.marketer_skill_spread)
    elif role == SELLER or role == DEVELOPER:
        person.skill = spread_out(w, SKILL_SELLER, person.key, g, p.skill_spread)
    else:
        person.skill = 1.0


@compiled
def spread_out(w: Any, stream: int, key: int, generation: int, spread: float) -> float:
    """Lognormal factor with mean 1."""
    return math.exp(spread * normal(w.keys[stream], key, generation) - 0.5 * spread * spread)


@compiled
def begin_seat(w: Any, j: int) -> None:
    """A new person sits down: traits drawn, trust as of anybody new, territory as found."""
    p = w.params[0]
    s = w.sellers[j]
    draw_person(w, s, s.role)
    s.optimism = p.optimism_mean + p.optimism_spread * normal(w.keys[OPTIMISM], s.key, s.generation)
    s.log_skill = math.log(s.skill)
    s.trust = p.trust_start


@compiled
def turn_over(w: Any) -> None:
    """Month end: sellers leave (sooner when pay collapses); a hire takes the seat and ramps up."""
    p = w.params[0]
    org = w.org[0]
    month = w.months[org.month]
    for j in range(org.sellers):
        s = w.sellers[j]
        level = pay_level(w, s.role, s.worker)
        hazard = p.turnover / 12.0 * (1.0 + p.turnover_pay * max(1.0 - level, 0.0))
        if uniform(w.keys[LEAVING], s.key, org.month) >= 1.0 - math.exp(-hazard):
            continue
        month.leavers += 1.0
        s.generation += 1
        s.hired = org.day
        w.pay[s.worker, PAY_RECENT] = usual_pay(w, s.role)
        w.adoption[s.worker, USES] = 0.0
        w.adoption[s.worker, TRAINED] = 0.0
        begin_seat(w, j)
        forget_notes(w, inbox_of(org, j), s.generation)
        forget_notes(w, deals_of(org, j), s.generation)


@compiled
def forget_notes(w: Any, line: int, generation: int) -> None:
    """What the leaver knew of open leads crosses to the successor only as far as it was written."""
    index = w.lists[line].head
    while index >= 0:
        lead = w.leads[index]
        cross_over(w, lead, w.org[0].day, generation)
        index = lead.next
