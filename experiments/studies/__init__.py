"""Named studies: files of ``configs/study``, and the points that they place."""

from experiments.studies.definition import Definition, definition, known
from experiments.studies.plan import Planned, plan

__all__ = ["Definition", "Planned", "definition", "known", "plan"]
