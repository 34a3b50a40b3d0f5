"""Designs drawn at random from what the rules of free rounds allow: the background of the debrief.

``python -m workshop.designs essay mid_market points=2000`` writes ``workshop/sweeps/<organisation>.parquet``:
one row per design, its levers (missing: as today) and the means that a team with that plan would have got.
A design is run as often as a team's plan and on the same luck, so that a dot and a team differ by their
plans alone, and both are as uncertain.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.executors import available_cores
from sim.configuration import names
from sim.parameters import ParameterError
from workshop import levers, simulation
from workshop.levers import LEVERS, Value

FOLDER = Path(__file__).parent / "sweeps"
POINTS, MOST_POINTS = 2_000, 20_000
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


def run(points: int, organisation: str) -> pd.DataFrame:
    """Draw and simulate designs of an organisation; the first row, design 0, is today's plan."""

    def row(job: tuple[int, dict[str, Value]]) -> dict[str, object]:
        number, plan = job
        found = simulation.means(simulation.run(levers.params(plan, organisation), range(simulation.SEEDS)))
        return {"design": number, **plan, **{name: found.get(name) for name in KEPT}}

    with ThreadPoolExecutor(available_cores()) as pool:
        rows = list(pool.map(row, enumerate([{}, *draw(points, organisation)])))
    return pd.DataFrame(rows, columns=["design", *LEVERS, *KEPT])


@lru_cache(maxsize=8)
def known(organisation: str) -> pd.DataFrame:
    """Designs of an organisation that travel with the workshop; none for a profile of somebody's own."""
    path = FOLDER / f"{organisation}.parquet"
    if organisation not in names("organisation") or not path.exists():
        return pd.DataFrame(columns=["design", *LEVERS, *KEPT])
    return pd.read_parquet(path)


def main(arguments: Sequence[str]) -> None:
    """Write the designs of the organisations that are named.

    Raises
    ------
    ParameterError
        There is no such organisation, or that is no number of designs.
    """
    asked = [word for word in arguments if "=" not in word]
    text = next((word.removeprefix("points=") for word in arguments if word.startswith("points=")), str(POINTS))
    if not text.isdecimal() or not 1 <= int(text) <= MOST_POINTS:
        raise ParameterError(f"points={text!r}: a whole number from 1 to {MOST_POINTS} is needed.")
    for organisation in asked:
        if organisation not in names("organisation"):
            raise ParameterError(f"{organisation!r}: allowed are {', '.join(names('organisation'))}.")
    FOLDER.mkdir(exist_ok=True)
    for organisation in asked:
        frame = run(int(text), organisation)
        path = FOLDER / f"{organisation}.parquet"
        frame.to_parquet(path, index=False)
        print(
            f"{organisation}: {len(frame) - 1} designs × {simulation.SEEDS} runs, {path.stat().st_size / 1000:.0f} kB"
        )


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ParameterError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
