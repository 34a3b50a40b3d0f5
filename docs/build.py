"""Write what the documentation takes from the software: reference tables, README's figure and numbers.

``docs/build.py``
    All of it (what ``make docs`` runs); README from 200 replications, or from ``--seeds N``.
``docs/build.py --organisations``
    Only the page that compares the arms in every organisation, from 100 replications each.
``docs/build.py --reference``
    Only the reference tables: seconds, nothing is simulated.
``docs/build.py --check``
    Exit status 1 if the reference tables are not what the code says.
``docs/build.py --check-readme``
    Rerun the command that README shows; exit status 1 if it prints otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from analysis import screening  # noqa: E402
from docs import intake  # noqa: E402
from sim.configuration import load  # noqa: E402
from sim.measures import MEASURES  # noqa: E402
from sim.parameters import THEMES, Declaration, Params, declared  # noqa: E402
from sim.state import CLASS_NAMES, FIRST_WASTE, ROLE_NAMES  # noqa: E402

REFERENCE = ROOT / "docs" / "reference"
FIGURES = ROOT / "docs" / "figures"
README = ROOT / "README.md"
ARMS = ("siloed", "shared_pay_only", "information_only", "shared_okr", "process_first")
PROFILES = ("mid_market", "smb", "enterprise", "essay")
EVERYWHERE = (
    "siloed", "shared_pay_only", "information_no_duty", "information_only", "shared_okr", "process_first", "everything",
)  # fmt: skip
ORGANISATION_SEEDS = 100
# measure, heading, factor, decimals
HEADLINE = (
    ("revenue_growth", "ARR growth (points)", 100.0, 2),
    ("new_arr", "new ARR (M€ a year)", 1e-6, 2),
    ("gtm_profit", "GTM profit (M€ a year)", 1e-6, 2),
    ("wasted_time_share", "wasted time (points)", 100.0, 1),
    ("wasted_events_share", "of it by counted events", 100.0, 1),
    ("obliged_per_seller_month", "obliged MQLs per seller and month", 1.0, 1),
)
FIGURE = "growth"
ALT = "Annualised growth of recurring revenue by arm, each replication a dot, means with 95 % intervals"
GENERATED = "<!-- Written by docs/build.py from {}: change it there, then `make docs`. -->"

PARAMETERS_HEAD = """\
# Parameters

{generated}

All {n} numbers and words an organisation is simulated with, besides [pay plans](pay-plans.md). Each is
declared once, on one line of `sim/parameters/`, and overridden by its dotted name:
`gtm compare market.acv=50000`. A value outside its bounds is refused.

- **Kind.** A *lever* is what the organisation chooses, an *uncertainty* what the world or human nature sets, a
  *setting* how the run is made.
- **Prior.** What studies sample: `uniform(low, high)`, `loguniform(low, high)`, `triangular(low, mode, high)`,
  `normal(mean, sd)`, `normal+` cut at 0, `lognormal(median, log sd)`, `beta(mean, κ)`, `gamma(mean, shape)`.
  Without one the parameter is not sampled.
- **Headline.** How far the prior moves what shared OKRs change against silos: growth · wasted time, in points; the mean
  size of the effect on the way from one end of the prior to the other, in Morris' screening of `{screened}`,
  {points} points × {each} replications, {date}:
  `{command}`.
  How wide the interval of each is, the file says. *Noise*: not told apart from parameters that do nothing (5 % for all
  together); chance is {growth:.1%} of the variance between points in growth, {wasted:.1%} in wasted time.
  *Not screened*: levers, and what has no prior. Another organisation may hang on others.
- **Grade of the evidence.** A field or natural experiment; B peer-reviewed (correlational, structural, laboratory,
  theory); C benchmark or survey that states its n, or large proprietary data; D claim of a vendor or consultancy;
  E not traceable; *judgement* ours; – a convention. Of the {n}: {grades}. [The evidence](../evidence.md) says more.

The default is the declared one; what the shipped organisations change stands
[at the end](#what-the-organisations-change).
"""

ORGANISATIONS_HEAD = """\
# The arms in every organisation

{generated}

What each arm changes against silos in the shipped organisations, on the same draws: differences with half of their
95 % intervals (luck of the draws only); the first line of a table is the level in silos. *Shared pay only* changes pay
and nothing else; *information without duty* shares sight, definitions, dispositions, routing and a weekly meeting;
*information only* adds that sellers owe half of the MQLs a first touch; *shared OKRs* is that with shared pay;
*process first* writes and checks the steps; *everything* is all of it with process, data and technology.
`essay` is the corner of the map that the essay describes: marketers with little to lose from passing bad leads, sellers
who owe each of them every attempt, and nobody who sees what becomes of them.
"""

MEASURES_HEAD = """\
# Measures

{generated}

What a run reports: every measure by the name of its column in `runs.parquet` and `monthly.parquet`, declared once
in `sim/measures.py`. The same definition serves the measured months of a run and a single month. A ratio without
anything to divide by is missing, not zero. *Good* says which direction is good for the organisation, where one is.
"""


def cell(text: object) -> str:
    """Text that may stand in a table."""
    return str(text).replace("|", "\\|").replace("\n", " ") or "–"


def number(value: object) -> str:
    """A parameter's value, as it may be typed."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell(entry) for entry in row) + " |" for row in rows]
    return "\n".join(lines)


def bounds(d: Declaration) -> str:
    """Allowed values in words."""
    if d.choices:
        return ", ".join(d.choices)
    return f"from {d.low:g}" if d.high == float("inf") else f"{d.low:g} to {d.high:g}"


def grade_counts() -> str:
    """How many parameters have each grade."""
    grades = [d.grade for _, _, d, _ in declared()]
    names = ("A", "B", "C", "D", "E", "judgement", "-")
    return ", ".join(f"{'–' if g == '-' else g} {grades.count(g)}" for g in names if g in grades)


def parameters() -> str:
    """The parameter book."""
    n = sum(1 for _ in declared())
    found = screening.shipped()
    growth, wasted = (found.noise[measure] for measure in screening.HEADLINE)
    parts = [
        PARAMETERS_HEAD.format(
            generated=GENERATED.format("sim/parameters"), n=n, grades=grade_counts(), screened=found.organisation,
            points=found.points, each=found.replications, date=found.date, command=found.command, growth=growth,
            wasted=wasted,
        )
    ]  # fmt: skip
    head = ("name", "default", "unit", "allowed", "prior", "kind", "source", "grade", "headline", "meaning")
    for theme, kind in THEMES.items():
        first = (kind.__doc__ or "").strip().splitlines()[0]
        rows = [
            (f"`{theme}.{name}`", number(default), d.unit, bounds(d), f"`{d.prior}`" if d.prior else "", d.kind,
             "" if d.source == d.grade else d.source, "–" if d.grade == "-" else d.grade,
             headline(f"{theme}.{name}"), d.meaning)
            for where, name, d, default in declared()
            if where == theme
        ]  # fmt: skip
        parts.append(f"## {theme}\n\n{first}\n\n{table(head, rows)}\n")
    parts.append(organisations())
    return "\n".join(parts)


def headline(name: str) -> str:
    """How much the headline depends on a parameter."""
    found = screening.shipped()
    if name not in found.effects:
        return "not screened"
    sizes = [
        f"{100.0 * found.effects[name][measure].size:.1f}" if found.told(name, measure) else "noise"
        for measure in screening.HEADLINE
    ]
    return " · ".join(sizes)


def organisations() -> str:
    """What the shipped organisations change."""
    loaded = {name: load(name, arm="siloed") for name in PROFILES}
    plain = Params()
    rows = []
    for theme, name, _, default in declared():
        values = [getattr(getattr(params, theme), name) for params in loaded.values()]
        if any(value != getattr(getattr(plain, theme), name) for value in values):
            rows.append((f"`{theme}.{name}`", number(default), *map(number, values)))
    head = ("name", "declared", *(f"`{name}`" for name in PROFILES))
    text = "Values of the shipped organisations as they are today (arm `siloed`), where any differs from the declared."
    return f"## What the organisations change\n\n{text}\n\n{table(head, rows)}\n"


def measures() -> str:
    """The list of measures."""
    hours = {f"hours_{role}_{kind}" for role in ROLE_NAMES for kind in CLASS_NAMES}
    rows = [
        (f"`{m.name}`", m.label, m.unit, m.definition, m.aggregation, m.better)
        for m in MEASURES.values()
        if m.name not in hours
    ]
    parts = [MEASURES_HEAD.format(generated=GENERATED.format("sim/measures.py"))]
    parts.append(table(("name", "label", "unit", "definition", "over time", "good"), rows) + "\n")
    parts.append("## The hours account\n")
    parts.append(
        "`hours_<role>_<class>`: paid hours a year of all people of a role booked to a class. Every paid second is in "
        f"exactly one class. Roles: {', '.join(f'`{role}`' for role in ROLE_NAMES)}.\n"
    )
    kinds = [(f"`{kind}`", "useful" if i < FIRST_WASTE else "wasted") for i, kind in enumerate(CLASS_NAMES)]
    parts.append(table(("class", "counts as"), kinds) + "\n")
    parts.append(
        "What lands in each class, and what is called necessary by decree, stands in "
        "[the ODD](../ODD.md#8-the-hours-account).\n"
    )
    return "\n".join(parts)


def reference() -> dict[Path, str]:
    """Every generated reference file and what belongs in it."""
    return {
        REFERENCE / "parameters.md": parameters(),
        REFERENCE / "measures.md": measures(),
        REFERENCE / "client.md": intake.client_keys(GENERATED, table),
        REFERENCE / "audit.md": intake.audit_table(GENERATED, table),
    }


def stale() -> list[Path]:
    """Reference files that are not what the code says."""
    return [
        path for path, text in reference().items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


# ---------------------------------------------------------------- every organisation


def compare_command(name: str, seeds: int) -> list[str]:
    """The words of the command behind an organisation's table."""
    return ["compare", f"organisation={name}", f"arms=[{','.join(EVERYWHERE)}]", f"seeds={seeds}"]


def plus_minus(contrast: dict[str, Any], scale: float, digits: int) -> str:
    """A paired difference and half of its interval."""
    half = 0.5 * (contrast["high"] - contrast["low"])
    return f"{scale * contrast['difference']:+.{digits}f} ± {scale * half:.{digits}f}".replace("-", "−")


def organisation_section(name: str, seeds: int, summary: dict[str, Any]) -> str:
    """An organisation's table: what each arm changes against silos."""
    base = {measure: summary["arms"]["siloed"][measure]["mean"] for measure, *_ in HEADLINE}
    contrasts = {(c["arm"], c["measure"]): c for c in summary["contrasts"]}
    rows = [
        (f"`{arm}`", *(plus_minus(contrasts[arm, m], scale, digits) for m, _, scale, digits in HEADLINE))
        for arm in EVERYWHERE[1:]
    ]
    rows.insert(0, ("`siloed`", *(f"{scale * base[m]:.{digits}f}" for m, _, scale, digits in HEADLINE)))
    call = "gtm " + " ".join(compare_command(name, seeds))
    head = ("arm", *(label for _, label, _, _ in HEADLINE))
    return f"## {name}\n\n```bash\n{call}\n```\n\n{table(head, rows)}\n"


def write_organisations(seeds: int) -> None:
    """Run the arms in every organisation and write the page."""
    parts = [ORGANISATIONS_HEAD.format(generated=GENERATED.format("gtm compare"))]
    for name in PROFILES:
        with tempfile.TemporaryDirectory() as folder:
            printed_by(compare_command(name, seeds), Path(folder))
            summary = json.loads((Path(folder) / "summary.json").read_text(encoding="utf-8"))
        parts.append(organisation_section(name, seeds, summary))
    (REFERENCE / "organisations.md").write_text("\n".join(parts), encoding="utf-8")


# ---------------------------------------------------------------- README


def command(seeds: int) -> list[str]:
    """The words of the command whose output README shows."""
    return ["compare", "organisation=mid_market", f"arms=[{','.join(ARMS)}]", f"seeds={seeds}"]


def printed_by(words: Sequence[str], folder: Path) -> str:
    """Run a command, results in ``folder``; what it prints, without where the report is."""
    done = subprocess.run(
        [sys.executable, "-m", "experiments.commands", *words, f"out={folder}"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "120", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.returncode)
    kept = [line.rstrip() for line in done.stdout.splitlines() if not line.startswith("Report:")]
    return "\n".join(kept).strip("\n")


def results_block(seeds: int, printed: str) -> str:
    """The block of README: the command and what it printed."""
    call = "$ gtm " + " ".join(command(seeds))
    return f"```text\n{call}\n\n{printed}\n```"


def with_block(text: str, name: str, content: str) -> str:
    """``text`` with what stands between the markers of a block replaced."""
    pattern = re.compile(rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
    changed, found = pattern.subn(lambda match: f"{match[1]}{content}\n{match[2]}", text)
    if found != 1:
        raise SystemExit(f"README.md has {found} blocks between <!-- {name}:begin --> and <!-- {name}:end -->")
    return changed


def block(text: str, name: str) -> str:
    """What stands between the markers of a block."""
    match = re.search(rf"<!-- {name}:begin -->\n(.*?)\n?<!-- {name}:end -->", text, re.DOTALL)
    return match[1] if match else ""


def write_readme(seeds: int) -> None:
    """Run the headline comparison and put its table and figure into README."""
    with tempfile.TemporaryDirectory() as folder:
        printed = printed_by(command(seeds), Path(folder))
        FIGURES.mkdir(exist_ok=True)
        shutil.copyfile(Path(folder) / "figures" / f"{FIGURE}.svg", FIGURES / f"{FIGURE}.svg")
    text = README.read_text(encoding="utf-8")
    text = with_block(text, "figure", f"![{ALT}](docs/figures/{FIGURE}.svg)")
    README.write_text(with_block(text, "results", results_block(seeds, printed)), encoding="utf-8")


def readme_is_current() -> bool:
    """Whether the command README shows still prints what README shows."""
    shown = block(README.read_text(encoding="utf-8"), "results")
    seeds = re.search(r"seeds=(\d+)", shown)
    if not seeds:
        print("README.md has no results yet: run `make docs`", file=sys.stderr)
        return False
    with tempfile.TemporaryDirectory() as folder:
        return results_block(int(seeds[1]), printed_by(command(int(seeds[1])), Path(folder))) == shown


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=200, help="replications behind README's numbers")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--reference", action="store_true", help="only write the reference tables")
    only.add_argument("--organisations", action="store_true", help="only compare the arms in every organisation")
    only.add_argument("--check", action="store_true", help="only check the reference tables")
    only.add_argument("--check-readme", action="store_true", help="only check README's numbers, by rerunning them")
    asked = parser.parse_args(arguments)
    if asked.check:
        old = stale()
        for path in old:
            print(f"{path.relative_to(ROOT)} is not what the code says: run `make docs`", file=sys.stderr)
        return 1 if old else 0
    if asked.check_readme:
        current = readme_is_current()
        if not current:
            print("README.md does not show what its command prints: run `make docs`", file=sys.stderr)
        return 0 if current else 1
    if asked.organisations:
        write_organisations(ORGANISATION_SEEDS)
        return 0
    for path, text in reference().items():
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    if not asked.reference:
        write_organisations(ORGANISATION_SEEDS)
        write_readme(asked.seeds)
        print(f"wrote {README.relative_to(ROOT)} from {asked.seeds} replications")
    return 0


if __name__ == "__main__":
    sys.exit(main())
