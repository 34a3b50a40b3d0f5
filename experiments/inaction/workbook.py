"""A client file as an Excel workbook: read to the very mapping that the YAML file holds.

Sheets and columns are found by what they are called, in either language, rows by their keys: they may be moved, left
out, and have others between them. Whatever cannot be read is said with its sheet and its cell.
"""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

from experiments.inaction import audit
from experiments.inaction.sheets import (
    AUDIT,
    CLIENT,
    PAY,
    PROGRAMMES,
    TERMS,
    TODAY,
    key_of,
    programme_specs,
    simple,
    words,
)
from sim.parameters import ParameterError, nearest
from sim.parameters.pay import Role

BROKEN = (
    zipfile.BadZipFile, zlib.error, SyntaxError, LookupError, ValueError, TypeError, AttributeError, EOFError,
    NotImplementedError,
)  # fmt: skip
MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # a zip archive; what Excel wrote before 2007, or with a password
BIGGEST = 20_000_000  # bytes of a file
MOST_ROWS, MOST_COLUMNS = 2_000, 60
PROGRAMME = re.compile(r"\D*(\d+)")
WORDS = ("name", "label", "preset", "pay", "sequence")  # of a programme: text


@dataclass
class Document:
    """What a file says.

    Attributes
    ----------
    tree : mapping
        As in YAML.
    places : dict of str to str
        Sheet and cell of a key (``people.sellers``, ``programmes[0].cost``, ``audit.sales.data``); empty for YAML.
    wrong : list of str
        What could not be read.
    """

    tree: Mapping[str, Any]
    places: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def is_workbook(file: Path) -> bool:
    """Whether a file is one, by what it begins with."""
    try:
        with file.open("rb") as opened:
            return opened.read(4) in MAGIC
    except OSError:
        return False


def read(file: Path) -> Document:
    """The client that a workbook describes.

    Raises
    ------
    ParameterError
        It is no workbook, or none of ours.
    """
    found = Document({})
    sheets = _sheets(file, found)
    if not sheets:
        known = ", ".join(f"{name['en']} or {name['es']}" for name in words()["sheets"].values())
        raise ParameterError(
            f"{file}: no sheet of a client; known are {known}. gtm inaction template=client.xlsx writes an empty one."
        )
    tree: dict[str, Any] = _client(sheets[CLIENT]) if CLIENT in sheets else {}
    if PROGRAMMES in sheets:
        tree["programmes"] = _programmes(sheets[PROGRAMMES])
    if PAY in sheets:
        _plans(sheets[PAY], tree, found.wrong)
    if AUDIT in sheets and (answers := _answers(sheets[AUDIT])):
        apart = tree.get("audit", [])
        tree["audit"] = [*(apart if isinstance(apart, list) else [apart]), answers] if apart else answers
    found.tree = {key: value for key, value in tree.items() if value not in ([], {})}
    return found


# ---------------------------------------------------------------- cells


@dataclass
class _Sheet:
    """One sheet below its heads.

    Attributes
    ----------
    heads : dict of str to int
        Column of each head that is known.
    numbers : dict of int to int
        Column of each numbered programme.
    """

    name: str
    shown: Any
    behind: Any
    first: int
    heads: dict[str, int]
    numbers: dict[int, int]
    found: Document

    def rows(self) -> range:
        """Rows below the heads."""
        return range(self.first, min(self.shown.max_row, MOST_ROWS) + 1)

    def place(self, row: int, column: int) -> str:
        """Where a cell is, in words."""
        return f"sheet {self.name!r}, cell {self.shown.cell(row, column).coordinate}"

    def text(self, row: int, head: str) -> str:
        """What stands in a column of labels."""
        value = self.shown.cell(row, self.heads[head]).value if head in self.heads else None
        return "" if value is None else str(value).strip()

    def value(self, row: int, column: int, key: str, number: bool) -> Any:
        """What somebody wrote into a cell; None for nothing, and for what cannot be read (which is said)."""
        place, wrong = self.place(row, column), self.found.wrong
        for merged in self.shown.merged_cells.ranges:
            if not (merged.min_row <= row <= merged.max_row and merged.min_col <= column <= merged.max_col):
                continue
            if (row, column) != (merged.min_row, merged.min_col):
                wrong.append(f"{place}: is merged ({merged.coord}); unmerge it and write each value into its own cell.")
                return None
        value, formula = self.shown.cell(row, column).value, self.behind.cell(row, column)
        if formula.data_type == "f" and value is None:
            wrong.append(
                f"{place}: holds a formula whose result is not stored in the file; open it in Excel or LibreOffice and "
                "save it, or write the value."
            )
            return None
        if isinstance(value, str) and re.fullmatch(r"#[A-Z/0!?]+[!?]?|Err:\d+", value):
            wrong.append(f"{place}: holds the error {value}.")
            return None
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        self.found.places[key] = place
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, date | time | timedelta):
            if number:
                wrong.append(
                    f"{place}: holds a date or a time ({value}); format the cell as a number and write it anew."
                )
                return None
            return f"{value:%Y-%m}" if isinstance(value, date) else str(value)
        if number or isinstance(value, bool):
            return value
        return str(int(value)) if value == int(value) else str(value)


def _sheets(file: Path, found: Document) -> dict[str, _Sheet]:
    """Sheets by what they are; others are not looked at, unless they look like one of ours."""
    shown, behind = (_opened(file, values) for values in (True, False))
    sheets: dict[str, _Sheet] = {}
    for name in shown.sheetnames:
        kind = key_of(name, "sheets")
        if not hasattr(shown[name], "cell"):  # a chart
            continue
        sheet = _headed(name, shown[name], behind[name], found)
        if kind is None and sheet is not None and "key" in sheet.heads:
            known = [word for each in words()["sheets"].values() for word in each.values()]
            found.wrong.append(
                f"sheet {name!r}: unknown; known are {', '.join(dict.fromkeys(known))}.{nearest(name, known)}"
            )
        elif kind is not None and sheet is None:
            found.wrong.append(
                f"sheet {name!r}: no row with the heads of the template, as “key” and “value”, is there."
            )
        elif kind in sheets:
            found.wrong.append(f"sheet {name!r}: there are two of that kind, also {sheets[str(kind)].name!r}.")
        elif kind is not None and sheet is not None:
            sheets[kind] = sheet
    return sheets


def _opened(file: Path, values: bool) -> Any:
    try:
        import openpyxl
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        raise ParameterError(f"{file}: reading Excel needs openpyxl: pip install 'gtm-sim[report]'.") from None
    try:
        if file.stat().st_size > BIGGEST:
            raise ParameterError(f"{file}: more than {BIGGEST // 10**6} MB; a client's workbook has some kilobytes.")
        with file.open("rb") as opened, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what other programs add to a workbook
            if opened.read(4) == MAGIC[1]:
                raise ParameterError(f"{file}: an old .xls, or locked by a password; save it as .xlsx without one.")
            opened.seek(0)
            return openpyxl.load_workbook(opened, data_only=values, keep_links=False)
    except ParameterError:
        raise
    except OSError as error:
        raise ParameterError(f"{file}: cannot be read ({error.strerror}).") from None
    except (InvalidFileException, *BROKEN) as error:
        told = " ".join(str(error).split())[:80]
        raise ParameterError(f"{file}: not a readable .xlsx workbook ({told}); save it as .xlsx.") from None


def _headed(name: str, shown: Any, behind: Any, found: Document) -> _Sheet | None:
    """The sheet from its row of heads on."""
    for row in range(1, min(shown.max_row, 50) + 1):
        heads: dict[str, int] = {}
        numbers: dict[int, int] = {}
        for column in range(1, min(shown.max_column, MOST_COLUMNS) + 1):
            text = shown.cell(row, column).value
            if text is None:
                continue
            head = key_of(text, "heads") or (str(text).strip() if str(text).strip() in TERMS else None)
            match = PROGRAMME.fullmatch(simple(text))
            if head is not None:
                heads.setdefault(head, column)
            elif match and simple(text)[:8] in ("programm", "programa"):
                numbers[int(match[1])] = column
        if "key" in heads and ("value" in heads or numbers or set(audit.TEAMS) & set(heads)):
            return _Sheet(name, shown, behind, row + 1, heads, numbers, found)
        if {"plan", "role"} <= set(heads):
            return _Sheet(name, shown, behind, row + 1, heads, numbers, found)
    return None


# ---------------------------------------------------------------- sheets


def _keys(sheet: _Sheet, columns: Sequence[int]) -> dict[str, int]:
    """Rows by key; a value without a key, and a key that stands twice, are said."""
    found: dict[str, int] = {}
    for row in sheet.rows():
        key = sheet.text(row, "key")
        if not key:
            for column in columns:
                if sheet.shown.cell(row, column).value is not None and len(sheet.found.wrong) < 50:
                    sheet.found.wrong.append(f"{sheet.place(row, column)}: a value, and no key in its row.")
        elif key in found:
            sheet.found.wrong.append(f"{sheet.place(row, sheet.heads['key'])}: {key} stands there twice.")
        else:
            found[key] = row
    return found


def _client(sheet: _Sheet) -> dict[str, Any]:
    from experiments.inaction.client import SECTIONS, fields

    tree: dict[str, Any] = {}
    if "value" not in sheet.heads:
        sheet.found.wrong.append(f"sheet {sheet.name!r}: there is no column “value”.")
        return tree
    column = sheet.heads["value"]
    for key, row in _keys(sheet, [column]).items():
        value = sheet.value(row, column, key, "kind" not in fields().get(key, {}))
        if value is None:
            continue
        head, _, name = key.partition(".")
        if key == "audit" and isinstance(value, str):
            files = [text.strip() for text in re.split(r"[;\n]", value) if text.strip()]
            tree[key] = files[0] if len(files) == 1 else files
        elif head in SECTIONS and name:
            tree.setdefault(head, {})[name] = value
        else:
            tree[key] = value
    return tree


def _programmes(sheet: _Sheet) -> list[dict[str, Any]]:
    columns = [sheet.numbers[number] for number in sorted(sheet.numbers)]
    keys = _keys(sheet, columns)
    found: list[dict[str, Any]] = []
    for column in columns:
        place = f"programmes[{len(found)}]"
        values = {
            key: sheet.value(row, column, f"{place}.{key}", key in programme_specs() and key not in WORDS)
            for key, row in keys.items()
        }
        given = {key: value for key, value in values.items() if value is not None}
        if given:
            found.append(given)
    return found


def _plans(sheet: _Sheet, tree: dict[str, Any], wrong: list[str]) -> None:
    """Terms by plan and role, put where the YAML file has them."""
    programmes = {str(one.get("name")): one for one in tree.get("programmes", [])}
    own: dict[str, dict[str, list[Any]]] = {}
    for row in sheet.rows():
        given = {
            name: sheet.value(row, sheet.heads[name], f"pay, row {row}, {name}", _is_number(name))
            for name in TERMS
            if name in sheet.heads
        }
        given = {name: value for name, value in given.items() if value is not None}
        if not given:
            continue
        place = f"sheet {sheet.name!r}, row {row}"
        plan, role = str(given.pop("plan", "")), str(given.pop("role", "")).casefold()
        plan = TODAY if key_of(plan, "words", [TODAY]) else plan
        if plan != TODAY and plan not in programmes:
            known = [TODAY, *programmes]
            wrong.append(f"{place}: plan={plan!r}: known are {', '.join(known)}.{nearest(plan, known)}")
        elif role not in Role.__members__:
            wrong.append(
                f"{place}: role={role!r}: known are {', '.join(Role.__members__)}.{nearest(role, Role.__members__)}"
            )
        else:
            terms = own.setdefault(plan, {}).setdefault(role, [])
            terms += [given] if given else []
    for plan, roles in own.items():
        holder = tree if plan == TODAY else programmes[plan]
        named = holder.get("pay")
        if named is not None and plan != TODAY:
            wrong.append(f"programme {plan!r}: either the plan {named!r} or rows on the sheet {sheet.name!r}.")
        holder["pay"] = roles if named is None else {"preset": named, **roles}


def _is_number(name: str) -> bool:
    return name in (
        "weight",
        "rate",
        "target",
        "cliff",
        "cap",
        "accelerator",
        "low_score_multiplier",
        "clawback_months",
    )


def _answers(sheet: _Sheet) -> dict[str, Any]:
    teams = [team for team in audit.TEAMS if team in sheet.heads]
    keys = _keys(sheet, [sheet.heads[team] for team in teams])
    found: dict[str, Any] = {}
    for team in teams:
        values = {
            key: sheet.value(
                row, sheet.heads[team], f"audit.{team}.{key}", not audit.questions().get(key, {}).get("words")
            )
            for key, row in keys.items()
        }
        given = {key: value for key, value in values.items() if value is not None}
        if given:
            found[team] = given
    return found
