"""First contact: triage, what is worth a call, attempts, the first talk, acceptance."""

from __future__ import annotations

import math
from typing import Any

from sim.compiled import inlined
from sim.draws import Stream, normal, uniform
from sim.rules.arithmetic import clock, logit, sigmoid
from sim.rules.feeling import felt_pay_at, felt_pay_kept
from sim.rules.handover import expire, jump
from sim.rules.learning import report_audit, report_back
from sim.rules.lists import append, deals_of, inbox_of, remove
from sim.rules.pay import ACCEPTED_LEAD, MEETING, count, count_company
from sim.rules.scoring import CENTER, SCALE, intent_at, to_score
from sim.rules.winning import deal_hours, project_chance, see_chance, win_logit
from sim.rules.workload import class_of_contact, now_of, record_event, seconds, spend
from sim.state import (
    ACCEPTED,
    AGREED,
    DEVELOPER,
    DISPUTE,
    DISPUTED,
    DISQUALIFIED,
    FROM_MARKETING,
    LOST,
    MARKETER,
    OBLIGED,
    RECYCLED,
    TRIAGED,
)

REACH = int(Stream.CONTACT_REACH)
BURN = int(Stream.CONTACT_BURN)
READY = int(Stream.LEAD_READINESS)
VIEW = int(Stream.HANDOVER_VIEW)
ACCEPT = int(Stream.DEAL_ACCEPT)
CLOSER = int(Stream.HANDOVER_CLOSER)


@inlined
def multiplier_of(w: Any, s: Any, lead: Any) -> float:
    """Factor on felt pay when the recorded score is low."""
    low = (lead.source == FROM_MARKETING) & (lead.score < w.org[0].low_bar)
    return s.low_multiplier if low else 1.0


@inlined
def promise(w: Any, s: Any, lead: Any) -> float:
    """Expected ACV a person sees in an MQL before calling, in units of felt reference pay (€)."""
    p = w.params[0]
    # Who sees how a score came about sees how far it was pushed.
    score = lead.score - p.visibility * lead.inflation
    believed = p.call_base * max(1.0 + p.call_slope * (score - CENTER) / SCALE, 0.0)
    chance = s.trust * believed + (1.0 - s.trust) * p.call_doubt * p.call_base
    return chance * lead.acv * felt_pay_at(w, s, payday(w, s, lead)) * multiplier_of(w, s, lead)


@inlined
def payday(w: Any, s: Any, lead: Any) -> float:
    """Day on which a lead contacted today pays: a seller at the close, a development representative at once."""
    return w.org[0].day + (0.0 if s.role == DEVELOPER else lead.cycle)


@inlined
def triage(w: Any, j: int, index: int) -> None:
    """Look at an arriving lead; when the score shown and the own view differ much, it is disputed."""
    p = w.params[0]
    s = w.sellers[j]
    lead = w.leads[index]
    lead.marks |= TRIAGED
    spend(w, s.role, s, class_of_contact(lead), seconds(p.triage))
    org = w.org[0]
    z = p.view_fit * (logit(lead.fit) - org.fit_logit) / max(p.fit_spread, 1e-9)
    intent = intent_at(p, lead, org.day)
    z += (1.0 - p.view_fit) * (logit(intent) - org.intent_logit) / max(p.intent_spread, 1e-9)
    view = to_score(z) + p.view_noise * normal(w.keys[VIEW], lead.key, 0)
    if lead.marketer >= 0 and lead.score - view > p.dispute_gap:
        lead.marks |= DISPUTED
        w.months[org.month].disputes += 1.0
        hours = p.dispute_agreed if lead.marks & AGREED else p.dispute
        spend(w, s.role, s, DISPUTE, seconds(hours))
        m = w.marketers[lead.marketer]
        # The marketer's day is over or not begun: the meeting is owed and booked next morning.
        w.owed[m.worker, DISPUTE] += seconds(hours)
        m.debt += seconds(hours)


@inlined
def drop_old(w: Any, j: int) -> None:
    """Leads that waited longer than patience leave the inbox: unpursued, or given up."""
    p = w.params[0]
    org = w.org[0]
    inbox = w.lists[inbox_of(org, j)]
    while inbox.head >= 0 and org.day - w.leads[inbox.head].handover > p.patience_days:
        index = inbox.head
        remove(w.leads, inbox, index)
        lead = w.leads[index]
        if lead.attempts == 0:
            expire(w, lead)
            report_audit(w, index)
        else:
            lead.stage = DISQUALIFIED
            report_back(w, index)


@inlined
def first_talk(w: Any, s: Any, lead: Any) -> None:
    """What the person makes of a lead reached for the first time, or found: a first belief in its chance."""
    p = w.params[0]
    chance = project_chance(p, lead.intent) * sigmoid(win_logit(p, lead, lead.intent, deal_hours(p), s.log_skill))
    see_chance(lead, logit(chance) + s.optimism + p.first_talk_noise * normal(w.keys[ACCEPT], lead.key, 0))


@inlined
def attempt(w: Any, j: int, index: int) -> None:
    """One attempt to reach a lead; reached, it is burned, turned down or accepted."""
    p = w.params[0]
    org = w.org[0]
    s = w.sellers[j]
    lead = w.leads[index]
    month = w.months[org.month]
    now = now_of(w, s)
    if lead.attempts == 0:
        lead.response = max(clock(now) - clock(lead.handover), 0.0)
        month.pursued += 1.0
        month.response_hours += lead.response
        if lead.marks & AGREED:
            org.pursued_month += 1.0
    lead.attempts += 1
    amount = seconds(p.contact)
    spend(w, s.role, s, class_of_contact(lead), amount)
    lead.sales_seconds += amount
    record_event(w, s.role, s)
    since = max(clock(now) - clock(lead.handover), 0.0)
    chance = p.reach_probability * math.exp(-p.reach_delay * math.log(1.0 + since))
    if uniform(w.keys[REACH], lead.key, lead.attempts) >= chance:
        lead.next_time = now + p.attempt_wait_days
        if lead.attempts >= p.attempt_limit:
            remove(w.leads, w.lists[inbox_of(org, j)], index)
            lead.stage = DISQUALIFIED
            report_back(w, index)
        return
    month.reached += 1.0
    remove(w.leads, w.lists[inbox_of(org, j)], index)
    intent = intent_at(p, lead, now)
    lead.intent = intent
    lead.intent_time = now
    if intent < p.readiness_mean + p.readiness_spread * normal(w.keys[READY], lead.key, 0):
        month.burned += 1.0
        if uniform(w.keys[BURN], lead.key, 0) < p.burn_probability:
            lead.stage = LOST
        else:
            lead.intent = intent * p.burn_setback
            lead.stage = RECYCLED
        report_back(w, index)
        return
    first_talk(w, s, lead)
    hoped = lead.chance * lead.acv * multiplier_of(w, s, lead)
    if hoped * felt_pay_kept(w, s, payday(w, s, lead)) < p.accept_bar:
        lead.stage = DISQUALIFIED
        report_back(w, index)
        return
    month.accepted_marketing += 1.0
    accept(w, j, index)


@inlined
def accept(w: Any, j: int, index: int) -> None:
    """The lead becomes an accepted lead and goes to the seller who will meet it."""
    org = w.org[0]
    s = w.sellers[j]
    lead = w.leads[index]
    month = w.months[org.month]
    lead.stage = ACCEPTED
    month.accepted += 1.0
    count(w, s.role, s.worker, MEETING, 1.0)
    count(w, s.role, s.worker, ACCEPTED_LEAD, 1.0)
    count_company(w, MEETING, 1.0)
    count_company(w, ACCEPTED_LEAD, 1.0)
    if lead.marketer >= 0:
        count(w, MARKETER, w.marketers[lead.marketer].worker, ACCEPTED_LEAD, 1.0)
        count(w, MARKETER, w.marketers[lead.marketer].worker, MEETING, 1.0)
    to = j
    if s.role == DEVELOPER:
        lead.developer = j
        sellers = org.sellers - org.developers
        if sellers == 0:
            lead.stage = DISQUALIFIED
            if lead.marketer >= 0:
                report_back(w, index)
            return
        to = org.developers + jump(CLOSER, lead.key, sellers, w.keys)
    lead.seller = to
    # The discovery meeting takes place on a later day: today's task lists stay as they are.
    lead.next_time = org.day + 1.0
    append(w.leads, w.lists[deals_of(org, to)], index)


@inlined
def contact_obliged(w: Any, j: int) -> None:
    """Follow-up owed under the service-level agreement, in order of arrival, up to the daily cap."""
    p = w.params[0]
    org = w.org[0]
    if p.follow_up_obligation <= 0.0:
        return
    s = w.sellers[j]
    done = 0
    index = w.lists[inbox_of(org, j)].head
    while index >= 0 and done < p.obligation_cap and s.left > 0:
        lead = w.leads[index]
        following = lead.next
        owed = lead.attempts == 0 or p.obligation_form == 1
        if lead.marks & OBLIGED and owed and lead.next_time <= now_of(w, s):
            if not lead.marks & TRIAGED:
                triage(w, j, index)
            attempt(w, j, index)
            done += 1
        index = following
