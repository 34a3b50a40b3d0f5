"""Process, data and technology: they decide which fields exist, cross over and are wrong.

Nothing else. Hours follow from what people then have to search, ask or correct.
"""

from __future__ import annotations

import math
from typing import Any

from sim.compiled import inlined
from sim.draws import Stream, uniform
from sim.rules.arithmetic import bit, ones
from sim.rules.workload import class_of_contact, seconds, spend
from sim.state import ALL_FIELDS, CORRECTION, CROSSED, EXISTS, KNOWN, N_FIELDS, SEARCH, WRONG

FIELDS = int(Stream.LEAD_FIELDS)
CROSS = int(Stream.HANDOVER_CROSS)
DECAY = int(Stream.FIELD_DECAY)


@inlined
def capture_fields(w: Any, key: int) -> int:
    """Which of the six fields a new record has, and which of those are wrong (packed)."""
    p = w.params[0]
    exists_chance = p.field_base + p.field_data * p.data_quality
    errors = p.wrong_base * (1.0 - p.wrong_process * p.process) * (1.0 - p.wrong_data * p.data_quality)
    errors *= 1.0 + p.wrong_technology * p.technology * (1.0 - p.process)
    fields = 0
    for i in range(N_FIELDS):
        exists = uniform(w.keys[FIELDS], key, i) < exists_chance
        wrong = uniform(w.keys[FIELDS], key, N_FIELDS + i) < errors
        fields |= bit(exists, EXISTS + i) | bit(exists & wrong, WRONG + i)
    return fields


@inlined
def cross_over(w: Any, lead: Any, time: float, attempt: int) -> None:
    """Hand-over of a record: fields that went stale are wrong, and some do not cross."""
    p = w.params[0]
    stale = 1.0 - math.exp(-p.data_decay_monthly * max(time - lead.born, 0.0) / 21.0)
    crossing = p.cross_base + (1.0 - p.cross_base) * max(p.visibility, p.process * p.technology)
    fields = lead.fields & ~(ALL_FIELDS << CROSSED) & ~(ALL_FIELDS << KNOWN)
    for i in range(N_FIELDS):
        draw = attempt * N_FIELDS + i
        fields |= bit(uniform(w.keys[DECAY], lead.key, draw) < stale, WRONG + i)
        fields |= bit(uniform(w.keys[CROSS], lead.key, draw) < crossing, CROSSED + i)
    lead.fields = fields


@inlined
def complete_record(w: Any, role: int, person: Any, lead: Any) -> None:
    """What a seller does about the record before a discovery meeting.

    A field that exists but did not cross is searched (waste), one that was never
    captured is asked of the buyer (work), a wrong one is corrected after it misled
    (waste). Afterwards the seller knows all fields.
    """
    p = w.params[0]
    exists = lead.fields >> EXISTS & ALL_FIELDS
    crossed = lead.fields >> CROSSED & ALL_FIELDS
    wrong = lead.fields >> WRONG & exists
    spend(w, role, person, SEARCH, ones(exists & ~crossed) * seconds(p.search))
    spend(w, role, person, class_of_contact(lead), ones(ALL_FIELDS & ~exists) * seconds(p.question))
    spend(w, role, person, CORRECTION, ones(wrong & ALL_FIELDS) * seconds(p.correction))
    lead.fields = (ALL_FIELDS << EXISTS) | (ALL_FIELDS << CROSSED) | (ALL_FIELDS << KNOWN)
