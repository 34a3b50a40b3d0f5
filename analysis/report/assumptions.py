"""What a study assumed: every parameter with value, source and grade, and what the arms do not share."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis import screening
from analysis.numbers import Numbers
from analysis.summary import Study
from analysis.texts import Texts
from sim.parameters import Declaration, Market, declarations, declared
from sim.parameters.priors import around

JUDGEMENT = "judgement"
GRADES = ("A", "B", "C", "D", "E", JUDGEMENT)
SHOWN = 5  # assumptions named in words
ROLES = ("marketer", "developer", "seller", "success")
Tree = Mapping[str, Any]


@dataclass(frozen=True)
class Assumption:
    """One parameter of a study, in words.

    Attributes
    ----------
    key : str
        Dotted name, as it is overridden.
    values : tuple of str
        Value in each arm, in the order of the arms; one only where all arms share it.
    unit, meaning, source, grade : str
        As declared, in the language of the report.
    loud : bool
        Nothing but judgement stands behind it.
    changed : bool
        Some arm's value is not the default.
    span : str
        What it could as well be: 90 % of its prior around the baseline's own value, or the other words it may have;
        empty if it is not sampled.
    weight : str
        How much the headline depends on it: rank correlation over the draws of a posterior; empty where it was the
        same in all runs.
    screened : str
        The same by the shipped screening: what its prior moves growth and wasted time by; or that it was not screened.
    """

    key: str
    values: tuple[str, ...]
    unit: str
    meaning: str
    source: str
    grade: str
    loud: bool
    changed: bool
    span: str = ""
    weight: str = ""
    screened: str = ""

    @property
    def shared(self) -> bool:
        """Whether all arms have the same value."""
        return len(self.values) == 1


@dataclass(frozen=True)
class Theme:
    """Assumptions of one theme, with what their grades amount to."""

    name: str
    assumptions: tuple[Assumption, ...]

    @property
    def loud(self) -> int:
        """How many rest on judgement."""
        return sum(assumption.loud for assumption in self.assumptions)


def arm_parameters(study: Study) -> dict[str, Tree]:
    """The resolved parameters of each arm, found in the manifest's configuration; empty if there are none.

    They are the mapping ``{arm: {theme: {name: value}}}``, wherever it stands.
    """
    themes = {theme for theme, _, _, _ in declared()}
    for mapping in _mappings(study.manifest.get("configuration", {})):
        found = {arm: mapping.get(arm) for arm in study.arms}
        if all(isinstance(tree, Mapping) for tree in found.values()):
            trees = {arm: tree.get("parameters", tree) for arm, tree in found.items()}  # type: ignore[union-attr]
            if all(themes & set(tree) for tree in trees.values()):
                return trees
    return {}


def _mappings(tree: object) -> Iterator[Tree]:
    if isinstance(tree, Mapping):
        yield tree
        for inner in tree.values():
            yield from _mappings(inner)


def themes(study: Study, words: Texts, write: Numbers) -> list[Theme]:
    """All declared parameters with the values of this study, by theme."""
    trees = arm_parameters(study)
    acv = float(trees[study.baseline].get("market", {}).get("acv", Market.acv)) if trees else 0.0
    grouped: dict[str, list[Assumption]] = {}
    for theme, name, declaration, default in declared() if trees else ():
        values = [trees[arm].get(theme, {}).get(name, default) for arm in study.arms]
        row = _assumption(theme, name, declaration, default, values, acv, words, write)
        told = study.summary.get("dependence", {}).get(row.key)
        weight = "" if told is None else write.decimal(told, 2, signed=True)
        moves = screened(row.key, words, write)
        grouped.setdefault(theme, []).append(dataclasses.replace(row, weight=weight, screened=moves))
    return [Theme(words(f"report.assumptions.themes.{theme}"), tuple(rows)) for theme, rows in grouped.items()]


def _assumption(
    theme: str,
    name: str,
    declaration: Declaration,
    default: object,
    values: list[Any],
    acv: float,
    words: Texts,
    write: Numbers,
) -> Assumption:
    loud = declaration.grade == JUDGEMENT
    shared = all(value == values[0] for value in values)
    return Assumption(
        key=f"{theme}.{name}",
        values=tuple(shown(value, words, write) for value in (values[:1] if shared else values)),
        unit=words.unit(declaration.unit),
        meaning=words.meaning(theme, name, declaration.meaning),
        source=words.source(declaration.source) if declaration.source != JUDGEMENT else "",
        grade=words("report.assumptions.ungraded") if loud else declaration.grade,
        loud=loud,
        changed=any(value != default for value in values),
        span=span(declaration, values[0], acv, words, write),
    )


def screened(key: str, words: Texts, write: Numbers) -> str:
    """What the prior of a parameter moves the headline by: growth and wasted time, in points."""
    found = screening.shipped()
    if key not in found.effects:
        return words("report.assumptions.unscreened")
    sizes = [
        write.points(found.effects[key][measure].size, signed=False)
        if found.told(key, measure)
        else words("report.assumptions.noise")
        for measure in screening.HEADLINE
    ]
    return " · ".join(sizes)


def strongest(words: Texts, write: Numbers) -> str:
    """The assumptions that the headline hangs on most, each with its grade."""
    found = screening.shipped()
    grades = {name: declaration.grade for name, declaration in declarations().items()}
    parts = []
    for key in found.strongest(screening.HEADLINE[0], SHOWN):
        graded = words("report.assumptions.ungraded") if grades[key] == JUDGEMENT else grades[key]
        effect = found.effects[key][screening.HEADLINE[0]]
        size = f"{write.decimal(100.0 * effect.size)} ± {write.points(effect.half, signed=False)}"
        parts.append(words("report.assumptions.part", name=key, size=size, grade=graded))
    return words("report.assumptions.strongest", parts="; ".join(parts)) if parts else ""


def origin(words: Texts, write: Numbers) -> str:
    """Where the screening comes from, and how much of it is chance."""
    found = screening.shipped()
    noise = [write.percent(found.noise[measure], 1) for measure in screening.HEADLINE]
    n, each = write.decimal(found.points, 0), write.decimal(found.replications, 0)
    return words(
        "report.assumptions.screening", organisation=found.organisation, date=found.date, command=found.command,
        points=n, each=each, growth=noise[0], wasted=noise[1],
    )  # fmt: skip


def span(declaration: Declaration, value: Any, acv: float, words: Texts, write: Numbers) -> str:
    """What a parameter could as well be in an organisation of this value and mean contract value (€)."""
    if declaration.choices:
        return ", ".join(declaration.choices)
    if not declaration.prior:
        return ""
    prior = around(declaration, value, acv)
    ends = (float(f"{float(np.clip(prior.ppf(q), declaration.low, declaration.high)):.3g}") for q in (0.05, 0.95))
    low, high = (shown(end, words, write) for end in ends)
    return words("report.assumptions.span", low=low, high=high)


def shown(value: object, words: Texts, write: Numbers) -> str:
    """A parameter's value, exactly."""
    if isinstance(value, bool):
        return str(words.find("report.assumptions.yes_no")[value])
    if isinstance(value, (int, float)) and math.isfinite(value):
        # As many decimals as the shortest text that gives the same number has.
        plain = f"{value:.10f}".rstrip("0").partition(".")[2] if isinstance(value, float) else ""
        return write.decimal(value, len(plain))
    return str(value)


def count(found: list[Theme], words: Texts, write: Numbers) -> str:
    """How many parameters there are, and how many of each grade."""
    plain = [row for theme in found for row in theme.assumptions]
    tally = Counter(JUDGEMENT if row.loud else row.grade for row in plain)
    names = {JUDGEMENT: words("report.assumptions.ungraded"), "-": words("report.assumptions.setting")}
    grades = [f"{names.get(grade, grade)} {write.decimal(tally[grade], 0)}" for grade in (*GRADES, "-") if tally[grade]]
    return words("report.assumptions.count", n=write.decimal(len(plain), 0), grades=", ".join(grades))


def pay_plans(study: Study, words: Texts, write: Numbers) -> list[tuple[str, list[str]]]:
    """(role, terms in each arm) for every role; empty without parameters."""
    trees = arm_parameters(study)
    if not any("incentives" in tree for tree in trees.values()):
        return []
    return [
        (
            words(f"roles.{role}"),
            [_plan(trees[arm].get("incentives", {}).get(role, ()), words, write) for arm in study.arms],
        )
        for role in ROLES
    ]


def _plan(terms: Any, words: Texts, write: Numbers) -> str:
    if not terms:
        return words("report.assumptions.flat")
    return "; ".join(_term(term, words, write) for term in terms)


def _term(term: Tree, words: Texts, write: Numbers) -> str:
    """A pay term in words: what it pays for, whose events count, and its conditions."""
    say = "report.assumptions."
    event = words(f"{say}events.{term['event']}")
    scope, period = (
        words(f"{say}{kind}s.{term.get(kind) or first}")
        for kind, first in (("scope", "individual"), ("period", "month"))
    )
    event = f"{event} ({scope}, {period})"
    rate, weight = term.get("rate"), term.get("weight")
    parts = [
        words(f"{say}term_rate", rate=write.euro(float(rate), 2), event=event)
        if rate is not None
        else words(f"{say}term_weight", share=write.percent(float(weight or 0.0), 0), event=event)
    ]
    target = term.get("target")
    if target is not None:
        named = words(f"{say}quota") if target == "quota" else write.decimal(float(target), 0)
        parts.append(words(f"{say}target", target=named))
    parts += [words(f"{say}{key}", share=write.percent(term[key], 0)) for key in ("cliff", "cap") if term.get(key)]
    for key, text in (("accelerator", "accelerator"), ("low_score_multiplier", "low_score")):
        if term.get(key, 1.0) != 1.0:
            parts.append(words(say + text, factor=shown(float(term[key]), words, write)))
    if term.get("clawback_months"):
        parts.append(words(f"{say}clawback", months=write.decimal(term["clawback_months"], 0)))
    return ", ".join(parts)
