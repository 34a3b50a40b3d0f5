"""What a person chose: a few inputs, each with bounds, that a page address and a command line can hold.

Two arms are compared. Whatever is not chosen is as the arm's file and the organisation have
it, so an address, a command line and a picture hold the same few differences.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlencode

from analysis.numbers import LANGUAGES
from sim.configuration import LEVELS, find, load, names, read
from sim.parameters import THEMES, ParameterError, Params, Role, declarations, nearest

ARMS = ("siloed", "shared_okr")  # the baseline first
PLAN, LEVEL, PROGRAMME = "incentives", "alignment.level", "programme"
MOST_INPUTS = 200
MOST_SEED = 2**63 - 1

Value = float | int | str


@dataclass(frozen=True)
class Range:
    """What a number may be here: the declared bounds, or closer ones that a slider can show.

    Attributes
    ----------
    low, high, step : float
        Bounds, both included, and the step of the slider (numbers between steps are taken too).
    whole : bool
        Whether it counts in whole numbers.
    """

    low: float
    high: float
    step: float
    whole: bool = False

    def read(self, key: str, text: str) -> float | int:
        """The number a text says.

        Raises
        ------
        ParameterError
            It is none, or out of bounds.
        """
        wanted = f"a {'whole ' if self.whole else ''}number from {self.low:g} to {self.high:g} is needed"
        try:
            value = float(text)
        except ValueError:
            raise ParameterError(f"{key}={text[:80]!r}: {wanted}.") from None
        if not self.low <= value <= self.high or (self.whole and value != int(value)):
            raise ParameterError(f"{key}={text[:80]!r}: {wanted}.")
        return int(value) if self.whole else value


# Fractions go from 0 to 1, as declared; the others are declared far wider than anybody would set them.
DIALS: dict[str, Range] = {
    "alignment.shared_definition": Range(0, 1, 0.05),
    "alignment.visibility": Range(0, 1, 0.05),
    "alignment.feedback": Range(0, 1, 0.05),
    "alignment.sla_hours": Range(0, 96, 1),
    "alignment.follow_up_obligation": Range(0, 1, 0.05),
    "alignment.coordination_hours": Range(0, 10, 0.25),
    "alignment.audit_share": Range(0, 1, 0.05),
    "capability.process": Range(0, 1, 0.05),
    "capability.data": Range(0, 1, 0.05),
    "capability.technology": Range(0, 1, 0.05),
}
WORDS = ("alignment.obligation_form", "alignment.score_owner")
TERM_FIELDS: dict[str, Range] = {
    "weight": Range(0, 1, 0.05),
    "accelerator": Range(1, 5, 0.25),
    "cap": Range(0, 5, 0.25),
    "low_score_multiplier": Range(0, 5, 0.25),
    "clawback_months": Range(0, 24, 1, whole=True),
}
SETTINGS: dict[str, Range] = {
    "months": Range(3, 36, 3, whole=True),
    "seeds": Range(2, 200, 1, whole=True),
    "seed": Range(0, MOST_SEED, 1, whole=True),
}


@dataclass(frozen=True)
class Choice:
    """All inputs of one picture.

    Attributes
    ----------
    organisation : str
        Name of a shipped organisation; a path is not taken from a browser.
    months, seeds, seed : int
        Measured months, replications of each arm, root seed.
    language : {"en", "es"}
        Language of the page.
    own : mapping of str to mapping
        What differs from the arm's file, by arm and dotted name.
    """

    organisation: str = "mid_market"
    months: int = 24
    seeds: int = 100
    seed: int = 1
    language: str = "en"
    own: Mapping[str, Mapping[str, Value]] = field(default_factory=lambda: {arm: {} for arm in ARMS})

    def params(self) -> dict[str, Params]:
        """Checked parameters of each arm, exactly those of the command line.

        Raises
        ------
        ParameterError
            Values that are fine alone and impossible together, or terms that the plan has not.
        """
        return {arm: _loaded(self.organisation, arm, self.months, tuple(self.own[arm].items())) for arm in ARMS}

    def query(self) -> str:
        """The inputs as the query of an address, always in the same order."""
        pairs: list[tuple[str, Value]] = [("organisation", self.organisation), ("months", self.months)]
        pairs += [("seeds", self.seeds), ("seed", self.seed), ("language", self.language)]
        pairs += [(f"{arm}.{key}", value) for arm in ARMS for key, value in sorted(self.own[arm].items())]
        return urlencode(pairs)

    def words(self) -> list[str]:
        """The words of ``gtm compare`` that give the same numbers."""
        return [
            f"organisation={self.organisation}",
            f"arms=[{','.join(ARMS)}]",
            f"seeds={self.seeds}",
            f"seed={self.seed}",
            f"horizon.months={self.months}",
            f"language={self.language}",
            *(f"arm.{arm}.{key}={value}" for arm in ARMS for key, value in sorted(self.own[arm].items())),
        ]

    def command(self) -> str:
        """The command line, for copying."""
        return shlex.join(["gtm", "compare", *self.words()])

    def in_language(self, language: str) -> Choice:
        """The same inputs on a page of another language."""
        return dataclasses.replace(self, language=language)


@lru_cache(maxsize=64)
def _loaded(organisation: str, arm: str, months: int, own: tuple[tuple[str, Value], ...]) -> Params:
    return load(organisation, arm, {"horizon.months": months, **dict(own)})


def parse(pairs: Iterable[tuple[str, str]]) -> Choice:
    """The choice that the query of an address makes.

    Raises
    ------
    ParameterError
        A key is unknown or given twice, or a value is out of bounds; the message names both.
    """
    given = list(pairs)
    if len(given) > MOST_INPUTS:
        raise ParameterError(f"{len(given)} inputs: at most {MOST_INPUTS} are taken.")
    settings: dict[str, Value] = {}
    own: dict[str, dict[str, Value]] = {arm: {} for arm in ARMS}
    for key, text in given:
        arm, _, inner = key.partition(".")
        target, name = (own[arm], inner) if arm in ARMS and inner else (settings, key)
        if name in target:
            raise ParameterError(f"{key[:80]}: given twice.")
        target[name] = _lever(key, inner, text) if target is not settings else _setting(key, text)
    choice = Choice(**settings, own=own)  # type: ignore[arg-type]
    choice.params()
    return choice


def _setting(key: str, text: str) -> Value:
    if key in SETTINGS:
        if key == "seed":  # more digits than a float has
            return _seed(text)
        return SETTINGS[key].read(key, text)
    if key == "organisation":
        return _word(key, text, names("organisation"))
    if key == "language":
        return _word(key, text, LANGUAGES)
    known = ["organisation", "language", *SETTINGS, *(f"{arm}.{name}" for arm in ARMS for name in lever_names())]
    raise ParameterError(f"{key[:80]}: unknown.{nearest(key[:80], known)}")


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= MOST_SEED):
        raise ParameterError(f"seed={text[:80]!r}: a whole number from 0 to {MOST_SEED} is needed.")
    return int(text)


def _lever(key: str, name: str, text: str) -> Value:
    if name in DIALS:
        return DIALS[name].read(key, text)
    if name == LEVEL:
        return Range(0, 1, 0.05).read(key, text)
    if name in WORDS:
        return _word(key, text, choices(name))
    if name in (PLAN, PROGRAMME):
        return _word(key, text, names(name))
    theme, *path = name.split(".")
    if theme == PLAN and len(path) == 3 and path[0] in Role.__members__ and path[2] in TERM_FIELDS:
        return TERM_FIELDS[path[2]].read(key, text)  # whether the plan has such a term shows when it is composed
    raise ParameterError(f"{key[:80]}: unknown.{nearest(name[:80], lever_names())}")


def lever_names() -> list[str]:
    """Names of all levers of an arm but the terms of its plan."""
    return [PLAN, LEVEL, PROGRAMME, *DIALS, *WORDS]


def choices(name: str) -> tuple[str, ...]:
    """The words a parameter may have."""
    return declarations()[name].choices


def level_of(arm: str) -> float:
    """The level of alignment at which an arm starts: the place of its preset among the four."""
    return LEVELS.index(str(read(find("arm", arm))["alignment"])) / (len(LEVELS) - 1)


def start_of(arm: str, theme: str) -> str:
    """The preset of a theme that an arm's file names."""
    return str(read(find("arm", arm))[theme])


def _word(key: str, text: str, allowed: Iterable[str]) -> str:
    known = list(allowed)
    if text not in known:
        raise ParameterError(f"{key[:80]}={text[:80]!r}: allowed are {', '.join(known)}.{nearest(text[:80], known)}")
    return text


assert all(name.split(".")[1] in THEMES[name.split(".")[0]].__dataclass_fields__ for name in (*DIALS, *WORDS))
