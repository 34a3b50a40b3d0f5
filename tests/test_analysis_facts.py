"""Facts and patterns in words: every sentence in every language, with the same blanks."""

from __future__ import annotations

import math
import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import facts
from analysis.numbers import DASH, LANGUAGES, numbers
from analysis.texts import texts
from analysis.verdicts import NOTHING, judge
from experiments.held_out import HELD_OUT
from experiments.patterns import PROFILES, patterns
from experiments.validation import Fact, Seen, Setting, calibrated
from sim import load
from sim.measures import MEASURES

EVERY = [*calibrated("mid_market"), *HELD_OUT]
TOO_SMALL = (
    "a team bonus needs two sellers and a reference amount of what sellers win",
    "a team larger than 3 needs more sellers than this organisation has",
)


@pytest.fixture(scope="module")
def seen() -> dict[str, Seen]:
    """What each reader of a held-out fact says of runs in which every measure is one half."""
    setting = Setting("mid_market", load("mid_market"))
    index = pd.MultiIndex.from_product([range(2), range(10)], names=["panel", "firm"])
    run = pd.DataFrame({key: [0.5] * 20 for key in MEASURES}, index)
    frames = {fact.id: len(fact.worlds(setting)) * max(1, len(fact.windows)) for fact in HELD_OUT if not fact.cannot}
    return {fact.id: fact.read([run] * frames[fact.id]) for fact in HELD_OUT if not fact.cannot}


def sentences(seen: dict[str, Seen]) -> set[str]:
    """All that the model says in English of its patterns and facts."""
    said = {pattern.label for profile in PROFILES for pattern in patterns(profile)}
    said |= {text for fact in EVERY for text in (fact.label, fact.target, fact.cannot, fact.otherwise)}
    return (said | {each.note for each in seen.values()} | {NOTHING, *TOO_SMALL}) - {""}


def test_every_sentence_is_translated_and_none_is_left_over(seen):
    said, spanish = sentences(seen), texts("es").facts
    assert said - spanish.keys() == set(), "a new or changed text needs a line in analysis/locale/facts.es.yaml"
    assert spanish.keys() - said == set(), "lines of analysis/locale/facts.es.yaml that nothing says any more"


def test_blanks_are_the_same_in_both_languages_and_have_numbers(seen):
    for english, spanish in texts("es").facts.items():
        found = [sorted((name, kind) for _, name, kind, _ in string.Formatter().parse(text) if name)
                 for text in (english, spanish)]  # fmt: skip
        assert found[0] == found[1], english
    for each in seen.values():
        for language in LANGUAGES:
            assert "{" not in facts(language).fill(each.note, each.told)


@given(
    value=st.floats(-1e4, 1e4), kind=st.sampled_from(["%", "+%", "+pp", "0", "1", "3", "+0", "g"])
)  # fmt: skip
def test_both_languages_write_the_same_number(value, kind):
    value = float(f"{value:.4g}")
    written = [facts(language).fill("{x:" + kind + "}", {"x": value}) for language in LANGUAGES]
    read = [numbers(language).parse(text) for language, text in zip(LANGUAGES, written, strict=True)]
    assert read[0] == read[1]
    scale = 100.0 if kind[-1] in "%p" else 1.0
    assert read[0] == pytest.approx(
        scale * value, abs={"%": 0.051, "p": 0.051, "0": 0.51, "1": 0.051}.get(kind[-1], 6e-4)
    )


def test_numbers_look_as_people_write_them():
    told = {"a": 0.0314, "b": -0.02, "c": (0.25, 1.5, 3.0), "d": math.nan}
    sentence = "{a:+%}, {b:+pp}, {c:g}, {d:+%}, {a:3}"
    space = "\N{NO-BREAK SPACE}"
    assert facts("en").fill(sentence, told) == f"+3.1%, −2.0{space}pp, 0.25, 1.5, 3, {DASH}, 0.031"
    assert facts("es").fill(sentence, told) == f"+3,1{space}%, −2,0{space}p.{space}p., 0,25; 1,5; 3, {DASH}, 0,031"


def test_a_finding_in_both_languages():
    accepted = Fact("X1", "win rate by deal size", "", "", 0.12, 0.22, aim=0.17)
    doubtful = judge(accepted, Seen(np.array([0.20, 0.21, 0.24])))
    english, spanish = facts("en"), facts("es")
    assert (english.target(accepted), spanish.target(accepted)) == (
        "0.17, accept 0.12 to 0.22",
        "0,17, se acepta de 0,12 a 0,22",
    )
    assert (english.verdict(doubtful), spanish.verdict(doubtful)) == ("pass ?", "cumple ?")
    assert spanish.span(doubtful).startswith("0,1")
    assert english.why(doubtful) == "The mean is inside what is accepted, but its interval reaches past the edge."
    once = judge(accepted, Seen(np.array([0.3])))
    assert spanish.why(once) == "La media está por encima de lo aceptado, y una sola semilla no da intervalo."
    assert spanish.span(once) == DASH
    strict = judge(
        Fact("X2", "", "", "%", 0.1, 0.2, sure=True), Seen(np.array([0.1, 0.2]), "a third would be an even quarter")
    )
    assert spanish.why(strict).startswith(
        "Un tercio sería un trimestre uniforme; la media está dentro de lo aceptado, pero"
    )
    assert spanish.why(strict).endswith(", lo que aquí no basta.")
    cannot = judge(HELD_OUT[0], NOTHING)
    assert spanish.why(cannot) == "No hay nada que medir en estas simulaciones."
    assert (spanish.verdict(cannot), spanish.number(cannot.value, "%")) == ("sin juicio", DASH)
