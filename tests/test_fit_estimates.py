"""What data say, against textbook cases and known truth."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiments.fitting.cleaning import LOST, OPEN, WON
from experiments.fitting.estimate import wilson
from experiments.fitting.estimates import estimate
from experiments.fitting.export import Export
from experiments.fitting.forecast import wider
from experiments.fitting.levels import level
from experiments.fitting.matching import PAIRS
from experiments.fitting.months import months
from experiments.fitting.scaling import beyond, moved, organisation
from experiments.fitting.sellers import sellers, win_spread_of
from experiments.fitting.survival import cells, curve, lasting
from sim import load
from sim.parameters import declarations

# Remission of 21 leukaemia patients on 6-MP (Freireich et al. 1963): the textbook case, + censored.
WEEKS = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35], dtype=float)
RELAPSED = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], dtype=float)
SURVIVAL = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}  # as printed in textbooks


def at(one, day):
    return one.won[np.searchsorted(one.times, day, side="right") - 1]


def test_kaplan_meier_of_the_textbook():
    found = curve(cells(WEEKS, RELAPSED), horizon=35.0)
    for week, share in SURVIVAL.items():
        assert 1.0 - at(found, week) == pytest.approx(share, abs=5e-4)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=5, max_size=80).filter(
        lambda r: any(e for _, e in r)
    )
)
def test_one_event_is_as_in_another_library(rows):
    time, event = np.array([t for t, _ in rows], dtype=float), np.array([e for _, e in rows])
    ours = curve(cells(time, event.astype(float)), horizon=60.0)
    theirs = stats.ecdf(stats.CensoredData.right_censored(time, ~event)).cdf
    for day in np.unique(time[event]):
        assert at(ours, day) == pytest.approx(theirs.evaluate(day), abs=1e-9)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from([0, 1, 2])), min_size=5, max_size=80).filter(
        lambda r: any(e for _, e in r)
    )
)
def test_winning_and_losing_exclude_each_other(rows):
    time, status = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = curve(cells(time, status), horizon=60.0)
    assert (np.diff(found.won) >= -1e-12).all()
    assert (np.diff(found.lost) >= -1e-12).all()
    assert (found.won + found.lost <= 1 + 1e-9).all()
    if not (status == 0).any():  # nothing is censored: plain shares
        assert found.won[-1] == pytest.approx((status == 1).mean())


def test_censoring_is_respected_where_the_naive_share_is_wrong():
    """Wins take 20 days, losses 80, half of all deals win: among those closed so far many more have."""
    rng = np.random.default_rng(1)
    age = np.minimum(rng.exponential(70, 4000), 600)  # a growing firm: most deals are young
    wins = rng.random(4000) < 0.5
    lasts = np.where(wins, rng.exponential(20, 4000), rng.exponential(80, 4000))
    status = np.where(lasts <= age, np.where(wins, 1.0, 2.0), 0.0)
    naive = (status == 1).sum() / (status > 0).sum()
    found = lasting(cells(np.floor(np.minimum(lasts, age)), status))
    assert naive > 0.57
    assert found.win_rate.low <= 0.5 + 0.03
    assert abs(found.win_rate.value - 0.5) < 0.04


def test_late_entry_is_not_taken_for_survival():
    """Watched from day 30 on only: those who won before are not there to be seen."""
    rng = np.random.default_rng(2)
    won = rng.exponential(40, 20_000)
    entry = rng.choice([0.0, 30.0], 20_000)
    seen = won > entry
    time = np.floor(np.minimum(won, 120.0))[seen]
    status = (won[seen] <= 120).astype(float)
    found = curve(cells(time, status, entry[seen]), horizon=100.0)
    assert at(found, 40) == pytest.approx(1 - math.exp(-41 / 40), abs=0.015)


def test_intervals_of_win_rates_cover():
    """Stated error: 95 % intervals hold the truth in 88 to 99 of 100 repetitions."""
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(100):
        wins = rng.random(250) < 0.3
        lasts, age = rng.gamma(3, 15, 250), rng.uniform(0, 365, 250)
        status = np.where(lasts <= age, np.where(wins, 1.0, 2.0), 0.0)
        found = lasting(cells(np.floor(np.minimum(lasts, age)), status), resamples=100).win_rate
        inside += found.low <= 0.3 <= found.high
    print(f"win rate: 95 % intervals held the truth in {inside} of 100")
    assert 88 <= inside <= 99


def test_intervals_of_levels_cover():
    rng = np.random.default_rng(4)
    inside = 0
    for _ in range(300):
        found = level(rng.poisson(40, 18).astype(float), np.ones(18)).estimate()
        inside += found.low <= 40 <= found.high
    print(f"level: 95 % intervals held the truth in {inside} of 300")
    assert 274 <= inside <= 300


def test_a_level_that_jumped_forgets():
    counts = np.array([20.0] * 12 + [100.0] * 3)
    found = level(counts, np.ones(15))
    assert found.memory < 6
    assert found.estimate().value > 80
    assert level(np.full(15, 20.0), np.ones(15)).memory > 10


def test_what_is_foretold_is_as_wide_as_months_differ():
    """Stated error: 80 and 95 % intervals of the next month hold what came in 72 to 88 and 90 to 99 of 100 series.

    Each month of a series has a rate of its own, a fifth more or less than usual: more than chance explains.
    """
    rng = np.random.default_rng(8)
    inside, chance, wide = {0.8: 0, 0.95: 0}, 0, []
    for _ in range(200):
        rates = 80.0 * rng.gamma(25.0, 1.0 / 25.0, 25)
        counts = rng.poisson(rates).astype(float)
        known = level(counts[:24], np.ones(24))
        drawn = rng.poisson(known.draws(1))[None, :].astype(float)
        told = wider(drawn, known)[0]
        for share in inside:
            low, high = np.quantile(told, [(1 - share) / 2, (1 + share) / 2])
            inside[share] += low <= counts[24] <= high
        low, high = np.quantile(drawn, [0.025, 0.975])
        chance += low <= counts[24] <= high
        wide.append(level(rng.poisson(np.full(24, 80.0)).astype(float), np.ones(24)).dispersion)
    print(f"next month: {inside} of 200; without what months differ by: {chance} of 200 in 95 %")
    assert 144 <= inside[0.8] <= 176
    assert 180 <= inside[0.95] <= 198
    assert np.mean(wide) < 1.15  # where months differ by chance only, next to nothing is added


def test_who_was_at_work_when_the_last_deal_came_in():
    """Deals go on being closed for months after the last one was entered: nobody has left for that."""
    rng = np.random.default_rng(9)
    created = np.sort(rng.integers(0, 400, 2_000)).astype(float)
    closed = created + rng.integers(5, 120, 2_000)
    outcome = np.where(rng.random(2_000) < 0.3, WON, LOST)
    frame = pd.DataFrame({"created": created, "closed": closed, "outcome": outcome, "amount": 1_000.0, "source": -1})
    frame["owner"] = np.arange(2_000) % 12
    found = estimate(Export(None, frame, "lead", "deal", closed.max(), created.max(), created.max(), False, False))
    assert found.sellers.active.value == 12
    assert found.wins.usual.value == pytest.approx(0.3 * 2_000 / 400 * 30.4, rel=0.2)


def test_spread_of_sellers_is_found_and_none_is_not_invented():
    rng = np.random.default_rng(5)
    inside, none = 0, 0
    for _ in range(30):
        for spread in (0.0, 0.6):
            p = 1 / (1 + np.exp(1.0 - spread * rng.standard_normal(25)))
            found = win_spread_of(rng.binomial(60, p).astype(float), np.full(25, 60.0))
            inside += spread == 0.6 and found.low <= 0.6 <= found.high
            none += spread == 0.0 and found.low == 0.0
    print(f"spread of sellers: held .6 in {inside} of 30, held none in {none} of 30")
    assert inside >= 25
    assert none >= 26


def test_a_seller_who_carries_nothing_has_left():
    """Five at work with four open deals each; a sixth handed all over, and one deal ended in that name last week."""
    rows = [(owner, 10.0 * k, 10.0 * k + 30, WON if k % 2 else LOST) for owner in range(5) for k in range(36)]
    rows += [(owner, 390.0, np.nan, OPEN) for owner in range(5) for _ in range(4)]
    rows += [(5, 10.0 * k, 10.0 * k + 63, LOST) for k in range(34)]
    deals = pd.DataFrame(rows, columns=["owner", "created", "closed", "outcome"]).assign(amount=np.nan, source=-1)
    found = sellers(deals, deals, 400.0)
    assert (found.seen, found.active.low) == (6, 5.0)


@given(st.integers(0, 200), st.integers(1, 200))
def test_wilson_is_as_in_scipy(hits, n):
    hits = min(hits, n)
    found, known = wilson(hits, n), stats.binomtest(hits, n).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=1e-6)


def test_days_fall_into_their_calendar_months():
    span = months(float(np.datetime64("2024-01-15").astype(int)), float(np.datetime64("2024-03-10").astype(int)))
    assert span.names == ["2024-01", "2024-02", "2024-03"]
    days = np.array(["2024-01-31", "2024-02-01", "2024-02-29", "2024-03-01", "2023-12-31"], dtype="datetime64[D]")
    assert list(span.counts(days.astype(float))) == [1, 2, 1]
    assert span.exposure[1] == pytest.approx(29 * 12 / 365.25)


# ---------------------------------------------------------------- the organisation of a point

POINT = st.fixed_dictionaries(
    {pair.x: st.floats(pair.low, pair.high) for pair in PAIRS},
)


@given(st.sampled_from(["smb", "mid_market", "enterprise"]), st.integers(1, 400), POINT)
def test_every_point_of_the_search_is_an_organisation(base, sellers, x):
    profile = load(base)
    found = organisation(profile, sellers, x)  # refuses what is out of bounds
    assert found.people.sellers == sellers
    held = beyond(profile, sellers, x)
    for key, value in moved(profile, sellers, x).items():
        if key in held:
            assert value in (declarations()[key].low, declarations()[key].high)


def test_the_middle_of_the_search_is_the_base():
    profile = load("smb")
    found = organisation(profile, profile.people.sellers, {})
    assert (found.market, found.people, found.workload) == (profile.market, profile.people, profile.workload)
    assert beyond(profile, profile.people.sellers, {}) == {}
