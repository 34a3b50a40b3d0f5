"""Asking for memory ahead, using it again and telling fields apart, and making parameters a record, change no bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.compiled import compiled
from sim.configuration import names
from sim.engine import advance, months_of, simulate
from sim.memory import CACHE_LINE, blank_records, fetch_ahead, fetch_line
from sim.parameters import ALIASES, RECORD_FIELDS, declaration, numeric_record
from sim.rules.lists import TOGETHER, deals_of, fetch, fetch_lines, inbox_of
from sim.state import LEAD, World, records
from sim.world import build, digest
from tests.worlds import busy, tiny


@compiled
def ask(leads: Any, index: int) -> int:
    """Ask for a record from compiled code."""
    fetch_ahead(leads, index)
    fetch_line(leads, index)
    return index


@compiled
def ask_within(counts: Any, row: int, column: int) -> int:
    """Ask for an entry of a table from compiled code."""
    fetch_line(counts, (row, column, 0))
    return column


@compiled
def rewrite(w: Any, i: int, j: int) -> float:
    """A field read, written as another record's, and read again: the same memory if ``i`` is ``j``."""
    before = w.leads[i].acv
    w.leads[j].acv = before + 1.0
    w.leads[j].score = -1.0
    w.counts[j, 0, 0] = before + 2.0
    return (w.leads[i].acv - before) + 10.0 * w.leads[i].score + w.counts[i, 0, 0]


@compiled
def rewrite_slice(w: Any, i: int) -> float:
    """An entry read, written as part of a slice, and read again."""
    before = w.counts[i, 1, 0]
    w.counts[:, :, 0] = before + 1.0
    return w.counts[i, 1, 0] - before


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
@given(st.integers(-(2**40), 2**40) | st.integers(-2, 20), st.integers(-(2**40), 2**40) | st.integers(-2, 20))
def test_any_entry_of_a_table_may_be_asked_for(row: int, column: int) -> None:
    counts = np.arange(24.0).reshape(2, 3, 4)
    assert ask_within(counts, row, column) == column
    assert counts.tobytes() == np.arange(24.0).tobytes()


@pytest.mark.interpreted
def test_what_is_written_is_read_whatever_the_index_was_called() -> None:
    """The compiler is told that no two fields share memory; one field of one record still is one."""
    world = build(tiny(), 1, 1)
    for i, j, expected in ((0, 0, 1.0 - 10.0 + 7.0), (0, 1, 0.0 + 10.0 * 3.0 + 4.0)):
        world.leads["acv"][:2] = 5.0
        world.leads["score"][:2] = 3.0
        world.counts[:2, 0, 0] = 4.0
        assert rewrite(world, i, j) == expected
    assert rewrite_slice(world, 1) == 1.0


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


@pytest.mark.parametrize("engine", ["compiled", "mesa"])
def test_a_run_does_not_see_what_was_in_its_memory_before(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leads lie on memory that nobody cleared: every field of a lead is set when it appears."""
    params = busy("shared_okr")
    clean = simulate(params, 2, engine=engine).digest

    def dirty(size: int, dtype: np.dtype[Any]) -> Any:
        found = blank_records(size, dtype)
        found.view(np.uint8).fill(0xAB)
        return found

    monkeypatch.setattr("sim.world.blank_records", dirty)
    assert simulate(params, 2, engine=engine).digest == clean


def test_memory_is_used_again_once_nobody_works_on_it() -> None:
    params = tiny("siloed")
    one, other = build(params, 1, 1), build(params, 1, 1)
    assert not np.shares_memory(np.asarray(one.leads), np.asarray(other.leads))
    kept = np.asarray(other.leads)[2:5]
    address = other.leads.ctypes.data
    del other
    assert build(params, 1, 1).leads.ctypes.data != address, "somebody still looks at a part of it"
    third = build(params, 1, 1)
    address = third.leads.ctypes.data
    del third, kept
    assert build(params, 1, 1).leads.ctypes.data == address


def test_leads_begin_where_a_cache_line_does() -> None:
    leads = build(tiny(), 1, 1).leads
    assert leads.ctypes.data % CACHE_LINE == 0
    assert leads.itemsize % CACHE_LINE == 0


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
