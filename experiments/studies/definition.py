"""What a study's file says, checked as far as it can be without running it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.configuration import Folders, files, find, read
from sim.parameters import ParameterError, nearest

GROUP = "study"
NEEDED = ("question", "design", "figures", "answer")
OPTIONAL = ("organisation", "arms", "seeds", "labels")
LANGUAGES = ("en", "es")


@dataclass(frozen=True)
class Definition:
    """A study's file.

    Attributes
    ----------
    name : str
        Name of the file.
    spec : mapping
        What it says.
    """

    name: str
    spec: Mapping[str, Any]

    def question(self, language: str) -> str:
        """What the study asks."""
        return str(self.spec["question"][language])


def known(configs: Folders = None) -> list[Definition]:
    """Every study there is."""
    return [definition(name, configs) for name in files(GROUP, configs)]


def definition(name: str, configs: Folders = None) -> Definition:
    """The study of a name, or of the path of its file.

    Raises
    ------
    ParameterError
        There is none, or its file is not a study.
    """
    file = find(GROUP, name, "name", configs)
    spec = read(file)
    for key in spec:
        if key not in (*NEEDED, *OPTIONAL):
            hint = nearest(str(key), (*NEEDED, *OPTIONAL))
            raise ParameterError(f"{file}: {key}: unknown; a study has {', '.join((*NEEDED, *OPTIONAL))}.{hint}")
    for key in NEEDED:
        if not isinstance(spec.get(key), Mapping):
            raise ParameterError(f"{file}: {key}: is missing, or no mapping.")
    for language in LANGUAGES:
        if language not in spec["question"]:
            raise ParameterError(f"{file}: question.{language}: is missing.")
    return Definition(file.stem, spec)
