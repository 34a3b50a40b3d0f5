"""What was found, written down: the organisation, where each value comes from, and the priors of the rest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.baseline import reference_of, rounded
from experiments.fitting.estimate import Estimate
from experiments.fitting.estimates import Facts
from experiments.fitting.matching import PAIRS, Match, Target, corrected, observe, plan
from experiments.fitting.plain import match_plain
from experiments.fitting.scaling import BARS, OTHERS, TASKS, beyond, moved
from experiments.fitting.sellers import win_spread_of
from sim.engine import Result, simulate
from sim.parameters import Event, Params, declared, replace

ROOT = 6  # seeds of the final runs: not those of the matching
SKILL_DOUBT = 0.35  # how far the spread of skill may be from the base's, in logs, before data are seen
SKILL_BOUNDS = (0.1, 1.5)
SHORT, LONG = 12, 24  # most measured months of the first and the later runs
PASSES = 4  # of measuring and correcting, at most
HEADS = "heads and market in proportion to the sellers"


@dataclass(frozen=True)
class Made:
    """An organisation and its story.

    Attributes
    ----------
    organisation : dict
        Contents of its file.
    notes : dict of str to str
        Dotted name → where the value comes from.
    content : dict
        What ``fit.json`` says of it.
    beyond : dict of str to float
        Parameters held at their declared bounds, and what was wanted of them.
    """

    organisation: dict[str, Any]
    notes: dict[str, str]
    content: dict[str, Any]
    beyond: dict[str, float]

    @property
    def unmet(self) -> list[dict[str, Any]]:
        """Checks of numbers that were matched and are not shown all the same."""
        return [one for one in self.content["checks"] if one["matched"] and not one["met"]]


def build(
    base_name: str,
    base: Params,
    sellers: int,
    found: Match,
    targets: Sequence[Target],
    facts: Facts,
    told: bool,
    finds: bool,
) -> Made:
    """The organisation of a match, measured on fresh seeds; ``told``: the user gave the number of sellers."""
    way = plan(base, sellers, targets)
    start = replace(base, moved(base, way.sellers, found.x, finds))
    results = _runs(replace(start, {"horizon.months": min(SHORT, way.months)}), way.seeds(ROOT))
    skill = _skill(base, facts, results)
    own = {} if skill is None else {"people.skill_spread": rounded(skill.value)}
    # Where leads are so many that the search needs few months, as many again tell enough.
    months = {"horizon.months": min(LONG, max(way.months, SHORT), 2 * way.months)}
    # What runs show pays the next ones: only then are amounts those of plans priced by themselves. Pay and the own
    # spread of skill move what was matched, so the point is corrected by the slopes of the search.
    for _ in range(PASSES):
        paid = {f"reference.{name}": value for name, value in reference_of(results[0].params, results).items()}
        changed = {**moved(base, way.sellers, found.x, finds), **own, **paid, **months}
        results = _runs(replace(base, changed), way.seeds(ROOT))
        seen = [observe(result) for result in results]
        shown = {name: [one[name] for one in seen] for name in seen[0]}
        checks = [_check(target, shown, found.team.get(target.pair.moment, 0.0)) for target in targets]
        last = found
        if all(one["met"] for one in checks):
            break
        found = corrected(found, targets, seen, base)
    found = last
    changes = {**moved(base, sellers, found.x, finds), **own}
    final = reference_of(results[0].params, results)
    notes = _notes(base_name, changes, facts, told, targets)
    tree: dict[str, Any] = {"base": base_name}
    for key, value in changes.items():
        theme, _, name = key.partition(".")
        if theme != "reference":
            tree.setdefault(theme, {})[name] = value
    tree["reference"] = final
    held = beyond(base, sellers, found.x, finds)
    # A number that the organisation cannot show says nothing certain of its parameter.
    reached = [target for target, check in zip(targets, checks, strict=True) if check["met"]]
    checks += _unmatched(shown, facts, sellers, {target.what for target in targets})
    rows = _parameters(base, changes, found, reached, facts, skill, notes)
    tree["sources"] = _sources(rows, held)
    content = {
        "sellers": sellers,
        "parameters": rows,
        "checks": checks,
        "priors": _priors(changes, base),
        "matching": match_plain(found, targets),
    }
    return Made(tree, notes, content, held)


def _runs(params: Params, seeds: Sequence[int]) -> list[Result]:
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda seed: simulate(params, seed), seeds))


def _skill(base: Params, facts: Facts, runs: Sequence[Result]) -> Estimate | None:
    """Spread of skill: the base's, times how much wider sellers' win rates spread in the export than in its runs.

    Where sellers have few deals, the base holds it.
    """
    if facts.sellers is None or not math.isfinite(facts.sellers.win_spread.value):
        return None
    data = facts.sellers.win_spread
    won, opened = (
        np.concatenate([r.counts[_sellers_of(r), event] for r in runs]) for event in (Event.won_deal, Event.opportunity)
    )
    usual = win_spread_of(won, np.maximum(opened, won))
    if not usual.value > 0:
        return None
    before, doubt = math.log(base.people.skill_spread), max(math.hypot(data.se, usual.se), 0.05)
    seen = before + math.log(max(data.value, 0.05) / max(usual.value, 0.05))
    weight = (1 / doubt**2) / (1 / doubt**2 + 1 / SKILL_DOUBT**2)
    log, sd = weight * seen + (1 - weight) * before, math.sqrt(1 / (1 / doubt**2 + 1 / SKILL_DOUBT**2))
    low, high, value = (
        min(max(math.exp(v), SKILL_BOUNDS[0]), SKILL_BOUNDS[1]) for v in (log - 1.96 * sd, log + 1.96 * sd, log)
    )
    return Estimate(value, low, high, data.n)


def _sellers_of(run: Result) -> slice:
    first = run.params.people.marketers + run.params.people.developers
    return slice(first, first + run.params.people.sellers)


# ---------------------------------------------------------------- where values come from


def _notes(
    base_name: str, changes: dict[str, Any], facts: Facts, told: bool, targets: Sequence[Target]
) -> dict[str, str]:
    """Dotted name → one of: data, matched, scaled, base; with a few words."""
    matched = {target.pair.x: target for target in targets}
    notes: dict[str, str] = {}
    for key in changes:
        theme, _, name = key.partition(".")
        if theme == "reference":
            continue
        if key == "people.sellers":
            known = facts.sellers is not None and math.isfinite(facts.sellers.active.value)
            notes[key] = (
                "given"
                if told
                else "data: owners of deals at work at the end"
                if known
                else f"assumed: as in {base_name}"
            )
        elif key == "people.skill_spread":
            notes[key] = "data, held to the base where unsure: spread of sellers' win rates"
        elif key == "behaviour.territory_yield":
            notes[key] = "data: every win of the export comes from a lead"
        elif name in OTHERS or name == "generation_reference":
            notes[key] = f"assumed: {base_name}, in proportion to the sellers"
        elif key == "market.candidates_per_day":
            notes[key] = _of(matched, "volume", f"assumed: {base_name}, in proportion to sellers and pace")
        elif name in (*TASKS, "win_hours_scale", "territory_refresh", "attention"):
            notes[key] = _of(matched, "pace", f"assumed: as in {base_name}")
        elif name in BARS:
            notes[key] = f"assumed: {base_name}, scaled with the size of deals"
        elif key in ("people.quota", "customers.opening_arr"):
            notes[key] = f"assumed: {base_name}, scaled with what sellers win"
        else:
            x = next(pair.x for pair in PAIRS if pair.parameter == key)
            notes[key] = _of(matched, x, f"assumed: as in {base_name}")
    return notes


def _of(matched: dict[str, Target], x: str, otherwise: str) -> str:
    return f"matched to {matched[x].what} of the export" if x in matched else otherwise


def _parameters(
    base: Params,
    changes: dict[str, Any],
    found: Match,
    targets: Sequence[Target],
    facts: Facts,
    skill: Estimate | None,
    notes: dict[str, str],
) -> list[dict[str, Any]]:
    rows = []
    intervals = {target.pair.parameter: target.pair for target in targets}
    for key, note in notes.items():
        value = changes[key]
        low = high = math.nan
        if key in intervals:
            pair = intervals[key]
            half = 1.96 * found.spread[pair.x]
            low, high = (
                (value - half, value + half) if pair.x == "win" else (value * math.exp(-half), value * math.exp(half))
            )
        elif key == "people.skill_spread" and skill is not None:
            low, high = skill.low, skill.high
        elif key == "people.sellers" and facts.sellers is not None and note.startswith("data"):
            low, high = facts.sellers.active.low, facts.sellers.active.high
        theme, _, name = key.partition(".")
        was = getattr(getattr(base, theme), name)
        rows.append(
            {
                "key": key,
                "value": value,
                "low": low,
                "high": high,
                "how": note.partition(":")[0].partition(",")[0].partition(" to ")[0],
                "note": note,
                "base": was,
            }
        )
    if "pace" in found.x:
        pace, half = math.exp(found.x["pace"]), 1.96 * found.spread["pace"]
        rows.insert(
            0,
            {
                "key": "pace",
                "value": pace,
                "low": pace * math.exp(-half),
                "high": pace * math.exp(half),
                "how": "matched",
                "note": "one factor on all hours of tasks",
                "base": 1.0,
            },
        )
    return rows


def _sources(rows: Sequence[dict[str, Any]], held: dict[str, float]) -> dict[str, dict[str, Any]]:
    """What the export tells of single parameters, with 95 % intervals; for ``sources:`` of the organisation.

    The pace is not among them: it is one factor on hours whose proportions stay those of the base.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        ends = {end: rounded(row[end]) for end in ("low", "high") if math.isfinite(row[end])}
        told = row["how"] == "data" or (row["how"] == "matched" and len(ends) == 2)
        if told and row["key"] != "pace" and row["key"] not in held:
            found[row["key"]] = {"from": "export", **ends}
    return found


def _priors(changes: dict[str, Any], base: Params) -> list[dict[str, Any]]:
    """Every uncertain parameter that the export says nothing about, with the prior it keeps."""
    return [
        {
            "key": f"{theme}.{name}",
            "value": getattr(getattr(base, theme), name),
            "prior": d.prior,
            "unit": d.unit,
            "grade": d.grade,
        }
        for theme, name, d, _ in declared()
        if d.prior and d.kind == "uncertainty" and f"{theme}.{name}" not in changes
    ]


# ---------------------------------------------------------------- put side by side


def _check(target: Target, shown: dict[str, list[float]], team: float) -> dict[str, Any]:
    values = np.array([v for v in shown[target.what] if math.isfinite(v)])
    mean = float(values.mean()) if len(values) else math.nan
    noise = 1.96 * float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    e = target.estimate
    # Met: intervals touch, or they differ by no more than a twentieth or than two teams of the kind do.
    near = abs(mean - e.value) <= (0.05 + 1.96 * team) * abs(e.value)
    met = bool(near or (mean + noise >= e.low and mean - noise <= e.high))
    return {
        "what": target.what,
        "moment": target.pair.moment,
        "matched": True,
        "export": e.value,
        "low": e.low,
        "high": e.high,
        "simulated": mean,
        "simulated_low": mean - noise,
        "simulated_high": mean + noise,
        "met": met,
    }


def _unmatched(shown: dict[str, list[float]], facts: Facts, sellers: int, matched: set[str]) -> list[dict[str, Any]]:
    """What the model shows without having been asked to: a look from outside."""
    others: dict[str, Estimate] = {"last_month_of_quarter_share": facts.quarter_end}
    if facts.wins is not None and "wins" not in matched:
        one = facts.wins.usual
        others["wins"] = Estimate(one.value / sellers, one.low / sellers, one.high / sellers, one.n)
    rows = []
    for what, e in others.items():
        values = np.array([v for v in shown[what] if math.isfinite(v)])
        if not math.isfinite(e.value) or not len(values):
            continue
        mean = float(values.mean())
        noise = 1.96 * float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
        rows.append(
            {
                "what": what,
                "moment": what,
                "matched": False,
                "export": e.value,
                "low": e.low,
                "high": e.high,
                "simulated": mean,
                "simulated_low": mean - noise,
                "simulated_high": mean + noise,
                "met": bool(mean + noise >= e.low and mean - noise <= e.high),
            }
        )
    return rows
