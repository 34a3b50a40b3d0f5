"""Numbers as people of a language write them.

English writes €1.2 billion and 3.5%; Spanish writes 1200 millones de € and 3,5 %, and its
«billón» is the English trillion (10¹²). Separators come from the CLDR tables of Babel;
signs, units and the words for large amounts are set here, because the CLDR has no
percentage points and its short forms («1200 M€» next to «€1.2B») differ between versions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from babel.numbers import format_decimal, parse_decimal

LANGUAGES = ("en", "es")
MINUS, PLUS, SPACE, DASH = "\N{MINUS SIGN}", "+", "\N{NO-BREAK SPACE}", "—"
LARGE = 1_000  # a gain by pairing beyond it is rounding noise away from infinite
# Powers of ten with a name. Between 10⁹ and 10¹², Spanish goes on counting in millions.
SCALES = {
    "en": ((1e12, "trillion", "trillion"), (1e9, "billion", "billion"), (1e6, "million", "million")),
    "es": ((1e12, "billón", "billones"), (1e6, "millón", "millones")),
}
# The same in tables, where room is short. Spanish has no safe letter for 10¹², so its word stays.
SHORT = {"trillion": "T", "billion": "B", "million": "M", "millón": "M", "millones": "M"}
# Units whose name follows the number. Symbols (h) and names differ in nothing but the language.
UNITS = {
    "en": {"hours": "h"},
    "es": {"hours": "h", "days": "días", "deals": "ventas", "people": "personas", "customers": "clientes"},
}


def places_for(low: float, high: float, most: int = 4) -> int:
    """Decimal places to show of a value known to lie between ``low`` and ``high``; −2: hundreds.

    The half width decides, as in the tables of the Particle Data Group: it keeps two
    digits if it starts with 1 to 3.5, else one. What lies beyond is noise.
    """
    half = abs(high - low) / 2
    if not math.isfinite(half) or half == 0.0:
        return 1
    power = math.floor(math.log10(half))
    return min(most, -power + (half / 10.0**power < 3.55))


@dataclass(frozen=True)
class Numbers:
    """Writes numbers in one language.

    Attributes
    ----------
    language : {"en", "es"}
        Language of the text around the numbers.
    """

    language: str

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise ValueError(f"language={self.language!r}: allowed are {', '.join(LANGUAGES)}.")

    def decimal(self, value: float, digits: int = 1, *, signed: bool = False) -> str:
        """``1234.5`` → "1,234.5", «1234,5»; a dash when the value is missing."""
        if not math.isfinite(value):
            return DASH
        size = abs(value)
        # Spanish separates thousands from five digits on (CLDR, RAE): 1234,5 but 12.345,6.
        grouped = self.language != "es" or round(size, digits) >= 10_000
        shown = format_decimal(
            size,
            format="#,##0." + "0" * digits if digits else "#,##0",
            locale=self.language,
            group_separator=grouped,
        )
        return self._sign(value, digits, signed=signed) + shown

    def percent(self, fraction: float, digits: int = 1, *, signed: bool = False) -> str:
        """``0.123`` → "12.3%", «12,3 %»."""
        return self._with(self.decimal(100 * fraction, digits, signed=signed), self._percent)

    def share(self, fraction: float) -> str:
        """:meth:`plain` as a percentage: ``0.135`` → "13.5%", ``0.76`` → "76%"."""
        return self._with(self.plain(100 * fraction), self._percent)

    def probability(self, value: float) -> str:
        """A probability; what rounds to certainty is written as a bound, for it is not certain."""
        if not math.isfinite(value):
            return DASH
        if not 0.001 <= value <= 0.999:
            return f"< {self.percent(0.001)}" if value < 0.5 else f"> {self.percent(0.999)}"
        return self.percent(value)

    def points(self, fraction: float, digits: int = 1, *, signed: bool = True) -> str:
        """A difference of two percentages: ``0.0042`` → "+0.4 pp", «+0,4 p. p.»."""
        name = "pp" if self.language == "en" else f"p.{SPACE}p."
        return self._with(self.decimal(100 * fraction, digits, signed=signed), f"{SPACE}{name}")

    def euro(self, amount: float, digits: int | None = None, *, signed: bool = False, short: bool = False) -> str:
        """An amount: "€1.23 million", «1,23 millones de €»; short "€1.23M", «1,23 M€»; "€45,600".

        Without ``digits``, three significant ones.
        """
        if not math.isfinite(amount):
            return DASH
        scale, one, many = self._scale(abs(amount))
        scaled = amount / scale
        if digits is None:
            scaled = float(f"{scaled:.3g}")
            digits = self._plain(scaled)
        name = one if round(abs(scaled), digits) == 1.0 else many
        return self._sign(scaled, digits, signed=signed) + self._money(
            self.decimal(abs(scaled), digits), name, short=short
        )

    def _money(self, number: str, scale: str, *, short: bool) -> str:
        """A number of euros, or of thousands of millions of them."""
        letter = SHORT.get(scale, "") if short else ""
        if self.language == "en":
            return f"€{number}" + (letter or (f"{SPACE}{scale}" if scale else ""))
        return f"{number}{SPACE}" + (f"{letter}€" if letter else f"{scale}{SPACE}de{SPACE}€" if scale else "€")

    def unit(self, amount: float) -> tuple[float, str]:
        """What amounts of this size are counted in, and its name: (1e6, "million"), (1e6, «millones»)."""
        scale, _, many = self._scale(abs(amount))
        return scale, many

    def scaled(self, number: float, digits: int, scale: float, *, short: bool = False) -> str:
        """``number`` times ``scale`` euros: scaled(1.2, 1, 1e6) → "€1.2 million", «1,2 millones de €»."""
        name = next((many for size, _, many in SCALES[self.language] if size == scale), "")
        return self._sign(number, digits, signed=False) + self._money(
            self.decimal(abs(number), digits), name, short=short
        )

    def plain(self, value: float) -> str:
        """A value without known spread, with as many of three significant digits as it needs."""
        most = self._plain(value)
        digits = next((d for d in range(most) if round(value, d) == round(value, most)), most)
        return self.decimal(value, digits)

    def count(self, number: float, unit: str, digits: int = 0, *, signed: bool = False) -> str:
        """A number of hours, days, leads, deals, people or customers."""
        name = UNITS[self.language].get(unit, unit)
        return self._with(self.decimal(number, digits, signed=signed), f"{SPACE}{name}" if name else "")

    def value(self, value: float, unit: str, digits: int | None = None) -> str:
        """A value in the unit of a measure; a fraction becomes a percentage."""
        if unit == "fraction":
            return self.percent(value, 1 if digits is None else digits)
        if unit == "€":
            return self.euro(value, short=True)
        return self.count(value, "" if unit == "ratio" else unit, self._plain(value) if digits is None else digits)

    def difference(self, value: float, unit: str, digits: int | None = None, *, signed: bool = True) -> str:
        """A difference of two values of a measure; of fractions, in percentage points."""
        if unit == "fraction":
            return self.points(value, 1 if digits is None else digits, signed=signed)
        if unit == "€":
            return self.euro(value, signed=signed, short=True)
        shown = self._plain(value) if digits is None else digits
        return self.count(value, "" if unit == "ratio" else unit, shown, signed=signed)

    def between(
        self, low: float, high: float, unit: str = "", *, signed: bool = False, short: bool = True, beside: float = 0.0
    ) -> str:
        """An interval after "from" or «de»: "0.9 to 1.6 pp", «0,9 a 1,6 p. p.», "€0.70 to €1.28M".

        Differences of fractions are percentage points; the unit is said once. Amounts are counted
        in what the largest of them is, or the one ``beside`` which they stand.
        """
        if not (math.isfinite(low) and math.isfinite(high)):
            return DASH
        bounds, digits, scale = self.printed(low, high, unit, beside)
        word = "to" if self.language == "en" else "a"
        if unit != "€":
            last = self.difference(bounds[1] * scale, unit, digits, signed=signed)
            return f"{self.decimal(bounds[0], digits, signed=signed)} {word} {last}"
        name = self._scale(max(abs(low), abs(high), abs(beside)))[2]
        first, last = (self._sign(bound, digits, signed=signed) for bound in bounds)
        first += ("€" if self.language == "en" else "") + self.decimal(abs(bounds[0]), digits)
        return f"{first} {word} {last}{self._money(self.decimal(abs(bounds[1]), digits), name, short=short)}"

    def printed(
        self, low: float, high: float, unit: str, beside: float = 0.0
    ) -> tuple[tuple[float, float], int, float]:
        """The bounds of an interval rounded as they are printed, their decimals, and what they are multiples of.

        Whether an interval leaves out zero is decided on these: the reader sees no others.
        """
        largest = max(abs(low), abs(high), abs(beside))
        scale = 0.01 if unit == "fraction" else self._scale(largest)[0] if unit == "€" else 1.0
        # A hundredth of a point is the least that anybody acts on.
        places = places_for(low / scale, high / scale, most=2 if unit == "fraction" else 4)
        return (round(low / scale, places), round(high / scale, places)), max(0, places), scale

    def digits(self, low: float, high: float, unit: str) -> int:
        """Decimals for values of ``unit`` known to lie between ``low`` and ``high``."""
        return self.printed(low, high, unit)[1] if math.isfinite(low) and math.isfinite(high) else 1

    def parse(self, text: str) -> float:
        """The number that a text starts with: "−1,234.5", «1.234,5 %» → 1234.5 and the like."""
        bare = "".join(sign for sign in text.replace(MINUS, "-") if sign.isdigit() or sign in "-.,")
        return float(parse_decimal(bare.rstrip("." if self.language == "es" else ","), locale=self.language))

    @property
    def _percent(self) -> str:
        return "%" if self.language == "en" else f"{SPACE}%"

    def _scale(self, size: float) -> tuple[float, str, str]:
        """The largest named power of ten that the size, as shown with three digits, reaches."""
        for scale, one, many in SCALES[self.language]:
            if float(f"{size:.3g}") >= scale:
                return scale, one, many
        return 1.0, "", ""

    @staticmethod
    def _plain(value: float) -> int:
        """Decimals that leave a value without known spread three significant digits."""
        if not math.isfinite(value) or value == 0.0:
            return 0
        return min(4, max(0, 2 - math.floor(math.log10(abs(value)) + 1e-9)))

    @staticmethod
    def _sign(value: float, digits: int, *, signed: bool) -> str:
        """No sign for what is shown as zero: −0.0 would claim a direction."""
        if round(abs(value), digits) == 0.0:
            return ""
        return MINUS if value < 0 else PLUS if signed else ""

    @staticmethod
    def _with(number: str, unit: str) -> str:
        return number if number == DASH else number + unit


@lru_cache(maxsize=len(LANGUAGES))
def numbers(language: str) -> Numbers:
    """The writer of a language."""
    return Numbers(language)
