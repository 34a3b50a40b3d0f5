"""What a command has by way of keys, and what it was asked to do once they are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.models import Engine, Model, Organisation, hashed_values
from sim.configuration import configs_folders, read
from sim.parameters import Params, to_dict

if TYPE_CHECKING:  # help needs neither frames nor statistics
    import numpy as np

    from experiments.points import Points

ENGINES = ("compiled", "mesa")
LANGUAGES = ("en", "es")
RECORDS = ("none", "monthly")
REPLICATIONS: dict[str, Any] = {
    "name": "fixed",
    "measure": "revenue_growth",
    "arm": None,
    "half_width": None,
    "probability": 0.975,
    "immaterial": 0.0,
    "start": 10,
    "look_ahead": 5,
}


@dataclass(frozen=True)
class Settings:
    """What one command was asked to do, checked.

    Attributes
    ----------
    command, call : str
        Name of the command, and how it was called.
    words : tuple of str
        The overrides of the call, from which a study can be resumed.
    configs : tuple of str
        Folders searched for configurations before the shipped ones.
    organisation : str
        Name or path of the organisation; empty for a foreign model.
    model : Model
        What is run; its first arm is the baseline.
    seeds, seed : int
        Number of replications (the most, where it is open); root seed.
    engine : {"compiled", "mesa"}
        What turns the handle.
    executor : str
        On what the runs are spread.
    workers, block : int or None
        Threads or processes, and runs of a block; None lets the executor choose.
    address : str or None
        Of a running cluster.
    out : Path
        Folder of the results.
    language : {"en", "es"}
        Language of the report.
    fail_fast : bool
        End at the first run that fails, instead of noting it.
    record : {"none", "monthly"}
        Whether every month is kept besides every run.
    replications : mapping
        What ends the replications, as in :func:`experiments.replications.rule`.
    points : Points
        Values of the factors.
    design : mapping
        How the points were placed.
    own : mapping
        Values of the command's own keys, not checked here.
    whole : Path or None
        Folder of the command where this is one of the studies it is made of, else None.
    """

    command: str
    call: str
    words: tuple[str, ...]
    configs: tuple[str, ...]
    organisation: str
    model: Model
    seeds: int
    seed: int
    engine: Engine
    executor: str
    workers: int | None
    address: str | None
    block: int | None
    out: Path
    language: str
    fail_fast: bool
    record: str
    replications: Mapping[str, Any]
    points: Points
    design: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)
    whole: Path | None = None

    @property
    def home(self) -> Path:
        """The folder that ``resume=`` goes on from."""
        return self.whole or self.out

    def part(self, folder: Path, **changes: Any) -> Settings:
        """Settings of one of the studies that a command is made of, in a folder of its own and without months."""
        return replace(self, out=folder, whole=self.home, record="none", **changes)

    @property
    def arms(self) -> Mapping[str, Params]:
        """The parameters of each arm, without any factor; none for a foreign model."""
        return self.model.base if isinstance(self.model, Organisation) else {}

    @property
    def baseline(self) -> str:
        """Name of the arm that the others are compared with."""
        return self.model.arms[0]

    def numbers(self) -> dict[str, Any]:
        """All that the numbers depend on, as plain values (the manifest keeps their hash)."""
        found: dict[str, Any] = {
            "organisation": self.organisation,
            "seeds": self.seeds,
            "seed": self.seed,
            "parameters": {name: to_dict(params) for name, params in self.arms.items()},
        }
        if self.replications["name"] != "fixed":
            found["replications"] = dict(self.replications)
        if draws := getattr(self.model, "content", ""):  # of a posterior that replications draw from
            found["posterior"] = draws
        if self.points.columns:
            found["design"] = {**self.design, "count": self.points.count, "points_hash": self._points_hash}
        if not isinstance(self.model, Organisation):
            found["model"] = {"target": getattr(self.model, "target", ""), "code": self.model.code()}
        return found

    @cached_property
    def _points_hash(self) -> str:
        columns = {name: _digest(column) for name, column in self.points.columns.items()}
        return hashed_values("", columns).hex()


def _digest(column: np.ndarray[Any, Any]) -> str:
    plain = column.astype(str) if column.dtype == object else column
    return hashed_values(str(plain.dtype), {"bytes": plain.tobytes().hex()}).hex()


@dataclass(frozen=True)
class Command:
    """A command's keys: what Hydra starts from, with the help of each.

    Attributes
    ----------
    name, summary : str
        How it is called, and its line in the list of commands.
    defaults : mapping
        Values of the keys of its own, beside those that all commands share.
    fewest_arms, most_arms : int
        How many arms it takes.
    groups : mapping of str to str
        Groups of files it takes beside ``executor``, each with the name it starts from.
    place : callable, optional
        Places the points of its design, given what stands under ``design``, the model and the
        seed; by default :func:`experiments.design.place`.
    """

    name: str
    summary: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    fewest_arms: int = 1
    most_arms: int = 1_000
    groups: Mapping[str, str] = field(default_factory=dict)
    place: Callable[[Mapping[str, Any], Model, int], Points] | None = None

    def tree(self) -> dict[str, Any]:
        """The configuration Hydra starts from, without the groups."""
        return {
            "organisation": "mid_market",
            "arms": ["siloed"],
            "seeds": 200,
            "seed": 1,
            "engine": "compiled",
            "out": f"outputs/{self.name}/${{now:%Y-%m-%d_%H-%M-%S}}",
            "resume": None,
            "language": "en",
            "fail_fast": False,
            "record": "monthly",
            "replications": dict(REPLICATIONS),
            **self.defaults,
        }

    def chosen(self) -> dict[str, str]:
        """Each group with the name it starts from."""
        return {"executor": "local", **self.groups}

    def keys(self) -> list[str]:
        """Every key of its own."""
        tree = {**self.tree(), **{group: _start(group, name) for group, name in self.chosen().items()}}
        return [*tree, *(f"{key}.{name}" for key, value in tree.items() if isinstance(value, dict) for name in value)]


def _start(group: str, name: str) -> dict[str, Any]:
    return read(configs_folders()[-1] / group / f"{name}.yaml")
