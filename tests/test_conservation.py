"""What must add up, every day: leads, lines, ARR, hours, and nothing negative."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import state as S
from sim.compiled import INTERPRETED
from sim.engine import advance, days_of, months_of, simulate, start_measuring
from sim.model import GTMModel
from sim.parameters import Event, Params
from sim.rules.lists import accounts_of, arrivals_of, deals_of, dispositions_of, inbox_of, pool_of, queue_of
from sim.rules.workload import seconds
from sim.state import World
from sim.world import build
from tests.worlds import FEW, busy, parameters

pytestmark = pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")
SEEDS = st.integers(0, 2**63 - 1)


def every_day(params: Params, seed: int) -> Iterator[World]:
    """The same world after each day."""
    world = build(params, seed, months_of(params))
    yield world
    for day in range(days_of(params)):
        advance(world, day + 1)
        if day + 1 == params.horizon.burn_in_months * S.MONTH:
            start_measuring(world)
        yield world


def leads(world: World) -> np.ndarray:
    return np.asarray(world.leads[: int(world.org["leads"][0])])


def customers(world: World) -> np.ndarray:
    return np.asarray(world.customers[: int(world.org["customers"][0])])


# ---------------------------------------------------------------- leads and lines


def walk(records: np.ndarray, line: np.void) -> list[int]:
    """Indices in a line, by both directions; refuses cycles, wrong ends and wrong counts."""
    found: list[int] = []
    index, before = int(line["head"]), -1
    while index >= 0:
        assert len(found) < len(records), "a cycle"
        assert records[index]["previous"] == before
        found.append(index)
        before, index = index, int(records[index]["next"])
    assert line["tail"] == before
    assert line["count"] == len(found)
    return found


def check_lines(world: World) -> None:
    """Every lead and customer stands where its stage says, once."""
    org, records, clients = world.org[0], leads(world), customers(world)
    place: dict[int, tuple[str, int]] = {}
    lines = np.asarray(world.lists)

    def stand(name: str, owner: int, line: int) -> None:
        for index in walk(records, lines[line]):
            assert index not in place, f"lead {index} stands in {place[index]} and in {name} {owner}"
            place[index] = (name, owner)

    for i in range(int(org["marketers"])):
        stand("queue", i, queue_of(i))
        stand("pool", i, pool_of(i))
    for j in range(int(org["sellers"])):
        stand("inbox", j, inbox_of(org, j))
        stand("deals", j, deals_of(org, j))
    stand("dispositions", 0, dispositions_of(org))
    for index, lead in enumerate(records):
        where, stage = place.get(index), S.STAGE_NAMES[lead["stage"]]
        if stage == "prospect":
            assert where in {("queue", lead["marketer"]), ("pool", lead["marketer"])}
        elif stage == "mql":
            assert where == ("inbox", lead["seller"])
        elif stage in {"accepted", "opportunity"}:
            assert where == ("deals", lead["seller"])
        else:
            assert where in {None, ("dispositions", 0)}, f"a lead that is {stage} stands in {where}"
        if where is None:
            assert lead["next"] == lead["previous"] == -1

    cared: dict[int, int] = {}
    for i in range(int(org["managers"])):
        for line in (arrivals_of(org, i), accounts_of(org, i)):
            for index in walk(clients, lines[line]):
                assert index not in cared
                cared[index] = i
        assert world.managers[i]["accounts"] == np.count_nonzero((clients["manager"] == i) & (clients["left"] < 0))
    for index, client in enumerate(clients):
        if client["left"] < 0 and org["managers"]:
            assert cared[index] == client["manager"]


def check_leads(world: World) -> None:
    """Leads in = leads by stage = what the months counted."""
    records, month = leads(world), {n: float(np.asarray(world.months[n]).sum()) for n in S.MONTH_NAMES}
    stages = np.bincount(records["stage"], minlength=S.N_STAGES)
    assert stages.sum() == len(records) == month["leads"] + month["finds"]
    assert len(set(records["key"].tolist())) == len(records), "keys are unique"
    marketing = records[records["source"] == S.FROM_MARKETING]
    assert len(marketing) == month["leads"]
    assert np.count_nonzero(marketing["handover"] > 0) == month["mqls"]
    assert np.count_nonzero(marketing["marks"] & S.AGREED) == month["agreed"]
    assert month["agreed"] <= month["qualified"] <= month["leads"]
    assert month["mqls"] <= month["qualified"]
    assert np.count_nonzero(records["stage"] == S.WON) == month["wins"]
    assert np.count_nonzero(records["stage"] == S.EXPIRED) == month["expired"]
    assert np.count_nonzero(records["opened"] > 0) == month["opportunities"]
    assert np.count_nonzero(marketing["attempts"] > 0) == month["pursued"]
    open_deals = np.count_nonzero(records["stage"] == S.OPPORTUNITY)
    assert month["opportunities"] == month["decided"] + open_deals
    assert month["wins"] <= month["decided"] <= month["opportunities"] <= month["accepted"]
    assert month["accepted_marketing"] <= month["reached"] <= month["pursued"] <= month["mqls"] <= month["leads"]


# ---------------------------------------------------------------- money


def check_arr(world: World, params: Params) -> None:
    """The ledger closes, and the organisation's ARR is that of its customers."""
    org, clients, month = world.org[0], customers(world), np.asarray(world.months)
    total = float(clients["arr"].sum())
    scale = max(params.customers.opening_arr + float(month["new_arr"].sum()), 1.0)
    assert abs(float(org["arr"]) - total) <= 1e-6 * scale
    change = month["new_arr"] + month["expansion_arr"] - month["churned_arr"]
    assert abs(params.customers.opening_arr + float(change.sum()) - total) <= 1e-6 * scale
    living = clients["left"] < 0
    assert org["living"] == np.count_nonzero(living)
    assert np.all(clients["arr"][~living] == 0)
    assert np.all(clients["arr"][living] > 0)
    if len(month) and org["day"] > 0:
        now = month[(int(org["day"]) - 1) // S.MONTH]
        assert now["arr"] == org["arr"]
        assert now["customers"] == org["living"]
        ledger = now["opening_arr"] + now["new_arr"] + now["expansion_arr"] - now["churned_arr"]
        assert abs(ledger - now["arr"]) <= 1e-6 * scale


def check_pay(world: World) -> None:
    """Nobody pays to work, and claw-backs wait until there is something to take them from."""
    assert np.all(np.asarray(world.pay) >= 0)
    for name in S.ROLE_NAMES:
        assert np.all(world.months[f"pay_{name}"] >= 0)


def _heads(world: World) -> list[int]:
    org = world.org[0]
    return [
        int(org["marketers"]),
        int(org["developers"]),
        int(org["sellers"] - org["developers"]),
        int(org["managers"]),
    ]


# ---------------------------------------------------------------- hours


def check_hours(world: World, params: Params) -> None:
    """To the second: every paid second of every role is in exactly one class; what is owed is owed by somebody."""
    days = int(world.org["day"][0])
    paid = seconds(params.workload.day_hours) * days
    by_role = np.asarray(world.hours).sum(axis=(0, 2))
    assert by_role.tolist() == [n * paid for n in _heads(world)]
    over_the_run = np.asarray(world.hours).sum(axis=0) + _owed_by_role(world)
    assert np.all(over_the_run >= 0), "more moved to 'unpursued' than was ever begun"
    assert np.all(np.asarray(world.owed) >= 0)
    debts = [int(p["debt"]) for kind in ("marketers", "sellers", "managers") for p in getattr(world, kind)]
    assert np.asarray(world.owed).sum(axis=1).tolist() == debts
    for kind in ("marketers", "sellers", "managers"):
        assert np.all(getattr(world, kind)["left"] == 0), "evening: nothing is left of the day"


def _owed_by_role(world: World) -> np.ndarray:
    ends = np.cumsum([0, *_heads(world)])
    owed = np.asarray(world.owed)
    return np.array([owed[a:b].sum(axis=0) for a, b in itertools.pairwise(ends)])


# ---------------------------------------------------------------- stocks


def check_stocks(world: World) -> None:
    """Nothing negative, nothing that is no number."""
    for name, array in S.digest_parts(world):
        for field in array.dtype.names or (None,):
            values = array[field] if field else array
            if values.dtype.kind == "f":
                assert np.all(np.isfinite(values)), f"{name}.{field}"
    sellers = world.sellers
    assert np.all((sellers["territory"] >= 0) & (sellers["territory"] <= 1))
    assert np.all((sellers["trust"] >= 0) & (sellers["trust"] <= 1))
    assert np.all(sellers["quota"] >= 0)
    assert np.all(customers(world)["demand"] >= 0)
    records = leads(world)
    for field in ("fit", "intent", "score"):
        assert np.all((records[field] >= 0) & (records[field] <= 1)), field
    assert np.all(records["inflation"] >= 0)
    org = world.org[0]
    for field in ("generation", "brand", "low_bar", "bar", "bar_agreed", "mql_month", "pursued_month"):
        assert org[field] >= 0, field
    assert org["arr"] > -1e-3
    for kind in ("marketers", "sellers", "managers"):
        effort = getattr(world, kind)["effort"]
        assert np.all((effort >= 0) & (effort <= 1))
        assert np.all(getattr(world, kind)["skill"] > 0)
    assert np.all(np.asarray(world.histogram) >= 0)
    assert np.all(np.asarray(world.counts) >= 0)


# ---------------------------------------------------------------- together


def check(world: World, params: Params) -> None:
    check_leads(world)
    check_lines(world)
    check_arr(world, params)
    check_pay(world)
    check_hours(world, params)
    check_stocks(world)


@pytest.mark.boundscheck
@pytest.mark.parametrize("arm", ["siloed", "shared_okr", "everything", "retention"])
def test_everything_adds_up_every_day(arm: str) -> None:
    # Readiness high: under full alignment hardly any lead is called too early.
    params = busy(arm, horizon__months=3, horizon__burn_in_months=1, market__readiness_mean=0.5)
    for world in every_day(params, 12):
        check(world, params)
    month = {n: float(np.asarray(world.months[n]).sum()) for n in S.MONTH_NAMES}
    for event in (
        "wins",
        "expired",
        "burned",
        "finds",
        "disputes",
        "obliged",
        "churned_arr",
        "expansion_arr",
        "leavers",
    ):
        assert month[event] > 0, f"nothing was tested: no {event}"


@pytest.mark.parametrize("developers", [0, 1])
def test_everything_adds_up_on_the_mesa_engine(developers: int) -> None:
    params = busy("everything", people__developers=developers)
    model = GTMModel(params, 13)
    while model.running:
        model.step()
        check(model.world, params)
    assert model.day == days_of(params)


@pytest.mark.boundscheck
@settings(FEW, max_examples=15)
@given(parameters(), SEEDS)
def test_everything_adds_up_in_random_organisations(params: Params, seed: int) -> None:
    for world in every_day(params, seed):
        check(world, params)


def test_base_pay() -> None:
    """Every month everybody gets a twelfth of what their plan leaves fixed: everything, under a flat salary."""
    for arm in ("siloed", "flat_salary"):
        params = busy(arm, horizon__months=4, horizon__burn_in_months=1)
        world = simulate(params, 2).world
        people = params.people
        expected = []
        for role, heads in zip(("marketer", "developer", "seller", "success"), _heads(world), strict=True):
            variable = 0.0 if not getattr(params.incentives, role) else getattr(people, f"{role}_variable")
            expected += [getattr(people, f"{role}_earnings") * (1 - variable) / 12 * 4] * heads
        np.testing.assert_allclose(world.pay[:, S.PAY_BASE], expected, rtol=1e-12)
        np.testing.assert_allclose(np.asarray(world.months["base_pay"]), sum(expected) / 4, rtol=1e-12)
        if arm == "flat_salary":
            assert np.all(world.pay[:, S.PAY_VARIABLE] == 0)


def test_measured_counts_are_those_since_the_burn_in() -> None:
    params = busy(horizon__months=2, horizon__burn_in_months=1)
    result = simulate(params, 3)
    world, deals = result.world, result.counts[:, Event.won_deal]
    measured = customers(world)[(customers(world)["since"] >= 21) & (customers(world)["lead"] >= 0)]
    assert deals.sum() > 0
    first = int(world.org["marketers"][0])
    for j in range(int(world.org["developers"][0]), int(world.org["sellers"][0])):
        assert deals[first + j] == np.count_nonzero(measured["seller"] == j)
