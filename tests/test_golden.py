"""Golden digests, compared as bits. Refreshed only by ``python -m tests.refresh_golden``."""

from __future__ import annotations

import json

import pytest

import sim
from sim.compiled import INTERPRETED
from tests.refresh_golden import FILE, SEED, cases, machine, small

CASES = cases()
GOLDEN = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _same_machine() -> None:
    if GOLDEN["machine"] != machine():
        pytest.skip(f"pinned on {GOLDEN['machine']}: last bits may differ here")


def check(name: str) -> None:
    found = sim.simulate(CASES[name], SEED).digest
    assert found == GOLDEN["digests"][name], "numbers changed: on purpose? then `python -m tests.refresh_golden`"


@pytest.mark.interpreted
@pytest.mark.boundscheck
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.parametrize("name", small())
def test_small_organisations_give_the_pinned_bits(name: str) -> None:
    """Also without the compiler, and with bounds checked."""
    check(name)


@pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")
@pytest.mark.parametrize("name", [name for name in CASES if name not in small()])
def test_pinned_bits(name: str) -> None:
    check(name)


def test_every_pinned_run_still_exists() -> None:
    assert list(GOLDEN["digests"]) == list(CASES)
