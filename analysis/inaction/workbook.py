"""The report as a workbook: inputs, assumptions, results, and the money as live formulas.

Monthly cash flows (means over all runs) stand as numbers; everything made of them stands as a
formula: tax, net, discount factors, net present value, payback, rate of return, break-even cost,
what waiting gives up. With the inputs as they are these are the figures of the report; change an
input and they follow. Ranges come from thousands of runs and stay numbers.
"""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from analysis.inaction.claims import sentences
from analysis.inaction.evidence import origin, parts_of
from analysis.inaction.figures import start_name
from analysis.inaction.teller import Teller
from analysis.inaction.words import words
from analysis.money.flows import HIGHEST_RATE
from analysis.money.results import BreakEven, Estimate, Programme, Result, Start
from analysis.texts import Texts, capital

MADE = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # the same result gives the same bytes
SIGNS = ("=", "+", "-", "@", "\t", "\r", "|", "%")  # what a spreadsheet may take for a formula, now or when edited
MONTHS_FROM, BLOCK = 6, 10  # first row of months on a sheet of cash flows; columns of a start and a gap
COLUMNS = ("margin", "pay", "programme", "tax", "net", "factor", "present", "cumulative", "below")
INK, ACCENT, PALE, INPUT = "#1f2933", "#0b4f6c", "#f4f6f8", "#fff8d6"


@dataclass(frozen=True)
class Inputs:
    """Cells that formulas refer to."""

    rate: str
    tax: str
    gain: str
    cost: str


class Book:
    """The workbook in the making: formats, and text that is never taken for a formula."""

    def __init__(self, tell: Teller) -> None:
        self.stream = io.BytesIO()
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self.file = xlsxwriter.Workbook(self.stream, options)
        self.file.set_properties({"created": MADE, "title": words(tell.language)("subtitle")})
        self.file.set_calc_mode("auto")
        money = f'#,##0 "{tell.symbol.strip()}"' if tell.language == "es" else f'"{tell.symbol}"#,##0'
        usual = {"font_name": "Calibri", "font_size": 10, "font_color": INK, "valign": "top"}
        styles: dict[str, dict[str, Any]] = {
            "text": {"text_wrap": True}, "title": {"bold": True, "font_size": 16, "font_color": ACCENT},
            "head": {"bold": True, "bottom": 2, "text_wrap": True, "bg_color": PALE},
            "name": {"bold": True, "text_wrap": True},
            "plain_name": {"bold": True}, "plain_fine": {"font_color": "#52606d", "font_size": 9},
            "money": {"num_format": money},
            "percent": {"num_format": "0.0%"},
            "number": {"num_format": "#,##0.00"},
            "whole": {"num_format": "#,##0"}, "factor": {"num_format": "0.0000"},
            "input_percent": {"num_format": "0.0%", "bg_color": INPUT, "border": 1},
            "input_money": {"num_format": money, "bg_color": INPUT, "border": 1},
            "quoted": {"text_wrap": True, "quote_prefix": True},
            "quoted_name": {"bold": True, "quote_prefix": True},
            "fine": {"font_color": "#52606d", "text_wrap": True, "font_size": 9},
        }  # fmt: skip
        self.formats = {name: self.file.add_format(usual | style) for name, style in styles.items()}

    def sheet(self, name: str, *widths: float) -> Any:
        """A sheet, printed on one page's width."""
        made = self.file.add_worksheet(name)
        made.hide_gridlines(2)
        made.set_landscape()
        made.set_paper(9)
        made.fit_to_pages(1, 0)
        for column, width in enumerate(widths):
            made.set_column(column, column, width)
        return made

    def text(self, sheet: Any, row: int, column: int, text: str, style: str = "text") -> None:
        """Text as text: what begins like a formula is marked as none, so that editing the cell runs nothing."""
        if text.lstrip().startswith(SIGNS):
            style = "quoted_name" if style.endswith("name") else "quoted"
        sheet.write_string(row, column, text, self.formats[style])

    def head(self, sheet: Any, row: int, names: list[str]) -> None:
        """A line of headings."""
        for column, name in enumerate(names):
            self.text(sheet, row, column, name, "head")

    def value(self, sheet: Any, row: int, column: int, value: float | str | None, style: str) -> None:
        """A number; words as text; nothing as a dash."""
        if value is None:
            self.text(sheet, row, column, "—")
        elif isinstance(value, str):
            self.text(sheet, row, column, value)
        else:
            sheet.write_number(row, column, value, self.formats[style])

    def formula(self, sheet: Any, row: int, column: int, formula: str, style: str, value: float | str | None) -> None:
        """A live formula, with the value it has now for readers that do not calculate."""
        sheet.write_formula(row, column, f"={formula}", self.formats[style], "" if value is None else value)

    def bytes(self) -> bytes:
        """The finished file."""
        self.file.close()
        return self.stream.getvalue()


def workbook(result: Result, tell: Teller) -> bytes:
    """The workbook of a result.

    Sheets: the answer with live results, inputs, cash flows (one sheet a programme), ranges,
    swing variables, wasted time, facts and assumptions, method.
    """
    say, book = words(tell.language), Book(tell)
    answer = book.sheet(say("sheets.answer"), 44, 18, 18, 18, 18, 18, 18)
    inputs = _inputs(book, result, say)
    cells = [_cash(book, tell, result, place, given) for place, given in enumerate(inputs)]
    _answer(book, answer, result, tell, cells, inputs)
    _ranges(book, result, tell)
    _swings(book, result, tell)
    _waste(book, result, tell)
    _facts(book, result, tell)
    _method(book, result, tell)
    return book.bytes()


def _inputs(book: Book, result: Result, say: Texts) -> list[Inputs]:
    """What a reader may change; the cells by programme."""
    name = say("sheets.inputs")
    sheet = book.sheet(name, 52, 18, 60)
    book.text(sheet, 0, 0, name, "title")
    book.text(sheet, 1, 0, say("sheet_inputs.note"), "fine")
    rows: list[tuple[str, float, str, str]] = [
        (say("sheet_inputs.rate"), result.client.discount_rate, "input_percent", say("sheet_inputs.rate_note")),
        (say("sheet_inputs.tax"), result.client.tax_rate, "input_percent", say("sheet_inputs.tax_note")),
        (say("sheet_inputs.gain"), 1.0, "input_percent", say("sheet_inputs.gain_note")),
    ]
    rows += [
        (say("sheet_inputs.cost", programme=one.label), one.cost, "input_money", say("sheet_inputs.cost_note"))
        for one in result.programmes
    ]
    for row, (label, value, style, note) in enumerate(rows, 3):
        book.text(sheet, row, 0, label, "name")
        book.value(sheet, row, 1, value, style)
        book.text(sheet, row, 2, note, "fine")
    cell = [f"'{name}'!{xl_rowcol_to_cell(row, 1, row_abs=True, col_abs=True)}" for row in range(3, 3 + len(rows))]
    return [Inputs(cell[0], cell[1], cell[2], cell[3 + place]) for place in range(len(result.programmes))]


def _cash(book: Book, tell: Teller, result: Result, place: int, inputs: Inputs) -> list[dict[str, str]]:
    """The sheet of a programme's cash flows; gives, by start, the ranges that other sheets refer to."""
    say, programme = words(tell.language), result.programmes[place]
    name = say("sheets.cash", number=place + 1)
    sheet = book.sheet(name, 8, *([13] * (BLOCK * len(_begun(programme)))))
    sheet.freeze_panes(MONTHS_FROM, 1)
    book.text(sheet, 0, 0, programme.label, "plain_name")
    book.text(sheet, 1, 0, say("sheet_cash.note"), "plain_fine")
    book.text(sheet, MONTHS_FROM - 1, 0, say("by_when.month"), "head")
    months = len(programme.starts[0].components.net)
    for month in range(months):
        sheet.write_number(MONTHS_FROM + month, 0, month + 1, book.formats["whole"])
    found = []
    for block, start in enumerate(_begun(programme)):
        first = 1 + block * BLOCK
        book.text(sheet, MONTHS_FROM - 2, first, capital(start_name(tell, start)), "plain_name")
        for column, what in enumerate(COLUMNS):
            book.text(sheet, MONTHS_FROM - 1, first + column, say(f"sheet_cash.{what}"), "head")
        _months(book, sheet, first, start, programme.cost, result.client.discount_rate, inputs)
        letters = {what: xl_col_to_name(first + column) for column, what in enumerate(COLUMNS)} | {"months": "A"}
        rows = MONTHS_FROM + 1, MONTHS_FROM + months
        found.append({what: f"'{name}'!${c}${rows[0]}:${c}${rows[1]}" for what, c in letters.items()})
    return found


def _begun(programme: Programme) -> list[Start]:
    """The starts that are ever begun."""
    return [start for start in programme.starts if start.delay_months is not None]


def _months(book: Book, sheet: Any, first: int, start: Start, cost: float, rate: float, inputs: Inputs) -> None:
    """One start, month by month: flows out of the runs, scaled by what the reader may change; the rest follows."""
    parts, total = start.components, 0.0
    share = f"{inputs.cost}/{cost!r}" if cost else "1"
    for month, net in enumerate(parts.net):
        row, total = MONTHS_FROM + month, total + net
        factor = (1.0 + rate) ** (-(month + 1) / 12.0)
        at = [xl_rowcol_to_cell(row, first + column) for column in range(len(COLUMNS))]
        above = f"{xl_rowcol_to_cell(row - 1, first + 7)}+" if month else ""
        written: list[tuple[str, str, float]] = [
            (f"{parts.margin[month]!r}*{inputs.gain}", "money", parts.margin[month]),
            (f"{parts.pay[month]!r}*{inputs.gain}", "money", parts.pay[month]),
            (f"{parts.programme[month]!r}*{share}", "money", parts.programme[month]),
            (f"-{inputs.tax}*SUM({at[0]}:{at[2]})", "money", parts.tax[month]),
            (f"SUM({at[0]}:{at[3]})", "money", net),
            (f"(1+{inputs.rate})^(-$A{row + 1}/12)", "factor", factor),
            (f"{at[4]}*{at[5]}", "money", net * factor),
            (f"{above}{at[4]}", "money", total),
            (f"IF({at[7]}<0,$A{row + 1},0)", "whole", month + 1 if total < 0.0 else 0),
        ]
        for column, (formula, style, value) in enumerate(written):
            book.formula(sheet, row, first + column, formula, style, value)


def _answer(
    book: Book, sheet: Any, result: Result, tell: Teller, cells: list[list[dict[str, str]]], inputs: list[Inputs]
) -> None:
    """The gated sentences, and the results of the cash flows as live formulas."""
    say = words(tell.language)
    book.text(sheet, 0, 0, result.client.name, "title")
    row = 2
    for sentence in sentences(tell, result.claims).values():
        sheet.merge_range(row, 0, row, 6, "", book.formats["text"])
        book.text(sheet, row, 0, sentence.text, "name" if row == 2 else "text")
        sheet.set_row(row, 30)
        row += 1
    sheet.merge_range(row, 0, row, 6, "", book.formats["text"])
    book.text(sheet, row, 0, say("stance"), "fine")
    sheet.set_row(row, 26)
    row += 2
    names = ("start", "npv", "payback", "irr", "break_even", "given_up", "delay")
    for programme, here, given in zip(result.programmes, cells, inputs, strict=True):
        book.text(sheet, row, 0, programme.label, "name")
        book.head(sheet, row + 1, [say(f"sheet_answer.{name}") for name in names])
        row = _results(book, sheet, row + 2, programme, here, given, tell) + 1
    sheet.merge_range(row, 0, row, 6, "", book.formats["text"])
    book.text(sheet, row, 0, say("sheet_answer.note"), "fine")
    sheet.set_row(row, 26)


def _results(
    book: Book,
    sheet: Any,
    row: int,
    programme: Programme,
    cells: list[dict[str, str]],
    inputs: Inputs,
    tell: Teller,
) -> int:
    """One line a start, all formulas; gives the first row below."""
    top = xl_rowcol_to_cell(row, 1, row_abs=True, col_abs=True)
    now, say = programme.starts[0].npv.mean, words(tell.language)
    for start, here in zip(_begun(programme), cells, strict=True):
        own, npv = xl_rowcol_to_cell(row, 1), start.npv.mean
        book.text(sheet, row, 0, capital(start_name(tell, start)))
        book.formula(sheet, row, 1, f"SUM({here['present']})", "money", npv)
        back = start.payback.of_mean
        book.formula(sheet, row, 2, _payback(here), "whole", "—" if back is None else back)
        rate = start.irr.of_mean
        beyond = say("worth.beyond", rate=tell.write.percent(HIGHEST_RATE, 0))
        shown = "—" if rate is None else beyond if rate >= HIGHEST_RATE else rate
        book.formula(sheet, row, 3, _rate(here, beyond, rate), "percent", shown)
        # What the external cost takes from the NPV, after tax; the cost at which it would take all.
        spent = f"((1-{inputs.tax})*SUMPRODUCT({here['programme']},{here['factor']}))"
        free = say("worth.not_even_free")
        even = start.break_even_cost.of_mean
        written = f'IF({own}<={spent},"{free}",{inputs.cost}*({own}-{spent})/(-{spent}))'
        shown = "—" if even is None else free if even <= 0.0 else even
        book.formula(sheet, row, 4, f'IF({inputs.cost}=0,"—",{written})', "money", shown)
        book.formula(sheet, row, 5, f"{top}-{own}", "money", now - npv)
        if start.delay_months:
            each = f"({top}-{own})/{start.delay_months}"
            book.formula(sheet, row, 6, each, "money", (now - npv) / start.delay_months)
        else:
            book.text(sheet, row, 6, "—")
        row += 1
    return row


def _payback(here: dict[str, str]) -> str:
    """The month after the last one in which cumulated cash is below zero, or the first in which any flows."""
    last, months, idle = f"MAX({here['below']})", f"MAX({here['months']})", f"COUNTIF({here['cumulative']},0)"
    return f'IF(OR({last}={months},{idle}={months}),"—",MAX({last},{idle})+1)'


def _rate(here: dict[str, str], beyond: str, guess: float | None) -> str:
    """The yearly internal rate where cumulated cash changes sign once, from below (as in ``flows.internal_rate``)."""
    last, months, idle = f"MAX({here['below']})", f"MAX({here['months']})", f"COUNTIF({here['cumulative']},0)"
    once = f'AND({last}>0,{last}<{months},COUNTIF({here["below"]},">0")={last}-{idle})'
    most = f"SUMPRODUCT({here['net']},{1.0 + HIGHEST_RATE!r}^(-{here['months']}/12))"
    tries = [(1.0 + start) ** (1.0 / 12.0) - 1.0 for start in (guess or 0.1, 0.5)]
    first, second = (f"IRR({here['net']},{start!r})" for start in tries)
    return f'IF({once},IF({most}>=0,"{beyond}",(1+IFERROR({first},{second}))^12-1),"—")'


def _ranges(book: Book, result: Result, tell: Teller) -> None:
    """Everything that has a distribution, as numbers."""
    say = words(tell.language)
    sheet = book.sheet(say("sheets.ranges"), 60, *([14] * 7))
    names = ("what", "mean", "low", "q10", "q50", "q90", "high", "positive")
    book.head(sheet, 0, [say(f"sheet_ranges.{name}") for name in names])
    rows: list[tuple[str, Estimate | BreakEven]] = []
    for programme in result.programmes:
        for start in programme.starts:
            label = f"{programme.label} · {start_name(tell, start)} · "
            rows.append((label + say("sheet_answer.npv"), start.npv))
            if start.delay_months is not None:
                rows.append((label + say("worth.tail"), start.npv_with_tail))
                rows.append((label + say("sheet_answer.break_even"), start.break_even_cost))
            rows.append((label + say("sheet_answer.given_up"), start.given_up))
        rows.append((f"{programme.label} · {say('tiles.delay')}", programme.delay_per_month))
        if programme.decomposition is not None:
            named = parts_of(programme.decomposition, tell)
            rows += [(f"{programme.label} · {name}", found) for name, found in named]
    for row, (label, found) in enumerate(rows, 1):
        book.text(sheet, row, 0, label)
        middle = found.mean if isinstance(found, Estimate) else found.of_mean
        values = (middle, found.low, found.q10, found.q50, found.q90, found.high)
        for column, value in enumerate(values, 1):
            book.value(sheet, row, column, value, "money")
        if isinstance(found, Estimate):
            book.value(sheet, row, 7, found.probability_positive, "percent")


def _swings(book: Book, result: Result, tell: Teller) -> None:
    say = words(tell.language)
    sheet = book.sheet(say("sheets.swings"), 36, 60, *([16] * 6), 36)
    names = ("programme", "variable", "low", "high", "npv_low", "npv_high", "share", "grade", "key")
    book.head(sheet, 0, [say(f"sheet_swings.{name}") for name in names])
    bars = [(one.label, swing) for one in result.programmes for swing in one.tornado]
    for row, (label, swing) in enumerate(bars, 1):
        book.text(sheet, row, 0, label)
        book.text(sheet, row, 1, capital(swing.label[tell.language]))
        for column, value in enumerate((swing.low, swing.high), 2):
            book.value(sheet, row, column, value, "number")
        for column, value in enumerate((swing.npv_low, swing.npv_high), 4):
            book.value(sheet, row, column, value, "money")
        book.value(sheet, row, 6, swing.variance_share, "percent")
        book.text(sheet, row, 7, say(f"facts.grades.{swing.grade}"))
        book.text(sheet, row, 8, swing.key)


def _waste(book: Book, result: Result, tell: Teller) -> None:
    """Wasted time: the sums are live."""
    say, lang = words(tell.language), tell.language
    sheet = book.sheet(say("sheets.waste"), 30, 36, 26, 16, 16)
    names = ("role", "cause", "basis", "hours", "money")
    book.head(sheet, 0, [say(f"sheet_waste.{name}") for name in names])
    rows = result.status_quo.waste
    for row, one in enumerate(rows, 1):
        for column, text in enumerate((one.role_label[lang], one.cause_label[lang], say(f"basis.{one.basis}"))):
            book.text(sheet, row, column, capital(text))
        book.value(sheet, row, 3, one.hours.mean, "whole")
        book.value(sheet, row, 4, one.money.mean, "money")
    last = len(rows) + 1
    book.text(sheet, last, 0, say("sheet_waste.sum"), "name")
    if rows:
        book.formula(sheet, last, 3, f"SUM(D2:D{last})", "whole", sum(one.hours.mean for one in rows))
        book.formula(sheet, last, 4, f"SUM(E2:E{last})", "money", sum(one.money.mean for one in rows))
    book.text(sheet, last + 2, 0, say("today.capacity_short"), "fine")


def _facts(book: Book, result: Result, tell: Teller) -> None:
    """Inputs and assumptions with source and grade."""
    say = words(tell.language)
    sheet = book.sheet(say("sheets.facts"), 34, 56, 14, 14, 14, 18, 18, 14, 36)
    names = ("key", "what", "value", "low", "high", "unit", "source", "grade", "origin")
    book.head(sheet, 0, [say(f"sheet_facts.{name}") for name in names])
    sheet.freeze_panes(1, 0)
    for row, fact in enumerate(result.client.facts, 1):
        book.text(sheet, row, 0, fact.key)
        book.text(sheet, row, 1, capital(fact.label[tell.language]))
        for column, value in enumerate((fact.value, fact.low, fact.high), 2):
            book.value(sheet, row, column, value, "number")
        book.text(sheet, row, 5, say.unit(fact.unit).replace("€", tell.symbol.strip()))
        book.text(sheet, row, 6, say(f"facts.sources.{fact.source}"))
        book.text(sheet, row, 7, say(f"facts.grades.{fact.grade}"))
        book.text(sheet, row, 8, origin(say, fact))


def _method(book: Book, result: Result, tell: Teller) -> None:
    say, lang, made = words(tell.language), tell.language, result.reproduce
    sheet = book.sheet(say("sheets.method"), 110)
    lines = [say("method.model"), *(text[lang] for text in result.conventions.values()), made.command]
    lines += [f"gtm {made.version} · {made.engine} · {made.seed}"]
    for row, line in enumerate(lines):
        book.text(sheet, row, 0, line)
