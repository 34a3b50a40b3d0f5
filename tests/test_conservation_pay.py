"""Variable pay, computed once more in plain Python from what happened, not from the model's own counts.

:class:`Book` watches the leads and customers from evening to evening, counts events by
person, and at the end of each period pays every term of every plan.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

import sim
from sim import state as S
from sim.compiled import INTERPRETED
from sim.engine import advance, days_of, months_of
from sim.parameters import Params, Role, Term, from_dict, to_dict
from sim.state import World
from sim.world import build
from tests.worlds import busy

pytestmark = pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")

PERIOD_DAYS = {"month": 21, "quarter": 63, "year": 252}
Person = tuple[str, int]  # role, index in the array of people
Counts = dict[Person, dict[str, float]]


class Book:
    """Events and pay of one organisation, kept independently of it."""

    def __init__(self, params: Params, world: World) -> None:
        self.params = params
        org = world.org[0]
        developers, sellers = int(org["developers"]), int(org["sellers"])
        self.staff = {
            "marketer": [("marketer", i) for i in range(int(org["marketers"]))],
            "developer": [("seller", j) for j in range(developers)],
            "seller": [("seller", j) for j in range(developers, sellers)],
            "success": [("success", i) for i in range(int(org["managers"]))],
        }
        self.people: list[Person] = [person for staff in self.staff.values() for person in staff]
        # by period: person (or "company") to event to amount
        self.own: dict[str, Counts] = {period: _counts() for period in PERIOD_DAYS}
        self.company: dict[str, dict[str, float]] = {period: defaultdict(float) for period in PERIOD_DAYS}
        self.due: dict[Person, float] = defaultdict(float)
        self.paid: dict[Person, float] = defaultdict(float)
        self.clawed = 0.0

    def credit(self, event: str, amount: float, *people: Person | None, company: bool = True) -> None:
        for period in PERIOD_DAYS:
            for person in people:
                if person is not None:
                    self.own[period][person][event] += amount
            if company:
                self.company[period][event] += amount

    # ---- what happened in a day ---------------------------------------------------------

    def day(self, before: dict[str, np.ndarray], world: World) -> None:
        now = snapshot(world)
        self.leads(before["leads"], now["leads"])
        self.wins(len(before["customers"]), now, float(before["org"]["low_bar"][0]))
        self.growth(before["customers"], now["customers"])
        day = int(now["org"]["day"][0])
        if day % 21 == 0:
            self.month_end(before["customers"], now, world)
            for period, length in PERIOD_DAYS.items():
                if day % length == 0:
                    self.pay(period, before["sellers"]["quota"])

    def leads(self, old: np.ndarray, new: np.ndarray) -> None:
        for k, lead in enumerate(new):
            was = old[k] if k < len(old) else None
            marketer = ("marketer", int(lead["marketer"])) if lead["marketer"] >= 0 else None
            developer = ("seller", int(lead["developer"])) if lead["developer"] >= 0 else None
            if was is None and marketer:
                self.credit("lead_captured", 1, marketer)
            if lead["handover"] > 0 and marketer and (was is None or was["handover"] == 0):
                self.credit("mql", 1, marketer)
            if lead["stage"] == S.ACCEPTED and (was is None or was["stage"] != S.ACCEPTED):
                first = developer or ("seller", int(lead["seller"]))
                self.credit("meeting", 1, first, marketer)
                self.credit("accepted_lead", 1, first, marketer)
            if lead["opened"] > 0 and was is not None and was["opened"] == 0:
                self.credit("opportunity", 1, ("seller", int(lead["seller"])), developer, marketer)

    def wins(self, known: int, now: dict[str, np.ndarray], low_bar: float) -> None:
        for client in now["customers"][known:]:
            lead = now["leads"][client["lead"]]
            people: list[Person | None] = [("seller", int(client["seller"]))]
            people += [("seller", int(lead["developer"]))] if lead["developer"] >= 0 else []
            people += [("marketer", int(lead["marketer"]))] if lead["marketer"] >= 0 else []
            low = lead["marketer"] >= 0 and lead["score"] < low_bar
            for suffix in ("", " low") if low else ("",):
                self.credit("won_deal" + suffix, 1, *people)
                self.credit("won_acv" + suffix, float(client["won_acv"]), *people)

    def growth(self, old: np.ndarray, new: np.ndarray) -> None:
        for k, was in enumerate(old):
            grown = float(new[k]["arr"] - was["arr"])
            if new[k]["left"] < 0 and grown != 0.0:
                seller = ("seller", int(was["seller"])) if was["seller"] >= 0 else None
                self.credit("expansion_arr", grown, ("success", int(was["manager"])), seller)

    def month_end(self, old: np.ndarray, now: dict[str, np.ndarray], world: World) -> None:
        revenue = 0.0
        day = int(now["org"]["day"][0]) - 1
        for k, client in enumerate(now["customers"]):
            seller = ("seller", int(client["seller"])) if client["seller"] >= 0 else None
            if client["left"] < 0:
                self.credit("retained_arr", client["arr"] / 12, seller, ("success", int(client["manager"])))
                revenue += client["arr"] / 12
            elif client["left"] == day:
                # No customer of these tests grows and leaves on one day, so its ARR is yesterday's.
                revenue += (old[k]["arr"] if k < len(old) else client["won_acv"]) / 12
                if client["lead"] >= 0:
                    developer = int(now["leads"][client["lead"]]["developer"])
                    self.claw_back(client, developer, (day - client["since"]) / 21)
        self.credit("company_revenue", revenue)

    def claw_back(self, client: np.void, developer: int, months: float) -> None:
        credited = {"marketer": int(client["marketer"]), "developer": developer, "seller": int(client["seller"])}
        for role, index in credited.items():
            for term in self.params.incentives.terms(Role[role]):
                if index >= 0 and term.scope == "individual" and term.clawback_months > months:
                    amount = {"won_acv": float(client["won_acv"]), "won_deal": 1.0}.get(term.event, 0.0)
                    self.due["seller" if role == "developer" else role, index] += self.rate(term) * amount

    # ---- what that earns ----------------------------------------------------------------

    @staticmethod
    def rate(term: Term) -> float:
        assert term.rate is not None, "plans of these tests give rates"
        return term.rate

    def amount(self, term: Term, role: str, person: Person, event: str) -> float:
        own, whole = self.own[term.period], self.company[term.period]
        if term.scope == "company":
            return whole[event] / len(self.people)
        if term.scope == "individual":
            return own[person][event]
        staff = self.staff[role]
        if term.scope == "pod":
            size = self.params.people.pod_size
            place = staff.index(person) // size
            staff = staff[place * size : (place + 1) * size]
        return sum(own[each][event] for each in staff) / len(staff)

    def earned(self, term: Term, role: str, person: Person, quota: float) -> float:
        amount = self.amount(term, role, person, term.event)
        target: Any = term.target
        if target == "quota":
            target = quota * PERIOD_DAYS[term.period] / 63
        pay = self.rate(term) * amount
        if target:
            attained = amount / target
            counted = min(attained, term.cap) if term.cap else attained
            above = max(counted - 1.0, 0.0)
            pay = self.rate(term) * target * (counted - above + term.accelerator * above)
            if attained < term.cliff:
                pay = 0.0
        if term.event in ("won_acv", "won_deal"):
            low = self.amount(term, role, person, term.event + " low")
            pay += self.rate(term) * (term.low_score_multiplier - 1.0) * low
        return pay

    def pay(self, period: str, quotas: np.ndarray) -> None:
        for role, staff in self.staff.items():
            for person in staff:
                quota = float(quotas[person[1]]) if role == "seller" else 0.0
                terms = [term for term in self.params.incentives.terms(Role[role]) if term.period == period]
                earned = sum(self.earned(term, role, person, quota) for term in terms)
                taken = min(self.due[person], max(earned, 0.0))
                self.clawed += taken
                self.due[person] -= taken
                self.paid[person] += max(earned, 0.0) - taken
        self.own[period] = _counts()
        self.company[period] = defaultdict(float)


def _counts() -> Counts:
    return defaultdict(lambda: defaultdict(float))


def snapshot(world: World) -> dict[str, np.ndarray]:
    org = world.org[0]
    return {
        "leads": np.array(world.leads[: int(org["leads"])]),
        "customers": np.array(world.customers[: int(org["customers"])]),
        "sellers": np.array(world.sellers),
        "org": np.array(world.org),
    }


def keep_book(params: Params, seed: int) -> tuple[Book, World]:
    """Run day by day and compare what everybody was paid at every month end."""
    world = build(params, seed, months_of(params))
    book = Book(params, world)
    for day in range(days_of(params)):
        before = snapshot(world)
        advance(world, day + 1)
        book.day(before, world)
        if (day + 1) % 21 == 0:
            # PAY_VARIABLE counts from the end of the burn-in, which these organisations do not have.
            paid = np.asarray(world.pay)
            expected = np.array([[book.paid[person], book.due[person]] for person in book.people])
            found = paid[:, [S.PAY_VARIABLE, S.PAY_DUE]]
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-6, err_msg=f"after day {day}")
    return book, world


def organisation(months: int = 6, plan: dict[str, object] | None = None, **changes: object) -> Params:
    """A busy organisation with rates in euros: what is not priced need not be recomputed."""
    params = busy(horizon__months=months, horizon__burn_in_months=0, **changes)
    return from_dict({**to_dict(params), "incentives": {"cost_neutral": False, **(plan or {})}})


PLANS: dict[str, dict[str, object]] = {
    "every event, own results": {
        "marketer": [
            {"event": "lead_captured", "rate": 2},
            {"event": "mql", "rate": 30, "period": "quarter"},
            {"event": "opportunity", "rate": 55},
        ],
        "developer": [
            {"event": "meeting", "rate": 40},
            {"event": "accepted_lead", "rate": 11, "period": "quarter"},
            {"event": "won_deal", "rate": 90, "period": "year"},
        ],
        "seller": [
            {"event": "won_acv", "rate": 0.1},
            {"event": "won_deal", "rate": 100},
            {"event": "retained_arr", "rate": 0.02},
            {"event": "opportunity", "rate": 17, "period": "quarter"},
        ],
        "success": [
            {"event": "retained_arr", "rate": 0.05, "period": "quarter"},
            {"event": "expansion_arr", "rate": 0.2, "period": "month"},
        ],
    },
    "targets, cliffs, caps, accelerators": {
        "marketer": [{"event": "mql", "rate": 30, "target": 12, "cliff": 0.6, "cap": 1.4, "accelerator": 2.5}],
        "developer": [{"event": "meeting", "rate": 40, "target": 15, "cap": 1.1, "period": "quarter"}],
        "seller": [
            {"event": "won_acv", "rate": 0.1, "target": "quota", "period": "quarter", "cliff": 0.3, "accelerator": 2},
            {"event": "won_acv", "rate": 0.05, "target": "quota", "cap": 1.5, "accelerator": 3},
            {"event": "won_deal", "rate": 500, "target": 3, "cliff": 1.0, "accelerator": 0.5},
        ],
        "success": [{"event": "retained_arr", "rate": 0.1, "target": 40_000, "cliff": 0.5, "accelerator": 0}],
    },
    "pods, teams, company": {
        "marketer": [
            {"event": "mql", "rate": 20, "scope": "pod"},
            {"event": "won_acv", "rate": 0.02, "scope": "team", "period": "quarter"},
            {"event": "company_revenue", "rate": 0.1, "scope": "company"},
        ],
        "developer": [{"event": "won_acv", "rate": 0.05, "scope": "company", "period": "quarter", "target": 90_000}],
        "seller": [
            {"event": "won_acv", "rate": 0.1, "scope": "pod", "target": 150_000, "period": "quarter", "accelerator": 2},
            {"event": "won_deal", "rate": 70, "scope": "team"},
            {"event": "expansion_arr", "rate": 0.1, "scope": "company"},
        ],
        "success": [
            {"event": "retained_arr", "rate": 0.05, "scope": "team"},
            {"event": "company_revenue", "rate": 0.02, "period": "quarter"},
            {"event": "won_deal", "rate": 44, "scope": "company"},
        ],
    },
    "low scores": {
        "marketer": [{"event": "won_acv", "rate": 0.02, "low_score_multiplier": 0.5}],
        "developer": [{"event": "won_deal", "rate": 40, "low_score_multiplier": 3, "scope": "team"}],
        "seller": [
            {"event": "won_acv", "rate": 0.1, "low_score_multiplier": 2, "period": "quarter", "target": "quota"},
            {"event": "won_deal", "rate": 100, "low_score_multiplier": 2, "scope": "pod"},
        ],
    },
    "claw-backs": {
        "marketer": [{"event": "won_deal", "rate": 200, "clawback_months": 3}],
        "developer": [{"event": "won_acv", "rate": 0.02, "clawback_months": 6}],
        "seller": [
            {"event": "won_acv", "rate": 0.1, "clawback_months": 12},
            {"event": "won_acv", "rate": 0.1, "scope": "team", "period": "quarter"},
        ],
    },
}
# Growth on the day of leaving cannot be told apart: where growth is paid nobody leaves, else nobody grows.
STILL = {"customers__churn_monthly": 0.0}
NO_GROWTH = {"behaviour__expansion_find": 0.0}


@pytest.mark.parametrize("plan", PLANS)
def test_pay_is_the_sum_of_what_terms_pay(plan: str) -> None:
    growing = any("expansion_arr" in str(terms) for terms in PLANS[plan].values())
    world_changes = STILL if growing else {**NO_GROWTH, "customers__churn_monthly": 0.08}
    changes = {"people__marketers": 3, "people__sellers": 5, "market__candidates_per_day": 20.0, **world_changes}
    book, _ = keep_book(organisation(plan=PLANS[plan], **changes), seed=21)
    for role, staff in book.staff.items():
        if PLANS[plan].get(role):
            assert sum(book.paid[person] for person in staff) > 0, f"nothing was paid to {role}"
        else:
            assert all(book.paid[person] == 0 for person in staff)
    if plan == "claw-backs":
        assert book.clawed > 0, "nobody left in time"


def test_quotas_follow_the_ratchet() -> None:
    params = organisation(
        9,
        {"seller": [{"event": "won_acv", "rate": 0.1, "target": "quota", "period": "quarter", "accelerator": 2}]},
        people__quota_ratchet_up=0.5, people__quota_ratchet_down=0.2, people__turnover=0.0,
    )  # fmt: skip
    book, world = keep_book(params, seed=4)
    quota = dict.fromkeys(book.staff["seller"], params.people.quota)
    clients = snapshot(world)["customers"]
    for quarter in range(3):
        for person in quota:
            own = clients[(clients["lead"] >= 0) & (clients["seller"] == person[1])]
            won = float(own["won_acv"][(own["since"] > 63 * quarter) & (own["since"] <= 63 * quarter + 63)].sum())
            gap = won - quota[person]
            quota[person] = max(quota[person] + (0.5 if gap > 0 else 0.2) * gap, 0.05 * params.people.quota)
    np.testing.assert_allclose([world.sellers[p[1]]["quota"] for p in quota], list(quota.values()), rtol=1e-9)


def test_a_low_score_pays_more_in_the_company_scope_too() -> None:
    params = organisation(
        plan={
            "seller": [{"event": "won_acv", "rate": 0.1, "scope": "company", "low_score_multiplier": 2}],
            "success": [{"event": "won_deal", "rate": 50, "scope": "company", "low_score_multiplier": 2}],
        },
        market__candidates_per_day=20.0,
        **NO_GROWTH,
    )
    keep_book(params, seed=21)


def test_pay_starts_anew_after_the_burn_in() -> None:
    """What was paid in the burn-in is not in anybody's pay, but in the months it was."""
    world = sim.simulate(busy(horizon__months=2, horizon__burn_in_months=1), 3).world
    month = np.asarray(world.months)
    measured = sum(float(month[f"pay_{role}"][1:].sum()) for role in S.ROLE_NAMES)
    assert measured > 0
    assert float(world.pay[:, S.PAY_VARIABLE].sum()) == pytest.approx(measured)
    assert float(month["pay_marketer"][0]) > 0
