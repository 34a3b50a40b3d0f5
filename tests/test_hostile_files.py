"""Files from strangers: whatever stands in one, it is loaded or refused in a line that names the file."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim import load
from sim.files import MOST_VALUES, read
from sim.parameters import ParameterError

PLANS = {
    "a number as a role": ("1: 2\nseller: []\n", "incentives.1: unknown"),
    "an unknown role": ("saler: []\n", "Did you mean 'seller'?"),
    "an unknown event": ("seller: [{event: won_avc, rate: 1}]\n", "Did you mean 'won_acv'?"),
    "an unknown scope": ("seller: [{event: won_acv, rate: 1, scope: galaxy}]\n", "scope='galaxy': allowed are"),
    "an unknown period": ("seller: [{event: won_acv, rate: 1, period: decade}]\n", "period='decade': allowed are"),
    "a key twice": ("seller:\n- {event: won_acv, rate: 1, rate: 2}\n", "line 2: 'rate' is given twice"),
    "a negative rate": ("seller: [{event: won_acv, rate: -1}]\n", "rate=-1: a number from 0"),
    "no number": ("seller: [{event: won_acv, rate: .nan}]\n", "rate=nan: a number from 0"),
    "too much": ("seller: [{event: won_acv, rate: 1e300}]\n", "rate=1e+300: a number from 0"),
    "no end of digits": (f"seller: [{{event: won_acv, rate: {'9' * 5_000}}}]\n", "cannot be read"),
    "no such day": ("seller: [{event: won_acv, rate: 2025-13-45}]\n", "cannot be read"),
    "a word": ("seller: [{event: won_acv, rate: lots}]\n", "rate='lots': a number from 0"),
    "a mapping": ("seller: {event: won_acv, rate: 1}\n", "a list of terms is needed"),
    "a plan in itself": ("&a\nseller: [*a]\n", "incentives.seller[0]"),
    "code": ("seller: !!python/object/apply:os.getcwd []\n", "could not determine a constructor"),
    "too many terms": ("seller:\n" + "- {event: won_acv, rate: 1}\n" * 2_500, "more than 10,000 values"),
    "too deep": ("[" * 2_000, "nested too deeply"),
    "two documents": ("seller: []\n---\nseller: []\n", "another document"),
}


@pytest.mark.parametrize(("text", "message"), PLANS.values(), ids=PLANS)
def test_a_wrong_pay_plan_is_refused_in_a_line(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError) as caught:
        load("smb", overrides={"incentives": str(file)})
    said = str(caught.value)
    assert said.startswith(str(file))
    assert message in said
    assert "\n" not in said


def test_anchors_cannot_unfold_into_a_flood(tmp_path: Path) -> None:
    """Nine lists of nine lists of …: 9⁹ values in ten lines."""
    letters = "abcdefghij"
    lines = [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in itertools.pairwise(letters)]
    file = tmp_path / "flood.yaml"
    file.write_text("\n".join(["a: &a [x]", *lines]), encoding="utf-8")
    with pytest.raises(ParameterError, match=f"more than {MOST_VALUES:,} values"):
        read(file)


def test_merged_mappings_are_mappings(tmp_path: Path) -> None:
    """YAML's ``<<``: what the file itself says prevails over what it merges, and no key counts as given twice."""
    file = tmp_path / "plan.yaml"
    file.write_text(
        "marketer:\n- &one {event: mql, rate: 5, period: month}\nseller:\n- {<<: *one, event: won_deal}\n",
        encoding="utf-8",
    )
    assert read(file)["seller"] == [{"event": "won_deal", "rate": 5, "period": "month"}]


WORDS = st.sampled_from((
    "base", "today", "market", "people", "incentives", "alignment", "reference", "horizon", "preset", "level", "smb",
    "integrated", "seller", "marketer", "won_acv", "event", "rate", "weight", "scope", "target", "acv", "visibility",
    "company", "months", "", "x.y", "ñ",
))  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS
TREES = st.recursive(
    SCALARS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(WORDS | st.integers(0, 3), inside, max_size=4),
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tree=st.dictionaries(WORDS | st.integers(0, 3), TREES, max_size=4), place=st.sampled_from(("org", "arm", "plan"))
)
def test_whatever_a_file_holds_it_is_loaded_or_refused(tree: dict[object, object], place: str, tmp_path: Path) -> None:
    file = tmp_path / "strange.yaml"
    file.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    refused = ""
    try:
        if place == "org":
            load(str(file))
        elif place == "arm":
            load("smb", str(file))
        else:
            load("smb", overrides={"incentives": str(file)})
    except ParameterError as error:
        refused = str(error)
    assert not refused or "strange.yaml" in refused
    assert "\n" not in refused
