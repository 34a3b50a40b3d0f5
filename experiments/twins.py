"""The twin ledger: the same leads under two regimes, with the same luck.

Draws are keyed by the lead, so a lead that marketing captures in both regimes is the same
buyer in both: same fit, same contract value, same luck at every step. What differs is what
people did with it. The ledger counts how such twins fared, and follows one of them day by
day; which one is decided by a rule (:func:`typical`), so that nobody picks the best story.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import state as S
from sim.engine import advance, days_of, months_of, simulate, start_measuring
from sim.parameters import ParameterError, Params
from sim.parameters.pay import Event, Role, Scope
from sim.world import build

ENDINGS = ("won", "lost", "given_up", "burned", "ignored", "kept", "open")
WON, LOST, GIVEN_UP, BURNED, IGNORED, KEPT, OPEN = range(len(ENDINGS))
FIRST_FOUND = 1 << 50  # keys from here on are finds of a seller, who has no twin in another regime
MERGED = ("touched", "attempted")  # moments that repeat: one entry from the first day to the last


@dataclass(frozen=True)
class Moment:
    """Something that happened to a lead.

    Attributes
    ----------
    day, until : int
        Business days since measuring began, from 1; ``until`` is the last one of a moment that repeats.
    kind : str
        captured, touched, handed_over, attempted, accepted, opened, amended, an ending, or left (as a customer).
    values : mapping of str to float
        What is known of it: score, inflation (how far it was pushed over the bar), response (calendar hours),
        times, arr (€ a year), discount (share), sales_hours, months (as a customer).
    pay : mapping of str to float
        € that it brings a role under the plan then in force, at the plain rate: before target, cap and accelerator.
    """

    day: int
    until: int
    kind: str
    values: Mapping[str, float] = field(default_factory=dict)
    pay: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Twin:
    """One lead under both regimes.

    Attributes
    ----------
    seed : int
        Root seed of the run.
    lead : str
        Day it appeared, counted from the first morning, and its number on that day.
    acv : float
        List price, € a year.
    before, after : tuple of Moment
        What happened to it under the one and the other.
    before_ending, after_ending : str
        One of ``ENDINGS``.
    alike : int
        Leads of the ledger with the same pair of endings.
    """

    seed: int
    lead: str
    acv: float
    before: tuple[Moment, ...]
    after: tuple[Moment, ...]
    before_ending: str
    after_ending: str
    alike: int


@dataclass(frozen=True)
class Ledger:
    """How the leads that both regimes captured fared.

    Attributes
    ----------
    runs : int
        Pairs of runs.
    both : int
        Leads captured by marketing in both regimes, in measured time.
    decided : int
        Those whose fate was settled in both before the end.
    gained, forgone : int
        Settled leads won only under the second regime, and only under the first.
    won_alone_before, won_alone_after : int
        Leads won under one regime that the other never captured.
    endings : mapping of str to int
        Settled leads by ``"ending before > ending after"``.
    twin : Twin or None
        The typical one of those whose fates differ; None where no fate differs.
    """

    runs: int
    both: int
    decided: int
    gained: int
    forgone: int
    won_alone_before: int
    won_alone_after: int
    endings: Mapping[str, int]
    twin: Twin | None

    def as_dict(self) -> dict[str, Any]:
        """The ledger for ``summary.json``."""
        return dataclasses.asdict(self)


def ledger(before: Sequence[Params], after: Sequence[Params], seeds: Sequence[int]) -> Ledger:
    """Compare the fates of leads under two regimes.

    Parameters
    ----------
    before, after : sequence of Params
        Parameters of each pair of runs; they may differ in levers and pay only, or twins are no twins.
    seeds : sequence of int
        Root seed of each pair.

    Raises
    ------
    ParameterError
        Not as many on one side as on the other, or the two horizons differ.
    """
    if not len(before) == len(after) == len(seeds) or not seeds:
        raise ParameterError(
            f"seeds: {len(seeds)} given for {len(before)} and {len(after)} sets of parameters; "
            "as many of each are needed, at least one."
        )
    rows: list[NDArray[Any]] = []
    both = alone_before = alone_after = 0
    for pair, (one, other, seed) in enumerate(zip(before, after, seeds, strict=True)):
        if one.horizon != other.horizon:
            raise ParameterError("horizon: both regimes need the same, so that leads have as long in both.")
        runs = [_fates(params, seed) for params in (one, other)]
        _, left, right = np.intersect1d(runs[0]["key"], runs[1]["key"], assume_unique=True, return_indices=True)
        both += left.size
        alone_before += _won_without(runs[0], left)
        alone_after += _won_without(runs[1], right)
        rows.append(_joined(pair, runs[0][left], runs[1][right]))
    found = np.concatenate(rows)
    settled = found[(found["before"] != OPEN) & (found["after"] != OPEN)]
    pairs = Counter(zip(settled["before"].tolist(), settled["after"].tolist(), strict=True))
    place = typical(settled)
    twin = None
    if place is not None:
        chosen = settled[place]
        pair = int(chosen["pair"])
        alike = pairs[int(chosen["before"]), int(chosen["after"])]
        twin = _follow(before[pair], after[pair], seeds[pair], chosen, alike)
    return Ledger(
        runs=len(seeds),
        both=both,
        decided=len(settled),
        gained=sum(n for (one, other), n in pairs.items() if one != WON and other == WON),
        forgone=sum(n for (one, other), n in pairs.items() if one == WON and other != WON),
        won_alone_before=alone_before,
        won_alone_after=alone_after,
        endings={f"{ENDINGS[one]} > {ENDINGS[other]}": n for (one, other), n in sorted(pairs.items())},
        twin=twin,
    )


def typical(settled: NDArray[Any]) -> int | None:
    """Place of the lead whose story is told; None if no lead was won under one regime only.

    Of the leads won under one regime only, those of the more frequent direction (won only
    under the second, in a tie); of these, the most frequent ending without a win (the first
    of ``ENDINGS``, in a tie); of these, the one of median contract value (the lower of two;
    ties by pair of runs and key).
    """
    directions = [
        (settled["after"] == WON) & (settled["before"] != WON),
        (settled["before"] == WON) & (settled["after"] != WON),
    ]
    sizes = [int(mask.sum()) for mask in directions]
    if not any(sizes):
        return None
    way = int(sizes[1] > sizes[0])
    side = "after" if way else "before"  # where it was not won
    places = np.flatnonzero(directions[way])
    endings = np.bincount(settled[side][places], minlength=len(ENDINGS))
    places = places[settled[side][places] == int(endings.argmax())]
    order = np.lexsort((settled["key"][places], settled["pair"][places], settled["acv"][places]))
    return int(places[order[(order.size - 1) // 2]])


# ---------------------------------------------------------------- fates

_FATE = np.dtype([("key", "i8"), ("acv", "f8"), ("ending", "i8")])
_PAIRED = np.dtype([("pair", "i8"), ("key", "i8"), ("acv", "f8"), ("before", "i8"), ("after", "i8")])


def endings_of(leads: NDArray[Any]) -> NDArray[np.int64]:
    """How each lead ended, as a place in ``ENDINGS``."""
    stage, called = leads["stage"], leads["attempts"] > 0
    conditions = [
        stage == S.WON,
        (stage == S.LOST) & (leads["opened"] > 0.0),
        stage == S.DISQUALIFIED,
        (stage == S.LOST) | ((stage == S.RECYCLED) & called),  # called before it was ready
        stage == S.EXPIRED,
        stage == S.RECYCLED,
    ]
    return np.select(conditions, [WON, LOST, GIVEN_UP, BURNED, IGNORED, KEPT], OPEN).astype(np.int64)


def _fates(params: Params, seed: int) -> NDArray[Any]:
    """Leads that marketing captured in measured time, with their endings."""
    world = simulate(params, seed).world
    leads = np.asarray(world.leads[: int(world.org[0]["leads"])])
    begin = params.horizon.burn_in_months * S.MONTH
    leads = leads[(leads["key"] < FIRST_FOUND) & (leads["born"] >= begin)]
    found = np.zeros(len(leads), _FATE)
    found["key"], found["acv"], found["ending"] = leads["key"], leads["acv"], endings_of(leads)
    return found


def _won_without(run: NDArray[Any], shared: NDArray[Any]) -> int:
    """Wins of a run among leads that the other run does not have."""
    alone = np.ones(len(run), bool)
    alone[shared] = False
    return int(((run["ending"] == WON) & alone).sum())


def _joined(pair: int, one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    rows = np.zeros(len(one), _PAIRED)
    rows["pair"], rows["key"], rows["acv"] = pair, one["key"], one["acv"]
    rows["before"], rows["after"] = one["ending"], other["ending"]
    return rows


# ---------------------------------------------------------------- one lead, day by day


def _follow(before: Params, after: Params, seed: int, chosen: Any, alike: int) -> Twin:
    key = int(chosen["key"])
    day, number = key >> 20, key & 0xFFFFF
    return Twin(
        seed=int(seed),
        lead=f"{day}-{number}",
        acv=float(chosen["acv"]),
        before=diary(before, seed, key),
        after=diary(after, seed, key),
        before_ending=ENDINGS[int(chosen["before"])],
        after_ending=ENDINGS[int(chosen["after"])],
        alike=alike,
    )


def diary(params: Params, seed: int, key: int) -> tuple[Moment, ...]:
    """All that happens to one lead of marketing, from the compiled engine run day by day.

    Parameters
    ----------
    params, seed
        As of :func:`sim.simulate`.
    key : int
        Key of a lead that appears in measured time.

    Returns
    -------
    tuple of Moment
        In order of time; empty if marketing does not capture it.
    """
    begin = params.horizon.burn_in_months * S.MONTH
    world = build(params, seed, months_of(params))
    advance(world, begin)
    start_measuring(world)
    born = key >> 20
    advance(world, born + 1)
    places = np.flatnonzero(np.asarray(world.leads["key"][: int(world.org[0]["leads"])]) == key)
    if not places.size:
        return ()
    index = int(places[0])
    old = np.zeros(1, S.LEAD)[0]
    moments: list[Moment] = []
    for day in range(born, days_of(params)):
        advance(world, day + 1)
        new = np.asarray(world.leads)[index].copy()
        for kind, values, pay in _news(world, old, new, first=day == born):
            _add(moments, Moment(day - begin + 1, day - begin + 1, kind, values, pay))
        old = new
    moments.extend(_departure(world, index, begin))
    return tuple(moments)


def _add(moments: list[Moment], new: Moment) -> None:
    last = moments[-1] if moments else None
    if last is None or new.kind not in MERGED or last.kind != new.kind:
        moments.append(new)
        return
    times = last.values["times"] + new.values["times"]
    moments[-1] = dataclasses.replace(last, until=new.until, values={**last.values, "times": times})


News = tuple[str, dict[str, float], dict[str, float]]


def _news(world: S.World, old: Any, new: Any, *, first: bool) -> Iterator[News]:
    """What a day changed in a lead's record, in the order in which it happens."""

    def paid(**events: float) -> dict[str, float]:
        return _pay(world, new, events)

    if first:
        yield "captured", {}, paid(lead_captured=1.0)
    if new["touches"] > old["touches"]:
        yield "touched", {"times": float(new["touches"] - old["touches"])}, {}
    if new["handover"] > old["handover"]:
        values = {name: float(new[name]) for name in ("score", "inflation")}
        yield "handed_over", values, paid(mql=1.0)
    if new["attempts"] > old["attempts"]:
        values = {"times": float(new["attempts"] - old["attempts"]), "response": float(new["response"])}
        yield "attempted", values, {}
    if new["stage"] == old["stage"]:
        return
    if new["stage"] == S.ACCEPTED:
        yield "accepted", {}, paid(meeting=1.0, accepted_lead=1.0)
    elif new["stage"] == S.OPPORTUNITY:
        yield "opened", {}, paid(opportunity=1.0)
    elif new["stage"] == S.WON:
        yield from _victory(new, paid)
    elif new["stage"] not in (S.PROSPECT, S.MQL):
        yield ENDINGS[int(endings_of(new.reshape(1))[0])], {"sales_hours": float(new["sales_seconds"]) / S.HOUR}, {}


def _victory(lead: Any, paid: Any) -> Iterator[News]:
    if lead["marks"] & S.AMENDED:
        yield "amended", {"score": float(lead["score"])}, {}
    arr = float(lead["acv"] * (1.0 - lead["discount"]))
    values = {"arr": arr, "discount": float(lead["discount"]), "sales_hours": float(lead["sales_seconds"]) / S.HOUR}
    yield ENDINGS[WON], values, paid(won_deal=1.0, won_acv=arr)


def _departure(world: S.World, index: int, begin: int) -> list[Moment]:
    """The end of the customer that a won lead became, if it came before the horizon's."""
    customers = np.asarray(world.customers[: int(world.org[0]["customers"])])
    left = customers[(customers["lead"] == index) & (customers["since"] > 0.0) & (customers["left"] >= 0.0)]
    if not left.size:
        return []
    day = int(left["left"][0]) - begin + 1
    months = float(left["left"][0] - left["since"][0]) / S.MONTH
    return [Moment(day, day, "left", {"months": months})]


def _pay(world: S.World, lead: Any, events: Mapping[str, float]) -> dict[str, float]:
    """€ by role for events of one lead, at the plain rates of the plan in force."""
    org = world.org[0]
    roles = {Role.marketer: org["marketers"], Role.developer: org["developers"]}
    roles |= {Role.seller: org["sellers"] - org["developers"], Role.success: org["managers"]}
    low = bool(lead["score"] < org["low_bar"])
    found: dict[str, float] = {}
    for role, heads in roles.items():
        euros = 0.0
        for term in np.asarray(world.paid_terms)[int(role)]:
            amount = sum(n for event, n in events.items() if Event[event] == term["event"])
            if term["event"] in (Event.won_deal, Event.won_acv) and low:
                amount *= float(term["low_multiplier"])
            if term["scope"] == Scope.company:
                amount *= float(heads) / float(org["workers"])
            elif not _credited(lead, role, events):
                continue
            euros += float(term["rate"]) * amount
        if euros > 0.0:
            found[role.name] = euros
    return found


def _credited(lead: Any, role: Role, events: Mapping[str, float]) -> bool:
    """Whether a role's own count goes up (see ``sim.rules.pay.credited`` and those who call ``count``)."""
    if role == Role.marketer:
        return bool(lead["marketer"] >= 0)
    met = "meeting" in events
    if role == Role.developer:
        return bool(lead["developer"] >= 0) and "lead_captured" not in events and "mql" not in events
    if role == Role.seller:
        return "lead_captured" not in events and "mql" not in events and not (met and lead["developer"] >= 0)
    return False
