"""The levers as controls: each with a plain name, a unit, bounds and its present value."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from analysis.texts import Texts, capital
from sim.configuration import names
from sim.parameters import Params, Role, Term, declared
from sim.parameters.pay import WINS
from workshop.explorer.choice import (
    DIALS,
    LEVEL,
    PLAN,
    PROGRAMME,
    TERM_FIELDS,
    WORDS,
    Choice,
    Range,
    choices,
    level_of,
    start_of,
)
from workshop.explorer.words import Words


@dataclass(frozen=True)
class Lever:
    """One control.

    Attributes
    ----------
    key : str
        Name in addresses, ``<arm>.<dotted name>``.
    label, hint, unit : str
        Plain name; what it means; "percent", or the word after the number.
    value : float, int or str
        What holds now, chosen or not.
    range : Range or None
        Bounds of a slider; None for a list of words.
    options : tuple of (value, label)
        The words to choose from.
    resets : str
        Prefix of the levers that go back to their own values when this one changes.
    """

    key: str
    label: str
    hint: str
    unit: str
    value: float | int | str
    range: Range | None = None
    options: tuple[tuple[str, str], ...] = ()
    resets: str = ""


@dataclass(frozen=True)
class Group:
    """Levers under one heading."""

    title: str
    levers: tuple[Lever, ...]
    note: str = ""


def groups(choice: Choice, arm: str, params: Params, words: Words) -> list[Group]:
    """All levers of an arm: pay, alignment, process, data and technology, programme."""
    own, texts = choice.own[arm], words.model
    meanings = {f"{theme}.{name}": texts.meaning(theme, name, found.meaning) for theme, name, found, _ in declared()}
    units = {f"{theme}.{name}": found.unit for theme, name, found, _ in declared()}

    def key(name: str) -> str:
        return f"{arm}.{name}"

    def dial(name: str) -> Lever:
        theme, each = name.split(".")
        unit = "percent" if units[name] == "fraction" else texts.unit(units[name])
        value = getattr(getattr(params, theme), each)
        return Lever(key(name), words(f"levers.{each}"), capital(meanings[name]), unit, value, DIALS[name])

    def word(name: str) -> Lever:
        theme, each = name.split(".")
        options = tuple((one, words(f"options.{one}")) for one in choices(name))
        value = getattr(getattr(params, theme), each)
        return Lever(key(name), words(f"levers.{each}"), capital(meanings[name]), "", value, None, options)

    def preset(theme: str, label: Callable[[str], str]) -> Lever:
        options = tuple((one, label(one)) for one in names(theme))
        value = own.get(theme, start_of(arm, theme))
        return Lever(key(theme), words(f"levers.{theme}"), "", "", value, None, options, f"{arm}.{theme}.")

    level = Lever(
        key(LEVEL),
        words("levers.level"),
        words("hints.level"),
        "percent",
        own.get(LEVEL, level_of(arm)),
        Range(0, 1, 0.05),
        (),
        f"{arm}.alignment.",
    )
    plan = preset(PLAN, texts.arm_title)
    programme = preset(PROGRAMME, lambda name: words(f"programmes.{name}"))
    return [
        Group(words("groups.pay"), (plan, *_terms(arm, params, words)), words("hints.pay")),
        Group(words("groups.alignment"), (level, *map(dial, _of("alignment")), *map(word, WORDS))),
        Group(words("groups.capability"), tuple(map(dial, _of("capability")))),
        Group(words("groups.programme"), (programme,), words("hints.programme")),
    ]


def _of(theme: str) -> list[str]:
    return [name for name in DIALS if name.startswith(f"{theme}.")]


def _terms(arm: str, params: Params, words: Words) -> list[Lever]:
    """The main terms of every role's plan."""
    found: list[Lever] = []
    for role in Role:
        terms = params.incentives.terms(role)
        times = Counter(term.event for term in terms)
        for place, term in enumerate(terms):
            name = term.event if times[term.event] == 1 else str(place)
            before = f"{arm}.incentives.{role.name}.{name}"
            found += [_term(f"{before}.{field}", role, term, field, words) for field in _fields(term)]
    return found


def _fields(term: Term) -> list[str]:
    """What of a term can be moved: an accelerator needs a target, a claw-back a win of one's own that nothing cuts."""
    found = ["weight"] if term.weight is not None else []
    found += ["accelerator"] if term.target is not None else []
    found += ["cap"] if term.target is not None and not term.clawback_months else []
    if term.event in WINS:
        found += ["low_score_multiplier"]
        found += ["clawback_months"] if term.scope == "individual" and not term.cliff and not term.cap else []
    return found


def _term(key: str, role: Role, term: Term, field: str, words: Words) -> Lever:
    texts: Texts = words.model
    event = texts(f"report.assumptions.events.{term.event}")
    scope = texts(f"report.assumptions.scopes.{term.scope}")
    label = f"{capital(texts(f'roles.{role.name}'))}: {event} ({scope}), {words(f'terms.{field}')}"
    value = dataclasses.asdict(term)[field]
    unit = "percent" if field == "weight" else words(f"term_units.{field}")
    return Lever(key, label, words(f"term_hints.{field}"), unit, value, TERM_FIELDS[field])
