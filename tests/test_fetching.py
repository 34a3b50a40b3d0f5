"""Asking for memory ahead, and making parameters a record, change no bit of anything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.compiled import compiled, fetch_ahead
from sim.configuration import names
from sim.engine import advance, months_of
from sim.parameters import ALIASES, RECORD_FIELDS, declaration, numeric_record
from sim.rules.lists import TOGETHER, deals_of, fetch, fetch_lines, inbox_of
from sim.state import LEAD, World, records
from sim.world import build, digest
from tests.worlds import tiny


@compiled
def ask(leads: Any, index: int) -> int:
    """Ask for a record from compiled code."""
    fetch_ahead(leads, index)
    return index


@compiled
def walk(w: Any, start: int, forwards: bool) -> int:
    """Leads of a line, walked as the engine walks it."""
    count = 0
    while start >= 0:
        start = fetch(w, start, forwards)
        count += 1
    return count


@pytest.fixture(scope="module")
def world() -> World:
    """An organisation in the middle of its work."""
    params = tiny()
    made = build(params, 3, months_of(params))
    advance(made, 10)
    return made


@pytest.mark.interpreted
@given(st.integers(-(2**62), 2**62) | st.integers(-2, 20))
def test_any_record_may_be_asked_for(index: int) -> None:
    leads = records(16, LEAD)
    before = leads.tobytes()
    assert ask(leads, index) == index
    assert leads.tobytes() == before


@pytest.mark.interpreted
def test_walking_lines_reaches_each_lead_once_and_changes_nothing(world: World) -> None:
    org = world.org[0]
    before = digest(world)
    lengths = []
    for j in range(int(org.sellers)):
        fetch_lines(world, j)
        for line in (world.lists[inbox_of(org, j)], world.lists[deals_of(org, j)]):
            lengths.append(int(line.count))
            assert walk(world, int(line.tail), False) == walk(world, int(line.head), True) == line.count
    assert max(lengths) > 0, "no lead in any line: nothing was walked"
    assert int(org.sellers) % TOGETHER, "the last sellers fill no group of their own"
    assert digest(world) == before


@pytest.mark.parametrize("organisation", names("organisation"))
def test_a_record_holds_every_parameter(organisation: str) -> None:
    params = sim.load(organisation, arm="shared_okr")
    record = numeric_record(params)
    for theme, name, _ in RECORD_FIELDS:
        value = getattr(getattr(params, theme), name)
        if isinstance(value, str):
            field = type(getattr(params, theme)).__dataclass_fields__[name]
            value = declaration(field).choices.index(value)
        assert record[ALIASES.get(name, name)][0] == value, name


def test_records_are_not_shared() -> None:
    params = sim.load("mid_market")
    one, other = numeric_record(params), numeric_record(params)
    one["process"] = 0.123
    assert not np.shares_memory(one, other)
    assert other["process"][0] == params.capability.process
