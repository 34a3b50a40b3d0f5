"""The register of claims: verdicts follow from values, and every claim is in every language."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import claims as verdicts
from analysis.claims import Found
from analysis.paired import contrast
from analysis.studies.firms import Sorting
from analysis.texts import texts
from experiments import conduct
from experiments.claims.register import CLAIMS, WORLDS, choose
from experiments.commands import main
from sim.compiled import INTERPRETED
from sim.measures import MEASURES
from sim.parameters import ParameterError

ROOT = Path(__file__).resolve().parent.parent


def claim(number: int):
    return choose([str(number)])[0]


def test_the_register_is_that_of_the_evidence() -> None:
    page = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    table = page.partition("## Claims of the essay")[2].partition("**Why 12")[0]
    rows = re.findall(r"^\| (\d+) \|.*\| ([A-E/, circular–]+) \|[^|]*\|$", table, flags=re.MULTILINE)
    assert [(c.id.partition("-")[0], c.grade.replace("-", "–")) for c in CLAIMS] == [
        (number, grade.partition(",")[0]) for number, grade in rows
    ]


def test_every_claim_has_words_in_both_languages() -> None:
    for language in ("en", "es"):
        words = texts(language)
        assert set(words.find("claims.entries")) == set(words.find("claims.origins")) == {c.id for c in CLAIMS}
        for verdict in ("holds", "sorting", "conditions", "not_reproduced", "context"):
            assert words(f"claims.verdicts.{verdict}")


def test_every_claim_that_is_put_to_the_model_can_be() -> None:
    for each in CLAIMS:
        if each.kind == "contrast":
            assert each.measure in MEASURES
            assert set(each.worlds) <= set(WORLDS)
        if each.kind in ("contrast", "sorting"):
            assert each.low <= each.high
        if each.kind == "programme":
            assert each.measure in MEASURES
            assert set(each.worlds) <= set(WORLDS)
            assert WORLDS[each.worlds[1]].params("smb", [], ()).programme.name == "change"


def test_a_claim_that_is_not_there_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"claims=11-hours-a-dy: known are .* Did you mean '11-hours-a-day'"):
        choose(["11-hours-a-dy"])
    assert [c.id for c in choose(["12", "4"])] == ["4-revenue-lost", "12-aligned-grow"]


small, large = Found(0.02, 0.01, 0.03, 9), Found(0.12, 0.10, 0.14, 9)


def test_a_verdict_needs_size_and_sign() -> None:
    lost = claim(4)
    assert verdicts.judge_contrast(lost, large, small).verdict == "holds"
    assert verdicts.judge_contrast(lost, small, large).verdict == "conditions"
    assert verdicts.judge_contrast(lost, small, small).verdict == "not_reproduced"
    unsure = Found(0.12, -0.01, 0.25, 9)
    assert verdicts.judge_contrast(lost, unsure, unsure).verdict == "not_reproduced"


def test_a_claim_that_barely_reaches_its_figure_does_not_hold() -> None:
    """Claim 4 says 10 %: a mean of 10.2 % whose interval begins at 9.4 % leaves it open."""
    lost, barely = claim(4), Found(0.102, 0.094, 0.110, 32)
    here = verdicts.judge_contrast(lost, barely, small)
    assert (here.verdict, here.settled) == ("not_reproduced", False)
    corner = verdicts.judge_contrast(lost, small, barely)
    assert (corner.verdict, corner.settled) == ("not_reproduced", False)
    assert verdicts.judge_contrast(lost, small, small).settled
    assert not verdicts.judge_contrast(lost, barely, large).settled
    sorts = verdicts.judge_sorting(claim(13), panel(0.238, 0.039, noise=0.02))
    assert (sorts.verdict, sorts.settled) == ("not_reproduced", False)


@given(st.sampled_from([4, 9, 10, 11, 14, 15, 19]), st.floats(-2, 2), st.floats(0, 0.5), st.floats(0.01, 1))
def test_a_claim_that_holds_holds_on_any_narrower_interval(n: int, value: float, half: float, part: float) -> None:
    wide, narrow = (
        Found(value, value - half, value + half, 9),
        Found(value, value - part * half, value + part * half, 9),
    )
    judged, closer = (verdicts.judge_contrast(claim(n), found, Found()) for found in (wide, narrow))
    assert judged.verdict != "holds" or closer.verdict == "holds"
    if judged.verdict == "not_reproduced" and judged.settled:
        assert (closer.verdict, closer.settled) == ("not_reproduced", True)


@given(st.floats(-1, 1), st.floats(0, 0.5))
def test_time_is_recovered_downwards_only(value: float, half: float) -> None:
    time = claim(10)
    holds = verdicts.judge_contrast(time, Found(value, value - half, value + half, 9), Found()).verdict == "holds"
    assert holds == (value + half <= -0.30)


def panel(gap: float, causal: float, noise: float = 1e-3) -> Sorting:
    apart, zero = np.linspace(-noise, noise, 8), np.zeros(8)
    return Sorting(60, contrast(zero, gap + apart), contrast(zero, causal + apart), 0.1)


def test_a_gap_by_sorting_is_no_effect() -> None:
    grow = claim(12)
    assert verdicts.judge_sorting(grow, panel(0.22, 0.03)).verdict == "sorting"
    assert verdicts.judge_sorting(grow, panel(0.30, 0.26)).verdict == "holds"
    assert verdicts.judge_sorting(grow, panel(0.05, 0.01)).verdict == "not_reproduced"
    assert verdicts.judge_sorting(grow, panel(0.22, 0.15)).verdict == "not_reproduced"


@given(st.floats(0, 1), st.floats(0, 0.2))
def test_a_share_of_programmes_is_in_the_range_or_below_the_bound(value: float, half: float) -> None:
    found = Found(value, value - half, value + half, 60)
    within = value - half >= 0.56 and value + half <= 0.76
    assert (verdicts.judge_programme(claim(7), found, found).verdict == "holds") == within
    assert (verdicts.judge_programme(claim(8), found, found).verdict == "holds") == (value + half <= 0.10)


def test_shares_are_over_firms() -> None:
    runs = pd.DataFrame(
        {"arm": "tool", "point": [0, 0, 1, 1, 2, 2], "replication": [0, 1] * 3, "programme_success": [1, 0, 0, 0, 1, 1]}
    )
    found = verdicts.share(claim(7), runs, "tool")
    assert (found.value, found.n) == (0.5, 3)
    assert verdicts.share(claim(8), runs, "tool").value == 0.5
    assert found.low < 0.5 < found.high


def test_units() -> None:
    runs = pd.DataFrame(
        {
            "arm": ["siloed"] * 3 + ["everything"] * 3,
            "replication": [0, 1, 2] * 2,
            "wasted_time_share": [0.2, 0.3, 0.4, 0.1, 0.2, 0.3],
            "new_arr": [10.0, 20.0, 30.0, 12.0, 22.0, 32.0],
        }
    )
    assert verdicts.change(claim(11), runs).value == pytest.approx(-0.8)
    assert verdicts.change(claim(15), runs).value == pytest.approx(0.1)


@pytest.mark.slow
@pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")
def test_the_command_writes_the_register(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "claims.md"
    page.write_text("x\n<!-- claims-smb:begin -->\n<!-- claims-smb:end -->\n", encoding="utf-8")
    words = [
        "organisation=smb", "seeds=2", "horizon.months=1", "horizon.burn_in_months=0", "language=es", "claims=[1,7,10]",
        "firms=10", "panels=2",
        f"out={tmp_path / 'out'}", f"page={page}",
    ]  # fmt: skip
    assert main(["claims", *words]) == 0
    shown = capsys.readouterr().out
    assert "las afirmaciones del artículo" in shown
    found = json.loads((tmp_path / "out" / "claims.json").read_text(encoding="utf-8"))["claims"]
    assert [each["id"] for each in found] == ["1-trillion", "7-technology-fails", "10-time-recovered"]
    assert found[0]["value"] is None
    assert 0.0 <= found[1]["value"] <= 1.0
    assert math.isfinite(found[2]["value"])
    assert found[2]["low"] <= found[2]["value"] <= found[2]["high"]
    assert found[2]["command"].endswith("claims=[10-time-recovered]'")
    assert "| 10 |" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("command", "part", "words"),
    [("claims", "smb", ("claims=[10]",)), ("calibrate", "wave_0", ("levels=[40]", "slopes=[40]", "truths=0"))],
)
def test_a_command_of_several_studies_goes_on_in_its_own_folder(
    command: str, part: str, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr(conduct, "_simulate", lambda *_: "interrupted")
    for call in (["organisation=smb", "seeds=2", *words, f"out={out}"], [f"resume={out}"]):
        assert main([command, *call]) == 130
        assert f"To go on: gtm {command} resume={out}\n" in capsys.readouterr().err
        assert json.loads((out / "manifest.json").read_text())["status"] == "interrupted"
        assert [file.parent for file in out.rglob("manifest.json")] == [out, out / part]
