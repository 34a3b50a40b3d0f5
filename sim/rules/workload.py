"""The hours account: every paid second lands in exactly one class.

Work that does not fit into today is owed and booked first thing on the next days, so
the classes add up to paid time exactly, to the second, at every moment.
"""

from __future__ import annotations

from typing import Any

from sim.compiled import inlined
from sim.state import ADMINISTRATION, CONTACTING, COORDINATION, HOUR, IDLE, MANUAL, N_CLASSES, SUCCESS, UNVIABLE, VIABLE


@inlined
def seconds(hours: float) -> int:
    """Whole seconds of a duration in hours."""
    return int(hours * HOUR + 0.5)


@inlined
def volume(p: Any) -> float:
    """How much more a marketing hour reaches: technology gives volume."""
    return 1.0 + p.technology_volume * p.technology


@inlined
def touch_hours(p: Any) -> float:
    """Hours of one nurturing touch."""
    return p.nurture / volume(p)


@inlined
def spend(w: Any, role: int, person: Any, kind: int, amount: int) -> None:
    """Book ``amount`` seconds of ``person`` to class ``kind``: today, the rest owed."""
    now = min(amount, person.left)
    if now > 0:
        w.hours[w.org[0].month, role, kind] += now
        person.left -= now
    rest = amount - now
    if rest > 0:
        w.owed[person.worker, kind] += rest
        person.debt += rest


@inlined
def class_of_contact(lead: Any) -> int:
    """Class of first contact and discovery: on a lead that was not viable at hand-over it is unviable pursuit."""
    return CONTACTING if lead.marks & VIABLE else UNVIABLE


@inlined
def record_event(w: Any, role: int, person: Any) -> None:
    """Enter one event in the systems: what a written, automated process would do by machine is waste."""
    p = w.params[0]
    by_hand = p.record * (1.0 - p.process * p.technology)
    spend(w, role, person, MANUAL, seconds(by_hand))


@inlined
def begin_day(w: Any, role: int, person: Any, fixed: float) -> None:
    """Start a paid day: settle what is owed, the necessary block, coordination, slack."""
    p = w.params[0]
    month = w.org[0].month
    person.left = seconds(p.day_hours)
    if person.debt > 0:
        for kind in range(N_CLASSES):
            if person.debt == 0 or person.left == 0:
                break
            now = min(w.owed[person.worker, kind], person.left)
            if now > 0:
                w.owed[person.worker, kind] -= now
                person.debt -= now
                person.left -= now
                w.hours[month, role, kind] += now
    # What is owed counts first; the block is then cut, not owed: nobody catches up on meetings.
    spend(w, role, person, ADMINISTRATION, min(person.left, seconds(p.day_hours * fixed)))
    if role != SUCCESS:  # what marketing and sales agreed between them
        spend(w, role, person, COORDINATION, min(person.left, seconds(p.coordination_hours / 5.0)))
    spend(w, role, person, IDLE, int(person.left * (1.0 - person.effort)))


@inlined
def end_day(w: Any, role: int, person: Any) -> None:
    """Book what is left of the day as idle."""
    spend(w, role, person, IDLE, person.left)


@inlined
def now_of(w: Any, person: Any) -> float:
    """Time of the person's clock: day plus the part of it already worked."""
    p = w.params[0]
    return w.org[0].day + 1.0 - person.left / (p.day_hours * HOUR)
