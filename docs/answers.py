"""Write what the named studies answer at full size: docs/reference/answers.md and its figures.

``docs/answers.py FOLDER`` keeps the studies in FOLDER and runs only what is missing there:
half an hour on two cores from nothing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from experiments.studies import known  # noqa: E402
from sim.measures import MEASURES  # noqa: E402

PAGE = ROOT / "docs" / "reference" / "answers.md"
FIGURES = ROOT / "docs" / "figures"

HEAD = """\
# What the studies answer

<!-- Written by docs/answers.py from gtm study: change it there, then run it anew. -->

Every [named study](studies.md) at its full size, in `mid_market`, one after the other: the command, the answer as it
was printed, every number behind it with its 95 % interval, the figures. Intervals hold the luck of the draws, not doubt
about the parameters; `map` takes those from the shipped posterior, `sorting` from the priors. A *claim* in parentheses
says that the intervals supported none of the study's sentences, so the numbers are stated plainly.
"""


def scaled(quantity: dict[str, Any], value: float) -> str:
    """A number in the unit people read: shares in percentage points, amounts in thousands of euros."""
    unit = MEASURES[quantity["measure"]].unit if quantity["measure"] in MEASURES else ""
    if unit == "fraction" or unit.startswith("fraction"):
        text = f"{100.0 * value:+.2f} points"
    elif unit.startswith("€") and abs(value) >= 1e3:
        text = f"{value / 1e3:+,.0f} k{unit}"
    else:
        text = f"{value:+.4g} {unit}".strip()
    return text.replace("-", "−")


def section(name: str, folder: Path) -> str:
    """A study's part of the page; its figures are copied beside the others."""
    found = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    parts = [
        f"## {name}\n",
        f"*{found['question']}*\n",
        f"```bash\ngtm study name={name}\n```\n",
        f"{found['answer']}\n",
    ]
    rows = [
        f"| {q['what']} | {scaled(q, q['difference'])} | {scaled(q, q['low'])} to {scaled(q, q['high'])} |"
        for q in found["quantities"]
    ]
    if rows:
        parts.append("\n".join(["| quantity | estimate | 95 % interval |", "|---|---|---|", *rows]) + "\n")
    runs = manifest["runs"]
    parts.append(f"Claim: `{found['claim']}`. Runs: {runs['done']:,}, failed: {runs['failed']:,}.\n")
    for figure in sorted((folder / "figures").glob("*.svg")):
        target = FIGURES / (f"study-{figure.name}" if figure.stem == name else f"study-{name}-{figure.name}")
        shutil.copyfile(figure, target)
        parts.append(f"![{found['question']}](../figures/{target.name})\n")
    return "\n".join(parts)


def main(folder: Path) -> None:
    """Run what is missing and write the page."""
    parts = [HEAD]
    for study in known():
        here = folder / study.name
        where = f"resume={here}" if (here / "manifest.json").is_file() else f"out={here}"
        subprocess.run([sys.executable, "-m", "experiments.commands", "study", f"name={study.name}", where], check=True)
        parts.append(section(study.name, here))
    PAGE.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
