"""The workbook, recalculated: its formulas give the figures of the report, and those of other inputs."""

import io
import math
import re
import shutil
import subprocess
import zipfile

import numpy as np
import openpyxl
import pytest

from analysis.inaction.teller import Teller
from analysis.inaction.workbook import workbook
from analysis.money import flows
from analysis.money.results import to_plain
from tests.inaction_results import made_up


@pytest.fixture(scope="module")
def result():
    """Two programmes, the second of which gains little."""
    return made_up(months=18, programmes=("Shared goals", "=1+1 <b>Everything</b>"))


@pytest.fixture(scope="module")
def book(result):
    return workbook(result, Teller({"inaction": to_plain(result)}, "en", result.client.currency))


def bare(content):
    """The workbook without the values that were stored with its formulas: a reader must calculate."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as made, zipfile.ZipFile(stream, "w") as out:
        for name in made.namelist():
            part = made.read(name)
            if name.startswith("xl/worksheets/sheet"):
                part, count = re.subn(rb"</f><v>[^<]*</v>", b"</f>", part)
                assert count or b"<f>" not in part
            out.writestr(name, part)
    return stream.getvalue()


def expected_of(result):
    """What the answer's lines must be: by start NPV, payback, rate of return, break-even cost, given up, a month."""
    for programme in result.programmes:
        now = programme.starts[0].npv.mean
        for start in programme.starts[:-1]:
            delay, even, rate = start.delay_months, start.break_even_cost.of_mean, start.irr.of_mean
            given_up = now - start.npv.mean
            yield [
                start.npv.mean,
                start.payback.of_mean,
                "> 100%" if rate == flows.HIGHEST_RATE else rate,
                even if even > 0.0 else "not even free",
                given_up,
                given_up / delay if delay else None,
            ]


# What a reader may type instead: discount rate, tax, share of the effect believed, and costs.
CHANGED = {"rate": 0.2, "tax": 0.3, "gain": 0.55, "cost": (500_000.0, 10_000.0)}


def changed_of(result):
    """The same with other inputs, from the monthly means, by the functions that reckon the money of the runs."""
    for programme, cost in zip(result.programmes, CHANGED["cost"], strict=True):
        now = None
        for start in programme.starts[:-1]:
            parts = start.components
            effect = CHANGED["gain"] * (np.array(parts.margin) + parts.pay)
            external = np.array(parts.programme) * cost / programme.cost
            keep = 1.0 - CHANGED["tax"]
            before, spent = (keep * flows.present_value(each, CHANGED["rate"]) for each in (effect, -external))
            net = keep * (effect + external)
            npv = before - spent
            now = npv if now is None else now
            rate, even = flows.internal_rate(net), cost * before / spent
            yield [
                npv,
                None if math.isnan(month := flows.payback_month(net)) else month,
                None if math.isnan(rate) else "> 100%" if rate == flows.HIGHEST_RATE else rate,
                even if even > 0.0 else "not even free",
                now - npv,
                (now - npv) / start.delay_months if start.delay_months else None,
            ]


def lines_of(value, programmes=2, starts=4):
    """The same from a sheet: ``value(column, row)`` of its cells."""
    row = next(r for r in range(1, 40) if value("B", r) == "Net present value") + 1
    for _ in range(programmes):
        for _ in range(starts):
            yield [None if (found := value(column, row)) == "—" else found for column in "BCDEFG"]
            row += 1
        row += 3


def assert_recalculated(expected, value):
    for found, line in zip(lines_of(value), expected, strict=True):
        for one, other in zip(found, line, strict=True):
            assert one == (
                other if other is None or isinstance(other, str) else pytest.approx(other, rel=1e-6, abs=1e-6)
            )


@pytest.mark.slow
def test_a_pure_evaluation_of_the_formulas_gives_the_figures_of_the_report(result, book, tmp_path):
    import formulas

    (tmp_path / "report.xlsx").write_bytes(bare(book))
    model = formulas.ExcelModel().loads(str(tmp_path / "report.xlsx")).finish()
    typed = {f"'[report.xlsx]INPUTS'!B{row}": x for row, x in enumerate(typed_inputs(), 4)}
    for inputs, expected in (({}, expected_of(result)), (typed, changed_of(result))):
        solution = model.calculate(inputs=inputs)

        def value(column, row, solution=solution):
            found = solution.get(f"'[report.xlsx]ANSWER'!{column}{row}")
            return None if found is None else found.value[0, 0]

        assert_recalculated(expected, value)


def typed_inputs():
    return [CHANGED["rate"], CHANGED["tax"], CHANGED["gain"], *CHANGED["cost"]]


@pytest.mark.slow
def test_libreoffice_recalculates_the_figures_of_the_report(result, book, tmp_path):
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("no LibreOffice on this machine: the pure evaluation of the same formulas stands for it")
    plain, typed = tmp_path / "bare.xlsx", tmp_path / "typed.xlsx"
    plain.write_bytes(bare(book))
    changed = openpyxl.load_workbook(plain)
    for row, x in enumerate(typed_inputs(), 4):
        changed["Inputs"][f"B{row}"] = x
    changed.save(typed)
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    form = "xlsx:Calc MS Excel 2007 XML"
    target = ["--convert-to", form, "--outdir", str(tmp_path / "out"), str(plain), str(typed)]
    subprocess.run([office, "--headless", profile, *target], check=True, capture_output=True, timeout=180)
    for file, expected in ((plain, expected_of(result)), (typed, changed_of(result))):
        sheet = openpyxl.load_workbook(tmp_path / "out" / file.name, data_only=True)["Answer"]
        assert_recalculated(expected, lambda column, row, sheet=sheet: sheet[f"{column}{row}"].value)
