"""An agent whose state is a typed record shared with compiled code."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

import mesa
import numpy as np

if TYPE_CHECKING:
    from sim.model import GTMModel


class Counters(WeakKeyDictionary[Any, "itertools.count[int]"]):
    """A counter from 1 for each model, gone when the model is."""

    def __getitem__(self, model: Any) -> itertools.count[int]:
        """The model's counter, made when first asked for."""
        return self.setdefault(model, itertools.count(1))


class RecordAgent(mesa.Agent):
    """An agent that shows the fields of its record as attributes, for reading and writing.

    Attributes
    ----------
    index : int
        Place of its record in the array.
    """

    array: ClassVar[str]  # name of the array in the world
    dtype: ClassVar[np.dtype[Any]]
    index: int
    model: GTMModel
    # Mesa 3.3 numbers agents by a mapping that keeps every model ever made alive. Later
    # versions number them in the model and never look here.
    _ids: ClassVar[Counters] = Counters()

    def __init__(self, model: GTMModel, index: int) -> None:
        # ``index`` must be there before Mesa sets attributes of its own.
        object.__setattr__(self, "index", index)
        super().__init__(model)

    @property
    def record(self) -> Any:
        """The record itself: a view, so that changes show in both engines."""
        return getattr(self.model.world, self.array)[self.index]

    def __getattr__(self, name: str) -> Any:
        # Only reached when the attribute is not found the usual way.
        if name in (type(self).dtype.names or ()):
            return self.record[name].item()
        raise AttributeError(f"{type(self).__name__} has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in (type(self).dtype.names or ()):
            self.record[name] = value
        else:
            object.__setattr__(self, name, value)

    def __init_subclass__(cls) -> None:
        # Mesa's own attributes must not be taken for fields of the record.
        clash = {"model", "unique_id", "pos", "random", "rng", "step"} & set(cls.dtype.names or ())
        if clash:
            raise TypeError(f"fields {sorted(clash)} hide attributes of mesa.Agent")
