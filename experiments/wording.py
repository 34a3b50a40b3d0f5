"""Lines that many say: of unknown keys, of keys given twice, of words of others that are too long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sim.parameters import ParameterError, nearest

LONGEST = 800  # characters of a line


def shortened(line: str, most: int = LONGEST) -> str:
    """A line without the middle of what fills pages."""
    return line if len(line) <= most else f"{line[: most // 2]} … {line[-most // 2 :]}"


def check_keys(key: str, given: Iterable[str], known: Sequence[str], what: str) -> None:
    """Refuse what a mapping gives that it does not have."""
    for part in given:
        if part not in known:
            raise ParameterError(f"{key}.{part}: unknown; {what} {', '.join(known)}.{nearest(str(part), known)}")


def said_twice(words: list[str]) -> list[str]:
    """A line for each key that stands more than once among ``key=value``: as in Hydra, the last one counts."""
    last = {word.partition("=")[0].lstrip("+"): word for word in words}
    keys = [word.partition("=")[0].lstrip("+") for word in words]
    return [f"{key} is given more than once; {shortened(last[key])} counts." for key in last if keys.count(key) > 1]
