"""The Excel template of a client, empty or filled in: facts, programmes, pay plans, audit; in English or Spanish."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from experiments.inaction import audit
from experiments.inaction.client import SECTIONS, fields
from experiments.inaction.programmes import MOST, PROGRAMME_KEYS, planned
from experiments.inaction.sheets import AUDIT, CLIENT, PAY, PROGRAMMES, TERMS, TODAY, programme_specs, said, words
from sim.configuration import names
from sim.parameters import ParameterError
from sim.parameters.pay import QUOTA, Event, Period, Role, Scope
from sim.parameters.programme import STAYS

TERM_ROWS = 20
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "MXN", "BRL", "CAD", "AUD")  # offered; any other code may be written
PROFILES = ("smb", "mid_market", "enterprise")
SHARES = ("fraction", "1/year")  # shown as per cent
DARK, PALE, INPUT = "FF1F3A5F", "FFEEF2F7", "FFFFF8DC"
LINE = Side(style="thin", color="FFB8C4D2")
LONGEST_LIST = 255  # characters that Excel takes
TERM_LISTS: Mapping[str, Sequence[str]] = {
    "role": tuple(Role.__members__),
    "event": tuple(Event.__members__),
    "scope": tuple(Scope.__members__),
    "period": tuple(Period.__members__),
    "target": (QUOTA,),
}


def write(file: Path, language: str, given: Mapping[str, Any] | None = None, team: str | None = None) -> None:
    """Write the workbook; ``given`` fills it in, ``team`` leaves all but that team's audit away.

    Raises
    ------
    ParameterError
        What is given has no place in a workbook.
    """
    book = openpyxl.Workbook()
    book.remove(book.active)
    filled = dict(given or {})
    if team is None:
        _client(_Page(book, CLIENT, language), filled)
        _programmes(_Page(book, PROGRAMMES, language), filled.get("programmes") or [])
        _pay(_Page(book, PAY, language), filled)
    _audit(_Page(book, AUDIT, language, "titles.alone" if team else ""), filled.get("audit"), team)
    with file.open("xb") as opened:
        book.save(opened)


@dataclass
class _Page:
    """A sheet that is written from the top down."""

    book: Any
    kind: str
    language: str
    title: str = ""
    row: int = 4
    keys: frozenset[str] = frozenset((*fields(), *PROGRAMME_KEYS, *planned(), *audit.questions()))

    def __post_init__(self) -> None:
        self.sheet = self.book.create_sheet(said("sheets", self.kind, self.language))
        group, _, key = (self.title or f"titles.{self.kind}").partition(".")
        text(self.sheet, 1, 1, said(group, key, self.language)).font = Font(bold=True, size=14, color=DARK)
        text(self.sheet, 2, 1, said("help", self.kind, self.language)).alignment = Alignment(
            wrap_text=True, vertical="top"
        )
        self.sheet.row_dimensions[2].height = 48
        self.sheet.page_setup.orientation, self.sheet.page_setup.fitToWidth = "landscape", 1
        self.sheet.page_setup.fitToHeight = 0
        self.sheet.sheet_properties.pageSetUpPr = openpyxl.worksheet.properties.PageSetupProperties(fitToPage=True)
        self.sheet.sheet_view.showGridLines = False

    def say(self, group: str, key: str, **values: object) -> str:
        """Words in the language of the workbook."""
        return said(group, key, self.language).format(**values)

    def head(self, heads: Sequence[str], widths: Sequence[float]) -> None:
        """The row of heads; what is below it scrolls."""
        for column, (head, width) in enumerate(zip(heads, widths, strict=True), 1):
            cell = text(self.sheet, self.row, column, head)
            cell.font, cell.fill = Font(bold=True, color="FFFFFFFF"), PatternFill("solid", fgColor=DARK)
            cell.alignment = Alignment(wrap_text=True, vertical="center")
            self.sheet.column_dimensions[get_column_letter(column)].width = width
        self.sheet.merge_cells(start_row=2, start_column=1, end_row=2, end_column=len(heads))
        self.row += 1
        self.sheet.freeze_panes = self.sheet.cell(self.row, 3)
        self.sheet.print_title_rows = f"{self.row - 1}:{self.row - 1}"

    def section(self, key: str, columns: int) -> None:
        """A row that only names what follows."""
        for column in range(1, columns + 1):
            self.sheet.cell(self.row, column).fill = PatternFill("solid", fgColor=PALE)
        text(self.sheet, self.row, 2, self.say("sections", key)).font = Font(bold=True, color=DARK)
        self.row += 1

    def labels(self, values: Mapping[int, str]) -> None:
        """What is not to be filled in of a row; keys are small."""
        for column, value in values.items():
            cell = text(self.sheet, self.row, column, value)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if value in self.keys:
                cell.font = Font(color="FF7A8796", size=9)

    def next(self) -> None:
        """Go on to the next row; this one is as high as its texts are long."""
        widths = self.sheet.column_dimensions
        lines = [
            math.ceil(len(cell.value) / widths[cell.column_letter].width)
            for cell in self.sheet[self.row]
            if isinstance(cell.value, str)
        ]
        self.sheet.row_dimensions[self.row].height = 15.0 * max(lines, default=1)
        self.row += 1

    def inputs(self, columns: Iterable[int], spec: Mapping[str, Any], values: Sequence[Any]) -> None:
        """The cells of a row that are filled in, with what they admit."""
        cells = [self.sheet.cell(self.row, column) for column in columns]
        for cell, value in zip(cells, values, strict=True):
            cell.fill, cell.border = PatternFill("solid", fgColor=INPUT), Border(LINE, LINE, LINE, LINE)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.number_format = _format(spec)
            if value is not None:
                put(cell, value)
        found = _validation(spec, self)
        if found is not None:
            self.sheet.add_data_validation(found)
            for cell in cells:
                found.add(cell)


# ---------------------------------------------------------------- cells


def put(cell: Any, value: Any) -> None:
    """A value as it is; text that begins like a formula stays text, also when somebody edits it."""
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        if cell.data_type != "s" or value[:1] in ("=", "+", "-", "@"):
            cell.data_type = "s"
            cell.quotePrefix = True
    else:
        cell.value = value


def text(sheet: Any, row: int, column: int, value: str) -> Any:
    """A cell of words."""
    cell = sheet.cell(row, column)
    put(cell, value)
    return cell


def _format(spec: Mapping[str, Any]) -> str:
    if "kind" in spec:
        return "@"
    unit = str(spec.get("unit", ""))
    if unit in SHARES:
        return "0.##%"
    return "#,##0" if unit.startswith("€") or spec.get("whole") else "General"


def _validation(spec: Mapping[str, Any], page: _Page) -> DataValidation | None:
    if "choices" in spec:
        listed = f'"{",".join(spec["choices"])}"'
        if len(listed) > LONGEST_LIST:
            return None
        # Where a file or another code may stand too, the list only offers.
        return DataValidation("list", formula1=listed, allow_blank=True, showErrorMessage=not spec.get("open", False))
    if "low" not in spec:
        return None
    told = _allowed(spec, page)
    found = DataValidation(
        "whole" if spec.get("whole") else "decimal", operator="between", allow_blank=True, showErrorMessage=True,
        formula1=repr(spec["low"]), formula2=repr(spec["high"]),
    )  # fmt: skip
    found.error = told
    return found


def _unit(spec: Mapping[str, Any], page: _Page) -> str:
    unit = str(spec.get("unit", ""))
    if unit == "fraction":
        return "%"
    return unit if page.language == "en" else str(words()["units"].get(unit, unit))


def _allowed(spec: Mapping[str, Any], page: _Page) -> str:
    if "low" in spec:
        shares, stays = str(spec.get("unit")) in SHARES, spec["low"] == STAYS
        factor, sign = (100, " %") if shares else (1, "")
        low, high = (_number(end * factor, page.language) for end in (0 if stays else spec["low"], spec["high"]))
        told = page.say("words", "from_to", low=low, high=high + sign)
        if stays:
            told = f"{told}; {page.say('words', 'stays', value=_number(STAYS * factor, page.language) + sign)}"
        return f"{told}, {page.say('words', 'whole')}" if spec.get("whole") else told
    if "choices" in spec:
        return ", ".join((*spec["choices"], "…") if spec.get("open") else spec["choices"])
    kind = str(spec.get("kind", ""))
    return page.say("words", kind) if kind in ("text", "month", "files") else ""


def _number(value: float, language: str) -> str:
    told = f"{value:,.0f}" if value == int(value) else f"{value:,.10g}"
    return told if language == "en" else told.replace(",", " ").replace(".", ",").replace(" ", ".")


# ---------------------------------------------------------------- sheets


def _client(page: _Page, given: Mapping[str, Any]) -> None:
    page.head(
        [page.say("heads", head) for head in ("key", "what", "value", "unit", "allowed", "empty")],
        (24, 58, 20, 14, 34, 18),
    )
    for key, spec in fields().items():
        head, _, name = key.partition(".")
        if key == PROGRAMMES:
            continue
        opens = head if name and key == next(k for k in fields() if k.startswith(f"{head}.")) else key
        if opens in words()["sections"]:
            page.section(opens, 6)
        row = {**spec, **_offered(key)}
        default = (
            page.say("words", "needed") if spec.get("needed") else spec.get("default", page.say("words", "profile"))
        )
        told = (
            ""
            if key == AUDIT
            else f"{default:.0%}"
            if spec.get("unit") == "fraction" and "default" in spec
            else str(default)
        )
        page.labels({1: key, 2: str(spec[page.language]), 4: _unit(spec, page), 5: _allowed(row, page), 6: told})
        inside = given.get(head) if head in SECTIONS else given
        value = inside.get(name or key) if isinstance(inside, Mapping) else None
        page.inputs([3], row, [_files(value) if key == AUDIT else _named(value) if key == PAY else value])
        page.next()


def _offered(key: str) -> dict[str, Any]:
    """What a list offers, or another kind of cell than the file's."""
    lists: dict[str, Sequence[str]] = {"profile": PROFILES, "currency": CURRENCIES, "pay": names("incentives")}
    if key in lists:
        return {"choices": tuple(lists[key]), "open": True}
    return {"kind": "files"} if key == AUDIT else {}


def _programmes(page: _Page, given: Sequence[Mapping[str, Any]]) -> None:
    numbered = [f"{page.say('heads', 'programme')} {i + 1}" for i in range(max(MOST, len(given)))]
    heads = [page.say("heads", head) for head in ("key", "what", "unit", "allowed")]
    page.head([*heads, *numbered], (22, 54, 14, 36, *[22] * len(numbered)))
    known = {"preset": tuple(n for n in names("programme")), "pay": tuple(names("incentives"))}
    for key, spec in programme_specs().items():
        if key not in PROGRAMME_KEYS and page.sheet.cell(page.row - 1, 1).value == PROGRAMME_KEYS[-1]:
            page.section("positions", len(heads) + len(numbered))
        row = {**spec, "choices": known[key], "open": True} if key in known else spec
        page.labels({1: key, 2: str(spec[page.language]), 3: _unit(spec, page), 4: _allowed(row, page)})
        values = [_named(one.get(key)) if key == "pay" else one.get(key) for one in given]
        page.inputs(range(5, 5 + len(numbered)), row, values + [None] * (len(numbered) - len(values)))
        page.next()


def _pay(page: _Page, given: Mapping[str, Any]) -> None:
    plans = {TODAY: given.get("pay"), **{str(one.get("name")): one.get("pay") for one in given.get("programmes") or []}}
    rows = [row for plan, pay in plans.items() if isinstance(pay, Mapping) for row in _terms(plan, pay)]
    page.labels({column: page.say("terms", name) for column, name in enumerate(TERMS, 1)})
    page.sheet.row_dimensions[page.row].height = 62
    page.row += 1
    page.head(TERMS, [max(13, len(name) + 3) for name in TERMS])
    start = page.row
    for row in rows + [{}] * max(TERM_ROWS - len(rows), 5):
        for column, name in enumerate(TERMS, 1):
            value = row.get(name)
            page.inputs([column], {"kind": "text"} if name in ("plan", *list(TERM_LISTS)[:4]) else {}, [value])
        page.next()
    for name, choices in TERM_LISTS.items():
        letter = get_column_letter(TERMS.index(name) + 1)
        found = _validation({"choices": choices, "open": name == "target"}, page)
        if found is not None:
            page.sheet.add_data_validation(found)
            found.add(f"{letter}{start}:{letter}{page.row - 1}")


def _terms(plan: str, pay: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of a plan that is written out."""
    strange = [str(key) for key in pay if key not in (*Role.__members__, "preset")]
    if strange or not all(isinstance(pay[role], list) for role in pay if role != "preset"):
        raise ParameterError(f"pay of {plan}: {', '.join(strange) or 'its terms'}: a workbook has no place for it.")
    return [
        {"plan": plan, "role": role, **term}
        for role, terms in pay.items()
        if role != "preset"
        for term in terms or [{}]
    ]


def _named(pay: Any) -> Any:
    """What the cell of a pay plan holds; terms stand on their own sheet."""
    return pay.get("preset") if isinstance(pay, Mapping) else pay


def _files(given: Any) -> str | None:
    listed = given if isinstance(given, list) else [given]
    return "; ".join(one for one in listed if isinstance(one, str)) or None


def _audit(page: _Page, given: Any, team: str | None) -> None:
    listed = given if isinstance(given, list) else [given]
    answers = {name: one for part in listed if isinstance(part, Mapping) for name, one in part.items()}
    teams = audit.TEAMS if team is None else (team,)
    heads = ("key", "question", "one", "five", *teams)
    page.head([page.say("heads", head) for head in heads], (15, 58, 30, 30, *[16] * len(teams)))
    scale = {"choices": tuple(str(i) for i in range(1, 6)), "open": True}
    for name, question in audit.questions().items():
        told = question[page.language]
        in_words = bool(question.get("words"))
        ends = (page.say("words", "words"), "") if in_words else (told["one"], told["five"])
        page.labels({1: name, 2: told["ask"], 3: ends[0], 4: ends[1]})
        values = [(answers.get(one) or {}).get(name) for one in teams]
        page.inputs(range(5, 5 + len(teams)), {"kind": "text"} if in_words else scale, values)
        page.next()
