"""The points of a study: the designs of a sweep, and four things that sweeps do not have.

*Scales* multiply several parameters together (twice the leads, half the time for each).
A *simplex* splits a budget of capability in three. A *panel* draws firms from the priors of
everything uncertain, around the organisation's own values, or takes draws of a posterior. And
the pseudo-factor ``felt``
names the pay plan that people believe in, whatever they are paid
(:class:`experiments.studies.felt.Believing`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from experiments import design
from experiments.calibration import posterior
from experiments.models import Model, Organisation
from experiments.points import NOWHERE, Points, column
from experiments.wording import check_keys
from sim.parameters import (
    PLAN_THEMES,
    Declaration,
    ParameterError,
    Params,
    declarations,
    declared,
    is_number,
    nearest,
    value_of,
)
from sim.parameters.priors import prior_of

KEYS = ("name", "points", "factors", "zip", "scales", "parts", "budget", "include", "also", "of_arm", "posterior")
OWN = ("simplex", "panel")
MOST_POINTS = 1_000_000


@dataclass(frozen=True)
class Planned:
    """Points, and the coordinates under which figures and answers know them.

    Attributes
    ----------
    points : Points
        Values of parameters, as the runner takes them.
    coordinates : DataFrame
        One row a point: its coordinates that are no parameter (a scale, the shares of a split).
    """

    points: Points
    coordinates: pd.DataFrame


def plan(given: Mapping[str, Any], model: Model, seed: int) -> Planned:
    """The points that a study's design places.

    Raises
    ------
    ParameterError
        Something given is wrong.
    """
    check_keys("design", given, KEYS, "a study's design has")
    name = str(given.get("name", "grid"))
    n = given.get("points", 5)
    if not is_number(n) or not 1 <= n <= MOST_POINTS or n != int(n):
        raise ParameterError(f"points={n!r}: a whole number from 1 to {MOST_POINTS:,} is needed.")
    if name != "panel" and given.get("posterior") is not None:
        raise ParameterError(f"posterior={given['posterior']}: only a panel draws firms; design.name is {name}.")
    if name == "simplex":
        return _simplex(given, _organisation(model, name), int(n))
    if name == "panel":
        return _panel(given, _organisation(model, name), int(n), seed)
    if name not in design.DESIGNS:
        allowed = (*design.DESIGNS, *OWN)
        raise ParameterError(f"design.name={name!r}: allowed are {', '.join(allowed)}.{nearest(name, allowed)}")
    plain = {"name": name, "points": int(n), "factors": given.get("factors") or {}, "zip": given.get("zip") or []}
    if not given.get("scales"):
        points = design.place(plain, model, seed) if plain["factors"] else NOWHERE
        return Planned(points, pd.DataFrame(index=range(points.count)))
    return _scaled(given["scales"], plain, _organisation(model, "scales"), seed)


def _organisation(model: Model, what: str) -> Organisation:
    if not isinstance(model, Organisation):
        raise ParameterError(f"design: {what} needs an organisation, not a foreign model.")
    return model


def as_declared(name: str, value: float) -> float | int:
    """A value inside the bounds of its parameter, whole where that is whole."""
    theme, _, field = name.partition(".")
    found, default = next((d, v) for t, n, d, v in declared() if (t, n) == (theme, field))
    inside = min(max(value, found.low), found.high)
    return round(inside) if isinstance(default, int) else inside


# ---------------------------------------------------------------- scales


def _scaled(scales: Mapping[str, Any], plain: Mapping[str, Any], model: Organisation, seed: int) -> Planned:
    """Every combination of the scales' values with the points of the plain design."""
    params = model.base[model.arms[0]]
    below = design.place(plain, model, seed) if plain["factors"] else NOWHERE
    for name, scale in scales.items():
        if not isinstance(scale, Mapping) or not {"values", "powers"} <= set(scale):
            raise ParameterError(f"design.scales.{name}: values and powers are needed.")
    values = [scale["values"] for scale in scales.values()]
    rows, coordinates = [], []
    for chosen in itertools.product(*values):
        changed: dict[str, float] = {}
        for scale, factor in zip(scales.values(), chosen, strict=True):
            for name, power in scale["powers"].items():
                changed[name] = changed.get(name, value_of(params, name)) * float(factor) ** float(power)
        for point in range(below.count):
            rows.append({**{name: as_declared(name, v) for name, v in changed.items()}, **below.values(point)})
            coordinates.append({f"scale.{name}": value for name, value in zip(scales, chosen, strict=True)})
    return Planned(_points(rows), pd.DataFrame(coordinates))


# ---------------------------------------------------------------- splits of a budget


def _simplex(given: Mapping[str, Any], model: Organisation, n: int) -> Planned:
    """A budget over three parameters, in steps of 1/n: each gets its share on top of today's value."""
    parts = given.get("parts")
    if not isinstance(parts, Sequence) or len(parts) != 3:
        raise ParameterError(f"design.parts={parts!r}: three parameters are needed.")
    budget = float(given.get("budget", 0.5))
    params = model.base[model.arms[0]]
    splits = [(i / n, j / n, (n - i - j) / n) for i in range(n, -1, -1) for j in range(n - i, -1, -1)]
    for extra in given.get("include") or ():
        split = _split(str(extra))
        if all(max(abs(a - b) for a, b in zip(split, other, strict=True)) > 1e-9 for other in splits):
            splits.append(split)
    rows, coordinates = [], []
    for shares in splits:
        values = {name: value_of(params, name) + budget * share for name, share in zip(parts, shares, strict=True)}
        rows.append({name: as_declared(name, value) for name, value in values.items()})
        own = {f"split.{name.partition('.')[2]}": share for name, share in zip(parts, shares, strict=True)}
        coordinates.append({"split.name": "/".join(f"{100 * share:.0f}" for share in shares), **own})
    return Planned(_points(rows), pd.DataFrame(coordinates))


def _split(text: str) -> tuple[float, float, float]:
    """``70/20/10`` as shares."""
    parts = text.split("/")
    if len(parts) != 3 or not all(part.strip().isdecimal() for part in parts) or sum(map(int, parts)) != 100:
        raise ParameterError(
            f"design.include={text!r}: three whole percentages that sum to 100 are needed, as 70/20/10."
        )
    return int(parts[0]) / 100, int(parts[1]) / 100, int(parts[2]) / 100


# ---------------------------------------------------------------- firms drawn from priors or from a posterior


def uncertain(arms: Iterable[Params], also: Sequence[str] = ()) -> dict[str, Declaration]:
    """Declarations of all uncertainties with a prior, and of the levers named in ``also``.

    What only a programme asks for is left out where no arm runs one.
    """
    unused = () if any(arm.programme.name != "none" for arm in arms) else PLAN_THEMES
    every = declarations()
    for name in also:
        if name not in every or not every[name].prior:
            raise ParameterError(f"{name}: no parameter with a prior.{nearest(name, every)}")
    return {
        name: d
        for name, d in every.items()
        if d.prior and (name in also or (d.kind == "uncertainty" and name.partition(".")[0] not in unused))
    }


def firms(
    params: Params, names: Mapping[str, Declaration], n: int, random: np.random.Generator
) -> dict[str, list[float | int]]:
    """Values of ``n`` firms, a Latin hypercube over priors, each centred on the organisation's own where it can be."""
    from scipy.stats import qmc

    cube = qmc.LatinHypercube(len(names), rng=random).random(n)
    drawn: dict[str, list[float | int]] = {}
    for u, name in zip(cube.T, names, strict=True):
        values = prior_of(params, name).ppf(u)
        drawn[name] = [as_declared(name, float(value)) for value in values]
    return drawn


def _panel(given: Mapping[str, Any], model: Organisation, n: int, seed: int) -> Planned:
    """Firms drawn from the priors, or from a posterior where ``posterior`` names one.

    ``also`` names levers that are drawn too, from their priors, for all arms; ``of_arm`` levers
    that only the first arm has drawn, while the others keep their own.
    """
    baseline = model.arms[0]
    also, of_arm = list(given.get("also") or ()), list(given.get("of_arm") or ())
    names = uncertain(model.base.values(), [*also, *of_arm])
    random = np.random.default_rng(seed)
    drawn: dict[str, list[Any]] = {}
    if given.get("posterior") is not None:
        file = posterior.find(given["posterior"], model.organisation, model.configs)
        draws = posterior.firms(model, file, n, random)
        drawn = {name: values for name, values in draws.items() if name not in (*also, *of_arm)}
        known = set(posterior.read(file)) - {*also, *of_arm}  # also what the command line gives
        names = {name: found for name, found in names.items() if name not in known}
    drawn |= firms(model.base[baseline], names, n, random)
    columns = {f"arm.{baseline}.{k}" if k in of_arm else k: column(values) for k, values in drawn.items()}
    return Planned(Points(columns, n), pd.DataFrame(index=range(n)))


def _points(rows: list[dict[str, Any]]) -> Points:
    return Points({name: column([row[name] for row in rows]) for name in rows[0]}, len(rows))
