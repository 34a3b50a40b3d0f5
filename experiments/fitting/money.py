"""Amounts of deals in one currency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.fitting.amounts import CODES, amounts
from experiments.fitting.issues import Issues
from experiments.fitting.tables import Source
from experiments.fitting.values import Days, distinct
from sim.parameters import ParameterError, nearest

HOME = "EUR"  # what the model counts in
PAR = ("EUR", "USD", "GBP", "CHF")  # near enough to stand for one another, said loudly
EXTREME = 1_000.0  # times the median


@dataclass(frozen=True)
class Money:
    """Which currency amounts are in if they do not say, and what others are worth.

    Attributes
    ----------
    currency : str
        ISO code; empty lets the file decide.
    rates : mapping of str to float
        € for one unit of a currency.
    """

    currency: str = ""
    rates: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for code in [*self.rates, *([self.currency] if self.currency else [])]:
            if code not in CODES:
                key = "currency" if code == self.currency else "rates"
                raise ParameterError(f"{key}={code!r}: an ISO code such as EUR or USD is needed.{nearest(code, CODES)}")


def convert(
    source: Source,
    raw: pd.DataFrame,
    names: Mapping[str, str],
    won: NDArray[np.bool_],
    money: Money,
    decimal: str | None,
    issues: Issues,
) -> tuple[Days, dict[str, Any]]:
    """Amounts in € of every deal (NaN: none, 0, negative or unreadable), and how they were read.

    Raises
    ------
    ParameterError
        Amounts are in a currency far from par and no rate is given.
    """
    if "amount" not in names:
        return np.full(len(raw), np.nan), {"column": None, "currency": "", "rate": 1.0}
    read = amounts(raw[names["amount"]], decimal, source.separator == ";")
    value = read.value
    if read.unreadable.mean() > 0.5:
        place = int(np.flatnonzero(read.unreadable)[0])
        text = str(raw[names["amount"]].iloc[place])[:20]
        raise ParameterError(
            f"{source.name}, column {names['amount']!r}, row {raw.index[place]}: {text!r} is not an amount, nor is "
            "most of the column; numbers such as 12500, 12,500.00 or 12.500,00 are expected."
        )
    codes = _currencies(raw, names, read.currency, money)
    main = money.currency or _most(codes) or ""
    codes = np.where(codes == "", main, codes)
    rate, factor = _rates(source, codes, main, money, issues)
    foreign = np.isnan(factor)
    issues.add("amount_unreadable", "deals", raw.index[read.unreadable])
    issues.add(
        "other_currency",
        "deals",
        raw.index[foreign & np.isfinite(value)],
        detail=", ".join(sorted(set(codes[foreign]))),
    )
    missing = np.isnan(value) & ~read.unreadable
    issues.add("amount_missing", "deals", raw.index[missing & won])
    issues.add("amount_zero", "deals", raw.index[(value == 0) & won])
    issues.add("amount_negative", "deals", raw.index[value < 0])
    value = np.where(foreign | ~(value > 0), np.nan, value * factor)
    sold = value[won & np.isfinite(value)]
    if len(sold):
        extreme = (value > EXTREME * float(np.median(sold))) & won
        issues.add("amount_extreme", "deals", raw.index[extreme])
    said = {
        "column": names["amount"], "currency": main, "rate": rate, "decimal": read.decimal, "decimal_sure": read.sure,
    }  # fmt: skip
    return value, said


def _currencies(raw: pd.DataFrame, names: Mapping[str, str], inside: NDArray[Any], money: Money) -> NDArray[Any]:
    """ISO code of each row: from its own column, from the cell, else empty."""
    if "currency" in names:
        codes, found = distinct(raw[names["currency"]])
        known = [str(text).strip().upper()[:3] if str(text).strip().upper()[:3] in CODES else "" for text in found]
        given = np.array([*known, ""], dtype=object)[codes]
        return np.where(given == "", inside, given)
    if money.currency:  # said for the whole file: a bare sign means that one
        return np.where(np.isin(inside, ["USD"]) & (money.currency != "USD"), money.currency, inside)
    return inside


def _most(codes: NDArray[Any]) -> str:
    counted = Counter(str(code) for code in codes if code)
    return counted.most_common(1)[0][0] if counted else ""


def _rates(source: Source, codes: NDArray[Any], main: str, money: Money, issues: Issues) -> tuple[float, Days]:
    """Rate of the main currency, and the factor of each row (NaN: no rate)."""
    if not main:
        issues.add("currency_unknown", "deals", count=1, detail=HOME)
    rates = {HOME: 1.0, "": 1.0, **{code: float(rate) for code, rate in money.rates.items()}}
    if main and main not in rates:
        if main not in PAR:
            raise ParameterError(
                f"{source.name}: amounts are in {main}, the model counts in {HOME}; say what one {main} is worth, "
                f"as in rates={{{main}: 0.2}}."
            )
        issues.add("currency_at_par", "deals", count=int((codes == main).sum()), detail=main)
        rates[main] = 1.0
    return rates[main], np.array([rates.get(str(code), np.nan) for code in codes], dtype=float)
