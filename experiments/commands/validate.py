"""``gtm validate``: the stylised facts C1–C11 and V1–V11, each with value, target and verdict."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from experiments.commands import COMMANDS
from experiments.commands.application import DONE, application
from experiments.commands.calibrate import with_posterior
from experiments.commands.page import place
from experiments.config import Command, Settings, whole
from sim.parameters import ParameterError

if TYPE_CHECKING:
    from rich.table import Table

    from analysis.facts import Facts
    from analysis.verdicts import Finding
    from experiments.validation import Fact, Subject

# Root seed 3: the search for default values looked at the seeds of 1 and was confirmed on those of 2.
COMMAND = Command(
    name="validate",
    summary=COMMANDS["validate"],
    defaults={"seeds": 20, "seed": 3, "facts": [], "firms": 30, "panels": 20, "posterior": None, "page": None},
    most_arms=1,
)
WIDTH = 150
NOT_SHOWN = ("out", "page", "executor", "executor.name", "executor.workers")
NOT_REPEATED = (*NOT_SHOWN, "facts")


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit code."""
    return application(COMMAND, run, arguments)


def run(settings: Settings) -> int:
    """Re-enact what was asked for, judge it, print the table, write validate.json."""
    asked = settings.own["facts"]
    if isinstance(asked, str):
        asked = [asked]
    if not isinstance(asked, list) or not all(isinstance(name, str) for name in asked):
        raise ParameterError(f"facts={asked!r}: a list of names is needed, as in facts=[C9,V2]; [] means all.")
    if settings.engine != "compiled" or settings.executor not in ("serial", "local"):
        raise ParameterError(
            f"engine={settings.engine}, executor={settings.executor}: validate takes engine=compiled (mesa gives the "
            "same bits) and executor=serial or local."
        )
    firms = whole("firms", settings.own["firms"], 10, 100_000)
    panels = whole("panels", settings.own["panels"], 2, 10_000)
    settings = with_posterior(settings)
    profile = Path(settings.organisation).stem
    mark = f"validation-{profile}" + "-posterior" * (settings.own["posterior"] is not None)
    page = place(settings.own["page"], mark)

    from rich.console import Console

    from analysis import verdicts
    from analysis.facts import facts
    from experiments import conduct, manifest, tables, validation
    from experiments.held_out import HELD_OUT
    from experiments.panels import drawn
    from experiments.progress import Bar

    start, say = manifest.now(), facts(settings.language)
    chosen = validation.choose([*validation.calibrated(profile), *HELD_OUT], asked)
    subject, groups, draws = _subject(settings)
    many = _firms(settings, chosen, firms, panels)
    enactment = validation.Enactment(chosen, subject, many)
    with Bar(enactment.runs) as bar:
        seen = enactment.run(
            cast("Literal['serial', 'local']", settings.executor), settings.workers, lambda n: bar.advance(n, 0)
        )
    different = drawn(many)
    findings = [
        verdicts.judge(fact, seen[fact.id], None if fact.panel else groups, different if fact.panel else draws)
        for fact in chosen
    ]
    settings.out.mkdir(parents=True, exist_ok=True)
    content = {
        "organisation": settings.organisation,
        "arm": settings.baseline,
        "seed": settings.seed,
        "seeds": settings.seeds,
        "panels": panels,
        "firms": firms,
        "posterior": settings.own["posterior"],
        "counts": verdicts.counts(findings),
        "facts": [_entry(finding, settings.call) for finding in findings],
    }
    tables.write_json(settings.out / "validate.json", content)
    conduct.note_whole(settings, "done", enactment.runs, start)
    if page:
        page.write(_block(findings, settings, say))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=max(WIDTH, console.width))
    console.print(_table(findings, settings, say))
    for finding in findings:
        if finding.seen is None or finding.seen.note:
            console.print(f"{finding.fact.id} {say.words(f'validate.verdicts.{finding.verdict}')}: {say.why(finding)}")
    for i, line in enumerate(_needed(findings, say)):
        console.print(f"{'' if i else say.words('validate.needed') + chr(10)}{line}", markup=False)
    console.print(say.words("validate.stance"))
    console.print(say.words("validate.file", path=settings.out / "validate.json"), soft_wrap=True)
    return DONE


# ---------------------------------------------------------------- what is run


def _subject(settings: Settings) -> tuple[Subject, Any, Any]:
    """The organisation of every replication; with a posterior also which draw each has, and the draws."""
    import numpy as np

    from experiments.calibration import posterior
    from experiments.validation import Setting, Subject
    from sim.engine import run_seed

    profile, arm = Path(settings.organisation).stem, settings.baseline
    numbers = range(settings.seeds)
    seeds = [run_seed(settings.seed, r) for r in numbers]
    today = settings.arms[arm]
    model = settings.model
    if not isinstance(model, posterior.Uncertain):
        return Subject.of([Setting(profile, today)] * len(seeds), seeds), None, None
    which = [model.draw_of(r) for r in numbers]
    made = {k: Setting(profile, model.params_of(arm, today, k)) for k in dict.fromkeys(which)}
    return Subject.of([made[k] for k in which], seeds), np.array(which), posterior.read(Path(model.file))


def _firms(settings: Settings, chosen: Sequence[Fact], size: int, count: int) -> Subject:
    """Firms for the facts that are about many; none where no such fact is asked for."""
    from experiments.calibration import posterior
    from experiments.panels import population
    from experiments.validation import Setting
    from sim.engine import run_seed

    model, arm = settings.model, settings.baseline
    roots = [run_seed(settings.seed, k) for k in range(count if any(fact.panel for fact in chosen) else 0)]
    setting = Setting(Path(settings.organisation).stem, settings.arms[arm])
    if not isinstance(model, posterior.Uncertain):
        return population(setting, roots, size)
    draws = len(posterior.read(Path(model.file)))
    return population(setting, roots, size, lambda params, k: model.params_of(arm, params, k), draws)


# ---------------------------------------------------------------- files


def _entry(finding: Finding, call: str) -> dict[str, Any]:
    """A finding for scripts: its words are English whatever the language of the table."""
    from analysis.facts import facts

    fact, say = finding.fact, facts("en")
    return {
        "id": fact.id,
        "label": fact.label,
        "verdict": finding.verdict,
        "value": finding.value,
        "low": finding.low,
        "high": finding.high,
        "unit": fact.unit,
        "target": say.target(fact),
        "accepted": [fact.low, fact.high],
        "n": finding.n,
        "settled": finding.settled,
        "why": say.why(finding),
        "for_a_pass": say.needed(finding),
        "varied": None if finding.needed is None else dataclasses.asdict(finding.needed),
        "command": _command(call, fact.id),
    }


def _command(call: str, name: str) -> str:
    """The call, for one fact only."""
    words = [word for word in shlex.split(call) if word.lstrip("+").partition("=")[0] not in NOT_REPEATED]
    return shlex.join([*words, f"facts=[{name}]"])


# ---------------------------------------------------------------- words


def _summary(findings: Sequence[Finding], say: Facts) -> str:
    from analysis.verdicts import counts

    return say.counts(counts(findings))


def _needed(findings: Sequence[Finding], say: Facts) -> list[str]:
    """What a pass would take, a line for each fact that fails and of which something is known."""
    return [f"{finding.fact.id}: {text}" for finding in findings if (text := say.needed(finding))]


def _runs(findings: Sequence[Finding], settings: Settings, say: Facts) -> str:
    """What the numbers rest on, besides replications."""
    from experiments.calibration.posterior import PER_DRAW, Uncertain

    write, text = say.write, ""
    if isinstance(settings.model, Uncertain):
        draws = write.decimal(settings.model.draws, 0)
        text += say.words("validate.draws", draws=draws, each=write.decimal(PER_DRAW, 0))
    if any(finding.fact.panel for finding in findings):
        panels, firms = (write.decimal(settings.own[key], 0) for key in ("panels", "firms"))
        text += say.words("validate.panels", panels=panels, firms=firms)
    return text


def _row(finding: Finding, say: Facts) -> tuple[str, ...]:
    fact = finding.fact
    value = say.number(finding.value, fact.unit)
    return fact.id, say.words.fact(fact.label), value, say.span(finding), say.target(fact), say.verdict(finding)


def _table(findings: Sequence[Finding], settings: Settings, say: Facts) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(
        title=say.words("validate.title", organisation=settings.organisation, counts=_summary(findings, say)),
        caption=say.words("validate.caption", n=say.write.decimal(settings.seeds, 0)) + _runs(findings, settings, say),
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
    )
    for name in ("id", "label", "value", "interval", "target", "verdict"):
        table.add_column(
            say.words(f"validate.columns.{name}"),
            justify="right" if name in ("value", "interval") else "left",
            no_wrap=name not in ("label", "target"),
        )
    for finding in findings:
        table.add_row(*_row(finding, say))
    return table


def _block(findings: Sequence[Finding], settings: Settings, say: Facts) -> str:
    """The results as a part of a Markdown page."""
    head = say.words.find("validate.columns").values()
    call = shlex.join(w for w in shlex.split(settings.call) if w.partition("=")[0] not in NOT_SHOWN)
    counts = _summary(findings, say)
    lines = [
        say.words("validate.call", call=call, n=say.write.decimal(settings.seeds, 0), counts=counts)
        + _runs(findings, settings, say),
        "",
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
    ]
    for finding in findings:
        cells = (*_row(finding, say), say.why(finding))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    if needed := _needed(findings, say):
        lines += ["", f"{say.words('validate.needed')}:", "", *(f"- {line}" for line in needed)]
    return "\n".join(lines)
