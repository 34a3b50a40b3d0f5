"""Scenario discovery: a planted box is found, chance finds none, and sentences say what holds."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
import pytest

from analysis.discovery import Box, Checked, Discovery, Restriction, as_mapping, discover
from analysis.factors import any_label, any_value
from analysis.studies import regions
from analysis.texts import texts
from experiments.commands import main
from sim.parameters import ParameterError

POINTS = 240
FACTORS = "{x: {low: 0, high: 1}, y: {low: 0, high: 1}, z: {low: 0, high: 1}, word: [calm, busy, hectic]}"


def space(seed: int, count: int = 4) -> pd.DataFrame:
    """Points of some numbers, a whole number, a word and a truth."""
    random = np.random.default_rng(seed)
    points = pd.DataFrame({f"x{i}": random.random(POINTS) for i in range(count)})
    return points.assign(
        heads=random.integers(1, 9, POINTS), word=random.choice(["calm", "busy", "hectic"], POINTS),
        flag=random.random(POINTS) < 0.5,
    )  # fmt: skip


@pytest.mark.slow
def test_a_planted_box_is_found_in_the_midst_of_factors_that_tell_nothing():
    points = space(1)
    truth = (points["x0"] > 0.5) & (points["heads"] <= 5) & (points["word"] != "calm")
    wrong = np.random.default_rng(2).random(POINTS) < 0.05
    found = discover(points, (truth ^ wrong).to_numpy())
    box = found.boxes[0]
    sides = {side.factor: side for side in box.restrictions}
    assert set(sides) == {"x0", "heads", "word"}
    assert sides["x0"].low == pytest.approx(0.5, abs=0.05)
    assert sides["x0"].high is None
    assert 5 <= sides["heads"].high < 6.5
    assert set(sides["word"].levels) == {"busy", "hectic"}
    assert box.density > 0.85
    assert box.coverage > 0.7
    inside = box.holds(points)
    assert box.inside == inside.sum()
    assert box.hits == (truth ^ wrong)[inside].sum()
    assert all(p <= 0.05 for side in sides.values() for p in (side.quasi_p_low, side.quasi_p_high) if p is not None)
    assert found.checked.holds
    assert found.checked.density == pytest.approx(box.density, abs=0.2)
    assert json.loads(json.dumps(as_mapping(found)))["boxes"][0]["restrictions"]


@pytest.mark.slow
def test_chance_alone_makes_no_box_that_may_be_told():
    lucky = np.random.default_rng(101).random(POINTS) < 0.25
    found = discover(space(1), lucky)
    assert found.checked is None or not found.checked.holds


@pytest.mark.parametrize("hits", [0, 5, POINTS - 5, POINTS])
def test_too_few_or_too_many_to_search(hits):
    found = discover(space(1), np.arange(POINTS) < hits)
    assert (found.hits, found.boxes, found.checked) == (hits, (), None)


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="240 points, but 3 verdicts"):
        discover(space(1), np.zeros(3, dtype=bool))


def test_without_the_package_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ema_workbench.analysis", None)
    with pytest.raises(ParameterError, match=r"gtm-sim\[research\]"):
        discover(space(1), np.arange(POINTS) % 2 == 0)


# ---------------------------------------------------------------- words


def found_with(low: float) -> regions.Region:
    sides = (
        Restriction("alignment.follow_up_obligation", low=0.35, quasi_p_low=0.0002),
        Restriction("workload.triage", low=0.1, high=0.3, quasi_p_low=0.03, quasi_p_high=0.01),
        Restriction("incentives", levels=("siloed", "hybrid"), quasi_p_low=0.02),
    )
    box = Box(sides, coverage=0.6, density=0.7, mass=0.2, inside=80, hits=56)
    return regions.Region(Discovery(400, 93, (box,), Checked(0.6, low, 0.7, 0.5, 0.2325)), 0.9)


def test_a_box_reads_as_a_sentence_with_terms_units_and_quasi_p():
    words = texts("en")
    said = regions.in_words(found_with(0.5), "Shared OKRs lose", any_label(words), any_value(words), words)
    assert "Shared OKRs lose: 93 of 400 points (23%)." in said
    assert "share of MQLs that sales is obliged to follow up: from 35% up" in said
    assert "time to look at a lead that arrives: from 0.1 hours to 0.3 hours (`workload.triage`" in said
    assert "quasi-p = 0.030)" in said
    assert "(`alignment.follow_up_obligation`, quasi-p < 0.001)" in said
    assert "holds in 70% of cases" in said
    spanish = texts("es")
    dicho = regions.in_words(found_with(0.5), "Pierden", any_label(spanish), any_value(spanish), spanish)
    assert "0,3 horas" in dicho
    assert "70 %" in dicho.replace("\N{NO-BREAK SPACE}", " ")


def test_a_box_that_does_not_hold_on_unseen_points_is_not_told():
    words = texts("en")
    said = regions.in_words(found_with(0.2), "Shared OKRs lose", any_label(words), any_value(words), words)
    assert "nothing is said of where they lie" in said
    assert "35%" not in said


# ---------------------------------------------------------------- the command


@pytest.mark.slow
def test_a_sweep_is_searched_from_the_command_line(tmp_path, capsys):
    sweep, out = tmp_path / "sweep", tmp_path / "found"
    words = ("model.target=tests.noisy_models:planted", f"design.factors={FACTORS}", "design=lhs", "design.points=128")
    assert main(["sweep", *words, "seeds=2", "executor=serial", f"out={sweep}"]) == 0
    assert main(["discover", f"sweep={sweep}", "measure=value", f"out={out}"]) == 0
    boxes = json.loads((out / "boxes.json").read_text())
    assert boxes["told"] is True
    assert {side["factor"] for side in boxes["boxes"][0]["restrictions"]} == {"x", "y", "word"}
    assert boxes["below"] == 0
    assert "Most telling box" in capsys.readouterr().out.replace("\n", " ")
    assert main(["discover", f"sweep={sweep}", "measure=valu", f"out={out}"]) == 2
    assert "Did you mean 'value'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name the folder of a finished sweep"),
        (("sweep=nowhere",), "nowhere"),
        (("sweep=nowhere", "below=0", "above=1"), "give one of them"),
        (("sweep=nowhere", "below=much"), "a number is needed"),
    ],
)
def test_wrong_questions_are_refused_in_a_line(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    assert main(["discover", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
