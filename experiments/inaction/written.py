"""Numbers as people write them: ``4.200.000``, ``13 %``, ``1,5``, ``60000 €``, as text in YAML or in a cell.

What the marks mean is decided for a file as a whole, as in an export: one ``0,12`` says that
commas are decimal. What may be two numbers is left as it stands, and refused by whoever needs it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from experiments.fitting.amounts import SYMBOLS, amounts

NUMBER = r"[-+−]?(?:\d[\d.,'’\s_]*|[.,]\d+)"
FIRST_ZERO = re.compile(r"[-+−]?0?([.,])\d+")  # 0,125 can only be decimal
TWO_READINGS = re.compile(r"[-+−]?[1-9]\d{0,2}[.,]\d{3}")
SCALE = r"(?P<scale>k|mil|m|mm|mn|mio|thousand|million|millions|mill[oó]n|millones)"
NEARLY = re.compile(rf"[^\w\s]?\s*(?P<number>{NUMBER})(?:\s*{SCALE})?\s*(?:[^\w\s]|[A-Z]{{3}})?", re.IGNORECASE)
Path = tuple[str, ...]


def plain(tree: Any, numeric: Any, currency: str = "EUR") -> Any:
    """The same tree with numbers where text stands for one.

    Parameters
    ----------
    tree : mapping or list
        What a file says.
    numeric : callable
        Whether a number is meant at a path of keys; of a list, ``*``.
    currency : str
        The only one whose code or symbol may stand beside an amount.
    """
    currency = currency.strip().upper()
    signs = [re.escape(currency), *(re.escape(sign) for sign, code in SYMBOLS.items() if code == currency)]
    sign = rf"(?:{'|'.join(signs)})?"
    shape = re.compile(rf"{sign}\s*({NUMBER})\s*(%?)\s*{sign}", re.IGNORECASE)
    found = {text: match for text in _texts(tree, (), numeric) if (match := shape.fullmatch(text.strip()))}
    read = _read({text: re.sub(r"\s", "", match[1]) for text, match in found.items()})
    values = {text: value / 100.0 if found[text][2] else value for text, value in read.items()}
    return _replaced(tree, (), numeric, {text: _whole(round(value, 12)) for text, value in values.items()})


def _read(bare: Mapping[str, str]) -> dict[str, float]:
    """Values of what can be read in one way only."""
    if not bare:
        return {}
    marks = {match[1] for text in bare.values() if (match := FIRST_ZERO.fullmatch(text))}
    known = amounts(pd.Series(list(bare.values()), dtype=object), marks.pop() if len(marks) == 1 else None)
    either = not known.sure
    return {
        text: float(value)
        for (text, number), value in zip(bare.items(), known.value, strict=True)
        if not math.isnan(value) and not (either and TWO_READINGS.fullmatch(number))
    }


def meant(value: object) -> str:
    """A sentence on a text that is nearly a number; empty for anything else."""
    if not isinstance(value, str) or not (found := NEARLY.fullmatch(value.strip())):
        return ""
    if found["scale"]:
        return f" Amounts are in full, without {found['scale']}."
    number = found["number"].strip()
    if not TWO_READINGS.fullmatch(number):
        return ""
    digits = re.sub(r"[.,]", "", number)
    return f" It may mean {digits} or {number.replace(',', '.')}: write it without marks for thousands."


def _whole(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _texts(tree: Any, path: Path, numeric: Any) -> Iterator[str]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _texts(value, (*path, str(key)), numeric)
    elif isinstance(tree, list):
        for value in tree:
            yield from _texts(value, (*path, "*"), numeric)
    elif isinstance(tree, str) and numeric(path):
        yield tree


def _replaced(tree: Any, path: Path, numeric: Any, values: Mapping[str, float | int]) -> Any:
    if isinstance(tree, Mapping):
        return {key: _replaced(value, (*path, str(key)), numeric, values) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_replaced(value, (*path, "*"), numeric, values) for value in tree]
    return values.get(tree, tree) if isinstance(tree, str) and numeric(path) else tree
