"""Rows of the tables of a fit, numbers already written in the language: for the report and the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from analysis.fitted.words import words
from analysis.numbers import DASH, numbers
from analysis.texts import Texts, texts

Row = list[str]
Found = Mapping[str, Any]
SHARES = ("win_rate", "last_month_of_quarter_share")
FLOWS = ("leads", "mqls", "opportunities", "wins", "marketing_wins")
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
}


def finite(value: Any) -> float:
    """A number of a JSON file; NaN for null."""
    return float(value) if isinstance(value, int | float) else math.nan


class Rows:
    """All tables of one fit.

    Parameters
    ----------
    content : mapping
        Contents of ``fit.json``.
    language : {"en", "es"}
        Language of the texts.
    """

    def __init__(self, content: Found, language: str) -> None:
        self.content, self.language = content, language
        self.say: Texts = words(language)
        self.model = texts(language)
        self.write = numbers(language)

    # ------------------------------------------------------------ how it was read

    def files(self) -> list[str]:
        """A line for each file, and how its dates and amounts were read."""
        lines = []
        for table, read in self.content["read"].items():
            rows, unused = self.number(read["rows"], 0), read["unused"]
            lines.append(
                self.say("read.file", table=self.say(f"table.{table}"), file=read["file"], rows=rows, unused=unused)
            )
            formats = sorted({name for found in read["dates"]["formats"].values() for name in found})
            if formats:
                lines.append("  " + self.say("read.formats", formats=", ".join(formats)))
            if read["dates"]["dayfirst"] is not None:
                order = str(read["dates"]["dayfirst"]).lower()
                lines.append(
                    "  " + self.say(f"read.order_{order}", why=self.say(f"read.order_{read['dates']['order']}"))
                )
            amounts = read.get("amounts")
            if amounts and amounts["column"]:
                mark = "decimal" if amounts["decimal_sure"] else "decimal_unsure"
                lines.append("  " + self.say(f"read.{mark}", mark=amounts["decimal"]))
                currency = amounts["currency"] or "EUR"
                lines.append("  " + self.say("read.currency", currency=currency, rate=f"{amounts['rate']:g}"))
            elif amounts:
                lines.append("  " + self.say("read.no_amount"))
        return lines

    def columns(self) -> list[Row]:
        """Table, field, column, why."""
        return [
            [self.say(f"table.{table}"), column["field"], column["name"], self.say(f"read.{column['how']}")]
            for table, read in self.content["read"].items()
            for column in read["columns"]
        ]

    def stages(self) -> list[Row]:
        """Stage, what it is read as, rows."""
        found = self.content["read"].get("deals", {}).get("stages", [])
        doubt = f" ({self.say('read.unsure')})"
        return [
            [
                one["stage"],
                self.say(f"outcome.{one['read_as']}") + ("" if one["sure"] else doubt),
                self.number(one["rows"], 0),
            ]
            for one in found
        ]

    def quality(self) -> list[Row]:
        """Table, what, count, first rows, what was done; what matters first."""
        found = sorted(self.content["quality"], key=lambda one: one["weight"] != "error")
        rows = []
        for one in found:
            what, done = (text.format(detail=one["detail"]) for text in self.say.find(f"codes.{one['code']}"))
            first = ", ".join(str(row) for row in one["rows"]) + (", …" if one["count"] > len(one["rows"]) > 0 else "")
            rows.append([self.say(f"table.{one['table']}"), what, self.number(one["count"], 0), first, done])
        return rows

    # ------------------------------------------------------------ what the data say

    def estimates(self) -> list[Row]:
        """Number, value, interval, rows."""
        found = self.content["estimates"]
        rows: list[Row] = []
        for name in ("leads", "opportunities", "wins"):
            if found[name]:
                label = self.say(f"estimate.{'mqls' if name == 'leads' and found['leads_are'] == 'mql' else name}")
                memory = self.say("estimate.memory", months=self.number(found[name]["memory_months"], 0))
                rows.append(self._row(f"{label} ({memory})", found[name]["level"], "count"))
        for name in ("lead_converted", "lead_won"):
            if found[name]:
                label = self.say(f"estimate.{name}", days=self.number(found[name]["horizon_days"], 0))
                rows.append(self._row(label, found[name]["won_share"], "share"))
        if found["win_rate"]:
            rows.append(self._row(self.say("estimate.win_rate"), found["win_rate"], "share"))
            naive = self.write.percent(finite(found["win_rate"]["among_closed"]), 1)
            rows.append([f"  {self.say('estimate.among_closed')}", naive, "", ""])
        lasting = found["deal"] or found["lead_won"]
        if lasting:
            rows += [
                self._row(self.say(f"estimate.cycle_{q}"), lasting["quantiles"][str(int(q) / 100)], "days")
                for q in ("25", "50", "75")
            ]
        rows.append(self._row(self.say("estimate.mean_deal"), found["mean_deal"], "amount"))
        rows.append(self._row(self.say("estimate.deal_spread"), found["deal_spread"], "plain"))
        rows += self._sellers(found["sellers"]) if found["sellers"] else []
        end = found["quarter_end"]
        if end["of"]:
            rows.append(self._row(self.say("estimate.quarter_end", of=self.say(f"of.{end['of']}")), end, "share"))
        rows += self._season(found)
        return [row for row in rows if row[1] != DASH]

    def _sellers(self, found: Found) -> list[Row]:
        rows = [self._row(self.say("estimate.sellers"), found["active"], "count")]
        rows += [
            self._row(self.say(f"estimate.{name}"), found[name], "plain")
            for name in ("win_spread", "volume_spread", "load")
        ]
        rows.append([self.say("estimate.decided"), self.number(found["decided_per_month"], 1), "", ""])
        rows.append([self.say("estimate.top_fifth"), self.write.percent(finite(found["top_fifth"]), 0), "", ""])
        return rows

    def _season(self, found: Found) -> list[Row]:
        volume = found["leads"] or found["opportunities"] or found["wins"]
        if not volume or not volume["season"]:
            return [[self.say("estimate.season_none"), "", "", ""]]
        factors = [finite(one["value"]) for one in volume["season"]]
        names = MONTHS[self.language].split()
        most, least = factors.index(max(factors)), factors.index(min(factors))
        shown = ", ".join(f"{names[n]} × {self.number(factors[n], 2)}" for n in (most, least))
        bounds = ", ".join(self._between(volume["season"][n], "plain") for n in (most, least))
        return [[self.say("estimate.season"), shown, bounds, ""]]

    def by_source(self) -> list[Row]:
        """Source, of what, share, interval, rows."""
        rows = []
        for one in self.content["estimates"]["by_source"]:
            what = "leads_converted" if one["event"] == "converted" else one["of"]
            within = self.say("by_source.within", days=self.number(one["days"], 0)) if one["of"] == "leads" else ""
            label = f"{self.say(f'by_source.{what}')} {within}".strip()
            rows.append(
                [
                    one["source"],
                    label,
                    self.write.percent(finite(one["value"]), 1),
                    self._between(one, "share"),
                    self.number(one["rows"], 0),
                ]
            )
        return rows

    # ------------------------------------------------------------ the organisation

    def parameters(self) -> list[Row]:
        """Name, meaning, value, interval, base, where from."""
        rows = []
        for one in self.content["parameters"]:
            if one["key"].startswith("workload."):
                continue  # all by one factor, which has a row
            rows.append(
                [
                    one["key"],
                    self._meaning(one["key"]),
                    self._exact(one["value"]),
                    self._between(one, "plain"),
                    self._exact(one["base"]),
                    self.say(f"parameters.{one['how']}"),
                ]
            )
        return rows

    def checks(self) -> list[Row]:
        """Number, export, interval, simulated, matched or not, agrees."""
        rows = []
        for one in self.content["checks"]:
            what = self.say(f"what.{one['what']}")
            label = self.say("what.per_seller", what=what) if one["what"] in FLOWS else what
            kind = self.kind(one["what"])
            agrees = self.say("checks.yes_" if one["met"] else "checks.no_")
            matched = self.say("checks.matched" if one["matched"] else "checks.unmatched")
            rows.append(
                [
                    label,
                    self._value(one["export"], kind),
                    self._between(one, kind),
                    self._value(one["simulated"], kind),
                    matched,
                    agrees,
                ]
            )
        return rows

    def coverage(self) -> list[Row]:
        """Number, how many foretold, inside 80, inside 95, mean error."""
        return [
            [
                self.say(f"what.{one['what']}"), self.number(one["n"], 0),
                *(f"{one[f'inside{c}']} ({self.write.percent(one[f'inside{c}'] / one['n'], 0)})" for c in (80, 95)),
                self.write.percent(finite(one["relative_error"]), 0),
            ]
            for one in self.content["back_test"]["coverage"]
        ]  # fmt: skip

    @property
    def badly_covered(self) -> bool:
        """Whether intervals of 80 % held clearly fewer than 80 %."""
        found = self.content["back_test"]["coverage"]
        n = sum(one["n"] for one in found)
        return bool(n > 0 and sum(one["inside80"] for one in found) < 0.8 * n - 2.0 * math.sqrt(0.16 * n))

    def last_months(self) -> tuple[str, list[Row]]:
        """The latest test that looks as far ahead as any: its day, and month, what, foretold, intervals, came."""
        rows = self.content["back_test"]["rows"]
        if not rows:
            return "", []
        most = max(row["ahead"] for row in rows)
        day = max(row["known_until"] for row in rows if row["ahead"] == most)
        chosen = [row for row in rows if row["known_until"] == day]
        return day, [
            [
                row["month"],
                self.say(f"what.{row['what']}"),
                *self._foretold(row),
                self.number(row["came"], 0),
                self.say("checks.yes_" if row["inside95"] else "checks.no_"),
            ]
            for row in chosen
        ]

    def forecast(self) -> list[Row]:
        """Month, what, mean, interval of 80 and 95 %."""
        return [
            [row["month"], self.say(f"what.{row['what']}"), *self._foretold(row)] for row in self.content["forecast"]
        ]

    def _foretold(self, row: Found) -> Row:
        return [
            self.number(row["mean"], 0),
            *(f"{self.number(row[f'low{c}'], 0)} – {self.number(row[f'high{c}'], 0)}" for c in (80, 95)),
        ]

    def priors(self) -> list[Row]:
        """Name, meaning, value, prior, grade."""
        return [
            [one["key"], self._meaning(one["key"]), self._exact(one["value"]), one["prior"], one["grade"]]
            for one in self.content["priors"]
        ]

    def _meaning(self, key: str) -> str:
        if key == "pace":
            return self.say("parameters.pace")
        theme, _, name = key.partition(".")
        return self.model.meaning(theme, name, _english(theme, name))

    # ------------------------------------------------------------ numbers

    def number(self, value: Any, digits: int) -> str:
        """A number of the file in the language."""
        return self.write.decimal(finite(value), digits)

    @staticmethod
    def kind(what: str) -> str:
        """How a number is written."""
        if what in SHARES:
            return "share"
        if what in ("deal_size", "amount"):
            return "amount"
        return "days" if what.endswith("_days") else "plain"

    def _row(self, label: str, found: Found, kind: str) -> Row:
        return [label, self._value(found["value"], kind), self._between(found, kind), self.number(found["n"], 0)]

    def _value(self, value: Any, kind: str) -> str:
        number = finite(value)
        if kind == "share":
            return self.write.percent(number, 1)
        digits = {"days": 0, "amount": 0, "count": 1 if abs(number) < 100 else 0}.get(kind, 2)
        return self.write.decimal(number, digits)

    def _between(self, found: Found, kind: str) -> str:
        low, high = finite(found["low"]), finite(found["high"])
        if not (math.isfinite(low) and math.isfinite(high)):
            return ""
        return f"{self._value(low, kind)} – {self._value(high, kind)}"

    def _exact(self, value: Any) -> str:
        number = finite(value)
        if not math.isfinite(number):
            return str(value)
        return self.write.decimal(
            number, 0 if number == int(number) else min(6, max(0, 3 - math.floor(math.log10(abs(number)))))
        )


def _english(theme: str, name: str) -> str:
    from sim.parameters import declarations

    return declarations()[f"{theme}.{name}"].meaning
