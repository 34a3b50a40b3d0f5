"""The facts whose collection would narrow the answer most: against a model whose sensitivity is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr

from analysis.money import drivers, words
from analysis.money.words import plain
from experiments.inaction.draws import COST
from sim.parameters import declared

WEIGHTS = (5.0, -4.0, 3.0, 2.0, 1.5)  # of the variables that matter


def label(key: str) -> tuple[Mapping[str, str], str]:
    return {"en": key, "es": key}, ""


def table(n: int, columns: int, seed: int) -> pd.DataFrame:
    values = np.random.default_rng(seed).random((n, columns))
    return pd.DataFrame(values, columns=[f"x{i:03d}" for i in range(columns)])


def swings(frame: pd.DataFrame, luck: float, seed: int) -> tuple[drivers.Swing, ...]:
    noise = np.random.default_rng(seed).normal(0.0, luck, len(frame))
    values = sum(w * frame[f"x{i:03d}"].to_numpy() for i, w in enumerate(WEIGHTS)) + noise
    return drivers.swings(frame, values, label, {}, {})


def test_shares_are_first_order_sensitivity_indices() -> None:
    """Of a sum of independent parts, each explains its own share of the variance (Sobol')."""
    luck = 0.5
    variances = [w * w / 12.0 for w in WEIGHTS]
    total = sum(variances) + luck * luck
    found = swings(table(20_000, 8, 1), luck, 2)
    assert [swing.key for swing in found[: len(WEIGHTS)]] == [f"x{i:03d}" for i in range(len(WEIGHTS))]
    for swing, variance in zip(found, variances, strict=False):
        assert swing.variance_share == pytest.approx(variance / total, abs=0.03)
    assert all(swing.variance_share < 0.001 for swing in found[len(WEIGHTS) :])


def test_the_largest_are_found_among_a_hundred_with_the_draws_of_a_default_study() -> None:
    """80 draws and 100 variables: the two that matter most are among the five of every study."""
    listed = [{bar.key for bar in swings(table(80, 100, seed), 0.5, seed + 99)[: drivers.FACTS]} for seed in range(20)]
    assert all({"x000", "x001"} <= five for five in listed)


def test_facts_are_the_first_five_that_explain_anything() -> None:
    bars = tuple(replace(bar, key="market.acv") for bar in swings(table(500, 30, 4), 0.5, 5))
    assert [fact.variance_share for fact in drivers.to_collect(bars)] == [bar.variance_share for bar in bars[:5]]
    nothing = tuple(replace(bar, variance_share=0.0) for bar in bars)
    assert drivers.to_collect(nothing) == ()


def test_swings_and_losing_regions_have_plain_names_and_units() -> None:
    named, unit = plain("behaviour.pushing_cost")
    assert named == {"en": "reluctance to pass on bad leads", "es": "reparo en pasar malos leads"}
    assert unit == "MQL payments"
    assert plain(COST) == words.label(COST)
    bound = np.linspace(2.0, 40.0, 300)
    frame = pd.DataFrame({"behaviour.pushing_cost": bound, COST: np.random.default_rng(2).random(300)})
    found = drivers.losing(frame, 10.0 - bound, plain, 1)
    assert "Reluctance to pass on bad leads: at least".lower() in found.regions[0].text["en"].lower()
    assert "times the pay for an MQL" in found.regions[0].text["en"]
    assert "reparo en pasar malos leads: como mínimo" in found.regions[0].text["es"]


def test_what_chance_alone_shows_is_called_so_at_the_rate_stated() -> None:
    """80 draws, 100 variables, none matters: the strongest passes 5 % in about 5 % of studies.

    Of 1,000 studies, 50 are expected; the bounds are left by chance less than once in 10,000.
    """
    random = np.random.default_rng(11)
    passed = 0
    for _ in range(1000):
        ranks = random.permuted(np.tile(np.arange(80.0), (101, 1)), axis=1)
        ranks -= ranks.mean(axis=1, keepdims=True)
        strongest = np.abs(ranks[1:] @ ranks[0]).max() / (ranks[0] @ ranks[0])
        passed += drivers.chance_of(float(strongest), 80, 100) <= 0.05
    assert 25 <= passed <= 80


def test_one_variable_is_judged_like_any_correlation() -> None:
    x, y = np.random.default_rng(3).normal(size=(2, 30))
    r, p = pearsonr(x, y)
    assert drivers.chance_of(float(r), 30, 1) == pytest.approx(float(p), rel=1e-9)
    assert drivers.chance_of(1.0, 30, 150) == pytest.approx(0.0, abs=1e-12)
    assert drivers.chance_of(0.5, 2, 150) == 1.0


def test_nothing_is_listed_where_nothing_varies() -> None:
    frame = table(80, 5, 3)
    assert drivers.swings(frame, np.zeros(80), label, {}, {}) == ()


def test_every_variable_that_is_drawn_has_words_on_how_to_find_out() -> None:
    from analysis.money.words import how

    assert drivers.FACTS == 5
    for key in (COST, *(f"{theme}.{name}" for theme, name, d, _ in declared() if d.prior)):
        assert set(how(key)) == {"en", "es"}
