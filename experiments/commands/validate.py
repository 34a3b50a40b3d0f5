"""``gtm validate``: the stylised facts C1–C11 and V1–V11, each with value, target and verdict."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from experiments.commands import COMMANDS
from experiments.commands.application import DONE, application
from experiments.config import Command, Settings
from sim.parameters import ParameterError

if TYPE_CHECKING:
    from rich.table import Table

    from analysis.facts import Facts
    from experiments.validation import Finding

# Root seed 3: the search for default values looked at the seeds of 1 and was confirmed on those of 2.
COMMAND = Command(
    name="validate",
    summary=COMMANDS["validate"],
    defaults={"seeds": 20, "seed": 3, "facts": [], "page": None},
    most_arms=1,
)
WIDTH = 150
NOT_REPEATED = ("out", "facts", "page", "executor", "executor.name", "executor.workers")


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
    profile = Path(settings.organisation).stem
    page = _page(settings.own["page"], profile)

    from rich.console import Console

    from analysis.facts import facts
    from experiments import conduct, manifest, tables, validation
    from experiments.held_out import HELD_OUT
    from experiments.progress import Bar
    from sim.engine import run_seed

    start, say = manifest.now(), facts(settings.language)
    setting = validation.Setting(profile, settings.arms[settings.baseline])
    chosen = validation.choose([*validation.calibrated(profile), *HELD_OUT], asked)
    seeds = [run_seed(settings.seed, r) for r in range(settings.seeds)]
    total = validation.runs_needed(setting, chosen) * len(seeds)
    with Bar(total) as bar:
        findings = validation.validate(
            setting, chosen, seeds, cast("Literal['serial', 'local']", settings.executor), settings.workers,
            report=lambda runs: bar.advance(runs, 0),
        )  # fmt: skip
    settings.out.mkdir(parents=True, exist_ok=True)
    content = {
        "organisation": settings.organisation,
        "arm": settings.baseline,
        "seed": settings.seed,
        "seeds": settings.seeds,
        "counts": validation.counts(findings),
        "facts": [_entry(finding, settings.call) for finding in findings],
    }
    tables.write_json(settings.out / "validate.json", content)
    outcome = conduct.Outcome(settings.out, total, total, 0, "done")
    manifest.write(settings.out, conduct.describe(settings, outcome, settings.workers or 0, start))
    if page:
        page.write(_block(findings, settings, say))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=max(WIDTH, console.width))
    console.print(_table(findings, settings, say))
    for finding in findings:
        if finding.seen is None or finding.seen.note:
            console.print(f"{finding.fact.id} {say.words(f'validate.verdicts.{finding.verdict}')}: {say.why(finding)}")
    console.print(say.words("validate.stance"))
    console.print(say.words("validate.file", path=settings.out / "validate.json"), soft_wrap=True)
    return DONE


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
        "command": _command(call, fact.id),
    }


def _command(call: str, name: str) -> str:
    """The call, for one fact only."""
    words = [word for word in shlex.split(call) if word.lstrip("+").partition("=")[0] not in NOT_REPEATED]
    return shlex.join([*words, f"facts=[{name}]"])


@dataclass(frozen=True)
class _Page:
    """A Markdown page and what stands around the place for the results."""

    path: Path
    before: str
    after: str

    def write(self, block: str) -> None:
        self.path.write_text(f"{self.before}{block}\n{self.after}", encoding="utf-8")


def _page(given: object, profile: str) -> _Page | None:
    """The page that gets the results, if one is asked for."""
    if given is None:
        return None
    path = Path(str(given))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"page={str(given)!r}: cannot be read ({error}).") from None
    begin, end = (f"<!-- validation-{profile}:{place} -->" for place in ("begin", "end"))
    before, found, rest = text.partition(f"{begin}\n")
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ParameterError(
            f"page={str(given)!r}: no place for the results; they go between the lines {begin} and {end}."
        )
    return _Page(path, before + found, closed + after)


# ---------------------------------------------------------------- words


def _summary(findings: Sequence[Finding], say: Facts) -> str:
    from experiments.validation import counts

    return say.counts(counts(findings))


def _row(finding: Finding, say: Facts) -> tuple[str, ...]:
    fact = finding.fact
    value = say.number(finding.value, fact.unit)
    return fact.id, say.words.fact(fact.label), value, say.span(finding), say.target(fact), say.verdict(finding)


def _table(findings: Sequence[Finding], settings: Settings, say: Facts) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(
        title=say.words("validate.title", organisation=settings.organisation, counts=_summary(findings, say)),
        caption=say.words("validate.caption", n=say.write.decimal(settings.seeds, 0)),
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
    call = shlex.join(w for w in shlex.split(settings.call) if w.partition("=")[0] not in ("out", "page"))
    counts = _summary(findings, say)
    lines = [
        say.words("validate.call", call=call, n=say.write.decimal(settings.seeds, 0), counts=counts),
        "",
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
    ]
    for finding in findings:
        cells = (*_row(finding, say), say.why(finding))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)
