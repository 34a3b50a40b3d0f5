"""The random designs of the debrief: what is shipped, and how it is made."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

from experiments import executors
from sim.parameters import ParameterError
from workshop import designs, levers, simulation
from workshop.levers import LEVERS


@pytest.mark.parametrize("organisation", ["essay", "mid_market"])
def test_shipped_designs_are_those_that_are_drawn(organisation):
    known = designs.known(organisation)
    assert len(known) > 250
    plans = [{}, *designs.draw(len(known) - 1, organisation)]
    for (_, row), plan in zip(known.iterrows(), plans, strict=True):
        assert {name: row[name] for name in LEVERS if pd.notna(row[name])} == plan


@pytest.mark.slow
def test_shipped_designs_have_the_numbers_of_a_team():
    known = designs.known("essay")
    for number in (0, 7):
        row = known.iloc[number]
        plan = {name: row[name] for name in LEVERS if pd.notna(row[name])}
        found = simulation.means(simulation.run(levers.params(plan, "essay"), range(simulation.SEEDS)))
        assert {name: row[name] for name in designs.KEPT} == pytest.approx({name: found[name] for name in designs.KEPT})


@pytest.mark.slow
def test_designs_that_were_stopped_go_on(tmp_path, monkeypatch):
    """What is saved is not run again, and the numbers are those of a team."""
    whole = simulation.measured
    runs: list[int] = []

    def measured(params: Any, seed: int) -> dict[str, float]:
        if len(runs) == 11:
            raise KeyboardInterrupt
        runs.append(seed)
        return whole(params, seed)

    monkeypatch.setattr(executors, "available_cores", lambda: 1)
    monkeypatch.setattr(simulation, "measured", measured)
    with pytest.raises(KeyboardInterrupt):
        designs.run(1, "essay", tmp_path)
    monkeypatch.setattr(simulation, "measured", lambda params, seed: runs.append(seed) or whole(params, seed))
    frame = designs.run(1, "essay", tmp_path)
    assert len(runs) < 2 * simulation.SEEDS + 11
    assert len(frame) == 2
    plan = designs.draw(1, "essay")[0]
    found = simulation.means(simulation.run(levers.params(plan, "essay"), range(simulation.SEEDS)))
    assert {name: frame.iloc[1][name] for name in designs.KEPT} == {name: found[name] for name in designs.KEPT}


def test_wrong_words_for_designs_are_refused():
    for words_, named in ((["smal"], "'smal': allowed are"), (["smb", "points=0"], "points='0': a whole number")):
        with pytest.raises(ParameterError, match=re.escape(named)):
            designs.main(words_)
