"""Build the C version and run it on the same records as ours."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.funnel.records import Funnel, drive
from benchmarks.funnel.settings import Setting

SOURCE = Path(__file__).with_name("funnel.c")
BUILD = Path(__file__).with_name("build")
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared")


def compiler() -> str | None:
    """Return the path of the C compiler (``CC``, else gcc), or None when there is none."""
    return shutil.which(os.environ.get("CC", "gcc"))


def compiler_version() -> str:
    """Return the first line of what the compiler says about itself."""
    found = compiler()
    if found is None:
        return "none"
    return subprocess.run([found, "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]


def build() -> Path:
    """Compile ``funnel.c`` unless a library of this source, these flags and this compiler is there.

    Raises
    ------
    FileNotFoundError
        If there is no C compiler.
    """
    found = compiler()
    if found is None:
        raise FileNotFoundError("no C compiler: install gcc or set CC")
    text = SOURCE.read_bytes() + " ".join(FLAGS).encode() + compiler_version().encode()
    library = BUILD / f"funnel-{hashlib.blake2b(text, digest_size=8).hexdigest()}.so"
    if library.exists():
        return library
    BUILD.mkdir(exist_ok=True)
    # Several processes may build at once: each writes its own file, and the rename is atomic.
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        fresh = Path(folder) / library.name
        subprocess.run([found, *FLAGS, "-o", str(fresh), str(SOURCE), "-lm"], check=True)
        fresh.replace(library)
    return library


@cache
def _function() -> Callable[..., int]:
    function = ctypes.CDLL(str(build())).funnel
    array, size = ctypes.c_void_p, ctypes.c_int64
    # seed, settings · leads and their room · sellers, marketers, desks · inboxes and their room · customers
    function.argtypes = (ctypes.c_uint64, array, array, size, array, array, array, array, size, array)
    function.restype = size
    return function


def run(setting: Setting, seed: int) -> Funnel:
    """Run the C funnel once; parameters and result are those of ``records.run``."""
    function = _function()

    def program(
        settings: NDArray[np.void],
        leads: NDArray[np.void],
        sellers: NDArray[np.void],
        marketers: NDArray[np.void],
        desks: NDArray[np.int64],
        inboxes: NDArray[np.void],
        customers: NDArray[np.int64],
    ) -> int:
        return int(
            function(
                seed & 0xFFFFFFFFFFFFFFFF,
                settings.ctypes.data,
                leads.ctypes.data,
                len(leads),
                sellers.ctypes.data,
                marketers.ctypes.data,
                desks.ctypes.data,
                inboxes.ctypes.data,
                inboxes.shape[1],
                customers.ctypes.data,
            )
        )

    return drive(program, setting)
