"""What ``run`` and ``compare`` share: simulate, summarise, print, write the report."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.console import Console

from analysis import report, summary
from analysis.gate import headline
from analysis.texts import Texts, texts
from experiments import tables
from experiments.commands.application import DEFECT, DONE
from experiments.commands.ending import interrupted, say_failures, say_saved
from experiments.commands.table import headline_table
from experiments.conduct import Outcome, conduct
from experiments.config import Settings

NARROWEST = 120  # columns when the output is not a terminal


def simulate_and_report(settings: Settings) -> int:
    """Run a study of some arms from settings to report; return the exit code."""
    outcome = conduct(settings)
    if outcome.status == "interrupted":
        return interrupted(settings.command, outcome)
    try:
        return _report(settings, outcome)
    except KeyboardInterrupt:
        return interrupted(settings.command, outcome)


def _report(settings: Settings, outcome: Outcome) -> int:
    runs = pd.read_parquet(settings.out / "runs.parquet")
    if outcome.failed:
        say_failures(runs, outcome)
    if outcome.failed == outcome.asked:
        return DEFECT
    found = summary.summarise(runs, settings.command, settings.baseline)
    tables.write_json(settings.out / "summary.json", found)
    study = summary.load(settings.out)
    words = texts(settings.language)
    say_saved(outcome)
    console = wide_console()
    console.print(headline_table(study, settings.language))
    for arm in study.others or (study.baseline,):
        console.print(headline(study, settings.language, arm).text, style="bold")
    console.print(words("report.stance"))
    report.write(settings.out, settings.language)
    _say_where(console, words, settings.out / "report.html")
    return DONE


def wide_console() -> Console:
    """Where results are printed: never narrower than the table when it is no terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=max(NARROWEST, console.width))


def _say_where(console: Console, words: Texts, path: Path) -> None:
    label = "Informe" if words.language == "es" else "Report"
    console.print(f"{label}: {path}", soft_wrap=True, markup=False)
