"""The only file that names numba: how a rule becomes machine code.

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
import operator
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from llvmlite import ir
from llvmlite.binding import add_symbol
from numba import extending
from numba.core import cgutils
from numba.core.externals import c_math_functions
from numba.core.typing.templates import AttributeTemplate
from numba.np.arrayobj import (
    getitem_array_tuple,
    getitem_arraynd_intp,
    make_array,
    populate_array,
    setitem_array,
)

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
SOURCES = ("compiled.py", "draws.py", "state.py", "kernel.py", "rules/*.py")
_layout = ""  # of the records, known once register_world was called


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


# ---- one pointer for all arrays of an organisation ------------------------------------
#
# Handing twenty arrays to every rule would cost hundreds of machine arguments a call and
# minutes of compiling. Compiled code gets the address of a small table instead (address
# and shape of each array) and reads ``world.leads`` from it; interpreted code reads the
# attribute of the Python object. The rules are written once for both.

SLOTS = 4  # of the table, per array: address and up to three extents


class _Unwrapped(numba.types.Array):  # type: ignore[misc]
    """Type of an organisation's array in compiled code: an index never counts from the end.

    Python lets −1 mean the last entry, for which compiled code would compare every index
    with 0. No rule uses that, since −1 means nobody here.
    """


extending.register_model(_Unwrapped)(extending.models.ArrayModel)


def _unsigned(index: Any) -> Any:
    """Type of an index, taken as not negative; slices stay as they are."""
    if isinstance(index, numba.types.BaseTuple):
        return numba.types.Tuple([_unsigned(part) for part in index])
    return numba.types.uintp if isinstance(index, numba.types.Integer) else index


def _read_entry(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Machine code of ``array[index]``."""
    array, index = signature.args
    read = getitem_array_tuple if isinstance(index, numba.types.BaseTuple) else getitem_arraynd_intp
    return read(context, builder, signature.return_type(array, _unsigned(index)), args)


def _write_entry(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Machine code of ``array[index] = value``."""
    array, index, value = signature.args
    return setitem_array(context, builder, signature.return_type(array, _unsigned(index), value), args)


for _index in (numba.types.Integer, numba.types.BaseTuple):
    extending.lower_builtin(operator.getitem, _Unwrapped, _index)(_read_entry)
    extending.lower_builtin(operator.setitem, _Unwrapped, _index, numba.types.Any)(_write_entry)


def borrowed(array: Any) -> Any:
    """The array as rules get it from an organisation: references are not counted, no index counts from the end.

    For entry points that are handed arrays, which have to outlive the call. A count is an atomic
    instruction wherever the array is handed on, which costs as much as a short rule.
    """
    return array


def _type_of_borrowed(_context: Any, array: Any) -> Any:
    """Signature and machine code of :func:`borrowed`."""
    kind = _Unwrapped(array.dtype, array.ndim, array.layout, aligned=array.aligned)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        given = make_array(signature.args[0])(context, builder, args[0])
        made = make_array(kind)(context, builder)
        shape = cgutils.unpack_tuple(builder, given.shape, array.ndim)
        strides = cgutils.unpack_tuple(builder, given.strides, array.ndim)
        populate_array(made, data=given.data, shape=shape, strides=strides, itemsize=given.itemsize, meminfo=None)
        return made._getvalue()  # noqa: SLF001 - how numba hands over an array

    return kind(array), generate


if not INTERPRETED:
    borrowed = extending.intrinsic(_type_of_borrowed)


class _WorldType(numba.types.Type):  # type: ignore[misc]
    """Type of an organisation in compiled code."""

    def __init__(self, kinds: dict[str, Any]) -> None:
        self.kinds = kinds
        super().__init__(name="World")


def register_world(world: type[Any], layout: dict[str, tuple[np.dtype[Any], int]]) -> None:
    """Teach the compiler the arrays of ``world``: name to (dtype, number of axes), in table order.

    ``world`` must have an attribute ``table``: a uint64 array of SLOTS entries an array.
    """
    kinds = {
        name: _Unwrapped(numba.from_dtype(dtype), axes, "C", aligned=True) for name, (dtype, axes) in layout.items()
    }
    global _layout  # noqa: PLW0603 - part of the cache key of everything compiled later
    _layout = repr([(name, dtype.descr, axes) for name, (dtype, axes) in layout.items()])
    kind = _WorldType(kinds)
    positions = {name: i for i, name in enumerate(layout)}

    @extending.typeof_impl.register(world)  # type: ignore[untyped-decorator]
    def typeof_world(_value: Any, _context: Any) -> Any:
        return kind

    extending.register_model(_WorldType)(extending.models.OpaqueModel)

    @extending.unbox(_WorldType)  # type: ignore[untyped-decorator]
    def unbox_world(_typ: Any, obj: Any, c: Any) -> Any:
        address = c.pyapi.object_getattr_string(obj, "address")
        value = c.pyapi.long_as_voidptr(address)
        c.pyapi.decref(address)
        return extending.NativeValue(value, is_error=c.pyapi.c_api_error())

    @extending.infer_getattr
    class WorldAttributes(AttributeTemplate):  # type: ignore[misc]
        key = _WorldType

        def generic_resolve(self, typ: Any, name: str) -> Any:
            return typ.kinds.get(name)

    @extending.lower_getattr_generic(_WorldType)  # type: ignore[untyped-decorator]
    def read_attribute(context: Any, builder: Any, typ: Any, value: Any, name: str) -> Any:
        array = typ.kinds[name]
        word = context.get_value_type(numba.types.intp)
        table = builder.bitcast(value, word.as_pointer())

        def slot(k: int) -> Any:
            place = context.get_constant(numba.types.intp, positions[name] * SLOTS + k)
            load = builder.load(builder.gep(table, [place]))
            load.set_metadata("invariant.load", builder.module.add_metadata([]))
            return load

        made = make_array(array)(context, builder)
        size = layout[name][0].itemsize
        itemsize = context.get_constant(numba.types.intp, size)
        shape = [slot(1 + axis) for axis in range(array.ndim)]
        strides = [itemsize]
        for extent in reversed(shape[1:]):
            strides.insert(0, builder.mul(strides[0], extent))
        data = builder.inttoptr(slot(0), made.data.type)
        populate_array(made, data=data, shape=shape, strides=strides, itemsize=itemsize, meminfo=None)
        return made._getvalue()  # noqa: SLF001 - how numba hands over an array


# ---- memory --------------------------------------------------------------------------
#
# A line of a large organisation leads from record to record all over memory, and the
# processor learns where the next one lies only by reading the last. Whoever knows an
# index early says so here; the record then arrives while other work is done. This
# computes nothing, so no result depends on it.

CACHE_LINE = 64  # bytes


def fetch_ahead(_records: Any, _index: int) -> None:
    """Ask for record ``index`` before it is needed; any index will do, also −1 (interpreted: nothing happens)."""


def _type_of_fetch(_context: Any, records: Any, index: Any) -> Any:
    """Signature and machine code of :func:`fetch_ahead`: one request for each cache line of the record."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = make_array(signature.args[0])(context, builder, args[0])
        record = cgutils.get_item_pointer(context, builder, signature.args[0], array, [args[1]])
        address = builder.bitcast(record, cgutils.voidptr_t)
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        request = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        size = signature.args[0].dtype.size
        for place in (*range(0, size - 1, CACHE_LINE), size - 1):
            line = builder.gep(address, [context.get_constant(numba.types.intp, place)])
            builder.call(request, [line, number(0), number(3), number(1)])  # to read, keep near, data
        return context.get_dummy_value()

    return numba.types.void(records, index), generate


if not INTERPRETED:
    fetch_ahead = extending.intrinsic(_type_of_fetch)


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
