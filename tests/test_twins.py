"""The twin ledger: twins share their luck, their diaries agree with the runs, and a rule picks whose story is told."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from experiments import twins
from experiments.twins import ENDINGS, IGNORED, KEPT, LOST, WON, diary, endings_of, ledger, typical
from sim import state as S
from sim.parameters import ParameterError
from tests.worlds import BUSY, TINY

TWO_MONTHS = {**TINY, **BUSY, "horizon.months": 3, "horizon.burn_in_months": 1}
ROW = twins._PAIRED


@pytest.fixture(scope="module")
def regimes():
    return [sim.load("mid_market", arm=arm, overrides=TWO_MONTHS) for arm in ("siloed", "shared_okr")]


@pytest.fixture(scope="module")
def found(regimes):
    return ledger([regimes[0]] * 6, [regimes[1]] * 6, range(1, 7))


def leads(params, seed):
    world = sim.simulate(params, seed).world
    return np.asarray(world.leads[: int(world.org[0]["leads"])])


def test_a_regime_against_itself_changes_nobodys_fate(regimes):
    same = ledger([regimes[0]], [regimes[0]], [3])
    assert same.twin is None
    assert (same.gained, same.forgone, same.won_alone_before, same.won_alone_after) == (0, 0, 0, 0)
    assert same.both > 50
    assert all(len(set(pair.split(" > "))) == 1 for pair in same.endings)
    assert sum(same.endings.values()) == same.decided <= same.both


def test_twins_are_the_same_buyer_in_both_regimes(regimes):
    one, other = (leads(params, 5) for params in regimes)
    _, left, right = np.intersect1d(one["key"], other["key"], return_indices=True)
    captured = one["key"][left] < twins.FIRST_FOUND
    assert captured.sum() > 50
    for name in ("fit", "acv", "cycle", "born"):
        assert np.array_equal(one[name][left][captured], other[name][right][captured]), name
    assert not np.array_equal(one["stage"][left], other["stage"][right])


def test_counts_of_the_ledger_agree_with_its_endings(found):
    pairs = {tuple(pair.split(" > ")): n for pair, n in found.endings.items()}
    assert found.gained == sum(n for (one, other), n in pairs.items() if one != "won" and other == "won")
    assert found.forgone == sum(n for (one, other), n in pairs.items() if one == "won" and other != "won")
    assert found.runs == 6
    assert found.gained + found.forgone > 0
    twin = found.twin
    assert twin.alike == pairs[twin.before_ending, twin.after_ending]
    assert found.as_dict()["twin"]["lead"] == twin.lead


def test_the_twin_is_of_the_more_frequent_direction_and_both_diaries_end_as_the_ledger_says(found):
    twin = found.twin
    assert (twin.after_ending == "won") == (found.gained >= found.forgone)
    for moments, ending in ((twin.before, twin.before_ending), (twin.after, twin.after_ending)):
        kinds = [moment.kind for moment in moments]
        assert kinds[0] == "captured"
        assert [kind for kind in kinds if kind in ENDINGS] == [ending]
        assert [m.day for m in moments] == sorted(m.day for m in moments)
        assert all(m.until >= m.day for m in moments)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**40), place=st.integers(0, 10**6), which=st.integers(0, 1))
def test_a_diary_tells_what_the_record_holds_at_the_end(regimes, seed, place, which):
    params = regimes[which]
    run = leads(params, seed)
    run = run[(run["key"] < twins.FIRST_FOUND) & (run["born"] >= S.MONTH)]
    lead = run[place % len(run)]
    moments = diary(params, seed, int(lead["key"]))

    def times(kind):
        return sum(moment.values["times"] for moment in moments if moment.kind == kind)

    assert times("touched") == lead["touches"]
    assert times("attempted") == lead["attempts"]
    assert sum(moment.kind == "handed_over" for moment in moments) == (lead["handover"] > 0)
    last = ENDINGS[int(endings_of(lead.reshape(1))[0])]
    assert [m.kind for m in moments if m.kind in ENDINGS] == ([] if last == "open" else [last])


def test_pay_in_the_diaries_of_all_leads_adds_up_to_what_marketers_were_paid():
    """Silo marketers are paid a plain rate for leads and MQLs, so nothing may be missing or counted twice."""
    params = sim.load("mid_market", overrides={**TINY, **BUSY, "horizon.months": 1, "horizon.burn_in_months": 0})
    result = sim.simulate(params, 4)
    run = leads(params, 4)
    total = sum(
        moment.pay.get("marketer", 0.0)
        for key in run["key"][run["key"] < twins.FIRST_FOUND]
        for moment in diary(params, 4, int(key))
    )
    paid = float(result.world.months["pay_marketer"].sum())
    assert total == pytest.approx(paid, rel=1e-12)
    assert total > 0


def rows(*found):
    table = np.zeros(len(found), ROW)
    for place, (acv, before, after) in enumerate(found):
        table[place] = 0, place, acv, before, after
    return table


def test_the_rule_takes_the_frequent_direction_the_frequent_ending_and_the_median_contract():
    gains = [(acv, IGNORED, WON) for acv in (10.0, 90.0, 20.0, 30.0)]
    rarer = [(acv, LOST, WON) for acv in (1.0, 2.0)]
    table = rows((500.0, WON, KEPT), *rarer, *gains, (7.0, KEPT, KEPT))
    assert table[typical(table)]["acv"] == 20.0
    losses = rows(*((acv, WON, KEPT) for acv in range(7)), *gains)
    assert losses[typical(losses)]["acv"] == 3.0
    assert typical(rows((1.0, KEPT, KEPT), (2.0, LOST, IGNORED))) is None


@given(st.lists(st.tuples(st.floats(1, 1e6), st.sampled_from([WON, LOST, KEPT]), st.sampled_from([WON, LOST, KEPT]))))
def test_the_rule_never_takes_the_best_and_does_not_depend_on_the_order(found):
    table = rows(*found)
    place = typical(table)
    other = typical(table[::-1])
    differ = (table["before"] == WON) != (table["after"] == WON)
    assert (place is None) == (not differ.any())
    if place is None:
        return
    assert table[place] == table[::-1][other]
    alike = table[(table["before"] == table[place]["before"]) & (table["after"] == table[place]["after"])]
    assert (alike["acv"] <= table[place]["acv"]).sum() >= len(alike) / 2
    assert (alike["acv"] >= table[place]["acv"]).sum() >= len(alike) / 2


def test_wrong_pairs_are_refused_in_a_line(regimes):
    with pytest.raises(ParameterError, match="2 given for 1 and 1"):
        ledger(regimes[:1], regimes[1:], [1, 2])
    longer = dataclasses.replace(regimes[1], horizon=dataclasses.replace(regimes[1].horizon, months=4))
    with pytest.raises(ParameterError, match="same, so that leads have as long"):
        ledger(regimes[:1], [longer], [1])
    assert diary(regimes[0], 1, (40 << 20) + 999_999) == ()
