"""Writing the numbers of a summary: each one knows where in ``summary.json`` it stands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.numbers import get_currency_symbol

from analysis.numbers import DASH, SPACE, Numbers, numbers

Step = str | int
JOINER = "\N{WORD JOINER}"


@dataclass(frozen=True)
class Told:
    """A number as it was printed.

    Attributes
    ----------
    path : tuple of str or int
        Where it stands in the summary.
    value : float
        The number there.
    shown : str
        How it was printed; a change of unit (a fraction as a percentage, hours as days) is the only arithmetic.
    """

    path: tuple[Step, ...]
    value: float
    shown: str


class Teller:
    """Reads numbers from a summary by path and writes them in a language.

    Parameters
    ----------
    summary : mapping
        Content of ``summary.json``.
    language : {"en", "es"}
        Language of the text around the numbers.
    currency : str
        ISO code of the client's currency.

    Attributes
    ----------
    told : list of Told
        Every number written so far.
    """

    def __init__(self, summary: Mapping[str, Any], language: str, currency: str = "EUR") -> None:
        self.summary, self.language = summary, language
        self.write: Numbers = numbers(language)
        symbol = str(get_currency_symbol(currency, locale=language))
        # A letter must not run into the digits: CHF 1.2 million.
        self.symbol = symbol + SPACE if symbol[-1:].isalpha() and language == "en" else symbol
        self.told: list[Told] = []

    def at(self, *path: Step) -> Any:
        """What stands at a path.

        Raises
        ------
        KeyError
            Nothing does; the message names the path.
        """
        found: Any = self.summary
        for place, step in enumerate(path):
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                raise KeyError("summary.json has nothing at " + "/".join(map(str, path[: place + 1]))) from None
        return found

    def number(self, *path: Step) -> float:
        """The number at a path; not a number where there is none."""
        found = self.at(*path)
        return math.nan if found is None else float(found)

    def money(self, *path: Step, signed: bool = False, short: bool = False, size: bool = False) -> str:
        """An amount; with ``size`` without its sign, because the words say which way it goes."""
        value = self.number(*path)
        shown = self.write.euro(abs(value) if size else value, signed=signed, short=short)
        return self._tell(path, value, self._currency(shown))

    def money_range(self, low: Sequence[Step], high: Sequence[Step], *, signed: bool = False, size: bool = False) -> str:
        """An interval of amounts, "€0.8 to €1.9 million"; with ``size`` as sizes, the smaller first."""
        values = [self.number(*low), self.number(*high)]
        shown = sorted(map(abs, values)) if size else values
        text = self._currency(self.write.between(shown[0], shown[1], "€", signed=signed, short=False))
        self._tell(low, values[0], text)
        return self._tell(high, values[1], text)

    def percent(self, *path: Step, digits: int = 0, signed: bool = False) -> str:
        """A fraction as a percentage."""
        value = self.number(*path)
        return self._tell(path, value, self.write.percent(value, digits, signed=signed))

    def chance(self, *path: Step) -> str:
        """A probability in whole percent; what rounds to certainty is written as a bound."""
        value = self.number(*path)
        if not math.isfinite(value):
            shown = DASH
        elif 0.01 <= value <= 0.99:
            shown = self.write.percent(value, 0)
        else:
            shown = f"< {self.write.percent(0.01, 0)}" if value < 0.5 else f"> {self.write.percent(0.99, 0)}"
        return self._tell(path, value, shown)

    def decimal(self, *path: Step, digits: int = 0, signed: bool = False) -> str:
        """A plain number."""
        value = self.number(*path)
        return self._tell(path, value, self.write.decimal(value, digits, signed=signed))

    def count(self, *path: Step, unit: str, digits: int = 0, per: float = 1.0) -> str:
        """A number of ``unit``; ``per`` of the summary's unit make one of them."""
        value = self.number(*path)
        return self._tell(path, value, self.write.count(value / per, unit, digits))

    def _currency(self, shown: str) -> str:
        return shown.replace("€", self.symbol)

    def _tell(self, path: Sequence[Step], value: float, shown: str) -> str:
        self.told.append(Told(tuple(path), value, shown))
        return shown
