"""The candidates: how each is started as its documentation says for production."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.servers import free_port

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


@dataclass(frozen=True)
class Candidate:
    """A framework and its page.

    Attributes
    ----------
    name : str
        Of its package, and of its page here.
    command : list of str
        Starts the server; ``{port}`` stands for the port.
    needs : tuple of str
        Packages that the page needs, whose own needs come along.
    instead : dict
        More ways to run it when the server is killed: what they are called, and the environment they take.
    """

    name: str
    command: list[str]
    needs: tuple[str, ...]
    instead: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def page(self) -> Path:
        return HERE / f"{self.name}_page.py"

    @property
    def missing(self) -> bool:
        return importlib.util.find_spec(self.name) is None

    @property
    def title(self) -> str:
        return f"{self.name} {importlib.metadata.version(self.name)}"

    @property
    def installed(self) -> tuple[int, float]:
        """How many packages it needs with all that they need, and their megabytes."""
        found: dict[str, float] = {}
        waiting = list(self.needs)
        while waiting:
            name = canonicalize_name(waiting.pop())
            if name in found:
                continue
            try:
                package = importlib.metadata.distribution(name)
            except importlib.metadata.PackageNotFoundError:
                continue  # for another system or Python
            found[name] = sum(file.size or 0 for file in package.files or []) / 1e6
            wanted = [Requirement(text) for text in package.requires or []]
            waiting += [w.name for w in wanted if w.marker is None or w.marker.evaluate({"extra": ""})]
        return len(found), sum(found.values())

    @property
    def lines(self) -> int:
        """Lines of its page that are not empty."""
        return sum(1 for line in self.page.read_text(encoding="utf-8").splitlines() if line.strip())


CANDIDATES = [
    Candidate("starlette", ["-m", "benchmarks.frameworks.starlette_page"], ("starlette", "uvicorn", "jinja2")),
    Candidate("nicegui", ["-m", "benchmarks.frameworks.nicegui_page"], ("nicegui",)),
    Candidate(
        "solara",
        ["-m", "solara", "run", str(HERE / "solara_page.py"), "--production", "--no-open", "--host=127.0.0.1",
         "--port={port}"],
        ("solara", "solara-assets", "ipyvuetify"),
        # Off by default, and documented for applications that find all they show in a database: this one does.
        {"auto_remount": {"SOLARA_STATE_AUTO_REMOUNT": "true"}},
    ),
]  # fmt: skip


class Server:
    """A candidate in a process of its own, with data of its own; it can be killed and started again on the same port.

    Parameters
    ----------
    candidate : Candidate
        What to start.
    folder : Path
        Its data.
    outward : str
        Address of a proxy that all its requests to other hosts go through, where nothing is let out.
    environment : dict, optional
        More variables.
    """

    def __init__(
        self, candidate: Candidate, folder: Path, outward: str, environment: dict[str, str] | None = None
    ) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}/"
        self._command = [sys.executable, *(word.format(port=self.port) for word in candidate.command)]
        self._folder = folder
        self._environment = {
            **os.environ,
            **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), outward),
            **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost"),
            "PYTHONPATH": str(ROOT),
            "FRAMEWORKS_PORT": str(self.port),
            "FRAMEWORKS_FOLDER": str(folder),
            "NICEGUI_STORAGE_PATH": str(folder / "nicegui"),
            **(environment or {}),
        }
        self.start()

    def start(self) -> None:
        with (self._folder / "server.log").open("a") as log:
            self.process = subprocess.Popen(
                self._command, stdout=log, stderr=log, cwd=self._folder, env=self._environment
            )
        for _ in range(600):
            try:
                httpx.get(self.address, timeout=10, trust_env=False)
            except httpx.TransportError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
            else:
                return
        raise SystemExit((self._folder / "server.log").read_text()[-2000:])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
