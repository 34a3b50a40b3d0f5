"""``gtm validate``: the stylised facts C1–C11 and V1–V11, each with value, target and verdict."""

from __future__ import annotations

import math
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

    from experiments.validation import Finding, Unit

# Root seed 3: the search for default values looked at the seeds of 1 and was confirmed on those of 2.
COMMAND = Command(
    name="validate",
    summary=COMMANDS["validate"],
    defaults={"seeds": 20, "seed": 3, "facts": [], "page": None},
    most_arms=1,
)
STANCE = "A thought experiment disciplined by patterns, not a forecast. What fails is left failing."
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

    from experiments import conduct, manifest, tables, validation
    from experiments.held_out import HELD_OUT
    from experiments.progress import Bar
    from sim.engine import run_seed

    start = manifest.now()
    setting = validation.Setting(profile, settings.arms[settings.baseline])
    facts = validation.choose([*validation.calibrated(profile), *HELD_OUT], asked)
    seeds = [run_seed(settings.seed, r) for r in range(settings.seeds)]
    total = validation.runs_needed(setting, facts) * len(seeds)
    with Bar(total) as bar:
        findings = validation.validate(
            setting, facts, seeds, cast("Literal['serial', 'local']", settings.executor), settings.workers,
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
        page.write(_block(findings, settings))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=max(WIDTH, console.width))
    console.print(_table(findings, settings))
    for finding in findings:
        if finding.telling:
            console.print(f"{finding.id} {finding.verdict}: {finding.why}")
    console.print(STANCE)
    console.print(f"Facts: {settings.out / 'validate.json'}", soft_wrap=True)
    return DONE


# ---------------------------------------------------------------- files


def _entry(finding: Finding, call: str) -> dict[str, Any]:
    return {
        "id": finding.id,
        "label": finding.label,
        "verdict": finding.verdict,
        "value": finding.value,
        "low": finding.low,
        "high": finding.high,
        "unit": finding.unit,
        "target": finding.target,
        "accepted": [finding.accepted_low, finding.accepted_high],
        "n": finding.n,
        "settled": finding.settled,
        "why": finding.why,
        "command": _command(call, finding.id),
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


def written(value: float, unit: Unit) -> str:
    """A number as its fact writes it."""
    if math.isnan(value):
        return "–"
    if unit == "%":
        return f"{100.0 * value:+.1f} %"
    if unit == "points":
        return f"{100.0 * value:+.1f} pts"
    return f"{value:.0f}" if unit == "days" else f"{value:.3f}"


def _span(finding: Finding) -> str:
    if math.isnan(finding.low):
        return "–"
    return f"{written(finding.low, finding.unit)} to {written(finding.high, finding.unit)}"


def _summary(findings: Sequence[Finding]) -> str:
    from experiments.validation import counts

    found = counts(findings)
    return f"{found['pass']} pass, {found['fail']} fail, {found['cannot']} cannot be judged"


def _table(findings: Sequence[Finding], settings: Settings) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(
        title=f"{settings.organisation}: {_summary(findings)}",
        caption=f"Means of {settings.seeds} replications with 95 % intervals, contrasts paired by seed. A verdict is "
        "on the mean; ? after it: the interval reaches past the edge of what is accepted.",
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
    )
    for name, right in (("id", 0), ("pattern", 0), ("value", 1), ("95 % interval", 1), ("target", 0), ("verdict", 0)):
        table.add_column(name, justify="right" if right else "left", no_wrap=name not in ("pattern", "target"))
    for f in findings:
        table.add_row(f.id, f.label, written(f.value, f.unit), _span(f), f.target, _verdict(f))
    return table


def _verdict(finding: Finding) -> str:
    return finding.verdict if finding.settled or finding.verdict == "cannot" else f"{finding.verdict} ?"


def _block(findings: Sequence[Finding], settings: Settings) -> str:
    """The results as a part of a Markdown page."""
    head = ("id", "pattern", "value", "95 % interval", "target", "verdict", "why")
    call = shlex.join(w for w in shlex.split(settings.call) if w.partition("=")[0] not in ("out", "page"))
    lines = [
        f"`{call}`, {settings.seeds} replications: {_summary(findings)}.",
        "",
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
    ]
    for f in findings:
        cells = (f.id, f.label, written(f.value, f.unit), _span(f), f.target, _verdict(f), f.why)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)
