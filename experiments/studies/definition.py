"""What a study's file says, checked as far as it can be without running it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from sim.configuration import Folders, files, find, read
from sim.parameters import ParameterError, nearest

GROUP = "study"
NEEDED = ("question", "design", "figures", "answer")
OPTIONAL = ("organisation", "arms", "seeds", "labels")
LANGUAGES = ("en", "es")
VERDICTS = ("up", "down", "equal", "unclear", "unknown")


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
    if spec["answer"].get("kind", "effects") == "effects":
        _check_sentences(f"{file}: answer", spec["answer"])
    return Definition(file.stem, spec)


def _check_sentences(key: str, answer: Mapping[str, Any]) -> None:
    """Refuse sentences that no verdict calls, and blanks that no quantity fills: the runs would tell too late."""
    quantities = answer.get("quantities")
    if not isinstance(quantities, Mapping) or not quantities:
        raise ParameterError(f"{key}.quantities: is missing, or no mapping.")
    says = answer.get("says", {})
    if not isinstance(says, Mapping):
        raise ParameterError(f"{key}.says={says!r}: a mapping of verdicts to sentences is needed.")
    for verdict, sentences in says.items():
        parts = str(verdict).split(".")
        if len(parts) != len(quantities) or not set(parts) <= set(VERDICTS):
            each = f"{len(quantities)} joined by dots" if len(quantities) > 1 else "one"
            raise ParameterError(f"{key}.says.{verdict}: no verdict; {each} of {', '.join(VERDICTS)} is needed.")
        for language, sentence in sentences.items() if isinstance(sentences, Mapping) else ():
            try:
                blanks = [name for _, name, _, _ in Formatter().parse(str(sentence)) if name is not None]
            except ValueError as error:
                raise ParameterError(f"{key}.says.{verdict}.{language}: {error}.") from None
            for name in blanks:
                if name not in quantities:
                    raise ParameterError(
                        f"{key}.says.{verdict}.{language}: {{{name}}} is no quantity; known are "
                        f"{', '.join(map(str, quantities))}.{nearest(name, map(str, quantities))}"
                    )
