"""How soon the explorer shows a first picture after a change, and how quick its pages stay meanwhile.

    python benchmarks/explorer.py [changes]

Starts the explorer's server, makes changes one after the other as a person would (each ends the stream of the one
before), and prints the median and the 95th percentile of the time from a change to the first picture; then how long
a whole picture of 100 replications takes, and page requests during it.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import numpy as np

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    changes = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    server = subprocess.Popen(
        [sys.executable, "-m", "workshop.explorer", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout
        address = server.stdout.readline().split()[1].removesuffix("/explorer")
        with httpx.Client(base_url=address, timeout=300) as client:
            first_picture(client, {"siloed.alignment.visibility": "0.5"})  # compiled by then
            generator = np.random.default_rng(1)
            times = [first_picture(client, _change(generator)) for _ in range(changes)]
            print(f"first picture after a change, {changes} changes: {_spread(times)}")
            pages: list[float] = []
            done = threading.Event()
            looking = threading.Thread(target=_look, args=(client, pages, done))
            looking.start()
            print(f"all 100 replications of both arms: {whole(client):.1f} s")
            done.set()
            looking.join()
            print(f"page requests meanwhile, {len(pages)}: {_spread(pages)}")
    finally:
        server.terminate()
        server.wait()


def _change(generator: np.random.Generator) -> dict[str, str]:
    """One lever of one arm somewhere between its bounds."""
    levers = ["alignment.visibility", "alignment.feedback", "capability.process", "alignment.level"]
    arm = ["siloed", "shared_okr"][generator.integers(2)]
    return {f"{arm}.{levers[generator.integers(len(levers))]}": f"{generator.integers(1001) / 1000}"}


def first_picture(client: httpx.Client, change: dict[str, str]) -> float:
    start = time.perf_counter()
    with client.stream("GET", "/explorer/runs", params=change) as answer:
        for line in answer.iter_lines():
            if json.loads(line)["kind"] == "picture":
                return time.perf_counter() - start
    raise SystemExit("the stream ended without a picture")


def whole(client: httpx.Client) -> float:
    start = time.perf_counter()
    with client.stream("GET", "/explorer/runs") as answer:
        kinds = [json.loads(line)["kind"] for line in answer.iter_lines()]
    if kinds[-1] != "done":
        raise SystemExit(f"the stream ended with {kinds[-1]}")
    return time.perf_counter() - start


def _look(client: httpx.Client, pages: list[float], done: threading.Event) -> None:
    while not done.wait(0.2):
        start = time.perf_counter()
        client.get("/explorer").raise_for_status()
        pages.append(time.perf_counter() - start)


def _spread(times: list[float]) -> str:
    p95 = np.quantile(times, 0.95)
    return f"median {statistics.median(times):.2f} s, p95 {p95:.2f} s, longest {max(times):.2f} s"


if __name__ == "__main__":
    main()
