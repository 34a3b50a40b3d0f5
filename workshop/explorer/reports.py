"""The downloadable report: the very ``gtm compare`` that the page names, run in a process of its own."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sys
import tempfile
from collections import OrderedDict
from pathlib import Path

from workshop.explorer.choice import Choice

KEPT = 6  # reports, the latest asked for
MOST_SECONDS = 300
MOST_WAITING = 3  # reports asked for and not made; each takes up to a minute


class BusyReportsError(Exception):
    """As many reports as there may be are waited for."""


class Reports:
    """Reports by what they are about; one is made at a time, the last few are kept."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="gtm-explorer-")
        self._made: OrderedDict[str, Path] = OrderedDict()
        self._one = asyncio.Lock()
        self._waiting = 0

    async def make(self, choice: Choice) -> Path | None:
        """The report of a choice, or None if it could not be made.

        Raises
        ------
        BusyReportsError
            Too many are waited for already.
        """
        if self._waiting >= MOST_WAITING:
            raise BusyReportsError
        self._waiting += 1
        try:
            return await self._made_or_make(choice)
        finally:
            self._waiting -= 1

    async def _made_or_make(self, choice: Choice) -> Path | None:
        name = hashlib.blake2b(choice.query().encode(), digest_size=8).hexdigest()
        async with self._one:
            if name not in self._made:
                out = Path(self._folder.name) / name
                if not await self._compare(choice, out):
                    shutil.rmtree(out, ignore_errors=True)
                    return None
                self._made[name] = out / "report.html"
            self._made.move_to_end(name)
            while len(self._made) > KEPT:
                _, old = self._made.popitem(last=False)
                shutil.rmtree(old.parent, ignore_errors=True)  # its study too
            return self._made[name]

    @staticmethod
    async def _compare(choice: Choice, out: Path) -> bool:
        words = [*choice.words(), f"out={out}"]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "experiments.commands",
            "compare",
            *words,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            return await asyncio.wait_for(process.wait(), MOST_SECONDS) == 0
        except TimeoutError:
            return False
        finally:  # also when whoever asked has gone
            if process.returncode is None:
                process.kill()
                await process.wait()
