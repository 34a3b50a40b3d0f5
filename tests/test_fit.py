"""``gtm fit`` from files to an organisation: recovery of known truth, refusals, a public export."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from experiments.fitting import cleaning, conduct, estimates, forecast
from experiments.fitting.money import Money
from experiments.fitting.scaling import organisation
from sim import load
from sim.parameters import replace
from tests.exports import Exported, export

ROOT = Path(__file__).resolve().parent.parent
EUROS = cleaning.Choices(money=Money("EUR"))


def gtm(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a fresh process."""
    return subprocess.run(
        [sys.executable, "-m", "experiments.commands", *words], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=600,
    )  # fmt: skip


def written(found: Exported, folder: Path) -> tuple[str, str]:
    folder.mkdir(exist_ok=True)
    found.leads.to_csv(folder / "leads.csv", index=False)
    found.deals.to_csv(folder / "deals.csv", index=False, sep=";", decimal=",")
    return str(folder / "leads.csv"), str(folder / "deals.csv")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "leads, deals: at least one file is needed"),
        (["deals=nowhere.csv"], "deals='nowhere.csv': there is no such file. Did you mean 'somewhere.csv'"),
        (["deals=somewhere.csv", "mapping=salesfroce"], "Did you mean 'salesforce'"),
        (["deals=somewhere.csv", "name=../x"], "name='../x'"),
        (["deals=somewhere.csv", "currency=EURO"], "currency='EURO'"),
        (["deals=somewhere.csv", "sellers=0"], "sellers=0"),
        (["deals=somewhere.csv", "as_of=soon"], "as_of='soon'"),
        (["deals=somewhere.csv", "base=smbb"], "base='smbb'"),
        (["deals=somewhere.csv", "columns.amont=x"], "amont"),
        (["deals=somewhere.csv", "columns.amount=Deal [value], net"], "has no such column"),
        (["deals=somewhere.csv"], "too little to fit"),
    ],
)
def test_one_clear_line_and_exit_code_2(tmp_path, monkeypatch, capsys, words, says):
    from experiments.commands import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "somewhere.csv").write_text("id,created,closed,stage,amount\n1,2023-01-03,2023-02-03,Won,5000\n")
    assert main(["fit", *words]) == 2
    said = capsys.readouterr().err.strip()
    assert says in said
    assert len(said.splitlines()) == 1


# ---------------------------------------------------------------- known truth


@cache
def truth():
    """An organisation of ours, and its parameters."""
    drawn = organisation(load("smb"), 10, {"win": 0.5, "deal": math.log(1.5), "cycle": math.log(1.5)})
    return replace(drawn, {"horizon.months": 18})


@pytest.mark.slow
@pytest.mark.statistical
def test_intervals_hold_what_the_simulation_knows(tmp_path):
    """Stated error rate: over 20 exports the 95 % intervals hold the truth in at least 85 % of cases, of each number.

    Truth is what the same organisation shows on average over many runs; the interval of one export holds the chance of
    deals, not who happens to be employed, so win rates are compared with those of the very team. Lead volumes are left
    out: between teams they differ by 2 %, more than the interval of one, and the truth of one team is not known.
    """
    inside: dict[str, list[bool]] = {"win_rate": [], "deal_size": []}
    sizes = []
    found = []
    for seed in range(20):
        made = export(truth(), seed)
        ends, won = made.deals["Close Date"].notna(), made.deals["Stage"] == "Closed Won"
        asked = conduct.Asked(*written(made, tmp_path / str(seed)), "salesforce", "x", choices=EUROS)
        opened, _, _ = conduct.read(asked)
        facts = estimates.estimate(opened)
        found.append(facts)
        sizes.append(float(made.deals.loc[won & ends, "Amount"].mean()))
        # Deals as old as half the history have all ended: what they came to is the truth of this team.
        old = made.deals["Created Date"] < made.deals["Created Date"].quantile(0.5)
        rate = float(won[old & ends].mean())
        n = int((old & ends).sum())
        doubt = 1.96 * np.sqrt(rate * (1 - rate) / n)
        inside["win_rate"].append(facts.deal.win_rate.low - doubt <= rate <= facts.deal.win_rate.high + doubt)
    size = float(np.mean(sizes))
    for facts in found:
        inside["deal_size"].append(facts.mean_deal.low <= size <= facts.mean_deal.high)
    shares = {name: float(np.mean(held)) for name, held in inside.items()}
    print("95 % intervals held the truth in", {name: f"{share:.0%}" for name, share in shares.items()}, "of 20 exports")
    assert min(shares.values()) >= 0.85


@pytest.mark.slow
@pytest.mark.statistical
def test_parameters_come_back(tmp_path):
    """Two exports of organisations drawn by us: what is identifiable comes back within its interval or a fifth."""
    wanted = truth()
    for seed in (3, 4):
        asked = conduct.Asked(
            *written(export(wanted, seed), tmp_path / str(seed)), "salesforce", "x", choices=EUROS, base="smb"
        )
        made = conduct.fit(asked)
        found = {one["key"]: one for one in made.content["parameters"]}
        print([(key, found[key]) for key in ("market.acv", "market.cycle_days", "market.win_intercept")])
        # Who has just left and who has just come are both at work for a while.
        assert found["people.sellers"]["low"] <= 10 <= found["people.sellers"]["high"]
        for key, true in (("market.acv", wanted.market.acv), ("market.cycle_days", wanted.market.cycle_days)):
            one = found[key]
            assert one["low"] <= true <= one["high"] or abs(one["value"] / true - 1) < 0.2, (seed, key, one)
        win = found["market.win_intercept"]
        assert (
            win["low"] <= wanted.market.win_intercept <= win["high"]
            or abs(win["value"] - wanted.market.win_intercept) < 0.5
        )
        assert [one["what"] for one in made.content["checks"] if one["matched"] and not one["met"]] == []


@pytest.mark.slow
def test_the_back_test_knows_nothing_of_later_months(tmp_path):
    made = export(replace(truth(), {"horizon.months": 12}), 1)
    asked = conduct.Asked(*written(made, tmp_path), "salesforce", "x", choices=EUROS)
    opened, _, _ = conduct.read(asked)
    day = opened.cutoff - 90
    then = opened.as_of(day)
    assert then.leads["created"].max() <= day
    assert then.deals["created"].max() <= day
    assert not (then.deals["closed"] > day).any()
    assert (then.deals["outcome"] == cleaning.OPEN).sum() > (opened.deals["outcome"] == cleaning.OPEN).sum() - 90
    tested = forecast.back_test(opened, forecast.watch(opened))
    print([(one["what"], one["n"], one["inside80"], one["inside95"]) for one in tested["coverage"]])
    assert {one["what"] for one in tested["coverage"]} == {"leads", "opportunities", "wins", "amount"}


# ---------------------------------------------------------------- whole fits


@pytest.mark.slow
def test_an_export_of_ours_from_words_to_a_comparison(tmp_path):
    """Report in Spanish, an organisation that compares, no name anywhere."""
    written(export(replace(truth(), {"horizon.months": 9}), 2), tmp_path)
    words = ["leads=leads.csv", "deals=deals.csv", "mapping=salesforce", "name=client", "currency=EUR", "out=fit"]
    done = gtm("fit", *words, "language=es", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Calidad de los datos" in done.stdout
    assert "80 %" in done.stdout
    for file in ("fit.json", "report.html", "manifest.json", "organisation/client.yaml"):
        assert "Seller " not in (tmp_path / "fit" / file).read_text(encoding="utf-8")
    tiny = ["seeds=2", "horizon.months=2", "horizon.burn_in_months=1", "arms=[siloed,shared_okr]"]
    done = gtm("compare", "organisation=fit/organisation/client.yaml", *tiny, folder=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_olist(shared_data, tmp_path):
    """A public export, from its files to silos against shared goals."""
    folder = shared_data / "olist"
    files = [f"leads={folder / 'marketing_qualified_leads.csv'}", f"deals={folder / 'closed_deals.csv'}"]
    done = gtm("fit", *files, "mapping=olist", "name=olist", "out=fit", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    content = json.loads((tmp_path / "fit" / "fit.json").read_text(encoding="utf-8"))
    assert content["estimates"]["sellers"]["active"]["value"] == 9
    assert 900 < content["estimates"]["leads"]["level"]["value"] < 1300
    wins = next(one for one in content["checks"] if one["what"] == "marketing_wins")
    assert wins["met"]
    assert [one["code"] for one in content["quality"] if one["table"] == "fit"]
    assert content["back_test"]["coverage"]
    tiny = ["seeds=2", "horizon.months=2", "horizon.burn_in_months=1", "arms=[siloed,shared_okr]"]
    done = gtm("compare", "organisation=fit/organisation/olist.yaml", *tiny, folder=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_every_command_of_the_page_reads_its_files(tmp_path, monkeypatch, capsys):
    """The page's own three rows are refused as it says; no command stumbles over its words before."""
    import re
    import shlex

    from experiments.commands import main

    page = (ROOT / "docs" / "how-to" / "fit.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    rows = re.search(r"```csv\n# deals.csv[^\n]*\n(.*?)```", page, re.DOTALL)[1]
    for line in re.findall(r"^gtm fit deals=.*", page, re.MULTILINE):
        header, *body = rows.splitlines()
        if "columns.amount" in line:
            header = header.replace("Amount", "Deal value")
        if "Signed" in line:
            body = [row.replace("Closed Won", "Signed").replace("Closed Lost", "No decision") for row in body]
        (tmp_path / "deals.csv").write_text("\n".join([header, *body]))
        (tmp_path / "leads.csv").write_text("Record ID,Create Date\n1,03/01/2023\n2,14/01/2023\n")
        assert main(shlex.split(line)[1:]) == 2
        said = capsys.readouterr().err
        assert "too little to fit" in said, (line, said)
