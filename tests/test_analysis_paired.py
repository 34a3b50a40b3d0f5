"""Intervals and paired contrasts: known answers, coverage, symmetry, and what is missing."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis import contrast, interval, summarise
from analysis.paired import share_of
from analysis.summary import paired_differences
from experiments.tables import write_json

values = st.floats(-1e6, 1e6, allow_subnormal=False)
pairs = st.lists(st.tuples(values, values), min_size=2, max_size=30)


@pytest.fixture
def two():
    random = np.random.default_rng(3)
    before = random.normal(10, 2, 25)
    return before, before + random.normal(0.4, 0.7, 25)


def test_interval_is_the_t_interval(two):
    found = interval(two[0])
    low, high = stats.t.interval(0.95, 24, loc=np.mean(two[0]), scale=stats.sem(two[0]))
    assert (found.n, found.mean, found.sd) == (
        25,
        pytest.approx(np.mean(two[0])),
        pytest.approx(np.std(two[0], ddof=1)),
    )
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_contrast_agrees_with_the_paired_t_test(two):
    found = contrast(*two)
    test = stats.ttest_rel(two[1], two[0])
    bounds = test.confidence_interval(0.95)
    assert (found.low, found.high) == (pytest.approx(bounds.low), pytest.approx(bounds.high))
    one_sided = stats.ttest_rel(two[1], two[0], alternative="greater").pvalue
    assert found.probability_positive == pytest.approx(1 - one_sided)


def test_variance_reduction_is_the_ratio_of_the_variances_of_the_difference(two):
    unpaired = np.var(two[0], ddof=1) + np.var(two[1], ddof=1)
    assert contrast(*two).variance_reduction == pytest.approx(unpaired / np.var(two[1] - two[0], ddof=1))


@pytest.mark.statistical
def test_intervals_cover_the_truth_nineteen_times_of_twenty():
    # 4,000 studies of 12 pairs; a right method leaves [0.938, 0.962] once in about 3,000 seeds.
    random = np.random.default_rng(11)
    shared = random.normal(0, 3, (4000, 12))
    before, after = (shared + random.normal(0, 1, shared.shape) for _ in range(2))
    found = [contrast(left, right + 0.5) for left, right in zip(before, after, strict=True)]
    covered = np.mean([one.low <= 0.5 <= one.high for one in found])
    assert 0.938 <= covered <= 0.962
    # And the probability of a positive difference is calibrated where nothing differs.
    null = [contrast(left, right).probability_positive for left, right in zip(before, after, strict=True)]
    assert stats.kstest(null, "uniform").pvalue > 1e-3


@given(pairs)
def test_swapping_the_arms_turns_the_contrast_round(rows):
    before, after = zip(*rows, strict=True)
    one, other = contrast(before, after), contrast(after, before)
    assert (one.difference, one.low, one.high) == (-other.difference, -other.high, -other.low)
    assert one.probability_positive == pytest.approx(1 - other.probability_positive, abs=1e-12)
    assert one.n == other.n
    np.testing.assert_equal(one.variance_reduction, other.variance_reduction)


@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_the_runs_does_not_change_a_bit(rows, random):
    shuffled = random.sample(rows, len(rows))
    assert repr(contrast(*zip(*rows, strict=True))) == repr(contrast(*zip(*shuffled, strict=True)))
    assert repr(interval([a for a, _ in rows])) == repr(interval([a for a, _ in shuffled]))


@given(pairs)
def test_a_contrast_stays_within_its_pairs(rows):
    before, after = zip(*rows, strict=True)
    found = contrast(before, after)
    differences = np.subtract(after, before)
    slack = 1e-9 * (1 + np.abs(differences).max())
    assert differences.min() - slack <= found.difference <= differences.max() + slack
    assert found.low <= found.difference <= found.high


def test_one_pair_has_a_difference_and_no_interval():
    found = contrast([1.0], [3.0])
    assert (found.difference, found.n) == (2.0, 1)
    assert all(map(math.isnan, (found.low, found.high, found.probability_positive, found.variance_reduction)))
    assert math.isnan(contrast([], []).difference)
    assert interval([]).n == 0


def test_equal_differences_are_certain_and_equal_arms_are_undecided():
    found = contrast([1.0, 2.0, 4.0], [1.5, 2.5, 4.5])
    assert (found.low, found.high, found.probability_positive) == (0.5, 0.5, 1.0)
    assert found.variance_reduction == math.inf
    same = contrast([0.1, 0.1, 0.1], [0.1, 0.1, 0.1])
    assert (same.difference, same.low, same.high, same.probability_positive) == (0.0, 0.0, 0.0, 0.5)
    assert math.isnan(same.variance_reduction)


def test_pairs_with_a_missing_side_are_left_out_and_counted():
    found = contrast([1.0, math.nan, 3.0, 4.0, 7.0], [2.0, 5.0, math.inf, 5.5, 7.7])
    assert (found.n, found.left_out) == (3, 2)
    assert found.difference == pytest.approx((1 + 1.5 + 0.7) / 3)


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="equal lengths"):
        contrast([1.0, 2.0], [1.0])


def test_a_constant_part_is_its_share_exactly():
    whole = np.array([1.0, 2.0, 4.0, 3.0, 2.5])
    for c in (0.25, -0.5, 1.5, 0.0):
        found = share_of(c * whole, whole)
        assert found.share == pytest.approx(c, abs=1e-12)
        assert (found.low, found.high) == pytest.approx((c, c), abs=1e-6)  # the root of a rounding error
        assert found.n == 5
    rest = share_of(np.array([0.2, 0.9, 1.1, 0.4, 0.7]), whole)
    other = share_of(whole - np.array([0.2, 0.9, 1.1, 0.4, 0.7]), whole)
    assert rest.share + other.share == pytest.approx(1.0)
    assert rest.low + other.high == pytest.approx(1.0)
    assert rest.low < rest.share < rest.high


def test_no_share_of_a_gap_that_may_be_nothing():
    found = share_of([1.0, 2.0, 3.0], [1.0, -2.0, 1.5])
    assert math.isnan(found.share)
    assert (found.n, share_of([1.0], [2.0]).n) == (3, 1)
    assert math.isnan(share_of([1.0], [2.0]).share)
    assert share_of([1.0, math.nan, 3.0], [2.0, 1.0, 5.0]).n == 2


def test_the_interval_of_a_share_covers_it():
    """4,000 studies of 20 pairs: 95 % cover. Three standard errors are .0103; a right interval fails once in 370."""
    random = np.random.default_rng(11)
    part = random.normal(-0.3, 0.5, (4000, 20))
    whole = part + random.normal(1.3, 1.0, (4000, 20))
    found = [share_of(p, w) for p, w in zip(part, whole, strict=True)]
    told = [share for share in found if not math.isnan(share.share)]
    covers = sum(share.low <= -0.3 <= share.high for share in told) + len(found) - len(told)  # any value goes
    assert covers / len(found) == pytest.approx(0.95, abs=0.0103)


def test_summary_says_what_expansion_makes_of_the_gap():
    new, more, lost = [1.0, 2.0, 4.0, 2.0, 3.1, 5.3], [1.0] * 3 + [0.5, 0.6, 0.4], [1.0, 1.0, 2.0, 0.9, 1.0, 1.8]
    found = summarise(frame(new_arr=new, expansion_arr=more, churned_arr=lost), "compare", "siloed")
    share = found["expansion_share_of_gap"]["shared_okr"]
    assert share["share"] == pytest.approx((-0.5 - 0.4 - 0.6) / (0.6 + 0.7 + 0.9))
    assert share["low"] < share["share"] < share["high"] < 0.0
    assert summarise(frame(new_arr=new), "compare", "siloed")["expansion_share_of_gap"] == {}


def frame(**columns):
    arms = np.repeat(["siloed", "shared_okr"], 3)
    keys = {"point": 0, "arm": arms, "replication": [0, 1, 2] * 2, "seed": 5, "failed": False, "error": None}
    return pd.DataFrame({**keys, **columns})


def test_summary_pairs_by_replication_not_by_order():
    runs = frame(growth=[1.0, 2.0, 4.0, 1.5, 2.4, 4.9])
    shuffled = runs.sample(frac=1.0, random_state=4)
    assert summarise(runs, "compare", "siloed")["contrasts"] == summarise(shuffled, "compare", "siloed")["contrasts"]
    (found,) = summarise(runs, "compare", "siloed")["contrasts"]
    assert found["difference"] == pytest.approx((0.5 + 0.4 + 0.9) / 3)
    assert set(found) == {
        "measure", "arm", "baseline", "difference", "low", "high", "probability_positive", "variance_reduction", "n",
    }  # fmt: skip


def test_summary_leaves_out_keys_factors_and_words():
    runs = frame(growth=np.arange(6.0), word="x", **{"alignment.level": 0.5})
    assert list(summarise(runs, "s", "siloed")["arms"]["siloed"]) == ["growth"]


def test_failed_runs_and_their_pairs_do_not_count(tmp_path):
    runs = frame(growth=[1.0, 2.0, 4.0, 1.5, 99.0, 4.9])
    runs.loc[4, "failed"] = True
    found = summarise(runs, "compare", "siloed")
    assert found["arms"]["shared_okr"]["growth"]["n"] == 2
    assert found["contrasts"][0]["n"] == 2
    assert found["contrasts"][0]["difference"] == pytest.approx(0.7)
    assert paired_differences(runs, "siloed", "shared_okr")["growth"].isna().sum() == 1


def test_summary_file_is_plain_json(tmp_path):
    runs = frame(growth=[1.0, math.nan, math.nan, 1.5, 2.0, 3.0], same=1.0)
    path = tmp_path / "summary.json"
    write_json(path, summarise(runs, "compare", "siloed"))
    loaded = json.loads(path.read_text(), parse_constant=lambda word: pytest.fail(f"{word} in summary.json"))
    assert loaded["arms"]["siloed"]["growth"]["low"] is None
    assert loaded["contrasts"][0]["low"] is None


def test_summary_refuses_what_cannot_be_paired():
    with pytest.raises(ValueError, match="not among the arms"):
        summarise(frame(growth=1.0), "compare", "nobody")
    with pytest.raises(ValueError, match="same replication twice"):
        summarise(pd.concat([frame(growth=1.0)] * 2), "compare", "siloed")
