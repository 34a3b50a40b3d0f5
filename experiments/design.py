"""What is run where: factors, and the points that a design places in their space.

A factor is a parameter by its dotted name, a preset, or an argument of a foreign model;
it has a range, a prior or a list of values. Every design places points in the unit cube
(or on a grid); factors turn a coordinate into a value. Factors that are zipped share one
coordinate, so they vary together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.models import Kind, Model, Value
from experiments.points import Points, column, listed
from experiments.wording import check_keys
from sim.parameters import ParameterError, is_number, nearest
from sim.parameters.priors import Prior

DESIGNS = ("grid", "lhs", "sobol", "morris", "csv")
KEYS = ("name", "points", "factors", "zip")
SPEC = ("low", "high", "scale", "prior")
MOST_POINTS = 100_000_000
LARGEST = 2**63 - 1  # of a column of whole numbers
MORRIS_LEVELS = 4
MORRIS_TAIL = 0.005  # of a prior: its ends may be infinite, and Morris' outer levels are the ends
Unit = NDArray[np.float64]


@dataclass(frozen=True)
class Factor:
    """One factor.

    Attributes
    ----------
    name : str
        Dotted name.
    levels : tuple
        Its values, if it has a list.
    low, high : float
        Its range, if it has one; of a prior, where it is cut.
    log : bool
        Whether the range is sampled on the logarithm.
    whole : bool
        Whether it takes whole numbers: every one of the range is as likely.
    prior : Prior, optional
        Distribution it is sampled from.
    """

    name: str
    levels: tuple[Value, ...] = ()
    low: float = math.nan
    high: float = math.nan
    log: bool = False
    whole: bool = False
    prior: Prior | None = None

    def at(self, u: Unit) -> NDArray[Any]:
        """Values at coordinates from 0 to 1."""
        if self.levels:
            place = np.minimum((u * len(self.levels)).astype(int), len(self.levels) - 1)
            return np.asarray(column(list(self.levels))[place])
        if self.prior:
            ends = self.prior.cdf([self.low, self.high])
            values = np.clip(self.prior.ppf(ends[0] + u * (ends[1] - ends[0])), self.low, self.high)
            return np.round(values).astype(np.int64) if self.whole else np.asarray(values)
        if self.whole:
            return np.minimum(self.low + np.floor(u * (self.high - self.low + 1)), self.high).astype(np.int64)
        values = self.low * (self.high / self.low) ** u if self.log else self.low + u * (self.high - self.low)
        return np.clip(values, self.low, self.high)  # rounding may pass the ends

    def spread(self, n: int) -> NDArray[Any]:
        """``n`` values from end to end, or the listed ones."""
        if self.levels:
            return column(list(self.levels))
        if self.whole:
            return np.unique(np.round(np.linspace(self.low, self.high, n))).astype(np.int64)
        middle = self.prior is not None or n == 1
        return self.at((np.arange(n) + 0.5) / n if middle else np.linspace(0.0, 1.0, n))

    def ends(self) -> list[Value]:
        """The values that tell whether all are allowed."""
        return list(self.levels) or self.at(np.array([0.0, 1.0])).tolist()


# ---------------------------------------------------------------- factors


def factor(name: str, given: Any, model: Model) -> Factor:
    """A checked factor from what the command line or a file says of it.

    Raises
    ------
    ParameterError
        The factor is unknown, its description is wrong, or a value is not allowed.
    """
    kind = model.kind(name)
    key = f"design.factors.{name}"
    if given == "prior":
        given = {"prior": True}
    if isinstance(given, bool | int | float | str):
        given = [given]
    if isinstance(given, list):
        found = _listed(name, given, key)
    elif isinstance(given, Mapping):
        found = _ranged(name, given, key, kind)
    else:
        raise ParameterError(f"{key}={given!r}: a list of values, {{low: …, high: …}} or prior is needed.")
    for value in found.ends():
        model.check(name, value)
    return found


def _listed(name: str, given: list[Any], key: str) -> Factor:
    if not given:
        raise ParameterError(f"{key}=[]: at least one value is needed.")
    for value in given:
        if not isinstance(value, bool | int | float | str):
            raise ParameterError(f"{key}: {value!r} is no number, word, true or false.")
        if isinstance(value, int) and abs(value) > LARGEST:
            raise ParameterError(f"{key}: {value!r} is too large; at most {LARGEST:,} is possible.")
    if len({(type(value), value) for value in given}) < len(given):
        raise ParameterError(f"{key}={given!r}: a value stands there twice.")
    if len({str if isinstance(value, str) else bool if isinstance(value, bool) else float for value in given}) > 1:
        raise ParameterError(f"{key}={given!r}: numbers, words or truths, not a mixture.")
    return Factor(name, tuple(given))


def _ranged(name: str, given: Mapping[str, Any], key: str, kind: Kind) -> Factor:
    check_keys(key, given, SPEC, "a range has")
    prior = given.get("prior", "")
    if prior is True:
        prior = kind.prior
        if not prior:
            raise ParameterError(f"{key}: no prior is declared for it; give low and high.")
    low = _bound(f"{key}.low", given.get("low")) if "low" in given or not prior else kind.low
    high = _bound(f"{key}.high", given.get("high")) if "high" in given or not prior else kind.high
    if not low < high:
        raise ParameterError(f"{key}: low={low:g} must lie below high={high:g}.")
    scale = given.get("scale", "linear")
    if scale not in ("linear", "log"):
        raise ParameterError(f"{key}.scale={scale!r}: allowed are linear, log.{nearest(str(scale), ('linear', 'log'))}")
    if scale == "log" and low <= 0:
        raise ParameterError(f"{key}.low={low:g}: more than 0 is needed for scale=log.")
    if prior:
        try:
            spread = prior if isinstance(prior, Prior) else Prior(str(prior))
            mass = float(np.diff(spread.cdf([low, high]))[0])
        except (ValueError, TypeError) as error:
            raise ParameterError(f"{key}.prior={prior!r}: {error}.") from None
        if not mass > 0:
            raise ParameterError(f"{key}.prior={spread.text!r}: nothing of it lies from {low:g} to {high:g}.")
        return Factor(name, low=low, high=high, whole=kind.whole, prior=spread)
    if kind.whole and (low != int(low) or high != int(high)):
        raise ParameterError(f"{key}: whole numbers are needed, not {low:g} and {high:g}.")
    return Factor(name, low=low, high=high, log=scale == "log", whole=kind.whole)


def _bound(key: str, value: Any) -> float:
    if not is_number(value):
        raise ParameterError(f"{key}={value!r}: a number is needed.")
    return float(value)


# ---------------------------------------------------------------- designs


def place(given: Mapping[str, Any], model: Model, seed: int) -> Points:
    """The points of a design.

    Parameters
    ----------
    given : mapping
        ``name``, ``points``, ``factors`` and ``zip``, as under ``design`` on the command line.
    model : Model
        Knows what a factor may be.
    seed : int
        Of the sampling.

    Raises
    ------
    ParameterError
        Something given is wrong.
    """
    check_keys("design", given, KEYS, "known are")
    name = str(given.get("name", ""))
    if name not in DESIGNS:
        raise ParameterError(f"design={name!r}: allowed are {', '.join(DESIGNS)}.{nearest(name, DESIGNS)}")
    if name == "csv":
        return listed(given, model)
    described = given.get("factors")
    if not isinstance(described, Mapping) or not described:
        raise ParameterError(
            f"design.factors={described!r}: name what is varied, as in "
            "design.factors={alignment.level: {low: 0, high: 1}, incentives: [siloed, shared_okr]}."
        )
    factors = {key: factor(key, value, model) for key, value in described.items()}
    groups = _zipped([] if given.get("zip") is None else given["zip"], factors)
    n = _count(given.get("points"))
    if name == "grid":
        return _grid(groups, n)
    if name == "morris":
        cube, note = _morris(len(groups), n, seed), ""
        tail = MORRIS_TAIL
    else:
        cube, note = _SAMPLERS[name](len(groups), n, seed)
        tail = 0.0
    columns = {}
    for u, group in zip(cube.T, groups, strict=True):
        for each in group:
            columns[each.name] = each.at(tail + u * (1.0 - 2.0 * tail) if each.prior else u)
    return Points({key: columns[key] for key in factors}, len(cube), note)


def _count(given: Any) -> int:
    if not is_number(given) or not 1 <= given <= MOST_POINTS or given != int(given):
        raise ParameterError(f"design.points={given!r}: a whole number from 1 to {MOST_POINTS:,} is needed.")
    return int(given)


def _zipped(given: Any, factors: Mapping[str, Factor]) -> list[list[Factor]]:
    """Factors by the coordinate they share, in the order in which they were given."""
    groups = given if isinstance(given, list) else [given]
    wanted = [groups] if groups and all(isinstance(name, str) for name in groups) else groups
    together: dict[str, int] = {}
    for number, names in enumerate(wanted):
        if not isinstance(names, list) or len(names) < 2:
            raise ParameterError(f"design.zip={given!r}: lists of two or more factors are needed.")
        for name in names:
            if name not in factors:
                raise ParameterError(f"design.zip: {name} is not among the factors.{nearest(str(name), factors)}")
            if name in together:
                raise ParameterError(f"design.zip: {name} stands there twice.")
            together[name] = number
        sizes = {len(factors[name].levels) for name in names if factors[name].levels}
        _same_length(names, sizes)
    found: dict[object, list[Factor]] = {}
    for name, each in factors.items():
        found.setdefault(together.get(name, name), []).append(each)
    return list(found.values())


def _same_length(names: Sequence[str], lengths: set[int]) -> None:
    if len(lengths) > 1:
        counts = " and ".join(map(str, sorted(lengths)))
        raise ParameterError(f"design.zip: {', '.join(names)} have {counts} values; as many of each are needed.")


def _grid(groups: Sequence[Sequence[Factor]], n: int) -> Points:
    """Every combination, the last factor varying fastest; ``n`` values of each range."""
    sizes = []
    spreads: list[list[NDArray[Any]]] = []
    for group in groups:
        size = next((len(each.levels) for each in group if each.levels), n)
        spreads.append([each.spread(size) for each in group])
        lengths = {len(values) for values in spreads[-1]}
        _same_length([each.name for each in group], lengths)
        sizes.append(lengths.pop())
    total = math.prod(sizes)
    if total > MOST_POINTS:
        raise ParameterError(f"design=grid: {total:,} points; at most {MOST_POINTS:,} are possible.")
    places = np.unravel_index(np.arange(total), sizes)
    columns = {
        each.name: values[where]
        for where, group, spread in zip(places, groups, spreads, strict=True)
        for each, values in zip(group, spread, strict=True)
    }
    return Points(columns, total)


def _lhs(dimensions: int, n: int, seed: int) -> tuple[Unit, str]:
    from scipy.stats import qmc

    return qmc.LatinHypercube(dimensions, rng=np.random.default_rng(seed)).random(n), ""


def _sobol(dimensions: int, n: int, seed: int) -> tuple[Unit, str]:
    import warnings

    from scipy.stats import qmc

    if dimensions > qmc.Sobol.MAXDIM:
        raise ParameterError(f"design=sobol: {dimensions:,} factors; at most {qmc.Sobol.MAXDIM:,} are possible.")
    note = ""
    if n & (n - 1):
        note = (
            f"design.points={n}: not a power of two, so the Sobol' points are not balanced and estimates converge "
            f"more slowly; {1 << n.bit_length()} would be."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # SciPy says the same in words of its own
        return qmc.Sobol(dimensions, rng=np.random.default_rng(seed)).random(n), note


def _morris(dimensions: int, n: int, seed: int) -> Unit:
    try:
        from SALib.sample import morris
    except ImportError:
        raise ParameterError(
            "design=morris: needs SALib; install the extra: pip install 'gtm-sim[research]'."
        ) from None
    problem = {
        "num_vars": dimensions,
        "names": [f"x{i}" for i in range(dimensions)],
        "bounds": [[0.0, 1.0]] * dimensions,
    }
    return np.asarray(morris.sample(problem, n, num_levels=MORRIS_LEVELS, seed=seed % 2**32), dtype=np.float64)


_SAMPLERS: dict[str, Callable[[int, int, int], tuple[Unit, str]]] = {"lhs": _lhs, "sobol": _sobol}
