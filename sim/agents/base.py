"""An agent whose state is a typed record shared with compiled code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import mesa
import numpy as np

if TYPE_CHECKING:
    from sim.model import GTMModel


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
        if name in type(self).dtype.names:
            return self.record[name].item()
        raise AttributeError(f"{type(self).__name__} has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in type(self).dtype.names:
            self.record[name] = value
        else:
            object.__setattr__(self, name, value)

    def __init_subclass__(cls) -> None:
        # Mesa's own attributes must not be taken for fields of the record.
        clash = {"model", "unique_id", "pos", "random", "rng", "step"} & set(getattr(cls, "dtype").names)
        if clash:
            raise TypeError(f"fields {sorted(clash)} hide attributes of mesa.Agent")
