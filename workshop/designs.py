"""Designs drawn at random from what the rules of free rounds allow: the background of the debrief.

``python -m workshop.designs essay mid_market points=2000`` writes ``workshop/sweeps/<organisation>.parquet``:
one row per design, its levers (missing: as today) and the means that a team with that plan would have got.
A design is run as often as a team's plan and on the same luck, so that a dot and a team differ by their
plans alone, and both are as uncertain.

It is a study like any other (:mod:`experiments.store`): runs are saved as they are done, in
``outputs/designs/<organisation>``, and the same call again, or one for more points, runs only what is missing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from experiments import executors, runner
from experiments.models import Organisation, Ran, Value
from experiments.points import Points
from experiments.progress import Bar
from experiments.store import Store
from sim.configuration import names
from sim.parameters import ParameterError, Params
from workshop import levers, simulation
from workshop.levers import LEVERS, Plan

FOLDER = Path(__file__).parent / "sweeps"
STUDIES = Path("outputs/designs")
POINTS, MOST_POINTS = 2_000, 20_000
KEPT = ("gtm_profit", "new_arr", "revenue_growth", "wasted_time_share", "bonus_marketing", "bonus_sales")


def draw(points: int, organisation: str, seed: int = 1) -> list[dict[str, levers.Value]]:
    """Plans within the budget of free rounds; every lever stays as today in half of them."""
    rng = np.random.default_rng(seed)
    plans: list[dict[str, levers.Value]] = []
    while len(plans) < points:
        moves = {lever.name: _value(lever, rng) for lever in levers.open_levers("free") if rng.random() < 0.5}
        plan = levers.changed({}, moves, LEVERS.values(), organisation)
        if levers.cost(plan, organisation) <= levers.BUDGET["free"]:
            plans.append(plan)
    return plans


def _value(lever: levers.Lever, rng: np.random.Generator) -> levers.Value:
    if lever.choices:
        return str(rng.choice(lever.choices))
    return lever.check(rng.uniform(lever.low, lever.high))


@dataclass(frozen=True)
class Drawn(Organisation):
    """An organisation whose one factor says which of its ``plans`` it follows."""

    plans: Sequence[Plan] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """What the workshop measures of a run."""
        return simulation.COLUMNS

    def prepare(self, arm: str, values: Mapping[str, Value]) -> Params:  # noqa: ARG002
        """Parameters of a plan."""
        return levers.params(self.plans[int(values["design"])], self.organisation)

    def run(self, prepared: Params, seed: int, monthly: bool) -> Ran:  # noqa: ARG002
        """One run."""
        return Ran(simulation.measured(prepared, seed))


def run(points: int, organisation: str, folder: Path) -> pd.DataFrame:
    """Draw and simulate designs of an organisation; the first row, design 0, is today's plan.

    Parameters
    ----------
    folder : Path
        Where runs are saved; those that are there already are not run again.

    Raises
    ------
    KeyboardInterrupt
        Somebody stopped it; what is done is saved.
    """
    plans: list[Plan] = [{}, *draw(points, organisation)]
    today = levers.status_quo(organisation)
    model = Drawn(organisation, {"plan": levers.BASELINE}, {}, {}, (), {"plan": today}, plans=plans)
    study = runner.Plan(
        model=model,
        points=Points({"design": np.arange(len(plans))}, len(plans)),
        seeds=simulation.SEEDS,
        seed=simulation.ROOT,
        fail_fast=True,
    )
    numbers = np.arange(study.runs)
    with Store(folder, study, lambda line: print(line, file=sys.stderr)) as store:
        store.adopt()
        missing = store.missing(numbers)
        with Bar(study.runs, done=study.runs - len(missing)) as bar, executors.choose("local", True, None) as workers:

            def note(answer: runner.Answer) -> None:
                store.note(answer)
                bar.advance(len(answer.numbers), 0)

            runner.execute(study, store.parts, missing, workers, note)
        store.finish(numbers)
    runs = pd.read_parquet(folder / "runs.parquet", columns=list(simulation.COLUMNS)).to_numpy(float)
    rows = []
    for number, (plan, own) in enumerate(zip(plans, runs.reshape(len(plans), simulation.SEEDS, -1), strict=True)):
        means = simulation.means(own.tolist())
        rows.append({"design": number, **plan, **{name: means.get(name) for name in KEPT}})
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
        frame = run(int(text), organisation, STUDIES / organisation)
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
    except KeyboardInterrupt:
        print(f"Stopped. What is done is saved in {STUDIES}; the same call goes on from there.", file=sys.stderr)
        sys.exit(130)
