"""Measure ``gtm fit`` on large exports: seconds, CPU seconds, memory, and whether the answer is right."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.reporter import Reporter

MOST_SECONDS = 20  # for a hundred thousand rows, the library loaded and the model compiled
MOST_MEGABYTES = 2_000  # for a million
DEALS_OF_A_SELLER = 1_250
WIN_RATE = 0.25
FIT = """
import json, re, sys, time
from pathlib import Path
from experiments.fitting import cleaning, conduct
from experiments.fitting.money import Money
import sim
from sim.engine import simulate
simulate(sim.load("smb", overrides={"horizon.months": 1}), 1)
begin, work = time.perf_counter(), time.process_time()
made = conduct.fit(conduct.Asked(None, sys.argv[1], "salesforce", "x", choices=cleaning.Choices(money=Money("EUR"))))
print(json.dumps({
    "seconds": time.perf_counter() - begin, "cpu": time.process_time() - work,
    "megabytes": int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024,
    "rows": made.content["read"]["deals"]["rows"], "win_rate": made.content["estimates"]["win_rate"],
    "sellers": made.content["sellers"], "met": all(one["met"] for one in made.content["checks"] if one["matched"]),
}))
"""


def deals(n: int) -> str:
    """An export of ``n`` opportunities over a thousand days; what ends after its day is open."""
    rng = np.random.default_rng(1)
    first, last = np.datetime64("2021-01-01"), np.datetime64("2023-09-28")
    created = first + rng.integers(0, 1000, n)
    closed = created + rng.gamma(3, 20, n).astype(int)
    stage = np.where(closed > last, "Negotiation", np.where(rng.random(n) < WIN_RATE, "Closed Won", "Closed Lost"))
    ends = np.where(closed > last, "", closed.astype(str))
    amount, owner = np.exp(rng.normal(9, 1, n)).round(2), rng.integers(0, n // DEALS_OF_A_SELLER, n)
    lines = [f"{k},{created[k]},{ends[k]},{stage[k]},{amount[k]},O{owner[k]}" for k in range(n)]
    return "Opportunity ID,Created Date,Close Date,Stage,Amount,Opportunity Owner\n" + "\n".join(lines)


def run(reporter: Reporter) -> None:
    """Fit exports of a hundred thousand and of a million rows, each in a process of its own."""
    reporter.section("fit", "gtm fit on large exports")
    for rows in (10_000,) if reporter.quick else (100_000, 1_000_000):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "deals.csv"
            path.write_text(deals(rows), encoding="utf-8")
            done = subprocess.run([sys.executable, "-c", FIT, str(path)], capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        reporter.fact(f"seconds_for_{rows}_rows", round(found["seconds"]))
        reporter.fact(f"cpu_seconds_for_{rows}_rows", round(found["cpu"]))
        reporter.fact(f"megabytes_for_{rows}_rows", found["megabytes"])
        right = (
            found["rows"] == rows and found["met"] and found["sellers"] == rows // DEALS_OF_A_SELLER
            and abs(found["win_rate"]["value"] - WIN_RATE) < 0.015
        )  # fmt: skip
        reporter.fact(f"right_answer_for_{rows}_rows", right, required=True)
        if rows == 100_000:
            reporter.fact(f"under_{MOST_SECONDS}_seconds", found["seconds"] < MOST_SECONDS, required=True)
        if rows == 1_000_000:
            reporter.fact(f"under_{MOST_MEGABYTES}_megabytes", found["megabytes"] < MOST_MEGABYTES, required=True)
