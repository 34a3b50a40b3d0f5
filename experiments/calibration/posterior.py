"""Posterior draws as files, and organisations that are simulated with them.

Replication r of every arm is run with draw r // 2: both arms of a pair meet the same
parameters and the same luck, and two replications a draw tell parameters from luck.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import sim
from experiments.models import Organisation, Ran, Value
from sim.configuration import Folders
from sim.configuration import find as find_file
from sim.parameters import ParameterError, Params, declarations, nearest, replace

PER_DRAW = 2
DIGITS = 6  # significant ones of what is shipped
SHIPPED = "shipped"


def write(path: Path, draws: pd.DataFrame, about: Mapping[str, str]) -> None:
    """Write draws with what made them (``about``) beside the columns."""
    rounded = draws.apply(
        lambda column: column.map(lambda v: float(f"{v:.{DIGITS}g}")) if column.dtype == float else column
    )
    plain = pa.Table.from_pandas(rounded, preserve_index=False)
    told = {f"gtm.{key}".encode(): value.encode() for key, value in about.items()}
    pq.write_table(plain.replace_schema_metadata(told), path, compression="zstd")


def about(path: Path) -> dict[str, str]:
    """What made the draws."""
    told = pq.read_schema(path).metadata or {}
    return {key.decode().removeprefix("gtm."): value.decode() for key, value in told.items() if key[:4] == b"gtm."}


def beside(organisation: Path) -> Path | None:
    """The draws that stand beside the file of an organisation, in the same folder of configurations.

    They belong to that very file: another one of the same name, as ``gtm fit`` may write it, has none.
    """
    if organisation.parent.name != "organisation":
        return None
    file = organisation.resolve().parent.parent / "behaviour" / f"posterior_{organisation.stem}.parquet"
    return file if file.is_file() else None


def find(given: object, organisation: str, configs: Folders = None) -> Path:
    """The file of draws that ``posterior=…`` means: ``shipped`` (those beside the organisation's file), or a path.

    Raises
    ------
    ParameterError
        There is none.
    """
    if given == SHIPPED:
        found = beside(find_file("organisation", organisation, configs=configs))
        if found is None:
            raise ParameterError(
                f"posterior={SHIPPED}: no draws are shipped for {organisation}; gtm calibrate makes them, "
                "posterior=FILE takes them, posterior=null does without."
            )
        return found
    path = Path(str(given)).expanduser()
    path = path / "posterior.parquet" if path.is_dir() else path
    if not path.is_file():
        raise ParameterError(f"posterior={str(given)!r}: there is no such file; {SHIPPED} means the shipped draws.")
    return path


def read(path: Path) -> pd.DataFrame:
    """Draws of a file, checked.

    Raises
    ------
    ParameterError
        It holds no draws of parameters.
    """
    try:
        draws = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ParameterError(f"posterior={str(path)!r}: cannot be read ({str(error).splitlines()[0]}).") from None
    known = set(declarations())
    for name in draws.columns:
        if name not in known:
            raise ParameterError(f"posterior={str(path)!r}: {name} is no parameter.{nearest(name, known)}")
    if draws.empty or not len(draws.columns):
        raise ParameterError(f"posterior={str(path)!r}: there are no draws in it.")
    return draws


@lru_cache(maxsize=8)
def _draws(path: str) -> tuple[dict[str, Any], ...]:
    found = read(Path(path)).to_dict("records")
    return tuple({str(name): value for name, value in draw.items()} for draw in found)


def firms(model: Organisation, file: Path, n: int, random: np.random.Generator) -> dict[str, list[Any]]:
    """Values of ``n`` firms, a column a parameter: draws in random order, none a second time before all have come.

    What the command line gives for all arms stays as given, so it is left out.

    Raises
    ------
    ParameterError
        The file holds no draws, or a value that the organisation cannot have.
    """
    draws = read(file)
    rows = np.concatenate([random.permutation(len(draws)) for _ in range(-(-n // len(draws)))])[:n]
    found = {str(name): draws[name].tolist() for name in draws if not _given(model.common, str(name))}
    for name, values in found.items():
        for value in dict.fromkeys(values):
            model.check(name, value)
    return {name: [values[row] for row in rows] for name, values in found.items()}


@dataclass(frozen=True)
class Prepared:
    """An arm, and the draws it is run with."""

    arm: str
    params: Params
    draws: str
    root: int
    seeds: int


@dataclass(frozen=True)
class Uncertain(Organisation):
    """An organisation each of whose replications has its own draw of the posterior.

    Attributes
    ----------
    file : str
        Where the draws are.
    content : str
        Hash of that file.
    root, replications : int
        Root seed and number of replications: they tell which draw a seed goes with.
    """

    file: str = ""
    content: str = ""
    root: int = 0
    replications: int = 0
    places: Mapping[int, int] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, model: Organisation, file: Path, root: int, replications: int) -> Uncertain:
        """The organisation with the draws of a file.

        Raises
        ------
        ParameterError
            The file holds no draws, or one that this organisation cannot have.
        """
        own = {f.name: getattr(model, f.name) for f in dataclasses.fields(Organisation)}
        content = hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest()
        places = {sim.run_seed(root, r): r for r in range(replications)}
        found = cls(**own, file=str(file), content=content, root=root, replications=replications, places=places)
        for arm in found.arms:
            found.params_of(arm, found.base[arm], 0)
        return found

    @property
    def draws(self) -> int:
        """How many draws the replications use: no more than there are."""
        return min(-(-self.replications // PER_DRAW), len(_draws(self.file)))

    def draw_of(self, replication: int) -> int:
        """Which draw a replication goes with; when there are too few, they are used again."""
        return (replication // PER_DRAW) % len(_draws(self.file))

    def params_of(self, arm: str, params: Params, draw: int) -> Params:
        """Parameters of an arm with a draw; what was given on the command line stays as given."""
        given = [self.common, self.own.get(arm, {})]
        values = {n: v for n, v in _draws(self.file)[draw].items() if not any(_given(tree, n) for tree in given)}
        return replace(params, values)

    def prepare(self, arm: str, values: Mapping[str, Value]) -> Any:
        """An arm at a point, without any draw yet."""
        return Prepared(arm, super().prepare(arm, values), self.content, self.root, self.replications)

    def run(self, prepared: Any, seed: int, monthly: bool) -> Ran:
        """One run with the draw of its replication."""
        draw = self.draw_of(self.places[seed])
        return super().run(self.params_of(prepared.arm, prepared.params, draw), seed, monthly)


def _given(tree: Mapping[str, Any], name: str) -> bool:
    """Whether a layer of the command line names a parameter, nested or dotted."""
    theme, _, own = name.partition(".")
    inside = tree.get(theme, {})
    return name in tree or (isinstance(inside, Mapping) and own in inside)
