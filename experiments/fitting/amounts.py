"""Amounts, currencies, yes and no, whatever way they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.fitting.values import Days, Texts, distinct, plain, spread

SYMBOLS = {
    "€": "EUR",
    "£": "GBP",
    "R$": "BRL",
    "US$": "USD",
    "$": "USD",
    "¥": "JPY",
    "S/": "PEN",
    "₹": "INR",
    "₺": "TRY",
    "zł": "PLN",
    "CHF": "CHF",
    "kr": "SEK",
    "MX$": "MXN",
    "₡": "CRC",
    "Bs": "BOB",
}
CODES = frozenset(
    re.findall(
        "[A-Z]{3}",
        "EUR USD GBP CHF BRL MXN ARS CLP COP PEN UYU BOB PYG VES CRC GTQ DOP CAD AUD NZD JPY CNY INR SEK NOK DKK PLN "
        "CZK HUF RON TRY ZAR SGD HKD KRW ILS AED SAR",
    )
)
YES = frozenset(
    ["1", "1.0", "true", "t", "yes", "y", "si", "x", "verdadero", "v", "s", "checked", "won", "ganado", "ganada"]
)
NO = frozenset(["0", "0.0", "false", "f", "no", "n", "falso", "unchecked", "lost", "perdido", "perdida"])


@dataclass(frozen=True)
class Amounts:
    """A column read as amounts.

    Attributes
    ----------
    value : array
        Amount of each row; NaN where there is none.
    unreadable : array of bool
        Rows that hold something else.
    currency : array of str
        Currency named in the cell itself, else empty.
    decimal : {".", ","}
        The decimal mark.
    sure : bool
        Whether the cells themselves decide it.
    """

    value: Days
    unreadable: NDArray[np.bool_]
    currency: Texts
    decimal: str
    sure: bool


def amounts(values: pd.Series[Any], decimal: str | None = None, semicolon: bool = False) -> Amounts:
    """Read a column as amounts; ``decimal`` overrides what the cells say, ``semicolon`` breaks ties."""
    codes, found = distinct(values)
    texts = pd.Series([value if isinstance(value, str) else "" for value in found], dtype=object).astype(str)
    number = np.array([_decimal(value) for value in found], dtype=float)
    currency = np.array([_currency(text) for text in texts], dtype=object)
    bare = texts.str.replace(r"[A-Za-z]{3}|[A-Z]{0,2}\$|[€£¥₹₺₡]|S/\.?|zł|kr\.?|Bs\.?", "", regex=True)
    bare = bare.str.replace(r"[\s'’_]", "", regex=True)
    negative = bare.str.fullmatch(r"\(.*\)|-.*|.*-|−.*").to_numpy(dtype=bool)
    bare = bare.str.replace(r"[()\-−+]", "", regex=True)
    chosen, sure = (decimal, True) if decimal else _decimal_mark(bare, semicolon)
    grouped = "," if chosen == "." else "."
    # Thousands in threes, or as in India in twos before the last three.
    group = rf"\d{{1,3}}(?:\{grouped}\d{{3}})*|\d{{1,2}}(?:\{grouped}\d{{2}})+\{grouped}\d{{3}}"
    shape = rf"(?:{group}|\d+)(?:\{chosen}\d*)?|\{chosen}\d+"
    fits = bare.str.fullmatch(shape).to_numpy(dtype=bool)
    plain_numbers = bare.where(fits, "").str.replace(grouped, "", regex=False).str.replace(chosen, ".", regex=False)
    read = pd.to_numeric(plain_numbers, errors="coerce").to_numpy(dtype=float)
    number = np.where(fits, np.where(negative, -read, read), number)
    number = np.where(np.isfinite(number), number, np.nan)
    value = spread(codes, number)
    return Amounts(value, (codes >= 0) & np.isnan(value), spread(codes, currency, ""), chosen, sure)


def _decimal(value: Any) -> float:
    """Numbers of other kinds, as Parquet's decimals; NaN for all else."""
    try:
        return float("nan") if isinstance(value, (str, bool)) else float(value)
    except (TypeError, ValueError):
        return float("nan")


def _decimal_mark(bare: pd.Series[Any], semicolon: bool) -> tuple[str, bool]:
    """The mark that the cells can only mean, else the usual one where fields end with a semicolon or a comma."""
    comma = bare.str.contains(
        r"\..*,\d*$|^\d*,\d{1,2}$|^\d*,\d{4,}$|^\d{1,3}(?:\.\d{3}){2,}$|^\d{4,},\d+$", regex=True
    ).sum()
    point = bare.str.contains(
        r",.*\.\d*$|^\d*\.\d{1,2}$|^\d*\.\d{4,}$|^\d{1,3}(?:,\d{3}){2,}$|^\d{4,}\.\d+$", regex=True
    ).sum()
    if comma != point:
        return ("," if comma > point else "."), True
    three_comma = bare.str.fullmatch(r"\d{1,3},\d{3}").sum()
    three_point = bare.str.fullmatch(r"\d{1,3}\.\d{3}").sum()
    if three_point and not three_comma:  # amounts with three decimals throughout do not exist
        return ",", False
    if three_comma:
        return ".", False
    return ("," if semicolon else "."), True


def _currency(text: str) -> str:
    for code in re.findall(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", text):
        if code in CODES:
            return str(code)
    for symbol in sorted(SYMBOLS, key=len, reverse=True):
        if symbol in text:
            return SYMBOLS[symbol]
    return ""


def truths(values: pd.Series[Any]) -> NDArray[np.float64]:
    """1 yes, 0 no, NaN blank or neither."""
    codes, found = distinct(values)
    read = np.full(len(found), np.nan)
    for place, value in enumerate(found):
        word = plain(str(value)) if not isinstance(value, float) else f"{value:g}"
        read[place] = 1.0 if word in YES else 0.0 if word in NO else np.nan
    return spread(codes, read)
