"""Whether a workshop server keeps up: thirty phones that hand in within five seconds, and memory over two hours.

    python benchmarks/workshop.py [sessions]

Starts ``gtm workshop`` on this computer with data of its own. First ten teams of three play a siloed round, twice:
every phone sets its lever three times and hands in, all within five seconds. Printed are how long they waited for
their results, how quick page actions were meanwhile, and the time of a processor that all of it took, which other
work on the computer distorts least. Then whole workshops are played one after the other as fast as the server lets
them, every phone with its stream open and every plan another one; six workshops of 90 minutes have more rounds, pages
and events than two hours of several classes. Printed is the memory of the server with all its workers after each, as
the kernel counts it (proportional set size).
"""

from __future__ import annotations

import os
import random
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.workshop_server import Lead, Phone, Server  # noqa: E402 - run as a script

TEAMS, PHONES = 10, 30
WITHIN = 5.0  # seconds in which all hand in
LEVERS = {"paid_share": (0, 100, 5), "accelerator": (1, 3, 0.5), "coordination": (0, 4, 0.5)}  # one of each role
LONGEST = 900.0  # seconds after which a run is given up


def main() -> None:
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            one_round(server, again=False)  # compiled, and every worker warm by then
            one_round(server, again=True)
            print(f"memory of the server and its workers: {memory(server.process.pid) / 1e6:.0f} MB", flush=True)
            for number in range(sessions):
                begin = time.perf_counter()
                rounds = whole(server, number)
                print(
                    f"after workshop {number + 1} ({rounds} rounds, {time.perf_counter() - begin:.0f} s): "
                    f"{memory(server.process.pid) / 1e6:.0f} MB",
                    flush=True,
                )
        finally:
            server.stop()


def one_round(server: Server, *, again: bool) -> None:
    """Thirty phones hand in within five seconds; print how it went."""
    lead = Lead(server, {"siloed": 1}, teams=str(TEAMS), quiz="")
    phones = [Phone(server, lead.code, f"P{n}") for n in range(PHONES)]
    seals = [phone.seal for phone in phones]
    lead.on()
    taken: list[float] = []

    def acting(phone: Phone, *what: str, **form: str) -> str:
        begin = time.perf_counter()
        answer = phone.do(*what, **form) if what else phone.http.get(phone.path)
        taken.append(time.perf_counter() - begin)
        answer.raise_for_status()
        return str(answer.text)

    def playing(n: int) -> float:
        time.sleep(WITHIN * n / PHONES)
        phone, seal = phones[n], seals[n]
        name = lever_of(phone.page())
        for place in range(3):
            acting(phone, "plan", round="siloed-1", seal=seal, **{name: chosen(name, 3 * n + place + 200 * again)})
        acting(phone, "ready", round="siloed-1", seal=seal)
        begin = time.perf_counter()
        while 'class="results"' not in acting(phone):
            if time.perf_counter() - begin > LONGEST:
                raise SystemExit("the results do not come")
            time.sleep(0.25)
        return time.perf_counter() - begin

    begin, spent = time.perf_counter(), processor(server.process.pid)
    with ThreadPoolExecutor(PHONES) as pool:
        waited = list(pool.map(playing, range(PHONES)))
    last = time.perf_counter() - begin - WITHIN * (PHONES - 1) / PHONES
    print(
        f"{PHONES} phones in {TEAMS} teams hand in within {WITHIN:.0f} s{' once more' if again else ''}: "
        f"all have results {last:.1f} s after the last began, longest wait of one {max(waited):.1f} s; "
        f"{len(taken)} page actions, median {1000 * np.median(taken):.0f} ms, "
        f"p95 {1000 * np.quantile(taken, 0.95):.0f} ms; "
        f"server and workers took {processor(server.process.pid) - spent:.1f} s of a processor",
        flush=True,
    )


def whole(server: Server, number: int) -> int:
    """Play a workshop to its end, every team with plans of its own; the number of rounds played."""
    lead = Lead(server, {"siloed": 2, "shared": 1, "free": 1, "break": 1}, teams=str(TEAMS), quiz="")
    phones = [Phone(server, lead.code, f"P{n}") for n in range(PHONES)]
    seals = [phone.seal for phone in phones]
    rounds = 0
    with ExitStack() as streams:
        for phone in phones:
            streams.enter_context(following(phone))
        while f'action="{lead.path}/advance"' in lead.http.get(lead.path).text:
            lead.on()
            lead.http.get(lead.screen)
            pages = [phone.page() for phone in phones]
            step = re.search(r'name="round" value="([\w-]+)"', pages[0])
            if step is None:
                continue
            rounds += 1
            for n, (phone, seal, page) in enumerate(zip(phones, seals, pages, strict=True)):
                if name := lever_of(page):
                    value = chosen(name, 10_000 * number + 100 * rounds + n)
                    phone.do("plan", round=step[1], seal=seal, **{name: value})
        for name in ("session.json", "handout.html"):
            lead.http.get(f"{lead.path}/export/{name}").raise_for_status()
    return rounds


@contextmanager
def following(phone: Phone) -> Iterator[None]:
    """A phone's stream of news, read in a thread until the workshop is over."""
    done = threading.Event()

    def read() -> None:
        with (
            suppress(httpx.HTTPError),
            phone.http.stream("GET", f"{phone.path}/live", timeout=httpx.Timeout(10, read=None)) as news,
        ):
            for _ in news.iter_lines():
                if done.is_set():
                    return

    threading.Thread(target=read, daemon=True).start()
    try:
        yield
    finally:
        done.set()


def lever_of(page: str) -> str:
    """A lever that the page lets somebody set."""
    return next((name for name in LEVERS if f'id="{name}"' in page), "")


def chosen(name: str, place: int) -> str:
    """A value on the lever's grid, the same for the same place."""
    low, high, step = LEVERS[name]
    return str(low + step * random.Random(place).randrange(round((high - low) / step) + 1))


def family(pid: int) -> list[int]:
    """A process and all below it."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = [int(word) for task in tasks for word in (task / "children").read_text().split()]
    return [pid, *(each for child in children for each in family(child))]


def memory(pid: int) -> float:
    """Proportional set size of a process and of all below it, bytes."""
    texts = [Path(f"/proc/{each}/smaps_rollup").read_text() for each in family(pid)]
    return 1024.0 * sum(int(line.split()[1]) for text in texts for line in text.splitlines() if line.startswith("Pss:"))


def processor(pid: int) -> float:
    """Seconds of a processor that a process and all below it have used: what a crowded machine cannot distort much."""
    fields = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in family(pid)]
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
