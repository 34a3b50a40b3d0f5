"""Every measure computed once more, from the monthly records and hours alone, by other means than the model's.

:data:`AGAIN` says in a table what each measure is; a measure without a line there fails the
test, so a new one is recomputed too.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
import pytest

import sim
from sim import state as S
from sim.compiled import INTERPRETED
from sim.engine import Result
from sim.measures import MEASURES
from sim.parameters import Event
from tests.worlds import busy, tiny

pytestmark = pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")

ROLES, CLASSES = S.ROLE_NAMES, S.CLASS_NAMES


@functools.cache
def run(arm: str = "shared_okr", months: int = 12, days: int = 0) -> Result:
    return sim.simulate(sim.load("mid_market", arm, {"horizon.months": months, "horizon.days": days}), seed=31)


class Records:
    """Monthly counts and hours of the measured months, as plain columns."""

    def __init__(self, result: Result, months: list[int] | None = None) -> None:
        self.p = p = result.params
        first = p.horizon.burn_in_months
        rows = range(first, first + p.horizon.months + (p.horizon.days > 0)) if months is None else months
        self.rows = list(rows)
        self.table = {n: [float(result.world.months[n][k]) for k in self.rows] for n in S.MONTH_NAMES}
        self.seconds = {
            (role, kind): sum(int(result.world.hours[k, i, j]) for k in self.rows)
            for i, role in enumerate(ROLES)
            for j, kind in enumerate(CLASSES)
        }
        days = int(result.world.org["day"][0])
        self.months = sum(min(max(days - 21 * k, 0), 21) for k in self.rows) / 21
        self.years = self.months / 12
        self.result = result

    def __getitem__(self, name: str) -> float:
        return math.fsum(self.table[name])

    def share(self, top: str, bottom: str) -> float:
        return self[top] / self[bottom] if self[bottom] else math.nan

    def part(self, *kinds: str, roles: tuple[str, ...] = ROLES) -> float:
        """Share of the roles' paid time in these classes."""
        mine = sum(self.seconds[role, kind] for role in roles for kind in kinds)
        return mine / sum(self.seconds[role, kind] for role in roles for kind in CLASSES)

    def people(self, *roles: str) -> int:
        p = self.p.people
        heads = {"marketer": p.marketers, "developer": p.developers, "seller": p.sellers, "success": p.success_managers}
        return sum(heads[role] for role in roles)

    def variable(self, *roles: str) -> float:
        return math.fsum(self[f"pay_{role}"] for role in roles)

    def base(self, *roles: str) -> float:
        """Base pay a year from what plans leave to it."""
        total = 0.0
        for role in roles:
            share = getattr(self.p.people, f"{role}_variable") if getattr(self.p.incentives, role) else 0.0
            total += self.people(role) * getattr(self.p.people, f"{role}_earnings") * (1.0 - share)
        return total


def growth(r: Records) -> float:
    return (r.table["arr"][-1] / r.table["opening_arr"][0]) ** (1.0 / r.years) - 1.0


def retention(r: Records, expansion: bool) -> float:
    logs = [
        math.log((opening - churned + (grown if expansion else 0.0)) / opening)
        for opening, churned, grown in zip(
            r.table["opening_arr"], r.table["churned_arr"], r.table["expansion_arr"], strict=True
        )
    ]
    return math.exp(math.fsum(logs) / r.years)


def profit(r: Records) -> float:
    pay = (r["base_pay"] + r.variable(*ROLES)) * r.p.people.loading
    fixed = (r.p.people.marketing_spend_share + r.p.people.overhead_share) * r.p.customers.opening_arr
    return (r["revenue"] * r.p.market.gross_margin - pay - r["programme_cost"]) / r.years - fixed


def validity(r: Records) -> float:
    """Correlation from means, variances and the covariance."""
    n = r["score_n"]
    x, y = r["score_x"] / n, r["score_y"] / n
    covariance = r["score_xy"] / n - x * y
    return covariance / math.sqrt((r["score_xx"] / n - x * x) * (r["score_yy"] / n - y * y))


def gini(r: Records) -> float:
    """Mean absolute difference between all pairs over twice the mean."""
    people = r.result.people
    pay = people.loc[people["role"] == "seller", "variable_pay"].to_numpy()
    return float(np.abs(pay[:, None] - pay[None, :]).mean() / (2.0 * pay.mean()))


def hockey(r: Records) -> float:
    new = dict(zip(r.rows, r.table["new_arr"], strict=True))
    thirds = [row for row in new if row % 3 == 2 and row - 2 in new]
    return sum(new[row] for row in thirds) / sum(new[row - k] for row in thirds for k in range(3))


def daily(r: Records, column: str, *roles: str) -> float:
    return r[column] / (r.people(*roles) * r.months * 21)


def realised(r: Records) -> float:
    return r.table["realised"][-1] if r.table["programme_weeks"][-1] else math.nan


def bar_in_force(r: Records) -> float:
    """Mean shift of the bar that a lead was judged by in the last month."""
    begun = r.p.behaviour.bar_quantile
    agreed, others = r.table["agreed"][-1], r.table["qualified"][-1] - r.table["agreed"][-1]
    moved = agreed * (r.table["bar_agreed_level"][-1] - begun) + others * (r.table["bar_level"][-1] - begun)
    return moved / r.table["qualified"][-1]


WASTE_EVENTS = ("unviable", "search", "correction", "dispute", "unpursued")
SALES = ("developer", "seller")

AGAIN: dict[str, Callable[[Records], float]] = {
    "revenue_growth": growth,
    "closing_arr": lambda r: r.table["arr"][-1],
    "gross_retention": lambda r: retention(r, expansion=False),
    "net_retention": lambda r: retention(r, expansion=True),
    "cohort_retention": lambda r: (1.0 - r["cohort_lost"] / r["cohort_arr"]) ** 12,
    "gtm_profit": profit,
    "wasted_time_share": lambda r: r.part(*WASTE_EVENTS, "manual", "idle"),
    "wasted_events_share": lambda r: r.part(*WASTE_EVENTS),
    "wasted_manual_share": lambda r: r.part("manual"),
    "wasted_slack_share": lambda r: r.part("idle"),
    "necessary_share": lambda r: r.part("administration"),
    "selling_time_share": lambda r: r.part("contacting", "opportunity", "prospecting", "unviable", roles=SALES),
    "never_followed_up_share": lambda r: r["expired"] / (r["expired"] + r["pursued"]),
    "threshold_shift": bar_in_force,
    "score_validity": validity,
    "belief_slope": lambda r: r.table["belief_slope"][-1],
    "trust": lambda r: daily(r, "trust", *SALES),
    "pay_marketing": lambda r: r.variable("marketer") / r.years + r.base("marketer"),
    "pay_sales": lambda r: r.variable(*SALES) / r.years + r.base(*SALES),
    "pay_per_new_arr": lambda r: (r["base_pay"] + r.variable(*ROLES)) / (r["new_arr"] + r["expansion_arr"]),
    "variable_pay": lambda r: r.variable(*ROLES) / r.years,
    "pay_gini": gini,
    "last_month_of_quarter_share": hockey,
    "obliged_per_seller_month": lambda r: r["obliged"] / r.people("developer") / r.months,
    "expansion_share": lambda r: 1.0 - r["new_arr"] / (r["new_arr"] + r["expansion_arr"]),
    "split_generating": lambda r: daily(r, "split", "marketer"),
    "effort_marketing": lambda r: daily(r, "effort_marketer", "marketer"),
    "effort_sales": lambda r: daily(r, "effort_seller", *SALES),
    "programme_realised": realised,
    "programme_success": lambda r: math.nan if math.isnan(realised(r)) else float(realised(r) >= 0.8),
    "programme_failure": lambda r: math.nan if math.isnan(realised(r)) else float(realised(r) < 0.5),
}
# Undefined where no programme is run.
ABOUT_PROGRAMMES = {"adoption", "workshop_attendance", "programme_realised", "programme_success", "programme_failure"}
A_YEAR = ("new_arr", "expansion_arr", "churned_arr", "programme_cost")
A_MONTH = ("leads", "mqls", "pursued", "accepted", "opportunities", "wins")
RATIOS = {
    "lead_to_mql": ("mqls", "leads"),
    "mql_viable_share": ("viable_mqls", "mqls"),
    "mql_to_sql": ("accepted_marketing", "mqls"),
    "sql_to_opportunity": ("opportunities", "accepted"),
    "win_rate": ("wins", "decided"),
    "cycle_days": ("cycle_days", "wins"),
    "first_response_hours": ("response_hours", "pursued"),
    "mean_deal": ("new_arr", "wins"),
    "marketing_sourced_share": ("marketing_wins", "wins"),
    "score_inflation": ("inflation", "mqls"),
    "scores_amended_share": ("amended", "marketing_wins"),
    "low_score_win_share": ("low_wins", "marketing_wins"),
    "touches_per_mql": ("touches", "mqls"),
    "disputed_share": ("disputes", "mqls"),
    "discount_cost_share": ("discount_cost", "list_arr"),
    "attainment_mean": ("attainment", "attainment_n"),
    "at_quota_share": ("at_quota", "attainment_n"),
    "signals_passed_share": ("signals_passed", "signals"),
    "adoption": ("using", "programme_weeks"),
    "workshop_attendance": ("attended", "invited"),
}


def again(r: Records, name: str) -> float:
    if name in AGAIN:
        return AGAIN[name](r)
    if name in A_YEAR:
        return r[name] / r.years
    if name in A_MONTH:
        return r[name] / r.months
    if name in RATIOS:
        return r.share(*RATIOS[name])
    _, role, kind = name.split("_")
    return r.seconds[role, kind] / 3600 / r.years


@pytest.mark.parametrize("name", MEASURES)
def test_recomputed(name: str) -> None:
    for arm in ("siloed", "shared_okr", "flat_salary"):
        result = run(arm)
        if (arm, name) == ("flat_salary", "pay_gini"):
            assert math.isnan(result.measures[name]), "nobody has variable pay to share unequally"
            continue
        expected = again(Records(result), name)
        undefined = name in ABOUT_PROGRAMMES
        assert result.measures[name] == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=undefined), arm


@pytest.mark.parametrize("name", [*sorted(ABOUT_PROGRAMMES), "programme_cost", "gtm_profit", "wasted_time_share"])
def test_recomputed_with_a_programme(name: str) -> None:
    changes = {"horizon.months": 12, "programme": "big_bang", "programme.cost": 100_000.0}
    result = sim.simulate(sim.load("smb", "siloed", changes), seed=31)
    assert result.measures[name] == pytest.approx(again(Records(result), name), rel=1e-9)
    assert math.isfinite(result.measures[name])


@pytest.mark.parametrize("name", [*A_YEAR, *A_MONTH, "revenue_growth", "gtm_profit", "variable_pay", "trust"])
@pytest.mark.parametrize("months", [3, 24])
def test_other_windows_are_annualised_alike(name: str, months: int) -> None:
    result = run("siloed", months)
    assert result.measures[name] == pytest.approx(again(Records(result), name), rel=1e-9)


# ---- shares and identities ---------------------------------------------------------------------


@pytest.mark.parametrize("arm", ["siloed", "shared_okr", "everything"])
def test_wasted_time_is_events_manual_steps_and_slack(arm: str) -> None:
    m = run(arm).measures
    parts = m["wasted_events_share"] + m["wasted_manual_share"] + m["wasted_slack_share"]
    assert m["wasted_time_share"] == pytest.approx(parts, rel=1e-12)
    assert m["wasted_time_share"] + m["necessary_share"] < 1.0
    hours = {k: sum(m[f"hours_{role}_{k}"] for role in ROLES) for k in CLASSES}
    total = sum(hours.values())
    assert m["wasted_time_share"] == pytest.approx(sum(hours[k] for k in CLASSES[S.FIRST_WASTE :]) / total)
    p = run(arm).params
    heads = p.people.marketers + p.people.developers + p.people.sellers + p.people.success_managers
    assert total == pytest.approx(heads * 252 * p.workload.day_hours, rel=1e-12)


@pytest.mark.parametrize("arm", ["siloed", "shared_okr"])
def test_shares_are_shares(arm: str) -> None:
    for name, value in run(arm).measures.items():
        if MEASURES[name].unit == "fraction" and name not in ("revenue_growth", "net_retention", "attainment_mean"):
            assert 0.0 <= value <= 1.0 or name in ABOUT_PROGRAMMES, name
        assert math.isfinite(value) != (name in ABOUT_PROGRAMMES), name


def test_arr_closes_over_the_window() -> None:
    result = run("siloed")
    m, records = result.measures, Records(result)
    moved = (m["new_arr"] + m["expansion_arr"] - m["churned_arr"]) * records.years
    assert m["closing_arr"] == pytest.approx(records.table["opening_arr"][0] + moved, rel=1e-9)


# ---- months --------------------------------------------------------------------------------------


def test_months_add_up_to_the_run() -> None:
    result = run("siloed")
    monthly, m, n = result.monthly, result.measures, 12
    assert list(monthly["month"]) == list(range(1, n + 1))
    for name in (*A_YEAR, *A_MONTH, "variable_pay", "gtm_profit", "hours_seller_opportunity", "trust", "effort_sales"):
        assert monthly[name].mean() == pytest.approx(m[name], rel=1e-9), name
    for name, (top, bottom) in RATIOS.items():
        if top in A_MONTH and bottom in A_MONTH:
            assert monthly[top].sum() / monthly[bottom].sum() == pytest.approx(m[name], rel=1e-12), name
    for name in ("gross_retention", "net_retention"):
        assert float(np.prod(monthly[name])) ** (1 / n) == pytest.approx(m[name], rel=1e-9), name
    assert float(np.prod(1.0 + monthly["revenue_growth"])) ** (1 / n) - 1 == pytest.approx(m["revenue_growth"])
    assert monthly["arr"].iloc[-1] == m["closing_arr"]
    for name in ("belief_slope", "threshold_shift", "closing_arr"):
        assert monthly[name].iloc[-1] == m[name], name


@pytest.mark.parametrize("name", MEASURES)
def test_a_single_month_is_recomputed(name: str) -> None:
    """The fourth measured month, the tenth of the run; what needs people or quarters is undefined for one month."""
    result = run("siloed")
    found = float(result.monthly[name].iloc[3])
    if name in ("pay_gini", "last_month_of_quarter_share"):
        assert math.isnan(found)
        return
    records = Records(result, [9])
    expected = again(records, name)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)
    if math.isnan(found):
        quarterly = ("attainment_mean", "at_quota_share")
        assert name in ABOUT_PROGRAMMES or name in quarterly, "only quarters' ends have an attainment"


# ---- undefined only where there is nothing to divide by -------------------------------------------


def undefined(params: sim.Params) -> set[str]:
    return {name for name, value in sim.simulate(params, 5).measures.items() if math.isnan(value)}


def test_nothing_is_undefined_in_an_ordinary_run() -> None:
    assert undefined(run("siloed").params) == ABOUT_PROGRAMMES


def test_without_leads_only_what_is_about_leads_is_undefined() -> None:
    about_mqls = {name for name, (_, bottom) in RATIOS.items() if bottom in ("leads", "mqls", "pursued")}
    about_mqls |= {"never_followed_up_share", "score_validity"}
    found = undefined(tiny(market__candidates_per_day=0.0))
    assert about_mqls <= found
    about_wins = {"scores_amended_share", "low_score_win_share", "marketing_sourced_share", "win_rate", "mean_deal"}
    about_wins |= {"cycle_days", "discount_cost_share", "pay_gini", "cohort_retention", "sql_to_opportunity"}
    # Two months hold no whole quarter; two sellers may find nobody or win nothing.
    quarters = {"last_month_of_quarter_share", "attainment_mean", "at_quota_share"}
    assert found <= about_mqls | about_wins | quarters | ABOUT_PROGRAMMES


def test_without_customers_growth_and_retention_are_undefined() -> None:
    params = busy(customers__opening_arr=0.0, market__candidates_per_day=0.0, behaviour__territory_yield=0.0)
    found = undefined(params)
    assert {"revenue_growth", "gross_retention", "net_retention", "cohort_retention", "pay_per_new_arr"} <= found
    assert not {"new_arr", "closing_arr", "gtm_profit", "wasted_time_share", "variable_pay", "trust"} & found


# ---- quarters are those of the calendar ---------------------------------------------------------------


@pytest.mark.parametrize("burn_in", [0, 3, 6, 7])
def test_last_months_are_those_before_a_quarter_end(burn_in: int) -> None:
    params = sim.load("mid_market", "siloed", {"horizon.months": 12, "horizon.burn_in_months": burn_in})
    result = sim.simulate(params, 32)
    assert result.measures["last_month_of_quarter_share"] == pytest.approx(hockey(Records(result)))


# ---- people --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arm", ["siloed", "shared_okr", "flat_salary"])
def test_people_add_up_to_the_organisation(arm: str) -> None:
    result = run(arm, 24)
    people, records = result.people, Records(result)
    for role in ROLES:
        mine = people[people["role"] == role]
        assert len(mine) == records.people(role)
        assert mine["base_pay"].sum() == pytest.approx(records.base(role), rel=1e-9)
        assert mine["variable_pay"].sum() == pytest.approx(records.variable(role) / 2, rel=1e-9)
    m = result.measures
    pay = people["base_pay"] + people["variable_pay"]
    assert pay[people["role"] == "marketer"].sum() == pytest.approx(m["pay_marketing"], rel=1e-9)
    assert pay[people["role"].isin(SALES)].sum() == pytest.approx(m["pay_sales"], rel=1e-9)
    assert people["variable_pay"].sum() == pytest.approx(m["variable_pay"], rel=1e-9)
    assert people.loc[people["role"] == "seller", "won_acv"].sum() == pytest.approx(m["new_arr"], rel=1e-9)
    sellers = people[people["role"] == "seller"]
    assert sellers["attainment"].between(0, 20).all()
    assert people.loc[people["role"] != "seller", "attainment"].isna().all()


def test_attainment_by_person_is_attainment_by_quarter() -> None:
    result = run("siloed", 24)
    pay = np.asarray(result.world.pay)
    quarters = pay[:, S.PAY_QUARTERS]
    assert quarters.sum() == Records(result)["attainment_n"]
    mean = float((result.people["attainment"].fillna(0.0) * quarters).sum() / quarters.sum())
    assert mean == pytest.approx(result.measures["attainment_mean"], rel=1e-9)


def test_counts_of_people_are_those_of_the_months() -> None:
    result = run("siloed")
    records = Records(result)
    marketers = slice(0, records.people("marketer"))
    assert result.counts[marketers, Event.mql].sum() == records["mqls"]
    assert result.counts[marketers, Event.lead_captured].sum() == records["leads"]
    assert result.counts[marketers, Event.opportunity].sum() == records["opportunities_marketing"]
    assert result.counts[marketers, Event.won_deal].sum() == records["marketing_wins"]
