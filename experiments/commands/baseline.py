"""``gtm baseline``: default values of an organisation that meet the calibration patterns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from experiments.commands import COMMANDS
from experiments.commands.application import DONE, application
from experiments.config import Command, Settings, whole
from sim.parameters import ParameterError

COMMAND = Command(
    name="baseline",
    summary=COMMANDS["baseline"],
    defaults={"seeds": 3, "evaluations": 0, "confirm": 20},
    most_arms=1,
)
MISSED = 3  # exit code: done, and a pattern is missed


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit code."""
    return application(COMMAND, run, arguments)


def run(settings: Settings) -> int:
    """Search (if ``evaluations`` asks for it), confirm on fresh seeds, print and write what was found."""
    import yaml
    from rich.console import Console
    from rich.table import Table

    from analysis.numbers import numbers
    from analysis.texts import texts
    from experiments import baseline
    from experiments.progress import Bar
    from sim.engine import run_seed
    from sim.parameters import replace, to_dict

    evaluations = whole("evaluations", settings.own["evaluations"], 0, 1_000_000)
    fresh = whole("confirm", settings.own["confirm"], 1, 100_000)
    profile = Path(settings.organisation).stem
    params = settings.arms[settings.baseline]
    if params.horizon.months == 0:
        raise ParameterError("horizon.months=0: reference amounts are those of a year, so at least 1 month is needed.")
    values: dict[str, float] = {}
    if evaluations:
        seeds = [run_seed(settings.seed, r) for r in range(settings.seeds)]
        with Bar(evaluations) as bar:
            best = baseline.search(
                profile, params, evaluations, seeds, settings.seed, report=lambda _: bar.advance(1, 0)
            )
        values = {name: baseline.rounded(value) for name, value in best.values.items()}
        params = replace(params, values)
    # Fresh seeds: none of them was seen in the search.
    seeds = [run_seed(settings.seed + 1, r) for r in range(fresh)]
    table = baseline.confirm(profile, params, seeds)
    reference = baseline.reference(params, seeds)
    console = Console(highlight=False, width=110)
    words, decimal = texts(settings.language), numbers(settings.language).decimal
    console.print(words("baseline.title", organisation=profile, n=decimal(fresh, 0)))
    lines = Table.grid(padding=(0, 2))
    for justify in ("left", "left", "right", "left", "left"):
        lines.add_column(justify=justify)
    for row in table.to_dict("records"):
        accepted = words("baseline.accepted", low=decimal(row["low"], 3), high=decimal(row["high"], 3))
        verdict = words("baseline.met" if row["met"] else "baseline.missed")
        lines.add_row(f"  {row['id']}", words.fact(row["label"]), decimal(row["value"], 3), accepted, verdict)
    console.print(lines)
    settings.out.mkdir(parents=True, exist_ok=True)
    given = {theme: group for theme, group in to_dict(params).items() if theme != "reference"}
    found = {"base": settings.organisation, "reference": reference, **_nested(values)}
    (settings.out / f"{profile}.yaml").write_text(yaml.safe_dump(found, sort_keys=False), encoding="utf-8")
    report = {"patterns": table.to_dict("records"), "values": values, "reference": reference, "parameters": given}
    (settings.out / "baseline.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    console.print(words("baseline.file", path=settings.out / f"{profile}.yaml"), soft_wrap=True)
    missed = table[(~table["met"]) & (table["id"] != "aux")]
    return MISSED if len(missed) else DONE


def _nested(values: dict[str, float]) -> dict[str, dict[str, float]]:
    tree: dict[str, dict[str, float]] = {}
    for name, value in values.items():
        theme, _, field = name.partition(".")
        tree.setdefault(theme, {})[field] = value
    return tree
