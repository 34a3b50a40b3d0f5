"""Transformation programmes: workshops, building, adoption, and the levers then in force.

A lever is in force as far as it is built and people work the new way. Nothing here is
a dice roll on the outcome: people come to a workshop if it ranks above what they owe,
work they did not come to is not done, who was trained and sees others may take the new
way up, and who is overloaded, or was given tools without a process, may give it up.
"""

from __future__ import annotations

import math
from typing import Any

from sim.compiled import compiled
from sim.draws import Stream, normal, uniform
from sim.rules.arithmetic import sigmoid
from sim.rules.lists import arrivals_of, queue_of
from sim.rules.workload import seconds
from sim.state import (
    BUILT,
    COORDINATION,
    FIRST_WASTE,
    HOUR,
    MONTH,
    N_CLASSES,
    N_DIALS,
    N_ROLES,
    PLANNED,
    QUARTER,
    SELLER,
    SINCE,
    TODAY,
    TRAINED,
    USES,
    WEEK,
)

PRIORITY = int(Stream.TRAIT_PRIORITY)
ATTEND = int(Stream.PROGRAMME_ATTEND)
ADOPT = int(Stream.PROGRAMME_ADOPT)
PILOT = int(Stream.PROGRAMME_PILOT)
PROCESS, DATA, TECHNOLOGY = 0, 1, 2  # dials; those after them are agreements, built with process
PROCESS_FIRST, TECHNOLOGY_FIRST = 1, 2
WEEKS_A_MONTH = MONTH / WEEK
HALF_TRAINED = 3.0  # workshops after which somebody knows half of what there is to know
ENOUGH = 0.999
LOOK_BACK = 3  # months over which people see whether less time is wasted


@compiled
def programme_week(w: Any) -> None:
    """Phase 7, at the end of a week: invite, build, take up or give up; then the levers as they now are."""
    plan = w.plan[0]
    org = w.org[0]
    week = (org.day - plan.start_day) // WEEK
    if plan.name == 0 or week < 0:
        return
    if scope(w) <= 0.0:  # no lever moves, but a new pay plan has to be drawn up
        weeks = plan.duration_months * WEEKS_A_MONTH
        w.months[org.month].programme_cost += plan.cost / weeks * min(max(weeks - week, 0.0), 1.0)
        return
    if week == 0:
        org.waste_before = recent_waste(w)
    if not org.programme_ended:
        weeks = plan.duration_months * WEEKS_A_MONTH
        w.months[org.month].programme_cost += plan.cost / weeks
        build(w, hold_workshops(w, week) / weeks)
        if built_share(w) >= ENOUGH or week + 1 >= weeks * plan.overrun:
            org.programme_ended = 1
    take_up(w, week)
    put_in_force(w)
    month = w.months[org.month]
    month.programme_weeks += 1.0
    month.using += using_share(w)
    month.realised = realised_share(w)


@compiled
def recent_waste(w: Any) -> float:
    """Wasted share of the paid hours of the last months."""
    wasted = 0.0
    paid = 0.0
    last = w.org[0].month
    for month in range(max(last + 1 - LOOK_BACK, 0), last + 1):
        for role in range(N_ROLES):
            for kind in range(N_CLASSES):
                hours = w.hours[month, role, kind]
                paid += hours
                wasted += hours if kind >= FIRST_WASTE else 0
    return wasted / paid if paid > 0.0 else 0.0


# ---- workshops --------------------------------------------------------------------------


@compiled
def pressure(w: Any, k: int) -> float:
    """What weighs on worker ``k`` today: owed and waiting work in weeks, and a seller's distance from quota."""
    p = w.params[0]
    org = w.org[0]
    week = WEEK * p.day_hours
    if k < org.marketers:
        m = w.marketers[k]
        return (m.debt / HOUR + w.lists[queue_of(k)].count * p.qualify) / week
    j = k - org.marketers
    if j >= org.sellers:
        i = j - org.sellers
        return (w.managers[i].debt / HOUR + w.lists[arrivals_of(org, i)].count * p.onboarding) / week
    s = w.sellers[j]
    behind = 0.0
    if s.role == SELLER and s.quota > 0.0:
        passed = (org.day % QUARTER + 1.0) / QUARTER
        behind = max(passed - s.won_quarter / s.quota, 0.0) * passed
    return s.debt / HOUR / week + behind


@compiled
def key_of(w: Any, k: int) -> int:
    """Key of worker ``k``."""
    org = w.org[0]
    if k < org.marketers:
        return w.marketers[k].key
    j = k - org.marketers
    return w.sellers[j].key if j < org.sellers else w.managers[j - org.sellers].key


@compiled
def owe_workshop(w: Any, k: int, amount: int) -> None:
    """The hours of a workshop are owed, and booked first thing on the next days."""
    org = w.org[0]
    w.owed[k, COORDINATION] += amount
    j = k - org.marketers
    if k < org.marketers:
        w.marketers[k].debt += amount
    elif j < org.sellers:
        w.sellers[j].debt += amount
    else:
        w.managers[j - org.sellers].debt += amount


@compiled
def weekly_hours(w: Any) -> float:
    """Hours of workshops a week and person, if all that is planned is to be done in time."""
    plan = w.plan[0]
    return plan.workshop_hours * scope(w) / (plan.duration_months * WEEKS_A_MONTH)


@compiled
def hold_workshops(w: Any, week: int) -> float:
    """Invite everybody who takes part; who comes is trained. Returns the share of all people who came."""
    p = w.params[0]
    plan = w.plan[0]
    month = w.months[w.org[0].month]
    hours = weekly_hours(w)
    load = hours / (WEEK * p.day_hours)
    came = 0.0
    for k in range(w.org[0].workers):
        key = key_of(w, k)
        if week < plan.pilot_months * WEEKS_A_MONTH and uniform(w.keys[PILOT], key, 0) >= plan.pilot_share:
            continue
        month.invited += 1.0
        own = plan.priority + plan.priority_spread * normal(w.keys[PRIORITY], key, 0)
        pull = (own + plan.leadership + plan.pain) / 3.0
        chance = sigmoid(plan.attendance_steepness * (pull - pressure(w, k) - load))
        if uniform(w.keys[ATTEND], key, week) < chance:
            came += 1.0
            month.attended += 1.0
            w.adoption[k, TRAINED] += 1.0
            owe_workshop(w, k, seconds(hours))
    return came / max(w.org[0].workers, 1)


# ---- what is built ----------------------------------------------------------------------


@compiled
def move(w: Any, dial: int) -> float:
    """How far a dial is to be moved, as a share of its range."""
    full = max(abs(w.dials[dial, TODAY]), abs(w.dials[dial, PLANNED]), 1.0)
    return abs(w.dials[dial, PLANNED] - w.dials[dial, TODAY]) / full


@compiled
def scope(w: Any) -> float:
    """Size of the programme: levers moved from 0 to 1."""
    total = 0.0
    for dial in range(N_DIALS):
        total += move(w, dial)
    return total


@compiled
def stream_of(dial: int) -> int:
    """Which part of the work builds a dial: process (with the agreements), data or technology."""
    return dial if dial <= TECHNOLOGY else PROCESS


@compiled
def left_in(w: Any, stream: int) -> float:
    """Work not yet done in a part, in levers moved from 0 to 1."""
    left = 0.0
    for dial in range(N_DIALS):
        if stream_of(dial) == stream:
            left += move(w, dial) * (1.0 - w.dials[dial, BUILT])
    return left


@compiled
def weight_of(w: Any, stream: int) -> float:
    """Share of the work that a part gets now: as planned, nothing once it is done or before its turn."""
    plan = w.plan[0]
    if left_in(w, stream) <= 0.0:
        return 0.0
    if plan.sequence == PROCESS_FIRST and stream != PROCESS and left_in(w, PROCESS) > 0.0:
        return 0.0
    if plan.sequence == TECHNOLOGY_FIRST and stream != TECHNOLOGY and left_in(w, TECHNOLOGY) > 0.0:
        return 0.0
    if stream == PROCESS:
        return max(plan.process_share, 1e-6)
    if stream == DATA:
        return max(plan.data_share, 1e-6)
    return max(1.0 - plan.process_share - plan.data_share, 1e-6)


@compiled
def build(w: Any, share: float) -> None:
    """Do ``share`` of the whole work, split as planned over the parts that are open."""
    work = share * scope(w)
    weights = weight_of(w, PROCESS) + weight_of(w, DATA) + weight_of(w, TECHNOLOGY)
    if weights <= 0.0:
        return
    for stream in range(TECHNOLOGY + 1):
        left = left_in(w, stream)
        if left <= 0.0:
            continue
        done = min(work * weight_of(w, stream) / weights / left, 1.0)
        for dial in range(N_DIALS):
            if stream_of(dial) == stream:
                w.dials[dial, BUILT] += done * (1.0 - w.dials[dial, BUILT])


@compiled
def built_share(w: Any) -> float:
    """Share of the work that is done."""
    total = scope(w)
    left = left_in(w, PROCESS) + left_in(w, DATA) + left_in(w, TECHNOLOGY)
    return 1.0 - left / total if total > 0.0 else 1.0


# ---- who works the new way --------------------------------------------------------------


@compiled
def using_share(w: Any) -> float:
    """Share of people who work the new way."""
    users = 0.0
    for k in range(w.org[0].workers):
        users += w.adoption[k, USES]
    return users / max(w.org[0].workers, 1)


@compiled
def take_up(w: Any, week: int) -> None:
    """Everybody may take the new way up, or give it up (peers as they were a week ago)."""
    p = w.params[0]
    plan = w.plan[0]
    org = w.org[0]
    around = using_share(w)
    started = built_share(w)
    # People see results as far as results are visible at all.
    seen = 0.0
    if org.waste_before > 0.0:
        seen = p.visibility * (org.waste_before - recent_waste(w)) / org.waste_before
    unwritten = max(p.technology - p.process, 0.0)
    # Support and orders last as long as management's patience; afterwards there is only what people see around them.
    patient = week < plan.duration_months * WEEKS_A_MONTH * plan.overrun
    behind_it = plan.leadership + plan.mandate if patient else 0.0
    for k in range(org.workers):
        draw = uniform(w.keys[ADOPT], key_of(w, k), week)
        w.adoption[k, TRAINED] += plan.sharing * around  # people show each other: how newcomers learn
        trained = w.adoption[k, TRAINED] / (w.adoption[k, TRAINED] + HALF_TRAINED)
        if w.adoption[k, USES] == 0.0:
            drawn = behind_it + plan.sharing * around + seen
            if draw < plan.adoption_rate * started * trained * max(drawn, 0.0) / 2.0:
                w.adoption[k, USES] = 1.0
                w.adoption[k, SINCE] = org.day
        else:
            # Ordered without support, or without having been shown how, is given up in silence; so is what few do.
            coerced = plan.mandate * (1.0 - plan.leadership) * (1.0 - trained)
            against = pressure(w, k) + unwritten + coerced + (1.0 - plan.leadership) * (1.0 - around) - seen
            if draw < plan.rejection_rate * max(against, 0.0):
                w.adoption[k, USES] = 0.0


@compiled
def learning(w: Any) -> float:
    """How much longer a record takes: users still learn, and beside them the old way goes on."""
    plan = w.plan[0]
    org = w.org[0]
    if plan.learning_months <= 0.0:
        return 0.0
    slow = 0.0
    for k in range(org.workers):
        if w.adoption[k, USES] > 0.0:
            slow += math.exp(-(org.day - w.adoption[k, SINCE]) / (plan.learning_months * MONTH))
    users = using_share(w)
    both = 4.0 * users * (1.0 - users)  # two ways side by side: everything is entered twice at half and half
    return plan.learning_extra * (slow / max(org.workers, 1) + both * built_share(w))


@compiled
def in_force(w: Any, dial: int) -> float:
    """Position of a dial: from today's to the planned one, as far as it is built and used."""
    today = w.dials[dial, TODAY]
    return today + (w.dials[dial, PLANNED] - today) * w.dials[dial, BUILT] * using_share(w)


@compiled
def realised_share(w: Any) -> float:
    """Share of what was planned that is in force."""
    total = scope(w)
    done = 0.0
    for dial in range(N_DIALS):
        done += move(w, dial) * w.dials[dial, BUILT] * using_share(w)
    return done / total if total > 0.0 else 1.0


@compiled
def put_in_force(w: Any) -> None:
    """Set the levers that rules read."""
    p = w.params[0]
    p.process = in_force(w, 0)
    p.data_quality = in_force(w, 1)
    p.technology = in_force(w, 2)
    p.shared_definition = in_force(w, 3)
    p.visibility = in_force(w, 4)
    p.feedback = in_force(w, 5)
    p.sla_hours = in_force(w, 6)
    p.follow_up_obligation = in_force(w, 7)
    p.coordination_hours = in_force(w, 8)
    p.record = w.plan[0].record_today * (1.0 + learning(w))
