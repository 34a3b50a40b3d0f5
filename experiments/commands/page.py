"""Results that a command writes into a page of the documentation, between two marks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sim.parameters import ParameterError


@dataclass(frozen=True)
class Page:
    """A Markdown page and what stands around the place for the results."""

    path: Path
    before: str
    after: str

    def write(self, block: str) -> None:
        """Put the results in their place."""
        self.path.write_text(f"{self.before}{block}\n{self.after}", encoding="utf-8")


def place(given: object, mark: str) -> Page | None:
    """The page that gets the results between the marks of that name, if one is asked for.

    Raises
    ------
    ParameterError
        It cannot be read, or has no such place.
    """
    if given is None:
        return None
    path = Path(str(given))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"page={str(given)!r}: cannot be read ({error}).") from None
    begin, end = (f"<!-- {mark}:{where} -->" for where in ("begin", "end"))
    before, found, rest = text.partition(f"{begin}\n")
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ParameterError(
            f"page={str(given)!r}: no place for the results; they go between the lines {begin} and {end}."
        )
    return Page(path, before + found, closed + after)
