"""Models that are not ours: a function of the factors and a seed, or a ``mesa.Model`` subclass.

A function is called with the factors and, if it takes one, the seed, all by name, and
returns a mapping of numbers. A model is made the same way, stepped, and asked for what
its data collector last collected. Neither has arms: the one arm is called ``model``.
"""

from __future__ import annotations

import importlib
import inspect
import math
import random
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np

from experiments.models import Kind, Ran, Value, code_of_a_file, hashed_values
from sim.parameters import ParameterError, nearest

ARM = "model"
TAKEN = ("point", "arm", "replication", "seed", "address", "failed", "error", "monthly", "people")
SEEDS = ("seed", "rng")  # names under which a model takes its seed


@dataclass(frozen=True)
class Foreign:
    """A foreign model by its name.

    Attributes
    ----------
    target : str
        ``package.module:function``, or a class in place of the function.
    steps : int
        Steps of a ``mesa.Model``; one that stops running ends earlier.
    folder : str
        Where modules are looked for before all other places.
    """

    target: str
    steps: int = 100
    folder: str = field(default_factory=lambda: str(Path.cwd()))

    arms = (ARM,)
    measures = ()
    threads = False  # plain Python: one interpreter each

    def loaded(self) -> Self:
        """Itself, once it is sure that the target can be imported."""
        _loaded(self.target, self.folder)
        return self

    def kind(self, factor: str) -> Kind:
        """Nothing is declared about a foreign model's factors; one that it does not take is refused."""
        names, any_name = self._takes()
        if factor not in names and not any_name:
            taken = ", ".join(names) or "no arguments"
            raise ParameterError(f"factor {factor}: {self.target} takes {taken}.{nearest(factor, names)}")
        if factor in SEEDS:
            raise ParameterError(f"factor {factor}: the seed is no factor; seeds and seed choose it.")
        return Kind()

    def check(self, factor: str, value: Value) -> None:
        """Only the model itself can judge its values: one it cannot take is a failed run."""

    def _takes(self) -> tuple[list[str], bool]:
        try:
            signature = inspect.signature(_loaded(self.target, self.folder))
        except ValueError as error:
            if isinstance(error, ParameterError):
                raise
            raise ParameterError(f"model.target={self.target!r}: its arguments have no names; wrap it.") from None
        kinds = [parameter.kind for parameter in signature.parameters.values()]
        return list(signature.parameters), inspect.Parameter.VAR_KEYWORD in kinds

    def prepare(self, arm: str, values: Mapping[str, Value]) -> dict[str, Value]:  # noqa: ARG002
        """The factors themselves."""
        return dict(values)

    def code(self) -> str:
        """Hash of the model's source file in this process."""
        return _code(self.target, self.folder)

    def address(self, prepared: Mapping[str, Value]) -> bytes:
        """Hash of the factors, the steps and the source file."""
        return hashed_values(self.code(), {**prepared, "model.steps": self.steps})

    def run(self, prepared: Mapping[str, Value], seed: int, monthly: bool) -> Ran:  # noqa: ARG002
        """One run.

        Raises
        ------
        TypeError
            What comes back is not a mapping of names to numbers, or a name is taken.
        RuntimeError
            The model wanted to end the process.
        """
        target = _loaded(self.target, self.folder)
        names, any_name = self._takes()
        seeded = [name for name in SEEDS if name in names] or (["seed"] if any_name else [])
        # Models also draw from generators that all share: these start anew, or a run would depend on the one before.
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002 - the legacy one is what others use
        try:
            made = target(**prepared, **dict.fromkeys(seeded[:1], seed))
            found = _collected(made, self.steps) if is_mesa(target) else made
        except SystemExit as end:
            raise RuntimeError(f"{self.target} ended the process ({end})") from None
        if not isinstance(found, Mapping):
            raise TypeError(f"{self.target} returned a {type(found).__name__}, a mapping of numbers is needed")
        if not found:
            raise TypeError(f"{self.target} returned an empty mapping, at least one number is needed")
        for name in map(str, found):
            if name in prepared or name in TAKEN:
                what = "a factor" if name in prepared else "a column of every study"
                raise TypeError(f"{name} is {what}: the measure needs another name")
        return Ran({str(name): _number(name, value) for name, value in found.items()})


def _number(name: object, value: Any) -> float:
    try:
        if isinstance(value, str):  # even one of digits: somebody's label
            raise TypeError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name} is {value!r}, a number is needed") from None


def is_mesa(target: object) -> bool:
    """Whether it is a subclass of ``mesa.Model`` (without importing Mesa for it)."""
    if not inspect.isclass(target):
        return False
    return any(base.__name__ == "Model" and base.__module__.startswith("mesa.") for base in target.__mro__)


def _collected(model: Any, steps: int) -> dict[str, float]:
    for _ in range(steps):
        if not model.running:
            break
        model.step()
    collector = getattr(model, "datacollector", None)
    reported = getattr(collector, "model_vars", {})
    if not reported:
        raise TypeError(f"{type(model).__name__} has no data collector with model reporters; give a function instead")
    return {name: values[-1] if values else math.nan for name, values in reported.items()}


@lru_cache(maxsize=16)
def _loaded(target: str, folder: str) -> Callable[..., Any]:
    """The function or class that a target names."""
    module, colon, name = target.partition(":")
    if not (module and colon and name):
        raise ParameterError(f"model.target={target!r}: write package.module:function.")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        found = importlib.import_module(module)
    except Exception as error:  # noqa: BLE001 - whatever a stranger's module raises on import
        raise ParameterError(f"model.target={target!r}: {module} cannot be imported ({error}).") from None
    thing = getattr(found, name, None)
    if not callable(thing):
        names = [each for each in vars(found) if callable(getattr(found, each)) and not each.startswith("_")]
        raise ParameterError(f"model.target={target!r}: {module} has no function of that name.{nearest(name, names)}")
    if inspect.isclass(thing) and not is_mesa(thing):
        raise ParameterError(f"model.target={target!r}: a function or a subclass of mesa.Model is needed.")
    return thing  # type: ignore[no-any-return]


@lru_cache(maxsize=16)
def _code(target: str, folder: str) -> str:
    thing: object = inspect.unwrap(_loaded(target, folder))
    if not (inspect.isroutine(thing) or inspect.isclass(thing)):  # a partial, an object that can be called
        thing = sys.modules[target.partition(":")[0]]
    try:
        file = inspect.getsourcefile(thing)
    except TypeError:  # of Python's own in C
        file = None
    return code_of_a_file(Path(file)) if file else target
