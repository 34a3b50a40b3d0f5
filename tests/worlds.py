"""Organisations for tests: small ones, random valid ones, and where two of them differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

import sim
from sim import kernel
from sim import state as S
from sim.engine import advance, days_of, months_of, start_measuring
from sim.model import GTMModel
from sim.parameters import (
    THEMES,
    Event,
    ParameterError,
    Params,
    Period,
    Role,
    Scope,
    declared,
    from_dict,
    priors,
)
from sim.parameters.pay import WINS
from sim.rules.tasks import Choice
from sim.world import build, make_room

# ---- small organisations ----------------------------------------------------------------

TINY: dict[str, object] = {
    "people.marketers": 2,
    "people.developers": 1,
    "people.sellers": 2,
    "people.success_managers": 2,
    "people.pod_size": 2,
    "market.candidates_per_day": 8.0,
    "market.generation_reference": 8.0,
    "customers.opening_arr": 1e6,
    "horizon.months": 2,
    "horizon.burn_in_months": 1,
}

# Short cycles, low bars and short waits: in weeks a handful of people see every kind of event.
BUSY: dict[str, object] = {
    "market.cycle_days": 5.0,
    "market.win_intercept": 0.5,
    "market.intent_mean": 0.5,
    "market.readiness_mean": 0.35,
    "people.turnover": 4.0,
    "people.ramp_months": 1.0,
    "customers.churn_monthly": 0.03,
    "customers.demand_monthly": 0.05,
    "behaviour.bar_quantile": 0.5,
    "behaviour.call_bar": 1500.0,
    "behaviour.accept_bar": 500.0,
    "behaviour.open_bar": 300.0,
    "behaviour.patience_days": 4.0,
    "behaviour.steps": 2,
    "alignment.shared_definition": 0.5,
    "alignment.visibility": 0.4,
    "alignment.feedback": 0.6,
    "alignment.follow_up_obligation": 0.3,
    "alignment.audit_share": 0.5,
    "alignment.coordination_hours": 2.0,
    "alignment.score_owner": "sellers",
    "alignment.sla_hours": 12.0,
}


def tiny(arm: str = "siloed", **changes: object) -> Params:
    """Seven people, two measured months; ``changes`` with ``__`` for the dot."""
    dotted = {name.replace("__", "."): value for name, value in changes.items()}
    return sim.load("mid_market", arm, {**TINY, **dotted})


def busy(arm: str = "siloed", **changes: object) -> Params:
    """Like :func:`tiny`, with much happening in little time."""
    dotted = {name.replace("__", "."): value for name, value in changes.items()}
    return sim.load("mid_market", arm, {**TINY, **BUSY, **dotted})


# ---- random valid parameters ------------------------------------------------------------

# Drawing a hundred parameters takes its time; shrinking them would take minutes, and the
# comparer already says where to look.
FEW = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)

# What decides how long a run takes is kept small; the rest may go anywhere its bounds allow.
SIZES: dict[str, tuple[float, float]] = {
    "people.marketers": (0, 3),
    "people.developers": (0, 2),
    "people.sellers": (0, 3),
    "people.success_managers": (0, 2),
    "people.pod_size": (1, 4),
    "market.candidates_per_day": (0, 15),
    "market.generation_reference": (0, 30),
    "customers.opening_arr": (0, 1e6),
    "market.acv": (2e4, 1e8),
    "workload.prospect": (0.25, 100),
    "behaviour.attention": (1, 60),
    "behaviour.obligation_cap": (0, 50),
    "horizon.months": (0, 1),
    "horizon.burn_in_months": (0, 1),
    "horizon.days": (0, 20),
}


def values_of(key: str, declaration: Any, default: Any) -> st.SearchStrategy[Any]:
    """Values of one parameter: mostly plausible, sometimes at a bound."""
    if declaration.choices:
        return st.sampled_from(declaration.choices)
    low, high = SIZES.get(key, (declaration.low, declaration.high))
    if isinstance(default, int):
        return st.integers(int(low), int(min(high, max(20, 4 * default))))
    near_low, near_high = low, min(high, max(4.0 * abs(default), 1.0))
    if declaration.prior and key not in SIZES:
        prior = priors.distribution(declaration.prior)
        near_low, near_high = max(low, float(prior.ppf(0.001))), min(high, float(prior.ppf(0.999)))
    near = st.floats(near_low, near_high, allow_subnormal=False)
    return st.one_of(near, near, near, st.sampled_from([float(low), float(high)]))


EURO_EVENTS = ("won_acv", "retained_arr", "expansion_arr", "company_revenue")


@st.composite
def terms(draw: st.DrawFn, role: str = "seller") -> dict[str, object]:
    """One valid term of a pay plan: what a term may have hangs on its event, its scope and its other keys."""
    event = draw(st.sampled_from([e.name for e in Event]))
    term: dict[str, object] = {
        "event": event,
        "rate": draw(st.one_of(st.just(0.0), st.floats(1e-3, 0.3 if event in EURO_EVENTS else 400.0))),
        "scope": "company" if event == "company_revenue" else draw(st.sampled_from([s.name for s in Scope])),
        "period": draw(st.sampled_from([p.name for p in Period])),
    }
    if event in WINS:
        term["low_score_multiplier"] = draw(st.sampled_from([1.0, 1.0, 0.0, 2.0]))
        if term["scope"] == "individual":
            term["clawback_months"] = draw(st.sampled_from([0, 0, 1, 12]))
    if draw(st.booleans()):
        number = st.floats(1e3, 1e6) if event in EURO_EVENTS else st.floats(0.5, 50)
        term["target"] = draw(st.one_of(st.just("quota"), number) if role == "seller" else number)
        kept_back = not term.get("clawback_months")
        term["cliff"] = draw(st.sampled_from([0.0, 0.4, 1.0])) if kept_back else 0.0
        term["cap"] = draw(st.sampled_from([0.0, 1.0, 1.5])) if kept_back else 0.0
        term["accelerator"] = draw(st.sampled_from([1.0, 0.0, 2.5] if kept_back else [1.0, 2.5]))
    return term


@cache
def incentives() -> st.SearchStrategy[dict[str, object]]:
    """Valid pay plans of up to three terms a role."""
    return st.fixed_dictionaries(
        {role.name: st.lists(terms(role.name), max_size=3) for role in Role},
        optional={"cost_neutral": st.booleans(), "low_score_quantile": st.floats(0, 1)},
    )


@cache
def some_of(theme: str) -> st.SearchStrategy[dict[str, object]]:
    """Values of some parameters of a theme. Made once: that takes many times as long as drawing from it."""
    optional = {name: values_of(f"{t}.{name}", d, default) for t, name, d, default in declared() if t == theme}
    return st.fixed_dictionaries({}, optional=optional)


@st.composite
def parameters(draw: st.DrawFn, always: dict[str, dict[str, object]] | None = None) -> Params:
    """Valid parameters of a small organisation: in every theme, some values differ from the tiny one's."""
    tree: dict[str, dict[str, object]] = {theme: {} for theme in THEMES}
    for key, value in TINY.items():
        theme, name = key.split(".")
        tree[theme][name] = value
    for theme in THEMES:
        tree[theme].update(draw(some_of(theme)))
        tree[theme].update((always or {}).get(theme, {}))
    # A week has no more coordination than paid hours.
    hours = float(tree["workload"].get("day_hours", 8.0))  # type: ignore[arg-type]
    if "coordination_hours" in tree["alignment"]:
        tree["alignment"]["coordination_hours"] = min(float(tree["alignment"]["coordination_hours"]), 5 * hours)  # type: ignore[arg-type]
    # Many cheap customers take long: few enough, whatever a contract is worth.
    acv = float(tree["market"].get("acv", 35_000.0))  # type: ignore[arg-type]
    tree["customers"]["opening_arr"] = min(float(tree["customers"]["opening_arr"]), 60.0 * acv)  # type: ignore[arg-type]
    return from_dict({**tree, "incentives": draw(incentives())})


# ---- where two worlds differ --------------------------------------------------------------

PHASES = ("market", "marketers", "sellers", "success managers", "closing of the day")


def first_difference(one: S.World, other: S.World) -> str:
    """Array, index, field and both values of the first difference in bits; empty if there is none."""
    for (name, a), (_, b) in zip(S.digest_parts(one), S.digest_parts(other), strict=True):
        if a.shape != b.shape:
            return f"{name}: {a.shape} entries against {b.shape}"
        if np.ascontiguousarray(a).tobytes() == np.ascontiguousarray(b).tobytes():
            continue
        for index in np.ndindex(a.shape):
            for field in a.dtype.names or ("value",):
                x = a[index][field] if a.dtype.names else a[index]
                y = b[index][field] if a.dtype.names else b[index]
                if x.tobytes() != y.tobytes():
                    return f"{name}{list(index)}.{field}: {x!r} against {y!r}"
        return f"{name}: padding between fields"
    return ""


class Watched(GTMModel):
    """A Mesa model that calls ``after(phase)`` when a phase of the day is over."""

    after: Callable[[str], None] = staticmethod(lambda phase: None)

    def step(self) -> None:
        """One day, as in :class:`sim.GTMModel`, with a word after each phase."""
        make_room(self.world)
        self.calls.market(self.world)
        self.after(PHASES[0])
        for phase, people in zip(PHASES[1:4], (self.marketers, self.sellers, self.managers), strict=True):
            for person in people:
                person.step()
            self.after(phase)
        self.calls.closing(self.world)
        self._begin_measuring()
        self.after(PHASES[4])


def one_by_one(world: S.World, after: Callable[[str], None]) -> None:
    """A day of the compiled engine, phase by phase."""
    org = world.org[0]
    make_room(world)
    kernel.market_phase(world)
    after(PHASES[0])
    for i in range(int(org["marketers"])):
        kernel.marketer_phase(world, i)
    after(PHASES[1])
    for j in range(int(org["sellers"])):
        kernel.seller_phase(world, j)
    after(PHASES[2])
    for i in range(int(org["managers"])):
        kernel.manager_phase(world, i)
    after(PHASES[3])
    kernel.closing_phase(world)
    after(PHASES[4])


def compiled_until(params: Params, seed: int, day: int, choose: Choice | None = None) -> S.World:
    """A world that the compiled engine has brought to the morning of ``day``."""
    world = build(params, seed, months_of(params))
    begin = params.horizon.burn_in_months * S.MONTH
    if day >= begin:
        advance(world, begin, choose)
        start_measuring(world)
    advance(world, day, choose)
    return world


def phase_of_difference(params: Params, seed: int, day: int, **options: Any) -> str:
    """In which phase of ``day`` the engines part, if their mornings were the same."""
    seen: list[tuple[str, bytes]] = []
    model = Watched(params, seed, **options)
    model.run(day)
    model.after = lambda phase: seen.append((phase, _bits(model.world)))  # type: ignore[method-assign]
    model.step()
    world = compiled_until(params, seed, day)
    order = iter(seen)
    parted: list[str] = []
    one_by_one(world, lambda phase: parted.append(phase) if next(order)[1] != _bits(world) else None)
    return parted[0] if parted else "the compiled loop (phases called one by one agree)"


def _bits(world: S.World) -> bytes:
    return b"".join(np.ascontiguousarray(array).tobytes() for _, array in S.digest_parts(world))


def assert_engines_agree(params: Params, seed: int, choose: Choice | None = None, **options: Any) -> S.World:
    """Both engines, compared record by record after every day; the Mesa world at the end.

    A failure names the first differing day, phase, entity (array and index) and field.
    """
    world = build(params, seed, months_of(params))
    model = GTMModel(params, seed, choose=choose, **options)
    begin = params.horizon.burn_in_months * S.MONTH
    assert not first_difference(world, model.world), "the first mornings differ"
    for day in range(days_of(params)):
        advance(world, day + 1, choose)
        if day + 1 == begin:
            start_measuring(world)
        model.step()
        difference = first_difference(world, model.world)
        if difference:
            phase = phase_of_difference(params, seed, day, **options) if choose is None else "not looked for"
            raise AssertionError(f"engines part on day {day}, phase: {phase}\ncompiled against Mesa: {difference}")
    return model.world


# ---- the rest -----------------------------------------------------------------------------


def numeric_parameters() -> list[tuple[str, Any, Any]]:
    """(dotted name, declaration, default) of every parameter that is a number."""
    return [(f"{t}.{n}", d, default) for t, n, d, default in declared() if not d.choices]


def refused(tree: dict[str, Any]) -> str:
    """The message with which these parameters are refused."""
    try:
        from_dict(tree)
    except ParameterError as error:
        return str(error)
    raise AssertionError(f"accepted: {tree}")


def counts_of(world: S.World) -> dict[str, float]:
    """Sum over all months of every monthly count."""
    return {name: float(np.asarray(world.months[name]).sum()) for name in S.MONTH_NAMES}


def fields(kind: type[Any]) -> list[str]:
    """Names of a dataclass's fields."""
    return [f.name for f in dataclasses.fields(kind)]
