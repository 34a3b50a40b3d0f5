"""A workshop server of its own process, and clients that speak to it as a browser would."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.servers import free_port

ROOT = Path(__file__).resolve().parent.parent
FORM = {"template": "managers", "title": "Prueba", "language": "es", "teams": "3", "quiz": "1"}


class Server:
    """``gtm workshop`` on a free port; it can be killed and started again on its own data."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.host = ""
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "experiments.commands", "workshop", f"port={self.port}", f"out={self.folder}"]
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "PYTHONPATH": path}
        )
        said = ""
        assert self.process.stdout
        for line in self.process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        found = re.search(r"/host/([\w-]+)", said)
        assert found, said
        self.host = found[1]
        for _ in range(600):
            try:
                httpx.get(self.address)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def client(server: Server) -> httpx.Client:
    # Connections are left before the server leaves them (after five seconds), which would meet a request on its way.
    limits = httpx.Limits(keepalive_expiry=2)
    return httpx.Client(base_url=server.address, follow_redirects=True, timeout=60, limits=limits)


class Lead:
    """A facilitator with a session."""

    def __init__(self, server: Server, rounds: dict[str, int], **changes: str) -> None:
        self.http = client(server)
        form = {**FORM, **changes}
        for kind in ("siloed", "shared", "free", "break"):
            form |= {f"rounds_{kind}": str(rounds.get(kind, 0)), f"minutes_{kind}": "5"}
        answer = self.http.post(f"/host/{server.host}", data=form)
        assert answer.status_code == 200, answer.text
        self.path = answer.url.path
        self.code = found(r'class="huge code">(\w+)<', answer.text)
        self.screen = found(r'href="(/p/[^"]+)"', answer.text)

    def do(self, what: str, **form: Any) -> httpx.Response:
        return self.http.post(f"{self.path}/{what}", data=form)

    def at(self) -> tuple[str, str]:
        text = self.http.get(self.path).text
        return found(r'name="position" value="(\d+)"', text), found(r'name="stage" value="(\w*)"', text)

    def on(self) -> None:
        """Go one click on, when the simulation lets it."""
        for _ in range(2000):
            position, stage = self.at()
            if stage != "run":
                assert self.do("advance", position=position, stage=stage).status_code == 200
                return
            time.sleep(0.05)
        raise AssertionError("the simulation does not end")


class Phone:
    """A participant."""

    def __init__(self, server: Server, code: str, name: str) -> None:
        self.http, self.path = client(server), f"/s/{code}"
        self.joined = self.http.post(f"{self.path}/join", data={"name": name})

    def page(self) -> str:
        return self.http.get(self.path).text

    @property
    def seal(self) -> str:
        return found(r'name="seal" value="(\w+)"', self.page())

    def do(self, what: str, **form: Any) -> httpx.Response:
        return self.http.post(f"{self.path}/{what}", data=form)


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, f"{pattern} is not in {text[:3000]}"
    return match[1]
