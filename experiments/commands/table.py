"""The headline table: each arm's mean, the paired difference, how sure, what pairing bought."""

from __future__ import annotations

import math

from rich import box
from rich.table import Table

from analysis import catalogue
from analysis.numbers import LARGE, Numbers, numbers
from analysis.summary import Study
from analysis.texts import Texts, capital, texts

# With many arms a table of all measures is no headline: these stay.
FEW = ("revenue_growth", "new_arr", "gtm_profit", "wasted_time_share", "net_retention", "mql_viable_share")
NOTES = {
    "en": "Means of {n} replications, ± half of the 95% interval.",
    "es": "Medias de {n} réplicas, ± la mitad del intervalo del 95 %.",
}
NOTES_PAIRED = {
    "en": " Differences from “{baseline}”, run by run on the same draws; P(> 0): probability that the true difference "
    "is positive; pairing: {pairing}.",
    "es": " Diferencias con «{baseline}», simulación a simulación con los mismos sorteos; P(> 0): probabilidad de que "
    "la diferencia verdadera sea positiva; emparejamiento: {pairing}.",
}
PAIRING = {
    "en": "how many times as many unpaired runs the same interval would have taken",
    "es": "cuántas veces más simulaciones sin emparejar costaría el mismo intervalo",
}
# Means of draws make the interval then, so the ratio speaks of single runs only.
PAIRING_OF_DRAWS = {
    "en": "how many times as large the variance of one run's difference would be without pairing",
    "es": "cuántas veces mayor sería la varianza de la diferencia de una simulación sin emparejar",
}
UP, DOWN = "green", "red"


def headline_table(study: Study, language: str) -> Table:
    """Means with 95 % intervals; with several arms their paired differences from the baseline.

    Two arms stand side by side, a measure a row; more arms stand below one another, for
    fewer measures.
    """
    words, write = texts(language), numbers(language)
    names = catalogue.HEADLINE if len(study.others) <= 1 else FEW
    names = tuple(name for name in names if name in study.measures)
    title = ", ".join(words.arm_title(arm) for arm in study.arms)
    note = (NOTES[language] + (NOTES_PAIRED[language] if study.others else "")).format(
        n=write.decimal(study.replications, 0),
        baseline=words.arm(study.baseline),
        pairing=(PAIRING_OF_DRAWS if "uncertainty" in study.summary else PAIRING)[language],
    )
    table = Table(title=title, caption=note, box=box.SIMPLE_HEAD, title_justify="left", caption_justify="left")
    table.add_column(words("report.measures.measure"))
    if len(study.others) == 1:
        _side_by_side(table, study, names, words, write)
    elif not study.others:
        table.add_column(words("report.measures.alone"), justify="right", no_wrap=True)
        for name in names:
            line = _Line(study, name, write)
            table.add_row(line.label(words), line.mean(study.baseline))
    else:
        _one_below_another(table, study, names, words, write)
    return table


def _side_by_side(table: Table, study: Study, names: tuple[str, ...], words: Texts, write: Numbers) -> None:
    other = study.others[0]
    for arm in study.arms:
        table.add_column(words.arm_title(arm), justify="right", no_wrap=True)
    _difference_columns(table, words)
    for name in names:
        line = _Line(study, name, write)
        table.add_row(line.label(words), *(line.mean(arm) for arm in study.arms), *line.difference(other))


def _one_below_another(table: Table, study: Study, names: tuple[str, ...], words: Texts, write: Numbers) -> None:
    table.add_column("")
    table.add_column(words("report.measures.alone"), justify="right", no_wrap=True)
    _difference_columns(table, words)
    for name in names:
        line = _Line(study, name, write)
        table.add_row(line.label(words), words.arm(study.baseline), line.mean(study.baseline))
        for arm in study.others:
            table.add_row("", words.arm(arm), line.mean(arm), *line.difference(arm))
        table.add_section()


def _difference_columns(table: Table, words: Texts) -> None:
    table.add_column(words("report.measures.difference"), justify="right", no_wrap=True)
    table.add_column(words("report.measures.probability"), justify="right", no_wrap=True)
    table.add_column(words("report.measures.pairing"), justify="right", no_wrap=True)


class _Line:
    """One measure, in one unit and with one number of decimals throughout."""

    def __init__(self, study: Study, name: str, write: Numbers) -> None:
        self.study, self.name, self.write = study, name, write
        self.known = catalogue.measure(name)
        means = [study.interval(name, arm) for arm in study.arms]
        size = max((abs(found.mean) for found in means if math.isfinite(found.mean)), default=0.0)
        self.factor, self.unit = _scale(self.known.unit, size)
        self.decimals = min((self._digits(found.low, found.high) for found in means if found.sd > 0), default=1)

    def label(self, words: Texts) -> str:
        """Name of the measure with the unit of its row."""
        unit = words.unit(self.unit)
        name = capital(words.measure(self.name))
        return f"{name} [dim]({unit})[/dim]" if unit else name

    def mean(self, arm: str) -> str:
        """Mean and interval of an arm."""
        found = self.study.interval(self.name, arm)
        return self._with_interval(found.mean, found.low, found.high, self.decimals, signed=False)

    def difference(self, arm: str) -> list[str]:
        """Paired difference with interval, probability that it is positive, gain by pairing."""
        found = self.study.contrast(self.name, arm)
        decimals = self._digits(found.low, found.high)
        shown = self._with_interval(found.difference, found.low, found.high, decimals, signed=True)
        if found.low > 0 or found.high < 0:
            good = {"up": found.low > 0, "down": found.high < 0}.get(self.known.better)
            shown = shown if good is None else f"[{UP if good else DOWN}]{shown}[/]"
        return [shown, self.write.probability(found.probability_positive), self._times(found.variance_reduction)]

    def _times(self, factor: float) -> str:
        """A gain that is rounding noise away from infinite is just large."""
        if factor > LARGE:
            return f"> {self.write.decimal(LARGE, 0)} ×"
        shown = self.write.decimal(factor, 1)
        return f"{shown} ×" if math.isfinite(factor) else shown

    def _digits(self, low: float, high: float) -> int:
        return self.write.digits(self.factor * low, self.factor * high, "")

    def _with_interval(self, value: float, low: float, high: float, decimals: int, *, signed: bool) -> str:
        shown = self.write.decimal(self.factor * value, decimals, signed=signed)
        half = self.factor * (high - low) / 2
        return f"{shown} ± {self.write.decimal(half, decimals)}" if math.isfinite(half) else shown


def _scale(unit: str, size: float) -> tuple[float, str]:
    """Factor and unit in which a measure of this size reads well."""
    if unit == "fraction":
        return 100.0, "%"
    if unit != "€":
        return 1.0, "" if unit == "ratio" else unit
    if size >= 1e6:
        return 1e-6, "M€"
    return (1e-3, "k€") if size >= 1e4 else (1.0, "€")
