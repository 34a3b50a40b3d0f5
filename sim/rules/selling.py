"""Sellers and development representatives: one day of work.

The task-choice rule is an argument (see :mod:`sim.rules.tasks`): both engines accept
another compiled rule of the same signature.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from sim.compiled import inlined
from sim.draws import Stream, uniform
from sim.rules.arithmetic import logit
from sim.rules.capability import cross_over
from sim.rules.contacting import accept, attempt, contact_obliged, drop_old, first_talk, promise, triage
from sim.rules.dealing import (
    advance,
    close,
    deepen,
    discover,
    hoped_value,
    likely_close,
    pulls_forward,
)
from sim.rules.feeling import feel_seller, felt_pay_at
from sim.rules.lists import deals_of, inbox_of
from sim.rules.market import draw_luck, set_attributes
from sim.rules.tasks import Choice, add_task, choose_task, value_task
from sim.rules.winning import worth_its_hours
from sim.rules.workload import begin_day, end_day, now_of, record_event, seconds, spend
from sim.state import (
    ACCEPTED,
    ADVANCE,
    ALL_FIELDS,
    CLOSE,
    CONTACT,
    CROSSED,
    DEEPEN,
    DEVELOPER,
    DISCOVER,
    DONE,
    FROM_DEVELOPER,
    FROM_SELLER,
    HOUR,
    PROSPECT_TASK,
    PROSPECTING,
    SELLER,
    TRIAGED,
    VIABLE,
    WEEK,
)

ABSOLUTE = 0  # value of call_form
FIND = int(Stream.TERRITORY_FIND)


@inlined
def list_contacts(w: Any, j: int) -> None:
    """Look at the newest leads of the inbox; those worth a call, or all that may compete, become tasks."""
    p = w.params[0]
    org = w.org[0]
    s = w.sellers[j]
    index = w.lists[inbox_of(org, j)].tail
    looked = 0
    while index >= 0 and looked < p.attention:
        lead = w.leads[index]
        before = lead.previous
        if lead.next_time <= org.day:
            if not lead.marks & TRIAGED:
                if s.left <= 0:
                    break
                triage(w, j, index)
            looked += 1
            value = promise(w, s, lead)
            # Past an absolute bar a call comes first; without a bar it competes with all else there is to do.
            passes = (p.call_form == ABSOLUTE) & (value >= p.call_bar)
            if passes or p.call_form != ABSOLUTE:
                add_task(w, s, CONTACT, index, value, p.contact + p.record, passes)
        index = before


@inlined
def list_deals(w: Any, j: int) -> None:
    """Meetings and steps that are due, and deals on which more work would pay."""
    p = w.params[0]
    org = w.org[0]
    s = w.sellers[j]
    index = w.lists[deals_of(org, j)].head
    while index >= 0:
        lead = w.leads[index]
        due = lead.next_time <= org.day + 0.999
        if lead.stage == ACCEPTED:
            if due:
                add_task(w, s, DISCOVER, index, hoped_value(w, s, lead), p.discovery + p.discovery_margin, True)
        else:
            value = hoped_value(w, s, lead)
            if lead.steps >= p.steps:
                if due or pulls_forward(w, s, lead):
                    add_task(w, s, CLOSE, index, value, p.close, True)
                else:
                    list_deepening(w, s, index)
            elif due:
                add_task(w, s, ADVANCE, index, value, p.step, True)
            else:
                list_deepening(w, s, index)
        index = lead.next


@inlined
def list_deepening(w: Any, s: Any, index: int) -> None:
    """More work on an open deal, valued at its marginal effect on the chance that the seller sees."""
    p = w.params[0]
    lead = w.leads[index]
    hours = lead.sales_seconds / HOUR
    gain = lead.chance * (1.0 - lead.chance) * p.win_hours * p.deepen / (p.win_hours_scale + hours)
    add_task(w, s, DEEPEN, index, gain * lead.acv * felt_pay_at(w, s, likely_close(p, lead)), p.deepen, False)


@inlined
def finds_per_hour(p: Any, s: Any) -> float:
    """Finds of one hour of prospecting in what is left of the territory."""
    return p.territory_yield * s.yielding


@inlined
def leave_territory(p: Any, s: Any, left: float) -> None:
    """From now on ``left`` of the territory is not yet worked."""
    s.territory = left
    s.yielding = left**p.territory_power


@inlined
def prospecting_value(w: Any, s: Any) -> float:
    """Expected ACV of one block of prospecting, as the seller sees it."""
    p = w.params[0]
    payday = w.org[0].day + (0.0 if s.role == DEVELOPER else p.cycle_days)
    return finds_per_hour(p, s) * p.prospect * p.find_hope * p.acv * felt_pay_at(w, s, payday)


@inlined
def list_prospecting(w: Any, j: int) -> None:
    """Prospecting in the own territory, valued at the chance of a find."""
    p = w.params[0]
    s = w.sellers[j]
    add_task(w, s, PROSPECT_TASK, -1, prospecting_value(w, s), p.prospect, False)


@inlined
def prospect(w: Any, j: int, k: int) -> None:
    """One block of prospecting: the territory empties a little, somebody may be found."""
    p = w.params[0]
    org = w.org[0]
    s = w.sellers[j]
    spend(w, s.role, s, PROSPECTING, seconds(p.prospect))
    chance = 1.0 - math.exp(-finds_per_hour(p, s) * p.prospect)
    leave_territory(p, s, max(s.territory - p.territory_use * p.prospect * s.yielding, 0.0))
    block = s.blocks
    s.blocks += 1
    if uniform(w.keys[FIND], s.key, block) < chance:
        now = now_of(w, s)
        record_event(w, s.role, s)
        index = org.leads
        org.leads += 1
        lead = w.leads[index]
        lead.key = (1 << 50) + (s.key << 24) + s.finds
        draw_luck(w, index, index + 1)
        set_attributes(w, lead, now, logit(p.territory_intent))
        s.finds += 1
        lead.source = FROM_DEVELOPER if s.role == DEVELOPER else FROM_SELLER
        lead.handover = now
        lead.response = 1.0
        if s.role == DEVELOPER:
            cross_over(w, lead, now, 0)
        else:  # what a seller finds alone needs no crossing
            lead.fields |= ALL_FIELDS << CROSSED
        if worth_its_hours(w, lead, now):
            lead.marks |= VIABLE
        first_talk(w, s, lead)
        w.months[org.month].finds += 1.0
        accept(w, j, index)
    # The territory now yields less: value the next block anew.
    value_task(p, w.tasks[k], prospecting_value(w, s))


@inlined
def seller_begin(w: Any, j: int) -> None:
    """Morning of a seller or development representative: triage, what is owed, the task list."""
    p = w.params[0]
    org = w.org[0]
    s = w.sellers[j]
    if org.day % WEEK == 0:
        feel_seller(w, j)
    begin_day(w, s.role, s, p.seller_fixed)
    leave_territory(p, s, min(s.territory + p.territory_refresh * (1.0 - s.territory), 1.0))
    s.tasks = 0
    drop_old(w, j)
    contact_obliged(w, j)
    list_contacts(w, j)
    if s.role == SELLER:
        list_deals(w, j)
    list_prospecting(w, j)


@inlined
def seller_perform(w: Any, j: int, k: int) -> None:
    """Do task ``k`` of today's list."""
    task = w.tasks[k]
    kind = task.kind
    index = task.lead
    if kind != PROSPECT_TASK:
        task.kind = DONE
    if kind == CONTACT:
        attempt(w, j, index)
    elif kind == DISCOVER:
        discover(w, j, index)
    elif kind == ADVANCE:
        advance(w, j, index)
    elif kind == CLOSE:
        close(w, j, index)
    elif kind == DEEPEN:
        deepen(w, j, index)
    elif kind == PROSPECT_TASK:
        prospect(w, j, k)


@inlined
def seller_end(w: Any, j: int) -> None:
    """Evening: what is left of the day is idle."""
    s = w.sellers[j]
    end_day(w, s.role, s)
    month = w.months[w.org[0].month]
    month.effort_seller += s.effort
    month.trust += s.trust
    month.territory += s.territory


def make_seller_day(choose: Choice) -> Callable[[Any, int], None]:
    """Phase 3 of one seller or development representative, under a task-choice rule."""

    @inlined
    def seller_day(w: Any, j: int) -> None:
        """Morning, tasks by choice until the day is full, evening."""
        seller_begin(w, j)
        s = w.sellers[j]
        while s.left > 0:
            k = choose(w, j)
            if k < 0:
                break
            if k >= s.tasks or w.tasks[k].kind == DONE:
                raise IndexError("the task-choice rule chose a task that is not among what is left of today's list")
            seller_perform(w, j, k)
        seller_end(w, j)

    return seller_day


seller_day = make_seller_day(choose_task)
