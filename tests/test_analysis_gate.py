"""The sentence gate: no sentence that the intervals contradict."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import Contrast, load
from analysis.gate import GROWTH, WASTED, headline, verdict
from analysis.numbers import LANGUAGES, numbers
from analysis.summary import Study
from analysis.texts import texts
from tests.synthetic_study import EFFECT, synthetic

INTERVALS = {"up": (0.004, 0.016), "down": (-0.016, -0.004), "unclear": (-0.004, 0.009), "equal": (0.0, 0.0)}
SAID = {
    "en": {
        GROWTH: {"up": "faster", "down": "slower", "unclear": "ARR growth"},
        WASTED: {"up": "more", "down": "less", "unclear": "wasted time"},
    },
    "es": {
        GROWTH: {"up": "puntos porcentuales más al año", "down": "puntos porcentuales menos al año"},
        WASTED: {"up": "se pierde más tiempo", "down": "se pierde menos tiempo"},
    },
}


def study_with(growth, wasted, n=32):
    """A study whose summary says just this."""

    def entry(measure, bounds):
        low, high = bounds
        middle = (low + high) / 2
        return {
            "measure": measure, "arm": "shared_okr", "baseline": "siloed", "difference": middle, "low": low,
            "high": high, "probability_positive": 0.5, "variance_reduction": 4.0, "n": n,
        }  # fmt: skip

    level = {"mean": 0.15, "sd": 0.02, "low": 0.14, "high": 0.16, "n": n}
    summary = {
        "study": "compare",
        "arms": {arm: {GROWTH: level, WASTED: level} for arm in ("siloed", "shared_okr")},
        "contrasts": [entry(GROWTH, growth), entry(WASTED, wasted)],
    }
    return Study(None, {"baseline": "siloed", "arms": ["siloed", "shared_okr"]}, None, summary)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("growth", "wasted"), list(itertools.product(INTERVALS, INTERVALS)))
def test_the_sentence_follows_the_intervals(language, growth, wasted):
    found = headline(study_with(INTERVALS[growth], INTERVALS[wasted]), language)
    assert found.claim == f"headline.{growth}.{wasted}"
    for measure, claimed in ((GROWTH, growth), (WASTED, wasted)):
        words = SAID[language][measure]
        if claimed in words:
            assert words[claimed] in found.text
        if claimed != "unclear":  # and nothing of the contrary
            assert words["down" if claimed == "up" else "up"] not in found.text
    assert ("zero" in found.text or "cero" in found.text) == ("unclear" in {growth, wasted})
    assert (" but " in found.text or " pero " in found.text) == (growth == wasted and growth in {"up", "down"})


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    growth=st.tuples(st.floats(-0.2, 0.2), st.floats(0, 0.2)), wasted=st.tuples(st.floats(-0.2, 0.2), st.floats(0, 0.2))
)
def test_no_data_get_a_sentence_they_contradict(language, growth, wasted):
    bounds = {GROWTH: (growth[0], sum(growth)), WASTED: (wasted[0], sum(wasted))}
    found = headline(study_with(bounds[GROWTH], bounds[WASTED]), language)
    _, *claims = found.claim.split(".")
    for claimed, (low, high) in zip(claims, bounds.values(), strict=True):
        assert claimed != "up" or low > 0
        assert claimed != "down" or high < 0
    write = numbers(language)
    printed = [abs(write.parse(fact.shown)) / 100 for fact in found.facts if fact.field != "n"]
    assert printed == [pytest.approx(abs(fact.value), abs=0.0051) for fact in found.facts if fact.field != "n"]
    if "unclear" not in claims:  # a claimed direction never shows a zero bound
        assert all(value > 0 for value in printed)


def test_a_bound_that_is_printed_as_zero_is_zero():
    close = Contrast(0.01, 0.00001, 0.02, 0.976, 4.0, 32)
    assert verdict(close, "fraction") == "unclear"
    assert verdict(dataclasses.replace(close, low=0.004), "fraction") == "up"


def test_an_interval_of_nothing_says_that_nothing_changes():
    nothing = Contrast(0.0, 0.0, 0.0, 0.5, math.nan, 32)
    assert [verdict(nothing, unit) for unit in ("fraction", "€", "")] == ["equal"] * 3
    assert verdict(dataclasses.replace(nothing, low=-1e-17, high=1e-17), "fraction") == "equal"  # a sum that rounds
    assert verdict(dataclasses.replace(nothing, n=1)) == "unknown"
    assert headline(study_with((0.0, 0.0), (0.0, 0.0)), "en").text.startswith("Nothing changes")
    assert headline(study_with((0.0, 0.0), (0.0, 0.0)), "es").text.startswith("Nada cambia")


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_pair_or_none_says_so(language):
    for n, bounds in ((1, (math.nan, math.nan)), (0, (math.nan, math.nan))):
        found = headline(study_with(bounds, bounds, n=n), language)
        assert found.claim == "headline.unknown"
        assert str(n) in found.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("effect", [EFFECT, {GROWTH: -0.02, WASTED: 0.01}, {GROWTH: 0.02, WASTED: 0.01}, {}])
def test_every_number_of_the_headline_is_in_the_summary(tmp_path, language, effect):
    study = load(synthetic(tmp_path, replications=24, effects={"shared_okr": effect}))
    found, write = headline(study, language), numbers(language)
    in_text = re.findall(r"[+−]?\d[\d.,]*\d|\d", found.text)
    assert sorted(in_text) == sorted(fact.shown for fact in found.facts)
    entries = {(entry["measure"], entry["arm"]): entry for entry in study.summary["contrasts"]}
    for fact in found.facts:
        stands = entries[fact.measure, fact.arm][fact.field]
        assert fact.value == stands
        scale = 1 if fact.field == "n" else 100
        assert abs(write.parse(fact.shown)) == pytest.approx(abs(scale * stands), abs=0.051)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("replications", "claim"), [(12, "headline.alone"), (1, "headline.alone_once")])
def test_a_single_arm_is_not_compared(tmp_path, language, replications, claim):
    found = headline(load(synthetic(tmp_path, replications=replications, arms=("siloed",))), language)
    assert found.claim == claim
    assert texts(language).arm("siloed") in found.text


def test_with_several_arms_the_first_one_asked_for_is_the_headline(tmp_path):
    study = load(synthetic(tmp_path, replications=12, arms=("siloed", "hybrid", "shared_okr")))
    assert "hybrid" in headline(study, "en").text
    assert "shared OKRs" in headline(study, "en", "shared_okr").text
