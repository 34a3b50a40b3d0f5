"""From the runs of a client to :class:`analysis.money.results.Result`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.money import claims, drivers, flows
from analysis.money import results as R
from analysis.money.words import label, plain, words
from analysis.numbers import LANGUAGES, Numbers
from analysis.shapley import shapley
from analysis.texts import texts
from analysis.uncertainty import nested
from experiments.inaction import audit
from experiments.inaction.arms import DELAYS, MONTHLY, NEVER, PAYOUT, Arm, hourly
from experiments.inaction.client import Client, fields
from experiments.inaction.draws import COST, Drawn
from sim import state as S
from sim.parameters import Params, declarations, value_of
from sim.world import pay_day, planned_pay

Array = NDArray[np.float64]
BASIS = {S.MANUAL: "manual", S.IDLE: "slack"}


@dataclass(frozen=True)
class Runs:
    """The runs of a client as arrays.

    Attributes
    ----------
    client : Client
        Whose they are.
    drawn : Drawn
        Its centre and its draws.
    arms : mapping of str to Arm
        What each arm is.
    base : mapping of str to Params
        Parameters of each arm at the centre.
    monthly : mapping of str to mapping of str to array, shape (run, month)
        Arm → column → values; only replications in which no arm failed.
    whole : mapping of str to DataFrame
        Measures of each arm over all months, rows as in ``monthly``.
    groups : array of int, shape (run,)
        Which draw each run went with.
    seed : int
        Root seed.
    """

    client: Client
    drawn: Drawn
    arms: Mapping[str, Arm]
    base: Mapping[str, Params]
    monthly: Mapping[str, Mapping[str, Array]]
    whole: Mapping[str, pd.DataFrame]
    groups: NDArray[np.int64]
    seed: int

    @property
    def yearly(self) -> float:
        """Discount rate a year."""
        return float(self.client.get("discount_rate"))

    @property
    def tax(self) -> float:
        """Tax rate."""
        return float(self.client.get("tax_rate"))

    @property
    def months(self) -> int:
        """Horizon."""
        return int(self.monthly[NEVER]["arr"].shape[1])

    def parts(self, arm: str) -> tuple[Array, Array, Array]:
        """Margin, pay and external cost of an arm against going on as today, before tax, shape (run, month) each."""
        mine, never = self.monthly[arm], self.monthly[NEVER]
        plan = self.arms[arm].plan
        factor = self.drawn.cost[plan][self.groups][:, None] if plan >= 0 else 1.0
        return mine["margin"] - never["margin"], never["pay"] - mine["pay"], -mine["programme"] * factor

    def net(self, arm: str) -> Array:
        """Cash flow after tax against going on as today."""
        margin, pay, external = self.parts(arm)
        net: Array = (1.0 - self.tax) * (margin + pay + external)
        return net

    def npv(self, arm: str) -> Array:
        """Net present value of an arm by run."""
        value: Array = flows.present_value(self.net(arm), self.yearly)
        return value

    def before_cost(self, arm: str) -> Array:
        """Net present value without the external cost."""
        margin, pay, _ = self.parts(arm)
        value: Array = flows.present_value((1.0 - self.tax) * (margin + pay), self.yearly)
        return value


def gather(
    client: Client,
    drawn: Drawn,
    model: Any,
    chosen: tuple[Arm, ...],
    runs: pd.DataFrame,
    monthly: pd.DataFrame,
    seed: int,
) -> Runs:
    """Arrays of the tables of a finished study; a replication in which any arm failed is left out."""
    failed = set(runs.loc[runs["failed"], "replication"])
    kept = [r for r in range(model.replications) if r not in failed]
    groups = np.array([model.draw_of(r) for r in kept])
    by_month: dict[str, dict[str, Array]] = {}
    whole: dict[str, pd.DataFrame] = {}
    monthly = monthly[monthly["replication"].isin(kept)].assign(arm=monthly["arm"].astype(str))
    for arm in chosen:
        mine = monthly[monthly["arm"] == arm.label].sort_values(["replication", "month"])
        by_month[arm.label] = {name: mine[name].to_numpy(dtype=float).reshape(len(kept), -1) for name in MONTHLY}
        rows = runs[runs["arm"].astype(str) == arm.label].set_index("replication")
        whole[arm.label] = rows.loc[kept]
    return Runs(client, drawn, {arm.label: arm for arm in chosen}, model.base, by_month, whole, groups, seed)


def assess(runs: Runs, reproduce: R.Reproduce) -> R.Result:
    """All about the client."""
    client = runs.client
    programmes = tuple(_programme(runs, i) for i in range(len(client.programmes)))
    return R.Result(
        made="runs",
        client=_client(runs),
        audit=_audit(runs),
        status_quo=_status_quo(runs),
        programmes=programmes,
        claims=claims.claims(runs, programmes[0]),
        conventions=claims.conventions(client),
        reproduce=reproduce,
    )


# ---------------------------------------------------------------- who it is about


def _client(runs: Runs) -> R.Client:
    client = runs.client
    facts = []
    for key, spec in fields().items():
        if key in client.values and key not in ("client", "profile"):
            named, unit = label(key)
            facts.append(R.Fact(key, named, client.values[key], None, None, unit, "given", "-", ""))
        elif "default" in spec and spec.get("kind") not in ("plan", "text"):
            named, unit = label(key)
            facts.append(R.Fact(key, named, spec["default"], None, None, unit, "assumed", "judgement", "default"))
    table = runs.drawn.table  # of what is drawn
    for name, source in runs.drawn.source.items():
        (named, unit), found = label(name), declarations()[name]
        if name not in table:  # read off an export, and not drawn
            facts.append(R.Fact(name, named, value_of(runs.drawn.center, name), None, None, unit, source, "-", ""))
            continue
        column = table[name]
        if not pd.api.types.is_numeric_dtype(column):
            most = str(column.mode()[0])
            facts.append(R.Fact(name, named, most, None, None, unit, source, found.grade, found.source))
            continue
        low, middle, high = (float(q) for q in column.quantile([0.025, 0.5, 0.975]))
        grade = found.grade if source == "assumed" else "-"
        facts.append(R.Fact(name, named, middle, low, high, unit, source, grade, found.source))
    return R.Client(
        name=str(client.get("client")),
        currency=str(client.get("currency")),
        profile=Path(str(client.get("profile"))).stem,
        first_month=str(client.get("first_month")),
        months=runs.months,
        discount_rate=runs.yearly,
        tax_rate=runs.tax,
        facts=tuple(facts),
        warnings=(*client.warnings, *_off(runs)),
    )


def _off(runs: Runs) -> list[dict[str, str]]:
    """Where the status quo of the runs is far from what the client says of itself."""
    found = []
    given = runs.client.values
    seen = {
        "new_deals_year": 12.0 * float(runs.whole[NEVER]["wins"].mean()),
        "churn_year": 1.0 - float(runs.whole[NEVER]["gross_retention"].mean()),
    }
    for key, value in seen.items():
        if key in given and not 0.7 <= value / given[key] <= 1.4:
            named, unit = label(key)
            told = {}
            for language in LANGUAGES:
                write = Numbers(language)
                said, shown = (
                    write.percent(v) if unit == "fraction" else write.decimal(v, 0) for v in (given[key], value)
                )
                told[language] = str(words()["far_off"][language]).format(what=named[language], given=said, seen=shown)
            found.append(told)
    return found


def _audit(runs: Runs) -> R.Audit:
    heard = runs.client.answers
    answers = tuple(
        R.Answer(
            name,
            {language: question[language]["ask"] for language in ("en", "es")},
            heard[name].answers.get("marketing"),
            heard[name].answers.get("sales"),
            heard[name].answers.get("management"),
            heard[name].gap,
            heard[name].said,
        )
        for name, question in audit.questions().items()
        if name in heard
    )
    spans = audit.ranges(heard)
    table = runs.drawn.table
    found = []
    for lever, span in spans.items():
        if lever in table:
            named, unit = plain(lever)
            low, high = (float(q) for q in table[lever].quantile([0.025, 0.975]))
            found.append(
                R.LeverRange(lever, named, unit, low, float(table[lever].mean()), high, span.gap, span.questions)
            )
    gaps = [answer.gap for answer in answers if answer.gap is not None]
    return R.Audit(answers, tuple(found), sum(gaps) / len(gaps) if gaps else None)


# ---------------------------------------------------------------- going on as today


def _status_quo(runs: Runs) -> R.StatusQuo:
    never, whole, groups = runs.monthly[NEVER], runs.whole[NEVER], runs.groups
    names = {
        "gtm_profit": "profit",
        **{n: n for n in ("arr", "new_arr", "churned_arr", "wasted_hours", "wasted_money")},
    }
    years = runs.months / 12.0
    return R.StatusQuo(
        monthly={name: flows.fan(never[column]) for name, column in names.items()},
        closing_arr=flows.estimate(never["arr"][:, -1], groups),
        growth=flows.estimate(whole["revenue_growth"].to_numpy(), groups),
        wasted_share=flows.estimate(whole["wasted_time_share"].to_numpy(), groups),
        wasted_hours=flows.estimate(never["wasted_hours"].sum(axis=1) / years, groups),
        wasted_money=flows.estimate(never["wasted_money"].sum(axis=1) / years, groups),
        waste=_waste(runs),
    )


def _waste(runs: Runs) -> tuple[R.Waste, ...]:
    whole, groups = runs.whole[NEVER], runs.groups
    rates = hourly(runs.drawn.center)
    table = runs.drawn.table
    if "people.loading" in table:  # as in the runs
        loading = table["people.loading"].to_numpy()[groups] / runs.drawn.center.people.loading
    else:
        loading = np.ones(len(groups))
    found = []
    for role, role_name in enumerate(S.ROLE_NAMES):
        for kind in range(S.FIRST_WASTE, S.N_CLASSES):
            cause = S.CLASS_NAMES[kind]
            hours = whole[f"hours_{role_name}_{cause}"].to_numpy(dtype=float)
            if not np.any(hours > 0.0):
                continue
            named = [
                {language: texts(language)(key) for language in LANGUAGES}
                for key in (f"roles.{role_name}", f"classes.{cause}")
            ]
            found.append(
                R.Waste(
                    role_name, cause, named[0], named[1], BASIS.get(kind, "events"),
                    flows.estimate(hours, groups), flows.estimate(hours * rates[role] * loading, groups),
                )
            )  # fmt: skip
    return tuple(sorted(found, key=lambda waste: -waste.money.mean))


# ---------------------------------------------------------------- a programme


def _programme(runs: Runs, i: int) -> R.Programme:
    plan = runs.client.programmes[i]
    delays = [delay for delay in DELAYS if f"{plan.name}_{delay}" in runs.arms]
    starts = [_start(runs, plan.name, delay) for delay in delays] + [_never(runs, plan.name)]
    now = runs.npv(f"{plan.name}_0")
    params = runs.base[f"{plan.name}_0"]
    day = pay_day(params, params.horizon.burn_in_months * S.MONTH)
    in_force = day // S.MONTH - params.horizon.burn_in_months + 1 if day >= 0 else None
    later = runs.npv(f"{plan.name}_{delays[1]}") if len(delays) > 1 else np.zeros_like(now)
    table = runs.drawn.table.iloc[np.unique(runs.groups)].reset_index(drop=True)
    table[COST] = runs.drawn.cost[i][np.unique(runs.groups)]
    value = flows.by_group(now, runs.groups)
    grades = {str(name): declarations()[str(name)].grade for name in runs.drawn.table}
    sources = {**runs.drawn.source, COST: "given"}
    bars = drivers.swings(table, value, plain, sources, grades)
    spread = nested(now, runs.groups.astype(float))
    per_draw = int(np.bincount(runs.groups).max())
    share = spread.share if math.isfinite(spread.share) else 0.0
    return R.Programme(
        name=plan.name,
        label=plan.label,
        preset=plan.preset,
        cost=plan.cost,
        duration_months=params.programme.duration_months,
        pay_plan="" if in_force is None else planned_pay(params).name,
        pay_in_force_month=in_force,
        starts=tuple(starts),
        delay_per_month=flows.estimate((now - later) / (delays[1] if len(delays) > 1 else runs.months), runs.groups),
        decomposition=_decomposition(runs, i),
        tornado=bars,
        losing=drivers.losing(table, value, plain, runs.seed),
        to_collect=drivers.to_collect(bars),
        spread=R.Spread(share, 1.0 - share, spread.groups, per_draw),
    )


def _start(runs: Runs, name: str, delay: int) -> R.Start:
    arm, groups = f"{name}_{delay}", runs.groups
    margin, pay, external = runs.parts(arm)
    net, npv, now = runs.net(arm), runs.npv(arm), runs.npv(f"{name}_0")
    gain = runs.monthly[arm]["arr"][:, -1] - runs.monthly[NEVER]["arr"][:, -1]
    never = runs.monthly[NEVER]
    kept = (1.0 - runs.tax) * never["margin"].sum(axis=1) / np.maximum(never["revenue"].sum(axis=1), 1e-9)
    churn = never["churned_arr"].sum(axis=1) / np.maximum(never["arr"].sum(axis=1), 1e-9)
    tail = flows.tail_value(gain, kept, churn, runs.months, runs.yearly)
    spent = flows.present_value(-external, runs.yearly) * (1.0 - runs.tax)
    planned = runs.client.programmes[runs.arms[arm].plan].cost
    whole = runs.whole[arm]
    return R.Start(
        delay_months=delay,
        cash=flows.fan(net),
        cumulative=flows.fan(np.cumsum(net, axis=1)),
        components=flows.components(margin, pay, external, runs.tax),
        npv=flows.estimate(npv, groups),
        npv_with_tail=flows.estimate(npv + tail, groups),
        payback=flows.payback(net),
        irr=flows.rate(net),
        break_even_cost=flows.break_even(planned, runs.before_cost(arm), spent),
        given_up=flows.estimate(now - npv, groups),
        probability_waiting_was_right=float((npv > now).mean()),
        success=_mean(whole["programme_success"]),
        failure=_mean(whole["programme_failure"]),
        adoption=_mean(whole["adoption"]),
    )


def _mean(column: pd.Series[Any]) -> float | None:
    known = column[np.isfinite(column)]
    return float(known.mean()) if len(known) else None


def _never(runs: Runs, name: str) -> R.Start:
    nothing = np.zeros_like(runs.monthly[NEVER]["arr"])
    now, groups = runs.npv(f"{name}_0"), runs.groups
    none = flows.estimate(nothing[:, 0], groups)
    flat = flows.fan(nothing)
    return R.Start(
        None, flat, flat, flows.components(nothing, nothing, nothing, runs.tax), none, none, flows.payback(nothing),
        flows.rate(nothing), flows.break_even(0.0, now, now), flows.estimate(now, groups), float((now < 0.0).mean()),
        None, None, None,
    )  # fmt: skip


def _decomposition(runs: Runs, i: int) -> R.Decomposition | None:
    """Shapley shares of a programme's value before external cost, run by run: parts sum to the whole."""
    name = runs.client.programmes[i].name
    parts = runs.arms[f"{name}_0"].parts
    if not parts:  # a programme of nothing
        return None
    zero = np.zeros(len(runs.groups))
    values: dict[frozenset[str], Array] = {frozenset(): zero, frozenset(parts): runs.before_cost(f"{name}_0")}
    for label_of, arm in runs.arms.items():
        if arm.plan == i and arm.delay == 0 and not arm.silent:
            values[frozenset(arm.parts)] = runs.before_cost(label_of)
    shares: dict[str, list[float]] = {part: [] for part in parts}
    for r in range(len(zero)):
        each = shapley({some: float(column[r]) for some, column in values.items()})
        for part in parts:
            shares[part].append(float(each[part]))
    silent = f"{name}_{PAYOUT}"
    return R.Decomposition(
        parts=tuple(
            R.Part(part, words()["parts"][part], flows.estimate(np.array(shares[part]), runs.groups)) for part in parts
        ),
        whole=flows.estimate(values[frozenset(parts)], runs.groups),
        payout_only=flows.estimate(runs.before_cost(silent), runs.groups) if silent in runs.arms else None,
        behaviour_on=flows.estimate(values[frozenset({"pay"})], runs.groups) if "pay" in parts else None,
    )
