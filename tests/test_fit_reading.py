"""Reading exports: formats, encodings, separators, dates, amounts, names of columns and stages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.fitting.amounts import amounts, truths
from experiments.fitting.mapping import map_columns, read_stages
from experiments.fitting.tables import open_table
from experiments.fitting.values import dates, harmless
from sim.parameters import ParameterError

DEALS = [
    ["Código", "Fecha de creación", "Fecha de cierre", "Etapa", "Importe", "Propietario"],
    ["1", "03/01/2023", "25/02/2023", "Cerrada ganada", "1.250,50", "Íñigo Núñez"],
    ["2", "14/01/2023", "01/03/2023", "Cerrada perdida", "980,00", "Begoña Peña"],
    ["3", "20/01/2023", "", "Negociación", "12.000,00", "Íñigo Núñez"],
]


def text(separator: str = ";", rows: list[list[str]] = DEALS) -> str:
    quoted = [[f'"{cell}"' if separator in cell else cell for cell in row] for row in rows]
    return "\r\n".join(separator.join(row) for row in quoted) + "\r\n"


def day(date: str) -> float:
    return float(np.datetime64(date, "D").astype(int))


def read(values: list[object], dayfirst: bool = True) -> list[float]:
    return list(dates(pd.Series(values, dtype=object)).settled(dayfirst)[0])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "mac_roman"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators(tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "deals.csv"
    path.write_bytes(text(separator).encode(encoding))
    source = open_table("deals", path)
    assert source.header == DEALS[0]
    assert source.separator == separator
    assert list(source.load(["Propietario"])["Propietario"]) == [row[5] for row in DEALS[1:]]


def test_excel_and_parquet_are_read_as_csv_is(tmp_path: Path) -> None:
    frame = pd.DataFrame(DEALS[1:], columns=DEALS[0])
    frame["Fecha de creación"] = pd.to_datetime(frame["Fecha de creación"], dayfirst=True)
    frame.to_excel(tmp_path / "deals.xlsx", index=False)
    frame.to_parquet(tmp_path / "deals.parquet")
    for name in ("deals.xlsx", "deals.parquet"):
        source = open_table("deals", tmp_path / name)
        assert source.header == DEALS[0]
        found = dates(source.load(["Fecha de creación"])["Fecha de creación"]).settled(True)[0]
        assert list(found) == [day("2023-01-03"), day("2023-01-14"), day("2023-01-20")]


def test_the_sheet_with_the_table_is_taken_and_another_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"About": ["exported by hand"], "Who": ["nobody"]}).to_excel(book, sheet_name="Cover", index=False)
        pd.DataFrame(DEALS[1:], columns=DEALS[0]).to_excel(book, sheet_name="Deals", index=False)
    assert open_table("deals", path).header == DEALS[0]
    assert open_table("deals", path, "Cover").header == ["About", "Who"]
    with pytest.raises(ParameterError, match=r"^sheet='Dealz'.*Did you mean 'Deals'"):
        open_table("deals", path, "Dealz")


def test_lines_before_the_header_and_quoted_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    path.write_text('Report of deals\n\nid,created,note\n1,2023-01-03,"two\nlines"\n2,2023-01-04,plain\n')
    source = open_table("deals", path)
    assert source.header == ["id", "created", "note"]
    loaded = source.load(["id"])
    assert list(loaded["id"]) == ["1", "2"]
    assert list(loaded.index) == [4, 6]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"   \n \n", "is empty"),
        (b"id,created,stage\n", "no row below it"),
        (b"<html><body>Session expired</body></html>", "page or document"),
        (b"\x1f\x8b\x08\x00abc", "compressed"),
        (b"PK\x03\x04 not a workbook", "not a readable Excel file"),
        (b"PAR1 not parquet", "not a readable Parquet file"),
        (b"1,2023-01-03,5000\n2,2023-01-04,6000\n", "a header row is needed"),
    ],
)
def test_files_that_are_no_tables(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "deals.csv"
    path.write_bytes(content)
    with pytest.raises(ParameterError, match=words):
        open_table("deals", path)


def test_what_is_there_and_no_file_is_not_called_missing(tmp_path: Path) -> None:
    for path, what in ((tmp_path, "a folder"), (Path("/dev/null"), "a device")):
        with pytest.raises(ParameterError, match=f"deals='{path}': that is {what}; CSV, .* is needed"):
            open_table("deals", path)


def test_a_quote_that_is_not_closed_is_an_error_that_names_the_row(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    rows = "".join(f"{n},2023-01-03,won\n" for n in range(50))
    path.write_text(f'id,created,stage\n1,"2023-01-03,won\n{rows}')
    with pytest.raises(ParameterError, match=r"row 2: .*not closed"):
        open_table("deals", path).load(["id"])


# ---------------------------------------------------------------- dates


@pytest.mark.parametrize(
    "written",
    [
        "2024-03-05", "2024/3/5", "2024-03-05T10:20:30", "2024-03-05 23:59:59.123", "5/3/2024", "05.03.24",
        "5-3-2024 14:05", "5 mar 2024", "5 de marzo de 2024", "March 5, 2024", "Mar 5, 2024 3:10 PM", "45356",
        "45356.75", "1709596800", "1709596800000", "20240305",
    ],
)  # fmt: skip
def test_one_day_in_many_ways(written: str) -> None:
    assert read([written]) == [day("2024-03-05")]


def test_month_first_is_another_day() -> None:
    assert read(["3/5/2024"], dayfirst=False) == [day("2024-03-05")]
    assert read(["3/5/2024"], dayfirst=True) == [day("2024-05-03")]


@pytest.mark.parametrize(
    ("written", "is_day"),
    [
        ("2024-03-05T23:30:00Z", "2024-03-05"), ("2024-03-05T23:30:00-05:00", "2024-03-06"),
        ("2024-03-05T00:30:00+01:00", "2024-03-04"),
    ],
)  # fmt: skip
def test_moments_with_a_zone_count_by_their_day_in_utc(written: str, is_day: str) -> None:
    assert read([written]) == [day(is_day)]


@pytest.mark.parametrize("written", ["31/02/2024", "2024-13-01", "soon", "1/2", "99999999", "-5"])
def test_what_is_no_date_is_not_guessed(written: str) -> None:
    found, bad = dates(pd.Series([written], dtype=object)).settled(True)
    assert np.isnan(found[0])
    assert bad[0]


@given(st.dates(min_value=pd.Timestamp("1990-01-01").date(), max_value=pd.Timestamp("2099-12-31").date()))
def test_every_day_comes_back_from_every_format(date: object) -> None:
    wanted = day(str(date))
    written = [date.isoformat(), f"{date:%d/%m/%Y}", f"{date:%d-%b-%Y}", f"{wanted + 25569:.0f}", f"{date:%Y%m%d}"]
    assert read(written) == [wanted] * len(written)


# ---------------------------------------------------------------- amounts


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1.250,50 €", 1250.5), ("€ 1.250,50", 1250.5), ("1 250,50", 1250.5), ("1'250'000", 1_250_000.0),
        ("(300,00)", -300.0), ("-300,00", -300.0), ("12.500", 12_500.0), ("EUR 7,5", 7.5), ("0", 0.0),
    ],
)  # fmt: skip
def test_amounts_with_a_decimal_comma(written: str, value: float) -> None:
    assert amounts(pd.Series([written], dtype=object), ",").value[0] == value


def test_the_decimal_mark_is_found_in_the_column() -> None:
    spanish = amounts(pd.Series(["1.250", "980,50", "12.000"], dtype=object))
    assert (spanish.decimal, spanish.sure, list(spanish.value)) == (",", True, [1250.0, 980.5, 12000.0])
    english = amounts(pd.Series(["1,250", "980.50", "12,000"], dtype=object))
    assert (english.decimal, list(english.value)) == (".", [1250.0, 980.5, 12000.0])
    unsure = amounts(pd.Series(["1.250", "12.000"], dtype=object))
    assert (unsure.sure, list(unsure.value)) == (False, [1250.0, 12000.0])


@given(st.integers(0, 10**10), st.sampled_from([(".", ","), (",", "."), (" ", ","), ("'", ".")]))
def test_every_amount_comes_back(cents: int, marks: tuple[str, str]) -> None:
    group, decimal = marks
    written = f"{cents // 100:,}".replace(",", group) + decimal + f"{cents % 100:02d}"
    assert amounts(pd.Series([written], dtype=object), decimal).value[0] == pytest.approx(cents / 100)


def test_yes_and_no_in_two_languages() -> None:
    found = truths(pd.Series(["TRUE", "no", "Sí", "0", "", "perhaps", True], dtype=object))
    assert [None if np.isnan(x) else bool(x) for x in found] == [True, False, True, False, None, None, True]


# ---------------------------------------------------------------- names


HEADERS = {
    "salesforce": ["Opportunity ID", "Created Date", "Close Date", "Stage", "Amount", "Opportunity Owner"],
    "hubspot": ["Record ID", "Create Date", "Close Date", "Deal Stage", "Amount", "Deal owner"],
    "pipedrive": [
        "Deal - ID", "Deal - Deal created", "Deal - Deal closed on", "Deal - Status",
        "Deal - Value", "Deal - Owner",
    ],
    "generic": ["Código", "Fecha de alta", "Fecha cierre", "Estado", "Importe", "Comercial"],
}  # fmt: skip


@pytest.mark.parametrize("mapping", HEADERS)
def test_columns_of_each_product_are_found(tmp_path: Path, mapping: str) -> None:
    path = tmp_path / "deals.csv"
    path.write_text(text(";", [HEADERS[mapping], *DEALS[1:]]), encoding="utf-8")
    mapped = map_columns(open_table("deals", path), mapping, {})
    found = {column.field: column.name for column in mapped}
    assert [found[field] for field in ("id", "created", "closed", "stage", "amount", "owner")] == HEADERS[mapping]


def test_a_told_column_wins_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    rows = [[*row, extra] for row, extra in zip(DEALS, ["Deal value", "1", "2", "3"], strict=True)]
    path.write_text(text(";", rows), encoding="utf-8")
    source = open_table("deals", path)
    assert map_columns(source, "generic", {"amount": "deal VALUE"}).name("amount") == "Deal value"
    assert map_columns(source, "generic", {"amount": "none"}).name("amount") is None
    with pytest.raises(ParameterError, match=r"columns\.amount='Importes'.*Did you mean 'Importe'"):
        map_columns(source, "generic", {"amount": "Importes"})


@pytest.mark.parametrize(
    ("stage", "meaning"),
    [
        ("Closed Won", "won"), ("6 - Closed Won (100%)", "won"), ("Cerrada ganada", "won"), ("GANADO", "won"),
        ("Closed Lost", "lost"), ("Perdido por precio", "lost"), ("No ganada", "lost"), ("Negociación", "open"),
        ("Proposal/Price Quote", "open"), ("Closed", "closed"),
    ],
)  # fmt: skip
def test_stages_in_two_languages(stage: str, meaning: str) -> None:
    found = read_stages([stage])
    assert found.outcome[stage] == meaning
    assert not found.unknown


def test_an_unknown_stage_is_open_and_said_so_unless_told() -> None:
    found = read_stages(["Zeta", "Won"])
    assert (found.outcome["Zeta"], found.unknown) == ("open", ("Zeta",))
    assert read_stages(["Zeta", "Won"], won=["zeta"]).outcome["Zeta"] == "won"


@given(st.text(max_size=80))
def test_no_label_can_run_as_a_formula(label: str) -> None:
    shown = harmless(label)
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert shown.isprintable()
