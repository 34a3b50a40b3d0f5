"""Client files and audits in Excel, as people fill them in."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.commands import main
from experiments.inaction import audit, client, form, template, workbook
from experiments.inaction.programmes import planned
from sim.configuration import files
from sim.files import read
from sim.parameters import ParameterError
from sim.parameters.pay import Role
from tests.worlds import FEW, terms

SMALL: dict[str, Any] = {
    "client": "=SUM(A1), S. L. «Ñ»",
    "profile": "smb",
    "currency": "EUR",
    "arr": 3_000_000,
    "churn_year": 0.12,
    "people": {"marketers": 3, "sellers": 4},
    "programmes": [{"name": "steps", "label": "+Pasos", "preset": "process_first", "cost": 10_000}],
    "audit": {"sales": {"data": 2, "one_thing": "@leads que compren"}, "management": {"data": 4.5}},
}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", sorted(files("client")))
def test_a_workbook_says_what_the_yaml_says(name: str, language: str, tmp_path: Path) -> None:
    file = tmp_path / "client.xlsx"
    form.write(file, language, read(files("client")[name]))
    found = workbook.read(file)
    assert found.tree == read(files("client")[name])
    assert not found.wrong
    one, other = client.from_file(file), client.from_name(name)
    assert (one.values, one.answers, one.programmes) == (other.values, other.answers, other.programmes)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)
NUMBER = st.one_of(st.integers(0, 10**9), st.floats(0, 1e9, allow_subnormal=False))
PLANS = st.dictionaries(st.sampled_from(list(Role.__members__)), st.lists(terms(), min_size=1, max_size=2), min_size=1)


@st.composite
def mappings(draw: st.DrawFn) -> dict[str, Any]:
    """Clients as a YAML file may hold them, sensible or not."""
    plain = [key for key, spec in client.fields().items() if "kind" not in spec]
    flat = draw(st.dictionaries(st.sampled_from(plain), NUMBER, max_size=6))
    tree: dict[str, Any] = {"client": draw(TEXT), "first_month": "2027-01"}
    for key, value in flat.items():
        head, _, name = key.partition(".")
        if name:
            tree.setdefault(head, {})[name] = value
        else:
            tree[key] = value
    programmes = []
    for i in range(draw(st.integers(0, 2))):
        one: dict[str, Any] = {"name": f"plan{i}", "label": draw(TEXT), "cost": draw(NUMBER)}
        numbers = [name for name in planned() if name != "sequence"]
        one |= draw(st.dictionaries(st.sampled_from(numbers), NUMBER, max_size=3))
        if pay := draw(st.none() | st.just("hybrid") | PLANS):
            one["pay"] = pay
        programmes.append(one)
    if programmes:
        tree["programmes"] = programmes
    if pay := draw(st.none() | st.just("siloed") | PLANS):
        tree["pay"] = pay
    numbers = [name for name in audit.questions() if name != "one_thing"]
    answers = st.dictionaries(st.sampled_from(numbers), st.integers(1, 5), min_size=1, max_size=4)
    if heard := draw(st.dictionaries(st.sampled_from(audit.TEAMS), answers, max_size=3)):
        tree["audit"] = heard
    return rounded(tree)


def rounded(tree: Any) -> Any:
    """With numbers as long as a workbook keeps them."""
    if isinstance(tree, dict):
        return {key: rounded(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [rounded(value) for value in tree]
    return float(f"{tree:.12g}") if isinstance(tree, float) else tree


@given(mappings(), st.sampled_from(["en", "es"]))
@settings(FEW, max_examples=5)
def test_whatever_a_yaml_holds_a_workbook_holds(tmp_path_factory: Any, tree: dict[str, Any], language: str) -> None:
    file = tmp_path_factory.mktemp("book") / "client.xlsx"
    form.write(file, language, tree)
    found = workbook.read(file)
    assert not found.wrong
    assert found.tree == tree


# ---------------------------------------------------------------- what people do to it


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small client in Spanish."""
    file = tmp_path_factory.mktemp("original") / "cliente.xlsx"
    form.write(file, "es", SMALL)
    return file


def row_of(sheet: Any, key: str) -> int:
    return next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 1).value == key)


def changed(original: Path, folder: Path, change: Callable[[Any], object]) -> Path:
    """The same workbook after somebody has been at it."""
    book = openpyxl.load_workbook(original)
    change(book)
    file = folder / "cliente.xlsx"
    book.save(file)
    return file


def put(sheet: str, key: str, column: int, value: object) -> Callable[[Any], object]:
    return lambda book: setattr(book[sheet].cell(row_of(book[sheet], key), column), "value", value)


def all_of(*changes: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda book: [change(book) for change in changes]


def refused(file: Path) -> str:
    with pytest.raises(ParameterError) as error:
        client.from_file(file)
    return str(error.value)


def test_what_is_typed_is_understood(original: Path, tmp_path: Path) -> None:
    typed = {
        "arr": ("4.200.000 €", 4.2e6),
        "churn_year": ("13 %", 0.13),
        "gross_margin": ("0,765", 0.765),
        "earnings.seller": ("58.000,00", 58_000.0),
        "earnings.success": ("EUR 36 000", 36_000.0),
        "earnings.loading": ("1,3", 1.3),
        "people.sellers": ("6", 6),
        "first_month": (datetime(2027, 3, 1), "2027-03"),  # noqa: DTZ001 as Excel makes of 2027-03
        "client": (365, "365"),
        "currency": ("eur", "EUR"),
    }
    file = changed(original, tmp_path, all_of(*(put("Cliente", key, 3, text) for key, (text, _) in typed.items())))
    values = client.from_file(file).values
    assert {key: values[key] for key in typed} == {key: value for key, (_, value) in typed.items()}


WRONG = (
    (
        put("Cliente", "arr", 3, "=2000000+1"),
        "sheet 'Cliente', cell C{arr}: holds a formula whose result is not stored",
    ),
    (put("Cliente", "quota", 3, "#REF!"), "holds the error #REF!"),
    (put("Cliente", "deal_size", 3, datetime(2027, 5, 1)), "holds a date or a time (2027-05-01"),  # noqa: DTZ001
    (put("Cliente", "earnings.seller", 3, "36.000"), "It may mean 36000 or 36.000"),
    (put("Cliente", "marketing_spend", 3, "3 millones"), "marketing_spend='3 millones': a number from 0"),
    (put("Cliente", "churn_year", 3, 12), "12 per cent is 0.12"),
    (put("Cliente", "earnings.marketer", 3, 58), "Amounts are in full, not in thousands. [sheet 'Cliente', cell C"),
    (put("Cliente", "people.sellers", 3, True), "people.sellers=True"),
    (put("Cliente", "people.turnover", 1, "people.turnver"), ""),
    (put("Cliente", "people.turnover", 3, 0.2), "people.turnver: unknown. Did you mean 'people.turnover'?"),
    (put("Cliente", "people.marketers", 1, None), "a value, and no key in its row"),
    (put("Cliente", "discount_rate", 1, "tax_rate"), "tax_rate stands there twice"),
    (put("Programas", "cost", 5, "mucho"), "programmes[0].cost='mucho': an amount"),
    (put("Auditoría", "data", 6, 7), "audit.sales.data=7: a number from 1 to 5"),
    (lambda book: book["Auditoría"].merge_cells("F8:G8"), "sheet 'Auditoría', cell G8: is merged (F8:G8)"),
    (lambda book: book.create_sheet("Programmes"), "sheet 'Programmes': no row with the heads"),
    (lambda book: setattr(book.copy_worksheet(book["Auditoría"]), "title", "Audit 2"), "sheet 'Audit 2': unknown"),
    (lambda book: book["Planes de retribución"].append(["otro", "seller"]), "plan='otro': known are today, steps"),
    (lambda book: book["Planes de retribución"].append(["hoy", "vendedor"]), "role='vendedor': known are"),
)


def test_what_cannot_be_read_is_said_at_once_with_sheet_and_cell(original: Path, tmp_path: Path) -> None:
    arr = row_of(openpyxl.load_workbook(original)["Cliente"], "arr")

    def change(book: Any) -> None:
        for column, key in ((3, "people.turnover"), (3, "discount_rate"), (3, "people.marketers")):
            put("Cliente", key, column, 0.2)(book)
        for one, _ in sorted(WRONG, key=lambda pair: pair[1] == ""):  # keys are spoilt last
            if one is not WRONG[9][0]:
                one(book)

    told = refused(changed(original, tmp_path, change))
    for _, part in WRONG:
        assert part.replace("{arr}", str(arr)) in told, part


def test_rows_and_sheets_may_move_and_others_stand_between(original: Path, tmp_path: Path) -> None:
    def change(book: Any) -> None:
        book["Cliente"].insert_rows(row_of(book["Cliente"], "arr"), 3)
        book["Auditoría"].insert_cols(2)
        book["Auditoría"].delete_rows(row_of(book["Auditoría"], "tools"))
        book["Programas"].title = "PROGRAMMES "
        book.move_sheet("Cliente", 2)
        book.create_sheet("Notas")["A1"] = "Llamar el lunes"

    found = workbook.read(changed(original, tmp_path, change))
    assert found.tree == SMALL
    assert not found.wrong


def test_a_formula_counts_by_its_result(original: Path, tmp_path: Path) -> None:
    file = changed(original, tmp_path, put("Cliente", "arr", 3, "=2000000+1"))
    stored = tmp_path / "stored.xlsx"
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(stored, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, re.sub(rb"(<f>2000000\+1</f>)<v ?/?>(</v>)?", rb"\1<v>2000001</v>", data))
    assert client.from_file(stored).values["arr"] == 2_000_001


def test_text_that_looks_like_a_formula_stays_text(original: Path) -> None:
    book = openpyxl.load_workbook(original)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    risky = [cell for cell in cells if isinstance(cell.value, str) and cell.value[:1] in ("=", "+", "-", "@")]
    assert {cell.value for cell in risky} == {"=SUM(A1), S. L. «Ñ»", "+Pasos", "@leads que compren"}
    assert all(cell.quotePrefix for cell in risky)


def test_cells_admit_what_the_file_admits(original: Path) -> None:
    sheet = openpyxl.load_workbook(original)["Cliente"]
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    for key, spec in client.fields().items():
        if "low" in spec:
            rule = rules[f"C{row_of(sheet, key)}"]
            assert (float(rule.formula1), float(rule.formula2)) == (spec["low"], spec["high"])
    assert "siloed" in rules[f"C{row_of(sheet, 'pay')}"].formula1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "an old .xls, or locked by a password"),
        (b"PK\x03\x04" + b"x" * 600, "not a readable .xlsx workbook"),
        (b"\x00\x01", "cannot be read"),
        (b"", "client: is missing"),
    ],
)
def test_other_files_are_refused_in_a_line(content: bytes, told: str, tmp_path: Path) -> None:
    file = tmp_path / "client.xlsx"
    file.write_bytes(content)
    assert told in refused(file)


def test_a_workbook_of_somebody_else_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "Ventas 2026"
    book.save(tmp_path / "other.xlsx")
    assert "no sheet of a client" in refused(tmp_path / "other.xlsx")


# ---------------------------------------------------------------- teams that answer apart


@pytest.mark.parametrize("ending", ["xlsx", "yaml"])
def test_each_team_may_answer_in_a_file_of_its_own(ending: str, tmp_path: Path) -> None:
    apart = {"sales": {"data": 2}, "marketing": {"data": 5, "tools": 3}}
    for team, answers in apart.items():
        file = tmp_path / f"{team}.{ending}"
        template.write(file, "es", team)
        if ending == "xlsx":
            file.unlink()
            form.write(file, "es", {"audit": {team: answers}}, team)
        else:
            lines = file.read_text(encoding="utf-8").splitlines()
            filled = [
                re.sub(rf"^  ({'|'.join(answers)}):", lambda m, a=answers: f"  {m[1]}: {a[m[1]]}", s) for s in lines
            ]
            file.write_text("\n".join(filled), encoding="utf-8")
    given = SMALL | {"audit": [f"sales.{ending}", f"marketing.{ending}", {"management": {"data": "3,5"}}]}
    found = client.from_mapping(given, "client.yaml", tmp_path)
    assert found.answers["data"].answers == {"sales": 2.0, "marketing": 5.0, "management": 3.5}
    assert found.answers["tools"].answers == {"marketing": 3.0}
    form.write(tmp_path / "client.xlsx", "en", given)
    assert client.from_file(tmp_path / "client.xlsx").answers == found.answers
    with pytest.raises(ParameterError, match=r"audit\.sales: answers are given twice"):
        client.from_mapping(given | {"audit": [f"sales.{ending}", {"sales": {"data": 1}}]}, "x", tmp_path)


def test_the_command_writes_a_workbook_and_reads_it(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["inaction", "template=client.xlsx", "language=es"]) == 0
    assert main(["inaction", "template=audit.xlsx", "team=sales"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["audit.xlsx", "client.xlsx"]
    assert openpyxl.load_workbook("audit.xlsx").sheetnames == ["Audit"]
    capsys.readouterr()
    assert main(["inaction", "client=client.xlsx", "out=x"]) == 2
    assert "arr: is missing" in capsys.readouterr().err
    for words, told in (
        (["template=client.xlsx"], "a file of that name already"),
        (["template=client.docx"], "a name that ends in .yaml or .xlsx"),
        (["template=a.xlsx", "team=finance"], "team='finance': known are marketing"),
        (["client=smb_es", "team=sales", "out=x"], "team: goes with template="),
    ):
        assert main(["inaction", *words]) == 2
        assert told in capsys.readouterr().err
