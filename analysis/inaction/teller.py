"""Writing the numbers of a summary: each one knows where in ``summary.json`` it stands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.numbers import get_currency_symbol

from analysis.factors import factor_value
from analysis.numbers import DASH, SPACE, Numbers, numbers, places_for
from analysis.texts import texts

Step = str | int
FARTHEST = 0.1  # of a mean: rounded as its interval allows, it lies no farther from what it is, if two digits do


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


def three(value: float) -> float:
    """A value with three significant digits."""
    return float(f"{value:.3g}") if math.isfinite(value) else value


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
        return self._tell(path, value, self.currency(shown))

    def amounts(self, *paths: Sequence[Step]) -> list[str]:
        """Amounts of one sentence, all counted in what the largest is, which has three significant digits."""
        values = [self.number(*path) for path in paths]
        largest = max(filter(math.isfinite, map(abs, values)), default=0.0)
        scale, _ = self.write.unit(largest)
        digits = max(0, 2 - math.floor(math.log10(three(largest / scale)))) if largest else 0
        shown = [self.write.scaled(three(value / scale), digits, scale) for value in values]
        return [
            self._tell(path, value, self.currency(text) if math.isfinite(value) else DASH)
            for path, value, text in zip(paths, values, shown, strict=True)
        ]

    def money_range(
        self,
        low: Sequence[Step],
        high: Sequence[Step],
        *,
        size: bool = False,
        short: bool = False,
        beside: float = 0.0,
    ) -> str:
        """An interval of amounts, "€0.8 to €1.9 million"; with ``size`` as sizes, the smaller first.

        It is counted in what the amount ``beside`` which it stands is counted in.
        """
        values = [self.number(*low), self.number(*high)]
        shown = sorted(map(abs, values)) if size else values
        text = self.currency(self.write.between(shown[0], shown[1], "€", short=short, beside=beside))
        self._tell(low, values[0], text)
        return self._tell(high, values[1], text)

    def column(self, paths: Sequence[Sequence[Step]], *, short: bool = True) -> list[tuple[str, str]]:
        """Estimates below each other, or of one sentence, as :meth:`estimate` writes them, all counted in the same."""
        bounds = [abs(self.number(*path, bound)) for path in paths for bound in ("low", "high")]
        beside = max((bound for bound in bounds if math.isfinite(bound)), default=0.0)
        return [self.estimate(*path, short=short, beside=beside) for path in paths]

    def estimate(self, *path: Step, size: bool = False, short: bool = True, beside: float = 0.0) -> tuple[str, str]:
        """Mean and 95 % interval of an estimate, both as exact as the interval allows.

        With ``size`` without signs, because the words say which way it goes.
        """
        low, high = self.number(*path, "low"), self.number(*path, "high")
        mean = self.number(*path, "mean")
        return self._mean(mean, low, high, (*path, "mean"), size, short, beside), self.money_range(
            (*path, "low"), (*path, "high"), size=size, short=short, beside=beside
        )

    def mean_of(
        self,
        path: Sequence[Step],
        low: Sequence[Step],
        high: Sequence[Step],
        *,
        size: bool = False,
        short: bool = False,
        beside: float = 0.0,
    ) -> str:
        """An expected amount, as exact as the interval beside it allows."""
        return self._mean(self.number(*path), self.number(*low), self.number(*high), path, size, short, beside)

    def _mean(
        self, mean: float, low: float, high: float, path: Sequence[Step], size: bool, short: bool, beside: float
    ) -> str:
        if not all(map(math.isfinite, (mean, low, high))):
            return self._tell(path, mean, DASH)
        _, digits, scale = self.write.printed(low, high, "€", beside)
        places = places_for(low / scale, high / scale)
        rounded = round(mean / scale, places)
        for more in (1, 2):  # digits, for a small mean of a wide interval
            if abs(rounded - mean / scale) > FARTHEST * abs(mean / scale):
                digits, rounded = max(0, places + more), round(mean / scale, places + more)
        shown = self.write.scaled(abs(rounded) if size else rounded, digits, scale, short=short)
        return self._tell(path, mean, self.currency(shown))

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
        return self._tell(path, value, self.write.count(three(value / per), unit, digits))

    def size(self, *path: Step) -> str:
        """A number with three significant digits."""
        value = self.number(*path)
        return self._tell(path, value, self.write.decimal(three(value), 0 if abs(value) >= 100 else 1))

    def quantity(self, *path: Step, unit: str, named: bool = True) -> str:
        """A value in a unit of the parameter book, ``named`` or not; words as they are, a fraction as a percentage."""
        found = self.at(*path)
        if isinstance(found, str):
            return found
        value = self.number(*path)
        say = texts(self.language).unit
        words = say(unit) if named and unit != "ratio" else ""
        if unit.startswith("fraction"):  # a fraction of ARR is a percentage of ARR
            shown = self.write.share(value) + words.removeprefix(say("fraction"))
        elif words.startswith("€"):
            shown = self.currency(self.write.euro(value, short=True)) + words[1:]
        else:
            shown = SPACE.join(filter(None, (self.write.plain(value), words)))
        return self._tell(path, value, shown)

    def factor(self, *path: Step, key: str) -> str:
        """A value of a parameter as a sentence has it: a share as a percentage, else with the unit that people use."""
        value = self.number(*path)
        return self._tell(path, value, self.currency(factor_value(key, value, texts(self.language), self.write)))

    def short(self, amount: float) -> str:
        """An amount on a figure: "€0.5M", «0,5 M€»."""
        return self.currency(self.write.euro(amount, short=True))

    def unit_of(self, amount: float) -> tuple[float, str]:
        """What amounts of this size are counted in, and its name: (1e6, "€ million"), «millones de €»."""
        scale, name = self.write.unit(amount)
        if self.language == "en":
            return scale, f"{self.symbol.strip()} {name}".strip()
        return scale, f"{name} de {self.symbol}" if name else self.symbol

    def currency(self, shown: str) -> str:
        """A text about euros as one about the client's currency."""
        return shown.replace("€", self.symbol)

    def _tell(self, path: Sequence[Step], value: float, shown: str) -> str:
        self.told.append(Told(tuple(path), value, shown))
        return shown
