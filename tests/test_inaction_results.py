"""The result of a client and its JSON."""

import json
from pathlib import Path

from analysis.money import results
from tests.inaction_sample import sample


def test_a_result_survives_json(tmp_path: Path) -> None:
    whole = sample()
    file = tmp_path / results.FILE
    file.write_text(json.dumps({"inaction": results.to_plain(whole)}, allow_nan=False), encoding="utf-8")
    again = results.read(tmp_path)
    assert again == whole
    assert again.programmes[0].starts[-1].delay_months is None
