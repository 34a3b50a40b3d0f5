"""Answers of studies on runs with known effects: they follow the data, also where these contradict the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.figures.studies.ternary import candidates
from analysis.paired import contrast
from analysis.studies import Named, answer, firms, regions
from analysis.studies.effects import cells, effect
from analysis.summary import Study, summarise
from sim.parameters import ParameterError

REPLICATIONS = 12


def runs(effect_of, points=(0.0, 0.5, 1.0), arms=("siloed", "shared_okr"), noise=0.002, seed=1) -> pd.DataFrame:
    """Runs over one factor: growth is ``effect_of(arm, x)``, luck of the replication and a little of its own."""
    random = np.random.default_rng(seed)
    luck = 0.05 * random.standard_normal(REPLICATIONS)
    rows = [
        {
            "point": point, "arm": arm, "replication": r, "seed": r, "alignment.level": x,
            "revenue_growth": 0.1 + effect_of(arm, x) + luck[r] + noise * random.standard_normal(),
            "wasted_time_share": 0.15 - effect_of(arm, x) + noise * random.standard_normal(),
            "failed": False, "error": "",
        }
        for point, x in enumerate(points)
        for arm in arms
        for r in range(REPLICATIONS)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def named(table: pd.DataFrame, spec: dict, language: str = "en") -> Named:
    """A study that is run already."""
    arms = list(dict.fromkeys(table["arm"]))
    summary = summarise(table, "test", arms[0], ["revenue_growth"])
    study = Study(Path(), {"arms": arms, "baseline": arms[0]}, table, summary)
    return Named(study, {"question": {"en": "?", "es": "¿?"}, **spec}, language)


def asks(between: dict, says: dict, at: dict | None = None) -> dict:
    """The file of a study with one quantity."""
    quantity = {"what": {"en": "growth", "es": "crecimiento"}, "measure": "revenue_growth", "between": between}
    return {"answer": {"quantities": {"gain": {**quantity, "at": at or {}}}, "says": says}}


SAYS = {
    "up": {"en": "It grows by {gain}.", "es": "Crece {gain}."},
    "down": {"en": "It loses {gain}.", "es": "Pierde {gain}."},
}

# ---------------------------------------------------------------- effects


@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(-5, 5))
def test_effects_are_exact_where_there_is_no_noise_but_common_luck(slope, extra, level):
    table = runs(lambda arm, x: level + slope * x + (extra * x if arm == "shared_okr" else 0.0), noise=0.0)
    single = effect(table, "revenue_growth", {"alignment.level": ["min", "max"]}, {"arm": "siloed"})
    assert single.difference == pytest.approx(slope, abs=1e-9)
    twice = {"arm": ["siloed", "shared_okr"], "alignment.level": ["min", "max"]}
    assert effect(table, "revenue_growth", twice).difference == pytest.approx(extra, abs=1e-9)
    turned = {"arm": ["shared_okr", "siloed"], "alignment.level": ["min", "max"]}
    assert effect(table, "revenue_growth", turned).difference == pytest.approx(-extra, abs=1e-9)


def test_a_replication_with_a_failed_run_is_left_out_of_its_cell():
    table = runs(lambda arm, x: x)
    table.loc[0, ["failed", "revenue_growth"]] = [True, np.nan]
    found = cells(table, "revenue_growth", ["arm"])
    assert np.isnan(found.loc[0, "siloed"])
    assert found.loc[0, "shared_okr"] == found.loc[0, "shared_okr"]
    assert effect(table, "revenue_growth", {"arm": ["siloed", "shared_okr"]}).n == REPLICATIONS - 1


def test_the_best_of_many_equals_does_not_flatter_itself():
    gains, told = [], 0
    for seed in range(60):
        table = runs(lambda arm, x: 0.0, points=tuple(np.arange(12.0)), arms=("siloed",), noise=0.02, seed=seed)
        found = effect(table, "revenue_growth", {"alignment.level": [0.0, "best"]})
        gains.append(found.difference)
        told += found.low > 0
    assert abs(np.mean(gains)) < 3 * np.std(gains) / np.sqrt(60)
    assert told <= 6  # of 60 at 2.5 %: more than 6 has a chance of 0.1 %


def test_a_real_peak_is_found():
    table = runs(lambda arm, x: -((x - 0.5) ** 2), points=(0.0, 0.25, 0.5, 0.75, 1.0))
    assert effect(table, "revenue_growth", {"alignment.level": ["min", "best"]}).low > 0.2
    assert effect(table, "revenue_growth", {"alignment.level": ["best", "max"]}).high < -0.2
    assert effect(table, "wasted_time_share", {"alignment.level": ["min", "best"]}).high < -0.2


@pytest.mark.parametrize(
    ("measure", "between", "said"),
    [
        ("revenue_grwth", {"arm": ["siloed", "shared_okr"]}, "Did you mean 'revenue_growth'"),
        ("revenue_growth", {"alignment.levl": ["min", "max"]}, "Did you mean 'alignment.level'"),
        ("revenue_growth", {"arm": ["siloed", "hybrid"]}, "arm='hybrid'"),
        ("revenue_growth", {"alignment.level": [0.0, 0.3]}, "0.3: not in this study"),
    ],
)
def test_what_a_study_does_not_have_is_named(measure, between, said):
    with pytest.raises(ParameterError, match=said.replace(".", r"\.")):
        effect(runs(lambda arm, x: 0.0), measure, between)


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("slope", "language", "said"),
    [
        (0.05, "en", "It grows by 4.9 to 5.1 pp."), (-0.05, "en", "It loses"), (0.0, "en", "cannot be told from zero"),
        (0.05, "es", "Crece"), (-0.05, "es", "Pierde"), (0.0, "es", "no se distingue de cero"),
    ],
)  # fmt: skip
def test_the_answer_follows_the_data(slope, language, said):
    spec = asks({"alignment.level": ["min", "max"]}, SAYS, {"arm": "siloed"})
    text = answer(named(runs(lambda arm, x: slope * x), spec, language)).text
    assert said.split("4.9")[0] in text.replace("\N{NO-BREAK SPACE}", " ")
    assert ".." not in text


def test_data_that_contradict_every_sentence_of_the_file_get_the_plain_truth():
    spec = asks({"alignment.level": ["min", "max"]}, {"up": SAYS["up"]}, {"arm": "siloed"})
    found = answer(named(runs(lambda arm, x: -0.05 * x), spec))
    assert found.claim == "(down)"
    assert found.text.startswith("Growth: less, by ")


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Growth: nothing changes."), ("es", "Crecimiento: nada cambia.")]
)
def test_an_effect_of_exactly_nothing_is_not_called_uncertain(language, said):
    spec = asks({"alignment.level": ["min", "max"]}, SAYS, {"arm": "siloed"})
    still = runs(lambda arm, x: 0.0).assign(revenue_growth=0.1)
    found = answer(named(still, spec, language))
    assert (found.claim, found.text) == ("(equal)", said)


def test_one_replication_supports_no_claim():
    spec = asks({"alignment.level": ["min", "max"]}, SAYS)
    table = runs(lambda arm, x: 0.5 * x)
    found = answer(named(table[table["replication"] == 0], spec))
    assert found.claim == "(unknown)"
    assert "nothing can be said" in found.text


def factorial(gains, noise=0.002):
    """Runs of two levers with given gains, and an interaction."""
    random = np.random.default_rng(3)
    rows = []
    for point, (pay, info) in enumerate([(p, i) for p in ("off", "on") for i in ("off", "on")]):
        for r in range(REPLICATIONS):
            growth = gains[0] * (pay == "on") + gains[1] * (info == "on") + gains[2] * (pay == info == "on")
            growth += 0.1 + noise * random.standard_normal()
            rows.append({"point": point, "arm": "siloed", "replication": r, "pay.plan": pay, "info.level": info,
                         "revenue_growth": growth})  # fmt: skip
    return pd.DataFrame(rows)


def test_shapley_shares_sum_to_the_gap_and_are_told_only_where_they_can():
    spec = {
        "design": {"factors": {"pay.plan": ["off", "on"], "info.level": ["off", "on"]}},
        "labels": {"pay.plan": "pay", "info.level": "information"},
        "answer": {"kind": "shapley", "measure": "revenue_growth", "what": "growth"},
    }
    found = answer(named(factorial((0.0, 0.04, 0.0)), spec))
    assert sum(found.details["shares"].values()) == pytest.approx(found.details["gap"], abs=1e-15)
    assert "information (adds" in found.text
    assert "pay (cannot be told from zero" in found.text
    shared = answer(named(factorial((0.0, 0.0, 0.04)), spec)).details["shares"]
    assert shared["pay.plan"] == pytest.approx(0.02, abs=0.002)
    assert shared["info.level"] == pytest.approx(0.02, abs=0.002)


# ---------------------------------------------------------------- sorting, regions, the simplex


def panel(causal=0.0, spread=0.1, count=60, luck=0.0) -> pd.DataFrame:
    """Firms with ordinary spread of growth, and an effect in each."""
    random = np.random.default_rng(5)
    own = spread * random.standard_normal(count)
    rows = []
    for point in range(count):
        for r in range(REPLICATIONS):
            base = own[point] + luck * random.standard_normal()
            for arm, gain in (("siloed", 0.0), ("information_only", causal)):
                near = own[point] + 0.01 * random.standard_normal()
                rows.append({"point": point, "arm": arm, "replication": r, "revenue_growth": base + gain,
                             "behaviour.x": near, "market.y": random.random()})  # fmt: skip
    return pd.DataFrame(rows)


def test_sorting_alone_makes_the_gap_that_the_normal_distribution_says():
    found = firms.sorting(panel(luck=0.1, count=400), "revenue_growth", "siloed", "information_only")
    assert found.gap.difference == pytest.approx(2.56 * found.spread, rel=0.06)
    assert found.causal.difference == 0.0
    assert found.spread == pytest.approx(np.hypot(0.1, 0.1), rel=0.1)


def test_the_causal_effect_is_the_one_in_the_same_firm():
    found = firms.sorting(panel(causal=0.01), "revenue_growth", "siloed", "information_only")
    assert found.causal.difference == pytest.approx(0.01, abs=1e-12)
    with pytest.raises(ParameterError, match="needs 10 firms"):
        firms.sorting(panel(count=8), "revenue_growth", "siloed", "information_only")


def test_every_firm_of_a_panel_has_luck_of_its_own():
    table = panel(spread=0.0, count=REPLICATIONS)
    table["revenue_growth"] = table["replication"].astype(float)
    first = firms.panels(table, "revenue_growth", "siloed").iloc[0]
    assert sorted(first) == list(range(REPLICATIONS))


def test_factors_that_decide_are_ranked_and_those_of_chance_left_out():
    found = regions.deciding(panel(luck=0.02), {"measure": "revenue_growth"}, "siloed")
    assert [each.factor for each in found] == ["behaviour.x"]
    assert found[0].low > 0.8


def test_the_best_split_comes_with_those_it_may_be():
    random = np.random.default_rng(1)
    luck = random.standard_normal((40, 1))
    clear = pd.DataFrame(luck + 0.1 * random.standard_normal((40, 3)) + [0.0, 1.0, 0.0], columns=["a", "b", "c"])
    assert candidates(clear, down=False) == ["b"]
    assert set(candidates(clear, down=True)) == {"a", "c"}


def test_an_effect_of_one_coordinate_says_what_pairing_brought_as_the_contrast_of_its_two_cells_does() -> None:
    random = np.random.default_rng(4)
    luck, own = random.standard_normal(40), random.standard_normal((2, 40))
    values = {0: 3 * luck + own[0], 1: 2 + 3 * luck + own[1]}
    rows = [
        {"point": p, "arm": "a", "replication": r, "failed": False, "x": p, "y": values[p][r]}
        for p in values
        for r in range(40)
    ]
    found = effect(pd.DataFrame(rows), "y", {"x": (0, 1)})
    expected = contrast(values[0], values[1])
    assert found.variance_reduction == pytest.approx(expected.variance_reduction)
    assert found.variance_reduction > 3
    assert found.difference == pytest.approx(expected.difference)
