"""Write the reports of the example clients: docs/examples, a page and for each client its PDF and its summary.

``docs/examples.py FOLDER`` keeps the studies in FOLDER and runs only what is missing there:
ten minutes on two cores from nothing (what ``make examples`` does).
"""

from __future__ import annotations

import dataclasses
import io
import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from analysis.inaction import figures, printed  # noqa: E402
from analysis.inaction.claims import sentences  # noqa: E402
from analysis.inaction.content import document  # noqa: E402
from analysis.inaction.teller import Teller  # noqa: E402
from analysis.money import results  # noqa: E402

HERE = ROOT / "docs" / "examples"
CLIENTS = {"smb_es": "es", "mid_market_en": "en", "not_now": "en"}
DOTS, COLOURS = 90.0, 48  # an inch; shades of a page's picture
HEAD = """\
# The example clients and their reports

<!-- Written by docs/examples.py: `make examples`. -->

Three invented companies, as a consultant writes them down after an hour ([how the job goes](../how-to/inaction.md)),
each with the report that its command writes, nothing retouched. Shown are the two pages of summary; the whole report is
one click away. [What stands where](../reference/inaction-report.md).
"""


def call(name: str) -> list[str]:
    """The command of a client's report."""
    return ["gtm", "inaction", f"client={name}", *([f"language={CLIENTS[name]}"] if CLIENTS[name] != "en" else [])]


def section(name: str, folder: Path) -> str:
    """A client's part of the page; its report is written beside it."""
    result = results.read(folder)
    made = dataclasses.replace(result.reproduce, command=" ".join(call(name)))
    result = dataclasses.replace(result, reproduce=made)
    tell = Teller({"inaction": results.to_plain(result)}, CLIENTS[name], result.client.currency)
    report = document(result, tell)
    pictures = {picture.name: figures.svg(picture.name, result, tell) for picture in report.pictures()}
    typeset = printed.fitted(report, pictures)
    (HERE / f"{name}.pdf").write_bytes(typeset.compile(format="pdf", timestamp=printed.EPOCH))
    links = []
    for place, page in enumerate(typeset.compile(format="png", ppi=DOTS)[: printed.SUMMARY_PAGES], 1):
        file = HERE / f"{name}-{place}.png"
        Image.open(io.BytesIO(page)).convert("RGB").quantize(COLOURS).save(file, optimize=True)
        links.append(f"[![{result.client.name}, page {place}]({file.name})]({name}.pdf)")
    said = [sentence.text for sentence in sentences(tell, result.claims).values()]
    whose = (ROOT / "configs" / "client" / f"{name}.yaml").read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
    parts = [
        f"## {result.client.name}\n",
        f"*{whose}* [The client file](../../configs/client/{name}.yaml), [the whole report]({name}.pdf).\n",
        f"```bash\n{made.command}\n```\n",
        f"**{said[0]}**\n",
        *(f"- {text}" for text in said[1:]),
        "\n" + " ".join(links) + "\n",
    ]
    return "\n".join(parts)


def main(folder: Path) -> None:
    """Run what is missing, write the page."""
    for name in CLIENTS:
        if not (folder / name / results.FILE).is_file():
            subprocess.run(
                [sys.executable, "-m", "experiments.commands", *call(name)[1:], f"out={folder / name}"],
                check=True,
                cwd=ROOT,
            )
    page = "\n".join([HEAD, *(section(name, folder / name) for name in CLIENTS)])
    (HERE / "README.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
