"""What all tests share: how Hypothesis runs, and what may be missing on a machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# A first call may compile for seconds: no deadlines. In continuous integration the examples
# are always the same ones, so that a failure there is a failure of the change.
settings.register_profile("local", deadline=None)
settings.register_profile("continuous", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("continuous" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Public data sets beside the repository, which not every machine has."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no ../shared/data beside the repository: this test needs its public data sets")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser that tests marked ``browser`` drive."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium on this machine: `make browser` installs it on Debian")
