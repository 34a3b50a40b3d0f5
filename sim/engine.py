"""Running organisations: one (:func:`simulate`) or many (:func:`simulate_many`)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim import state as S
from sim.kernel import run_days, run_days_choosing
from sim.measures import MEASURES, measure_run
from sim.parameters import Event, Incentives, ParameterError, Params, replace
from sim.rules.tasks import Choice
from sim.windows import begun, window
from sim.world import build, digest, make_room

Engine = Literal["compiled", "mesa"]
ENGINES = ("compiled", "mesa")
LIMIT = 2**63 - 1


def run_seed(root: int, replication: int) -> int:
    """Seed of a replication: a 63-bit mix of the root seed and its number, the same in every arm."""
    z = (root * 0x9E3779B97F4A7C15 + (replication + 1) * 0xD1B54A32D192ED03) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return (z ^ (z >> 31)) & LIMIT


@dataclass(frozen=True)
class Result:
    """One finished run.

    Attributes
    ----------
    measures : dict of str to float
        Every measure of :data:`sim.measures.MEASURES` over the measured months.
    params, seed : Params, int
        What was run.
    world : World
        State at the end.
    """

    measures: dict[str, float]
    params: Params
    seed: int
    world: S.World = field(repr=False)

    @functools.cached_property
    def digest(self) -> str:
        """Hash of the bits of every record at the end."""
        return digest(self.world)

    @property
    def counts(self) -> NDArray[np.float64]:
        """What each person achieved in measured time: (seat, N_COUNTS) by :class:`Event`, in its units."""
        return np.asarray(self.world.counts)[:, :, S.MEASURED]

    @property
    def pooled(self) -> NDArray[np.float64]:
        """The same for each role together and, in the last row, for the company: (N_ROLES + 1, N_COUNTS)."""
        return np.asarray(self.world.pooled)[:, :, S.MEASURED]

    @functools.cached_property
    def monthly(self) -> pd.DataFrame:
        """One row per measured month that has begun: ``month`` from 1, then every measure of it, and ``arr``."""
        start = self.params.horizon.burn_in_months
        rows = []
        for month in range(start, begun(self.world)):
            w = window(self.world, self.params, month, month + 1, whole=False)
            row = {"month": month - start + 1, "arr": float(w.last["arr"])}
            row.update({name: float(m.compute(w)) for name, m in MEASURES.items()})
            rows.append(row)
        return pd.DataFrame(rows, columns=["month", "arr", *MEASURES])

    @functools.cached_property
    def people(self) -> pd.DataFrame:
        """One row per seat: role, person, skill, base_pay, variable_pay (€ a year), won_acv, attainment.

        Pay is that of whole months; a year of nothing is missing.
        """
        people = self.params.people
        days = max(int(self.world.org["day"][0]) - self.params.horizon.burn_in_months * S.MONTH, 0)
        years, paid_years = days / S.MONTH / 12.0 or np.nan, days // S.MONTH / 12.0 or np.nan
        roles = (
            ["marketer"] * people.marketers
            + ["developer"] * people.developers
            + ["seller"] * people.sellers
            + ["success"] * people.success_managers
        )
        pay = np.asarray(self.world.pay)
        skill = np.concatenate(
            [np.asarray(getattr(self.world, kind)["skill"]) for kind in ("marketers", "sellers", "managers")]
        )
        quarters = pay[:, S.PAY_QUARTERS]
        return pd.DataFrame(
            {
                "role": roles,
                "person": np.arange(len(roles)),
                "skill": skill,
                "base_pay": pay[:, S.PAY_BASE] / paid_years,
                "variable_pay": pay[:, S.PAY_VARIABLE] / paid_years,
                "won_acv": self.counts[:, Event.won_acv] / years,
                "attainment": np.divide(
                    pay[:, S.PAY_ATTAINMENT], quarters, out=np.full(len(roles), np.nan), where=quarters > 0
                ),
            }
        )


def months_of(params: Params) -> int:
    """Months with a record: burn-in, measured months, and a begun one."""
    horizon = params.horizon
    return horizon.burn_in_months + horizon.months + (1 if horizon.days else 0)


def days_of(params: Params) -> int:
    """Business days simulated in all."""
    horizon = params.horizon
    return (horizon.burn_in_months + horizon.months) * S.MONTH + horizon.days


def check_seed(seed: int) -> int:
    """A seed is a whole number from 0 to 2**63 − 1."""
    given: object = seed
    whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
    if not whole or not 0 <= seed <= LIMIT:
        raise ParameterError(f"seed={seed!r}: a whole number from 0 to {LIMIT} is needed.")
    return int(seed)


def start_measuring(world: S.World) -> None:
    """End of the burn-in: what people were paid and won is counted from here."""
    columns = [S.PAY_BASE, S.PAY_VARIABLE, S.PAY_ATTAINMENT, S.PAY_QUARTERS]
    world.pay[:, columns] = 0.0
    world.counts[:, :, S.MEASURED] = 0.0
    world.pooled[:, :, S.MEASURED] = 0.0


def advance(world: S.World, stop: int, choose: Choice | None = None) -> None:
    """Run the compiled engine until day ``stop``, growing arrays between days."""
    run = run_days if choose is None else run_days_choosing(choose)
    while run(world, stop) < stop:
        make_room(world)


def finish(world: S.World, params: Params, seed: int) -> Result:
    """Measure a world as far as it has come."""
    measures = measure_run(world, params, params.horizon.burn_in_months, months_of(params))
    return Result(measures, params, seed, world)


def simulate(
    params: Params,
    seed: int = 1,
    months: int | None = None,
    engine: Engine = "compiled",
    choose: Choice | None = None,
    felt: Incentives | None = None,
) -> Result:
    """Simulate one organisation.

    Parameters
    ----------
    params : Params
        From :func:`sim.load` or :func:`sim.parameters.from_dict`.
    seed : int
        Root seed of all draws; the same seed meets the same luck in every arm.
    months : int, optional
        Measured months, instead of ``params.horizon.months``.
    engine : {"compiled", "mesa"}
        One compiled loop, or Mesa agents; the same bits. Never swapped silently.
    choose : compiled function, optional
        Another task-choice rule for sellers (see :mod:`sim.rules.tasks`).
    felt : Incentives, optional
        Plans people believe they are paid by, if not those that are paid.

    Raises
    ------
    ParameterError
        Wrong seed, months or engine.
    """
    seed = check_seed(seed)
    if months is not None:
        params = replace(params, {"horizon.months": months})
    if engine not in ENGINES:
        raise ParameterError(f"engine={engine!r}: allowed are {', '.join(ENGINES)}.")
    if engine == "mesa":
        from sim.model import GTMModel

        model = GTMModel(params, seed=seed, choose=choose, felt=felt)
        model.run()
        return model.result()
    world = build(params, seed, months_of(params), felt)
    advance(world, params.horizon.burn_in_months * S.MONTH, choose)
    start_measuring(world)
    advance(world, days_of(params), choose)
    return finish(world, params, seed)


def simulate_many(
    params_list: Sequence[Params],
    seeds: Iterable[int],
    executor: Literal["serial", "local"] = "local",
    workers: int | None = None,
    engine: Engine = "compiled",
) -> pd.DataFrame:
    """Run every organisation with every seed.

    Returns one row per run: ``point`` (index in ``params_list``), ``seed``, and every
    measure. Rows are in order of point and seed whatever the executor.
    """
    seeds = list(seeds)
    jobs = [(point, params, seed) for point, params in enumerate(params_list) for seed in seeds]
    run: Callable[[tuple[int, Params, int]], dict[str, Any]] = functools.partial(_row, engine=engine)
    if executor == "serial":
        rows = [run(job) for job in jobs]
    elif executor == "local":
        with ThreadPoolExecutor(workers) as pool:
            rows = list(pool.map(run, jobs))
    else:
        raise ParameterError(f"executor={executor!r}: allowed are serial, local.")
    return pd.DataFrame(rows, columns=["point", "seed", *MEASURES])


def _row(job: tuple[int, Params, int], engine: Engine) -> dict[str, Any]:
    point, params, seed = job
    return {"point": point, "seed": seed, **simulate(params, seed, engine=engine).measures}
