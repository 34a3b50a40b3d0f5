"""`gtm baseline`: what it prints and writes when it only confirms, in either language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

import sim
from analysis.numbers import numbers
from experiments.commands import main
from experiments.commands.baseline import MISSED

WORDS = {"en": ("fresh seeds", "win rate by deal size", "met", "MISSED", "Values and reference amounts: "),
         "es": ("semillas nuevas", "tasa de cierre según", "cumple", "FALLA", "Valores y magnitudes")}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "es"])
def test_it_confirms_in_words_and_files(language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([
        "baseline", "organisation=smb", "confirm=2", "horizon.months=3", "horizon.burn_in_months=1",
        f"language={language}", f"out={tmp_path}",
    ])  # fmt: skip
    printed = capsys.readouterr().out
    for word in WORDS[language]:
        assert word in printed
    found = json.loads((tmp_path / "baseline.json").read_text(encoding="utf-8"))
    missed = [pattern for pattern in found["patterns"] if not pattern["met"]]
    assert code == (MISSED if any(pattern["id"] != "aux" for pattern in missed) else 0)
    rows = [line for line in printed.splitlines() if re.match(r"  (C\d+|aux) ", line)]
    assert len(rows) == len(found["patterns"])
    assert sum(WORDS[language][3] in row for row in rows) == len(missed)
    write = numbers(language).decimal
    for row, pattern in zip(rows, found["patterns"], strict=True):
        assert write(pattern["value"], 3) in row
        assert write(pattern["high"], 3) in row
    own = tmp_path / "smb.yaml"
    assert yaml.safe_load(own.read_text(encoding="utf-8"))["base"] == "smb"
    assert sim.load(str(own)).reference == sim.parameters.from_dict({"reference": found["reference"]}).reference


def test_amounts_that_a_short_run_cannot_tell_are_left_to_the_base(tmp_path: Path) -> None:
    """No quarter ends in a month: no attainment, and no traceback."""
    given = ["organisation=smb", "confirm=1", "horizon.months=1", "horizon.burn_in_months=0", f"out={tmp_path}"]
    assert main(["baseline", *given]) == MISSED
    found = json.loads((tmp_path / "baseline.json").read_text(encoding="utf-8"))["reference"]
    assert "attainment_mean" not in found
    assert sim.load(str(tmp_path / "smb.yaml")).reference.attainment_mean == sim.load("smb").reference.attainment_mean
