"""One table in any writing is read as the same table: what a program or a spreadsheet makes of it changes nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.fitting import conduct
from experiments.fitting.cleaning import Choices
from experiments.fitting.money import Money
from sim.parameters import ParameterError

EUROS = Choices(money=Money("EUR"))
HEADS = {
    "salesforce": ["Opportunity ID", "Created Date", "Close Date", "Stage", "Amount", "Opportunity Owner"],
    "hubspot": ["Record ID", "Create Date", "Close Date", "Deal Stage", "Amount", "Deal owner"],
    "pipedrive": ["Deal - ID", "Deal - Deal created", "Deal - Deal closed on", "Deal - Status", "Deal - Value",
                  "Deal - Owner"],
    "generic": ["Código", "Fecha de creación", "Fecha de cierre", "Etapa", "Importe", "Propietario"],
}  # fmt: skip
STAGES = {
    "salesforce": ("Closed Won", "Closed Lost", "Negotiation"),
    "hubspot": ("closedwon", "closedlost", "presentationscheduled"),
    "pipedrive": ("won", "lost", "open"),
    "generic": ("Cerrada ganada", "Cerrada perdida", "Negociación"),
}
OWNERS = ["Íñigo Núñez", 'Ana "la jefa" Peña', "O'Neil; Ltd,\nNorth", "=HYPERLINK(1)", "García\tLópez"]
DATES = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%m/%d/%Y", "%d-%b-%Y", "%Y-%m-%dT12:00:00Z", "%Y-%m-%d 10:30:00")
Row = tuple[dt.date, dt.date | None, int, float, str]
EPOCH = dt.date(1899, 12, 30)


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    """Deals: day created, day closed, outcome (0 won, 1 lost, 2 open), amount in cents at most, owner."""
    n = draw(st.integers(1, 25))
    # One day beyond the twelfth tells days from months; amounts with cents tell commas from points.
    rows: list[Row] = [(dt.date(2023, 1, 25), dt.date(2023, 3, 30), 0, 12_345.67, OWNERS[0])]
    for _ in range(n):
        day = dt.date(2022, 1, 1) + dt.timedelta(draw(st.integers(0, 600)))
        outcome = draw(st.sampled_from([0, 1, 2]))
        end = None if outcome == 2 else day + dt.timedelta(draw(st.integers(0, 200)))
        cents = draw(st.integers(100, 90_000_000))
        rows.append((day, end, outcome, cents / 100, draw(st.sampled_from(OWNERS))))
    return rows


def money(value: float, mark: str, grouped: bool) -> str:
    text = f"{value:,.2f}" if grouped else f"{value:.2f}"
    return text if mark == "." else text.translate(str.maketrans(",.", ".,"))


def read(path: Path, mapping: str) -> pd.DataFrame:
    export, issues, _ = conduct.read(conduct.Asked(None, str(path), mapping, "x", choices=EUROS))
    harmless = {
        "open",
        "open_stale",
        "nothing_new",
        "no_losses",
        "zones",
        "encoding",
        "formula",
        "preamble",
        "amount_extreme",
    }
    assert {i.code for i in issues} <= harmless, [*issues]
    assert export.deals is not None
    return export.deals.reset_index(drop=True)


def known(rows: list[Any]) -> pd.DataFrame:
    def number(day: dt.date | None) -> float:
        return np.nan if day is None else float((day - dt.date(1970, 1, 1)).days)

    return pd.DataFrame(
        {
            "created": [number(row[0]) for row in rows], "closed": [number(row[1]) for row in rows],
            "amount": [row[3] for row in rows],
        }
    )  # fmt: skip


def check(found: pd.DataFrame, rows: list[Any]) -> None:
    wanted = known(rows)
    for name in wanted:
        np.testing.assert_allclose(found[name].to_numpy(float), wanted[name], rtol=1e-9, err_msg=name)
    outcomes = found["outcome"].to_numpy()
    for kind in range(3):  # rows of one outcome, and no others, are of one kind
        of_kind = {outcomes[n] for n, row in enumerate(rows) if row[2] == kind}
        assert len(of_kind) <= 1
        assert not of_kind & {outcomes[n] for n, row in enumerate(rows) if row[2] != kind}
    owners = found["owner"].to_numpy()
    for one in range(len(rows)):
        assert ((owners == owners[one]) == [row[4] == rows[one][4] for row in rows]).all()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=tables(), mapping=st.sampled_from(sorted(HEADS)), separator=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]), mark=st.sampled_from([".", ","]),
    grouped=st.booleans(), date=st.sampled_from(DATES), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    newline=st.sampled_from(["\n", "\r\n"]),
)  # fmt: skip
def test_text_in_any_writing(
    tmp_path: Path, rows: Any, mapping: str, separator: str, encoding: str, mark: str, grouped: bool, date: str,
    quoting: Any, newline: str,
) -> None:  # fmt: skip
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=newline)
    writer.writerow(HEADS[mapping])
    for n, (created, closed, outcome, amount, owner) in enumerate(rows, 1):
        end = "" if closed is None else closed.strftime(date)
        cells = [f"D{n}", created.strftime(date), end, STAGES[mapping][outcome], money(amount, mark, grouped), owner]
        writer.writerow(cells)
    (tmp_path / "any.csv").write_bytes(text.getvalue().encode(encoding))
    check(read(tmp_path / "any.csv", mapping), rows)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=tables(), mapping=st.sampled_from(sorted(HEADS)),
    days=st.sampled_from(["date", "moment", "zone", "serial", "text"]),
    amounts=st.sampled_from(["float", "decimal", "text"]), title=st.booleans(), parquet=st.booleans(),
)  # fmt: skip
def test_workbooks_and_parquet_in_any_types(
    tmp_path: Path, rows: Any, mapping: str, days: str, amounts: str, title: bool, parquet: bool
) -> None:
    """Dates as such, as moments (with a zone in Parquet), as Excel's serials, as text; amounts alike; merged titles."""
    import decimal

    def day(value: dt.date | None) -> Any:
        if value is None:
            return None
        moment = dt.datetime.combine(value, dt.time(11, 30))
        return {
            "date": value, "moment": moment,
            "zone": moment.replace(tzinfo=dt.UTC) if parquet else moment,
            "serial": (value - EPOCH).days, "text": value.strftime("%d/%m/%Y"),
        }[days]  # fmt: skip

    def amount(value: float) -> Any:
        exact = decimal.Decimal(str(value)) if parquet else value
        return {"float": value, "decimal": exact, "text": money(value, ",", True)}[amounts]

    body = [
        [f"D{n}", day(created), day(closed), STAGES[mapping][outcome], amount(value), owner]
        for n, (created, closed, outcome, value, owner) in enumerate(rows, 1)
    ]
    if parquet:
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = {name: [row[place] for row in body] for place, name in enumerate(HEADS[mapping])}
        pq.write_table(pa.table(columns), tmp_path / "any.parquet")
        check(read(tmp_path / "any.parquet", mapping), rows)
        return
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    if title:
        sheet.append(["Informe de oportunidades"])
        sheet.merge_cells("A1:F1")
        sheet.append([])
    sheet.append(HEADS[mapping])
    for row in body:
        sheet.append(row)
        if str(row[5]).startswith("="):
            sheet.cell(sheet.max_row, 6).data_type = "s"  # a word that looks like a formula, not a formula
    book.save(tmp_path / "any.xlsx")
    check(read(tmp_path / "any.xlsx", mapping), rows)


@pytest.mark.parametrize("rows", [0, 1])
def test_next_to_nothing_is_one_clear_line(tmp_path: Path, rows: int) -> None:
    line = "D1,2023-01-25,2023-03-30,Closed Won,100,Ann\n"
    (tmp_path / "few.csv").write_text(",".join(HEADS["salesforce"]) + "\n" + line * rows)
    with pytest.raises(ParameterError, match="no row below it" if rows == 0 else "too little to fit"):
        conduct.fit(conduct.Asked(None, str(tmp_path / "few.csv"), "salesforce", "x", choices=EUROS))
