"""``manifest.json``: what a reader needs to make the numbers again, and to trust them."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from experiments.tables import plain, write_json
from sim.parameters import ParameterError

NAME = "manifest.json"
PACKAGES = ("gtm-sim", "numpy", "numba", "scipy", "pandas", "pyarrow", "mesa", "hydra-core", "omegaconf")


def write(folder: Path, content: Mapping[str, Any]) -> None:
    """Write the manifest of a study."""
    write_json(folder / NAME, content)


def read(folder: Path, key: str) -> dict[str, Any]:
    """The manifest of a study.

    Raises
    ------
    ParameterError
        There is none; ``key`` is how the folder was given.
    """
    path = folder / NAME
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParameterError(f"{key}={str(folder)!r}: no {NAME} there; is this the folder of a study?") from None
    except (OSError, ValueError) as error:
        raise ParameterError(f"{key}={str(folder)!r}: {NAME} cannot be read ({error}).") from None
    return found


def configuration_hash(numbers: Mapping[str, Any]) -> str:
    """Hash of all that the numbers of a study depend on."""
    text = json.dumps(plain(numbers), sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def now() -> datetime:
    """The present moment, with its time zone."""
    return datetime.now(UTC)


def times(start: datetime) -> dict[str, Any]:
    """Start, end and duration of what began at ``start``."""
    end = now()
    return {
        "start": start.isoformat(timespec="seconds"),
        "end": end.isoformat(timespec="seconds"),
        "seconds": round((end - start).total_seconds(), 3),
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can move a bit."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:  # a checkout that was never installed
            found[package] = "not installed"
    return found


def machine() -> dict[str, Any]:
    """What can move the last bits between machines, and explains run times."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }
