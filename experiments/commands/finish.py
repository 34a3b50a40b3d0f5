"""What ``run`` and ``compare`` share: simulate, summarise, print, write the report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from analysis import gap, report, summary, uncertainty
from analysis.gate import GROWTH, headline
from analysis.summary import Study
from analysis.texts import Texts, texts
from experiments import tables
from experiments.calibration import posterior
from experiments.calibration.posterior import Uncertain
from experiments.calibration.space import FORMS
from experiments.commands.application import DONE
from experiments.commands.ending import ended_early, interrupted, say_saved
from experiments.commands.table import headline_table
from experiments.conduct import Outcome, conduct
from experiments.config import Settings

NARROWEST = 120  # columns when the output is not a terminal


def simulate_and_report(settings: Settings) -> int:
    """Run a study of some arms from settings to report; return the exit code."""
    outcome = conduct(settings)
    try:
        return _report(settings, outcome)
    except KeyboardInterrupt:
        return interrupted(settings, outcome)


def _report(settings: Settings, outcome: Outcome) -> int:
    code = ended_early(settings, outcome)
    if code is not None:
        return code
    study = summarised(settings, outcome, settings.command)
    words = texts(settings.language)
    console = wide_console()
    console.print(headline_table(study, settings.language))
    for arm in study.others or (study.baseline,):
        console.print(headline(study, settings.language, arm).text, style="bold")
    for line in [*gap.lines(study, settings.language), *uncertainty.lines(study, settings.language)]:
        console.print(line, markup=False)
    console.print(words("report.stance"))
    report.write(settings.out, settings.language)
    _say_where(console, words, settings.out / "report.html")
    return DONE


def summarised(settings: Settings, outcome: Outcome, name: str, measures: Sequence[str] | None = None) -> Study:
    """The study that ended, once its summary is written and it is said what an open number of replications saved."""
    runs = pd.read_parquet(settings.out / "runs.parquet")
    runs["arm"] = runs["arm"].astype(str)
    found = summary.summarise(runs, name, settings.baseline, measures)
    if isinstance(settings.model, Uncertain):
        found = _widened(settings.model, runs, found)
    tables.write_json(settings.out / "summary.json", found)
    say_saved(outcome)
    return summary.load(settings.out)


def last_lines(console: Console, words: Texts, where: str, *, stance: bool = True, **blanks: object) -> None:
    """What the numbers are worth, if they are our model's, and where the files are (``where``: key of that text)."""
    if stance:
        console.print(words("report.stance"))
    console.print(words(where, **blanks), soft_wrap=True, markup=False)


def _widened(model: Uncertain, runs: pd.DataFrame, found: dict[str, Any]) -> dict[str, Any]:
    """The summary with intervals that cover the parameters, and what hangs on which form."""
    draws = posterior.read(Path(model.file))
    baseline, *others = model.arms
    wide = uncertainty.widened(found, runs, baseline, posterior.PER_DRAW, len(draws))
    wide["posterior"] = {"draws": model.draws, "per_draw": posterior.PER_DRAW, **posterior.about(Path(model.file))}
    first = others[0] if others else baseline
    wide["dependence"] = uncertainty.dependence(runs, baseline, first, GROWTH, posterior.PER_DRAW, draws)
    wide["forms"] = [
        entry
        for arm in others
        for entry in uncertainty.by_form(runs, baseline, arm, GROWTH, posterior.PER_DRAW, draws, FORMS)
    ]
    return wide


def wide_console() -> Console:
    """Where results are printed: never narrower than the table when it is no terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=max(NARROWEST, console.width))


def _say_where(console: Console, words: Texts, path: Path) -> None:
    label = "Informe" if words.language == "es" else "Report"
    console.print(f"{label}: {path}", soft_wrap=True, markup=False)
