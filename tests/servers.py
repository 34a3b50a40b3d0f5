"""Servers of pages in processes of their own, for tests that open these pages."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """A port of this computer that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: list[str], port: int, log: Path) -> Iterator[None]:
    """Run a server while its pages are tested; what it says goes to ``log``."""
    with log.open("w") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        _await(server, port, log)
        yield
    finally:
        server.terminate()
        server.wait()


def _await(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until the server answers; the first start may compile the model."""
    for _ in range(2000):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            try:
                server.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            break
        return
    pytest.fail(log.read_text(errors="replace")[-2000:])
