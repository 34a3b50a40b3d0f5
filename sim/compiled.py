"""How a rule becomes machine code. With :mod:`sim.memory` the only file that names numba.

Every rule of the model is a plain Python function decorated with :func:`compiled`.
Flags are fixed here once: no ``fastmath`` (it changes results), no ``parallel``
(runs are parallel, a run is not), errors as in C (``error_model="numpy"``), the
GIL released so that threads run organisations side by side.

Functions marked :func:`entry_point` are the ones Python calls; they are cached on
disk. Numba's own cache looks only at the file of the cached function, so an edit in
an imported rule would go unseen: here the cache folder is named by a hash over the
sources of all rules and the layout of the records.

``NUMBA_DISABLE_JIT=1`` runs the same functions interpreted (tests use it on tiny
worlds); ``GTM_BOUNDSCHECK=1`` compiles with bounds checking.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from llvmlite.binding import add_symbol
from numba.core.externals import c_math_functions

F = TypeVar("F", bound=Callable[..., Any])

BOUNDS_CHECKED = os.environ.get("GTM_BOUNDSCHECK", "") == "1"
INTERPRETED = bool(numba.config.DISABLE_JIT)
FLAGS: dict[str, Any] = {
    "nogil": True,
    "fastmath": False,
    "error_model": "numpy",
    "boundscheck": BOUNDS_CHECKED,
    "no_cfunc_wrapper": True,
}


# Files that become machine code; a parameter's default or a report's wording does not.
SOURCES = ("compiled.py", "memory.py", "draws.py", "state.py", "kernel.py", "rules/*.py")
_layout = ""  # of the records, once known


def depend_on(layout: str) -> None:
    """Machine code compiled from now on depends on this layout of records."""
    global _layout  # noqa: PLW0603 - part of the cache key
    _layout = layout


def source_hash() -> str:
    """Hash of all that machine code depends on: sources, record layout, compiler, flags."""
    digest = hashlib.blake2b(digest_size=12)
    root = Path(__file__).parent
    for pattern in SOURCES:
        for path in sorted(root.glob(pattern)):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    digest.update(f"{numba.__version__} {np.__version__} {platform.machine()} {_layout}".encode())
    digest.update(repr(sorted(FLAGS.items())).encode())
    return digest.hexdigest()


def cache_folder() -> Path | None:
    """Where machine code is kept between processes (``GTM_CACHE_DIR`` overrides it).

    None if nothing can be written there: then every process compiles anew.
    """
    chosen = os.environ.get("GTM_CACHE_DIR")
    base = Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gtm"
    folder = base / source_hash()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def _plain(kind: Any) -> Any:
    """Type of an argument without its value, integers in one width."""
    kind = numba.types.unliteral(kind)
    return numba.types.int64 if isinstance(kind, numba.types.Integer) and kind.bitwidth < 64 else kind


def compiled(function: F) -> F:
    """Compile a rule that other rules call.

    Left to itself numba compiles a function anew for every constant and every width of
    integer it is called with; here once for each kind of record is enough, which halves
    the time to compile.
    """
    return _compile(function, into_callers=False)


def inlined(function: F) -> F:
    """:func:`compiled`, with its machine code put where it is called, as ``static inline`` does in C.

    For the phases of a day and the short rules that run in them for nearly every lead, task or visit.
    What runs seldom, or is long and called from many places, stays a call: put everywhere, it would
    lengthen compiling and gain nothing.
    """
    return _compile(function, into_callers=True)


def _compile(function: F, *, into_callers: bool) -> F:
    """Compile once for each kind of record, whatever the constants and the widths of integers."""
    dispatcher = numba.njit(**FLAGS, forceinline=into_callers)(function)
    if not INTERPRETED:
        resolve = dispatcher.get_call_template
        dispatcher.get_call_template = lambda args, kws: resolve(
            tuple(map(_plain, args)), {name: _plain(kind) for name, kind in kws.items()}
        )
    return dispatcher  # type: ignore[no-any-return]


def entry_point(function: F) -> F:
    """Compile a rule that Python calls, and keep its machine code on disk."""
    folder = cache_folder()
    if folder is None or INTERPRETED:
        return compiled(function)
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder)
    try:
        return numba.njit(cache=True, **FLAGS)(function)  # type: ignore[no-any-return]
    finally:
        numba.config.CACHE_DIR = before


def is_cached() -> bool:
    """Whether machine code of the engine, from these very sources, is already on disk."""
    folder = cache_folder()
    return INTERPRETED or (folder is not None and any(folder.rglob("kernel.run_days-*.nbi")))


# ---- exp, log and pow without errno ---------------------------------------------------
#
# The C library's exp looks at its result in order to report errors in errno, which no rule
# reads, and numba comes to it by a function of its own: about a fourth of an exponential goes
# on the way. GNU's library keeps what lies behind under a name for older programs. It is the
# same code, so the same bits; where there is no such name, all stays as it is.

DOORS = ("exp", "log", "pow")
DOOR_VERSIONS = (b"GLIBC_2.15", b"GLIBC_2.17")  # where the names came in, by kind of processor


def doors() -> dict[str, int]:
    """Addresses of the C library's own ``exp``, ``log`` and ``pow``; without those it does not name."""
    try:
        library = ctypes.CDLL("libm.so.6")
        look_up = ctypes.CDLL(None).dlvsym
    except (OSError, TypeError, AttributeError):  # not GNU's library
        return {}
    look_up.restype = ctypes.c_void_p
    look_up.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)
    found = {}
    for name in DOORS:
        for version in DOOR_VERSIONS:
            address = look_up(library._handle, f"__{name}_finite".encode(), version)  # noqa: SLF001 - documented
            if address:
                found[name] = address
    return found


if not INTERPRETED:
    c_math_functions.install(None)  # numba's own addresses, set once a process: ours have to come after them
    for _name, _address in doors().items():
        add_symbol(_name, _address)


def direct(function: Callable[..., Any], *examples: Any) -> Callable[..., Any]:
    """The machine code of an entry point for arguments of exactly these types.

    A dispatcher looks up its arguments' types at every call, which costs more than a
    short agent-day; the Mesa engine calls through this instead.
    """
    if INTERPRETED:
        return function
    signature = tuple(numba.typeof(example) for example in examples)
    function.compile(signature)  # type: ignore[attr-defined]
    entry: Callable[..., Any] = function.overloads[signature].entry_point  # type: ignore[attr-defined]
    return entry
