"""Designs drawn at random from what the rules of free rounds allow: the background of the debrief.

``python -m workshop.designs points=300`` writes ``workshop/designs.parquet``: one row per design and
organisation, its levers (missing: as today) and the means that a team with that plan would have got.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from workshop import levers, simulation
from workshop.levers import LEVERS, Value

FILE = Path(__file__).parent / "designs.parquet"
ORGANISATIONS = ("essay", "mid_market")
KEPT = ("gtm_profit", "new_arr", "revenue_growth", "wasted_time_share", "bonus_marketing", "bonus_sales")


def draw(points: int, organisation: str, seed: int = 1) -> list[dict[str, Value]]:
    """Plans within the budget of free rounds; every lever stays as today in half of them."""
    rng = np.random.default_rng(seed)
    plans: list[dict[str, Value]] = []
    while len(plans) < points:
        moves = {lever.name: _value(lever, rng) for lever in levers.open_levers("free") if rng.random() < 0.5}
        plan = levers.changed({}, moves, LEVERS.values(), organisation)
        if levers.cost(plan, organisation) <= levers.BUDGET["free"]:
            plans.append(plan)
    return plans


def _value(lever: levers.Lever, rng: np.random.Generator) -> Value:
    if lever.choices:
        return str(rng.choice(lever.choices))
    return lever.check(rng.uniform(lever.low, lever.high))


def run(points: int, organisations: Iterable[str] = ORGANISATIONS) -> pd.DataFrame:
    """Draw and simulate designs of some organisations, on the luck that teams have too."""

    def row(job: tuple[str, int, dict[str, Value]]) -> dict[str, object]:
        organisation, number, plan = job
        found = simulation.means(simulation.run(levers.params(plan, organisation), range(simulation.SEEDS)))
        return {"organisation": organisation, "design": number, **plan, **{name: found.get(name) for name in KEPT}}

    jobs = [(o, n, plan) for o in organisations for n, plan in enumerate([{}, *draw(points, o)])]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = list(pool.map(row, jobs))
    return pd.DataFrame(rows, columns=["organisation", "design", *LEVERS, *KEPT])


@lru_cache(maxsize=8)
def known(organisation: str) -> pd.DataFrame:
    """Designs of an organisation that travel with the workshop; none for a profile of somebody's own."""
    frame = pd.read_parquet(FILE)
    return frame[frame["organisation"] == organisation].reset_index(drop=True)


if __name__ == "__main__":
    asked = int(next((word.removeprefix("points=") for word in sys.argv[1:] if word.startswith("points=")), "300"))
    frame = run(asked)
    frame.to_parquet(FILE, index=False)
    print(f"{len(frame)} designs in {FILE.name}")
