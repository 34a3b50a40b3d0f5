"""The arms of a client, and what the address of one of its runs depends on."""

from pathlib import Path

import pandas as pd
import pytest

from experiments.calibration import posterior
from experiments.inaction import arms, client
from sim import load

GIVEN = {
    "client": "Two, S. L.",
    "profile": "smb",
    "arr": 1.5e6,
    "people": {"marketers": 2, "sellers": 2},
    "programmes": [
        {"name": "all", "preset": "process_first", "cost": 20_000, "pay": "hybrid"},
        {"name": "pay", "preset": "pay_only", "cost": 1_000, "pay": "team_revenue"},
        {"name": "steps", "preset": "process_first", "cost": 9_000},
        {"name": "nothing", "preset": "none", "cost": 0},
    ],
}


@pytest.fixture(scope="module")
def asked() -> client.Client:
    return client.from_mapping(GIVEN)


def test_every_programme_is_taken_apart_not_the_first_one_only(asked: client.Client) -> None:
    found = arms.arms(asked, 36)
    assert len({arm.label for arm in found}) == len(found)
    for i, plan in enumerate(asked.programmes):
        mine = [arm for arm in found if arm.plan == i]
        parts = arms.parts_of(arms.planned(asked, plan))
        heard = {frozenset(arm.parts) for arm in mine if not arm.silent and arm.delay == 0}
        assert len(heard) == max(2 ** len(parts) - 1, 1)  # every set but the empty one, which is "never"
        assert [arm.label for arm in mine if arm.silent] == ([f"{plan.name}_payout"] if "pay" in parts else [])
    assert {i: arms.parts_of(arms.planned(asked, plan)) for i, plan in enumerate(asked.programmes)} == {
        0: ("pay", "agreements", "capability"), 1: ("pay",), 2: ("agreements", "capability"), 3: (),
    }  # fmt: skip


def test_a_change_to_what_is_done_to_a_run_changes_its_address(
    asked: client.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A study made before it would be resumed with the old money."""
    file = tmp_path / "draws.parquet"
    posterior.write(file, pd.DataFrame({"market.win_hours": [0.5, 0.6]}), {})
    chosen = arms.arms(asked, 12)[:2]
    model = arms.model(asked, load("smb"), file, chosen, 1, 4, 12)

    def address() -> bytes:
        return model.address(model.prepare(chosen[1].label, {}))

    before = address()
    assert address() == before
    monkeypatch.setattr(arms, "code_of_a_file", lambda path: f"another {path.name}")
    assert address() != before
    assert model.code().endswith("another arms.py")
