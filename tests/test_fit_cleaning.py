"""Dirty data: each kind is counted, named and handled, and nothing is dropped in silence."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import analysis.fitted
from analysis.fitted import words
from experiments.fitting import conduct, estimates, plain
from experiments.fitting.cleaning import OPEN, WON, Choices
from experiments.fitting.export import Export
from experiments.fitting.issues import KINDS, Issues
from experiments.fitting.money import Money
from sim.parameters import ParameterError

HEADER = ["Opportunity ID", "Created Date", "Close Date", "Stage", "Amount", "Opportunity Owner", "Lead Source"]
OWNERS = ("Ann Archer", "Bob Baker", "Cy Carter")


def rows(n: int = 60) -> list[list[str]]:
    """Clean deals, one every third day: half of those that end are won."""
    first = np.datetime64("2023-01-02")
    made = []
    for k in range(n):
        created, closed = first + 3 * k, first + 3 * k + 20 + 7 * (k % 5)
        stage = ("Closed Won", "Closed Lost")[k % 2]
        made.append([f"D{k}", str(created), str(closed), stage, f"{5000 + 100 * k}", OWNERS[k % 3], "Web"])
    return made


def read(path: Path, table: list[list[str]], **choices: object) -> tuple[Export, Issues]:
    """What is left of a table of deals, and what was said about it."""
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, *table])
    (path / "deals.csv").write_text(text.getvalue(), encoding="utf-8")
    asked = conduct.Asked(
        None, str(path / "deals.csv"), "salesforce", "x",
        choices=Choices(**{"money": Money("EUR"), "today": 20_000.0, **choices}),
    )  # fmt: skip
    export, issues, _ = conduct.read(asked)
    return export, issues


def broken(column: str, value: str, at: tuple[int, ...] = (4, 10)) -> list[list[str]]:
    table = rows()
    for place in at:
        table[place][HEADER.index(column)] = value
    return table


def test_clean_rows_have_no_errors(tmp_path: Path) -> None:
    export, issues = read(tmp_path, rows())
    assert [issue.code for issue in issues if KINDS[issue.code] == "error"] == []
    assert len(export.deals) == 60


# What is broken, the code it must be found under, and how the rows are handled.
CASES = [
    ("Amount", "0", "amount_zero", "outcome", WON),
    ("Amount", "", "amount_missing", "outcome", WON),
    ("Amount", "-4000", "amount_negative", "outcome", WON),
    ("Amount", "lots", "amount_unreadable", "outcome", WON),
    ("Opportunity Owner", "", "owner_missing", "owner", -1),
    ("Created Date", "", "created_missing", "outcome", WON),
    ("Created Date", "someday", "created_unreadable", "outcome", WON),
    ("Close Date", "", "closed_missing", "outcome", WON),
    ("Close Date", "soon", "closed_unreadable", "outcome", WON),
    ("Close Date", "2022-11-01", "closed_before_created", "outcome", WON),
    ("Close Date", "2199-01-01", "closed_unreadable", "outcome", WON),
    ("Close Date", "2090-01-01", "in_future", "outcome", WON),
    ("Stage", "Zeta phase", "stage_unknown", "outcome", OPEN),
    ("Stage", "Closed", "closed_without_outcome", "outcome", OPEN),
    ("Stage", "Negotiation", "open", "outcome", OPEN),
    ("Lead Source", "", "source_missing", "source", -1),
    ("Opportunity ID", "", "id_missing", "outcome", WON),
]


@pytest.mark.parametrize(("column", "value", "code", "field", "expected"), CASES, ids=lambda x: str(x)[:20])
def test_each_kind_is_counted_and_the_row_kept(
    tmp_path: Path, column: str, value: str, code: str, field: str, expected: float
) -> None:
    export, issues = read(tmp_path, broken(column, value))
    found = [issue for issue in issues if issue.code == code]
    assert [(issue.count, issue.rows) for issue in found] == [(2, (6, 12))]
    assert len(export.deals) == 60
    assert (export.deals.loc[[6, 12], field] == expected).all()
    if column == "Amount":
        assert export.deals.loc[[6, 12], "amount"].isna().all()


def test_closed_a_day_before_is_a_clock_and_not_a_mistake(tmp_path: Path) -> None:
    table = rows()
    table[4][2] = str(np.datetime64(table[4][1]) - 1)
    export, issues = read(tmp_path, table)
    assert issues.count("closed_day_before") == 1
    assert issues.count("closed_before_created") == 0
    assert export.deals.loc[6, "closed"] == export.deals.loc[6, "created"]


def test_of_an_id_that_repeats_the_last_row_counts(tmp_path: Path) -> None:
    table = rows()
    again = [*table[1]]
    again[3] = "Closed Won"
    export, issues = read(tmp_path, [*table, again])
    assert issues.count("duplicate_id") == 1
    assert len(export.deals) == 60
    assert export.deals.loc[62, "outcome"] == WON


def test_an_open_deal_with_a_planned_end_is_censored_at_the_cutoff(tmp_path: Path) -> None:
    export, issues = read(tmp_path, broken("Stage", "Negotiation", (59,)))
    assert issues.count("closed_of_open") == 1
    cells = export.deal_cells()
    open_ = cells.time[cells.status == OPEN]
    assert list(open_) == [export.cutoff - export.deals.loc[61, "created"]]


def test_other_currencies_need_a_rate(tmp_path: Path) -> None:
    table = rows()
    table[4][4] = "R$ 9.000,00"
    table = [[*row[:4], row[4] if row[4].startswith("R") else f"{row[4]},00 €", *row[5:]] for row in table]
    export, issues = read(tmp_path, table, money=Money())
    assert issues.count("other_currency") == 1
    assert np.isnan(export.deals.loc[6, "amount"])
    export, issues = read(tmp_path, table, money=Money("", {"BRL": 0.2}))
    assert issues.count("other_currency") == 0
    assert export.deals.loc[6, "amount"] == pytest.approx(1800.0)


def test_day_and_month_that_cannot_be_told_apart_are_asked_for(tmp_path: Path) -> None:
    table = [[row[0], "03/04/2023", "05/06/2023", *row[3:]] for row in rows()]
    with pytest.raises(ParameterError, match="dayfirst=true or dayfirst=false"):
        read(tmp_path, table)
    export, _ = read(tmp_path, table, dayfirst=True)
    assert export.deals["created"].iloc[0] == float(np.datetime64("2023-04-03").astype(int))


def test_no_name_and_no_formula_leaves_the_reading(tmp_path: Path) -> None:
    table = rows()
    for row in table[:20]:
        row[6] = "=HYPERLINK(evil)"
    for row in table:
        row[3] = row[3].replace("Closed Lost", "-lost@deal")
    export, issues = read(tmp_path, table)
    assert issues.count("formula") == 20
    assert all(not label.startswith(("=", "+", "-", "@")) for label in export.deal_sources)
    content = json.dumps(plain.facts_plain(estimates.estimate(export), export), default=str)
    assert not any(name.split()[1] in content for name in OWNERS)
    assert set(export.deals.columns).isdisjoint({"key", "lead_key"})


def test_every_code_has_its_words_in_both_languages_and_in_the_documentation() -> None:
    document = (Path(__file__).parent.parent / "docs" / "reference" / "fit.md").read_text(encoding="utf-8")
    for language in ("en", "es"):
        assert set(words(language).find("codes")) == set(KINDS)
    assert [code for code in KINDS if f"`{code}`" not in document] == []


def test_both_languages_have_the_same_texts() -> None:
    def keys(tree: object, at: str = "") -> set[str]:
        if not isinstance(tree, dict):
            return {at}
        return set().union(*(keys(value, f"{at}.{key}") for key, value in tree.items()))

    found = [
        keys(yaml.safe_load((analysis.fitted.FOLDER / f"{name}.yaml").read_text("utf-8"))) for name in ("en", "es")
    ]
    assert found[0] == found[1]


# ---------------------------------------------------------------- anything at all

CELLS = st.one_of(
    st.sampled_from(
        [
            "", "Closed Won", "Closed Lost", "Ganado", "Open", "2023-02-30", "2023-05-06", "31/01/2023", "01/31/2023",
            "45000", "0", "-5", "1.234,56", "1,234.56", "=1+1", "@SUM(A1)", "nan", "NULL", "\0", "€", "9" * 30, "1e308",
        ]
    ),
    st.text(max_size=12),
)  # fmt: skip
COLUMNS = ["id", "created", "closed", "stage", "amount", "owner", "source", "fecha de cierre", "", "Ω"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=7),
    body=st.lists(st.lists(CELLS, max_size=8), max_size=25),
    separator=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    table=st.sampled_from(["leads", "deals"]),
)
def test_any_file_gives_a_reading_or_one_clear_line(
    tmp_path: Path, header: list[str], body: list[list[str]], separator: str, encoding: str, table: str
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([header, *body])
    (tmp_path / "any.csv").write_bytes(text.getvalue().encode(encoding, "replace"))
    files = {"leads": None, "deals": None, table: str(tmp_path / "any.csv")}
    try:
        export, issues, how = conduct.read(conduct.Asked(**files, mapping="generic", name="x"))
    except ParameterError as error:
        said = str(error)
    else:
        _nothing_is_gone(export, issues, how, table)
        return
    assert len(said) > 10
    assert "\n" not in said.strip()


TYPED = st.one_of(
    CELLS.filter(lambda text: text.isprintable()), st.none(), st.booleans(), st.integers(-(10**6), 10**6),
    st.floats(allow_nan=True, allow_infinity=True),
    st.datetimes(pd.Timestamp("1901-01-01"), pd.Timestamp("2100-01-01")),
)  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.lists(st.sampled_from([name for name in COLUMNS if name]), min_size=1, max_size=7, unique=True),
    body=st.lists(st.lists(TYPED, min_size=7, max_size=7), max_size=12),
    excel=st.booleans(),
    table=st.sampled_from(["leads", "deals"]),
)
def test_any_workbook_or_parquet_file_gives_a_reading_or_one_clear_line(
    tmp_path: Path, header: list[str], body: list[list[object]], excel: bool, table: str
) -> None:
    """Cells with types of their own: dates, numbers, truths. What is read can be estimated from."""
    frame = pd.DataFrame([row[: len(header)] for row in body], columns=header, dtype=object)
    path = tmp_path / ("any.xlsx" if excel else "any.parquet")
    if excel:
        frame.to_excel(path, index=False)
    else:
        kinds = {name: frame[name].map(type).nunique() for name in header}
        mixed = [name for name, n in kinds.items() if n > 1]  # a Parquet column has one type
        frame.astype(dict.fromkeys(mixed, str)).to_parquet(path)
    files = {"leads": None, "deals": None, table: str(path)}
    try:
        export, issues, how = conduct.read(conduct.Asked(**files, mapping="generic", name="x"))
        _nothing_is_gone(export, issues, how, table)
        plain.facts_plain(estimates.estimate(export), export)
    except ParameterError as error:
        said = str(error)
        assert len(said) > 10
        assert "\n" not in said.strip()


def _nothing_is_gone(export: Export, issues: Issues, how: dict[str, dict[str, int]], table: str) -> None:
    frame = export.leads if table == "leads" else export.deals
    left_out = sum(
        issues.count(code) for code in ("duplicate_id", "repeated_row", "short_row", "long_row", "control_characters")
    )
    assert len(frame) + left_out == how[table]["rows"], "a row is gone, and nothing says so"
    if table == "deals":
        ended = frame["outcome"] != OPEN
        assert not (frame["closed"] < frame["created"]).any()
        assert frame.loc[~ended, "closed"].isna().all()
        assert not (frame["amount"] <= 0).any()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=600))
def test_any_bytes_give_a_reading_or_one_clear_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "any.csv").write_bytes(content)
    try:
        conduct.read(conduct.Asked(None, str(tmp_path / "any.csv"), "generic", "x"))
    except ParameterError as error:
        said = str(error)
    else:
        said = "read"
    assert said


def test_an_export_without_losses_is_matched_to_wins(tmp_path: Path) -> None:
    """Opportunities that were lost are missing: what is left of them says nothing of how many there were."""
    export, issues = read(tmp_path, [row for row in rows(120) if row[3] == "Closed Won"])
    assert issues.count("no_losses") == 60
    targets = conduct._targets(estimates.estimate(export), export, 3)
    assert [t.what for t in targets if t.pair.moment == "flow"] == ["wins"]
    assert not [t for t in targets if t.pair.moment == "win_rate"]
    export, issues = read(tmp_path, rows(120))
    assert issues.count("no_losses") == 0
    assert issues.count("nothing_new") == round(export.cutoff - export.deals_until) > 10
    targets = conduct._targets(estimates.estimate(export), export, 3)
    assert {"opportunities", "win_rate"} <= {t.what for t in targets}


def test_frames_hold_numbers_only(tmp_path: Path) -> None:
    export, _ = read(tmp_path, rows())
    assert all(pd.api.types.is_numeric_dtype(kind) for kind in export.deals.dtypes)
