"""How machine code reads and writes the arrays of an organisation, and how memory is kept ahead of it.

With :mod:`sim.compiled` the only file that names numba.

Handing twenty arrays to every rule would cost hundreds of machine arguments a call and
minutes of compiling. Compiled code gets the address of a small table instead (address
and shape of each array) and reads ``world.leads`` from it; interpreted code reads the
attribute of the Python object. The rules are written once for both.
"""

from __future__ import annotations

import hashlib
import operator
import sys
import threading
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import extending
from numba.core import cgutils
from numba.core.imputils import lower_setattr_generic
from numba.core.typing.templates import AttributeTemplate
from numba.np.arrayobj import (
    getitem_array_tuple,
    getitem_arraynd_intp,
    make_array,
    populate_array,
    record_getattr,
    record_setattr,
    setitem_array,
)
from numpy.typing import NDArray

from sim.compiled import INTERPRETED, depend_on

Records = np.recarray[Any, Any]
SLOTS = 4  # of the table, per array: address and up to three extents
CACHE_LINE = 64  # bytes


# ---- what machine code knows of arrays and records ---------------------------------------


class _Unwrapped(numba.types.Array):  # type: ignore[misc]
    """Type of an organisation's array in compiled code: an index never counts from the end.

    Python lets −1 mean the last entry, for which compiled code would compare every index
    with 0. No rule uses that, since −1 means nobody here.
    """


class _Record(numba.types.Record):  # type: ignore[misc]
    """Type of a record in an organisation's array: no two of its fields, and no other's, share memory.

    Left to itself the compiler takes it that whatever is written may have changed whatever was read,
    and reads parameters anew after every write to a lead.
    """


extending.register_model(_Unwrapped)(extending.models.ArrayModel)
extending.register_model(_Record)(extending.models.RecordModel)


def _apart(kind: Any) -> Any:
    """Type of an array's entries as rules see them: records become :class:`_Record`."""
    if not isinstance(kind, numba.types.Record):
        return kind
    return _Record([(name, field._asdict()) for name, field in kind.fields.items()], kind.size, kind.aligned)


@extending.typeof_impl.register(np.record)  # type: ignore[untyped-decorator]
def _type_of_record(record: Any, _context: Any) -> Any:
    """Type of a record that Python hands to a rule: that of records which rules hand to each other."""
    return _apart(numba.from_dtype(record.dtype))


def _tell_apart(builder: Any, kind: Any, field: str) -> None:
    """Name the memory that the last instruction reads or writes: no other name's memory overlaps it.

    The name is that of a field of a kind of record, or one for all arrays of a kind of number. The mark is
    LLVM's for types in C ("tbaa"): what has none may be anything.
    """
    last = builder.block.instructions[-1] if builder.block.instructions else None
    if not isinstance(last, ir.instructions.LoadInstr | ir.instructions.StoreInstr):
        return
    module = builder.module
    zero = ir.IntType(64)(0)
    root = module.add_metadata([ir.MetaDataString(module, "organisation")])
    name = f"{hashlib.blake2b(str(kind).encode(), digest_size=8).hexdigest()}.{field}"
    place = module.add_metadata([ir.MetaDataString(module, name), root, zero])
    last.set_metadata("tbaa", module.add_metadata([place, place, zero]))


@extending.lower_getattr_generic(_Record)  # type: ignore[untyped-decorator]
def _read_field(context: Any, builder: Any, kind: Any, record: Any, field: str) -> Any:
    """Machine code of ``record.field``."""
    read = record_getattr(context, builder, kind, record, field)
    _tell_apart(builder, kind, field)
    return read


@lower_setattr_generic(_Record)  # type: ignore[untyped-decorator]
def _write_field(context: Any, builder: Any, signature: Any, args: Any, field: str) -> None:
    """Machine code of ``record.field = value``."""
    record_setattr(context, builder, signature, args, field)
    _tell_apart(builder, signature.args[0], field)


def _is_number(array: Any, index: Any) -> bool:
    """Whether an index leads to one number of an array, not to a record or a slice."""
    parts = index if isinstance(index, numba.types.BaseTuple) else (index,)
    return isinstance(array.dtype, numba.types.Number) and all(isinstance(part, numba.types.Integer) for part in parts)


def _unsigned(index: Any) -> Any:
    """Type of an index, taken as not negative; slices stay as they are."""
    if isinstance(index, numba.types.BaseTuple):
        return numba.types.Tuple([_unsigned(part) for part in index])
    return numba.types.uintp if isinstance(index, numba.types.Integer) else index


def _read_entry(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Machine code of ``array[index]``."""
    array, index = signature.args
    read = getitem_array_tuple if isinstance(index, numba.types.BaseTuple) else getitem_arraynd_intp
    entry = read(context, builder, signature.return_type(array, _unsigned(index)), args)
    if _is_number(array, index):
        _tell_apart(builder, array.dtype, "entry")
    return entry


def _write_entry(context: Any, builder: Any, signature: Any, args: Any) -> None:
    """Machine code of ``array[index] = value``."""
    array, index, value = signature.args
    setitem_array(context, builder, signature.return_type(array, _unsigned(index), value), args)
    if _is_number(array, index):
        _tell_apart(builder, array.dtype, "entry")


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
    kind = _Unwrapped(_apart(array.dtype), array.ndim, array.layout, aligned=array.aligned)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        given = make_array(signature.args[0])(context, builder, args[0])
        made = make_array(kind)(context, builder)
        shape = cgutils.unpack_tuple(builder, given.shape, array.ndim)
        strides = cgutils.unpack_tuple(builder, given.strides, array.ndim)
        data = builder.bitcast(given.data, made.data.type)
        populate_array(made, data=data, shape=shape, strides=strides, itemsize=given.itemsize, meminfo=None)
        return made._getvalue()  # noqa: SLF001 - how numba hands over an array

    return kind(array), generate


if not INTERPRETED:
    borrowed = extending.intrinsic(_type_of_borrowed)


# ---- one pointer for all arrays of an organisation ----------------------------------------


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
        name: _Unwrapped(_apart(numba.from_dtype(dtype)), axes, "C", aligned=True)
        for name, (dtype, axes) in layout.items()
    }
    depend_on(repr([(name, dtype.descr, axes) for name, (dtype, axes) in layout.items()]))
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


# ---- asking for memory ahead ---------------------------------------------------------------
#
# A line of a large organisation leads from record to record all over memory, and the
# processor learns where the next one lies only by reading the last. Whoever knows an
# index early says so here; the record then arrives while other work is done. This
# computes nothing, so no result depends on it.


def fetch_ahead(_records: Any, _index: int) -> None:
    """Ask for record ``index`` before it is needed; any index will do, also −1 (interpreted: nothing happens)."""


def fetch_line(_array: Any, _index: int | tuple[int, ...]) -> None:
    """Ask for the cache line in which an entry of an array, or a record, begins; any index will do."""


def _request(context: Any, builder: Any, kind: Any, array: Any, index: Any, places: Any) -> Any:
    """Machine code that asks for the cache lines at ``places``, in bytes from the beginning of an entry."""
    entry = cgutils.get_item_pointer(context, builder, kind, make_array(kind)(context, builder, array), index)
    address = builder.bitcast(entry, cgutils.voidptr_t)
    number = ir.IntType(32)
    function = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
    request = cgutils.get_or_insert_function(builder.module, function, "llvm.prefetch.p0")
    for place in places:
        line = builder.gep(address, [context.get_constant(numba.types.intp, place)])
        builder.call(request, [line, number(0), number(3), number(1)])  # to read, keep near, data
    return context.get_dummy_value()


def _type_of_fetch(_context: Any, records: Any, index: Any) -> Any:
    """Signature and machine code of :func:`fetch_ahead`: one request for each cache line of the record."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        size = kind.dtype.size
        places = [*range(0, size, CACHE_LINE)]
        if size % CACHE_LINE:  # such records may begin anywhere in a line
            places.append(size - 1)
        return _request(context, builder, kind, args[0], [args[1]], places)

    return numba.types.void(records, index), generate


def _type_of_line(_context: Any, array: Any, index: Any) -> Any:
    """Signature and machine code of :func:`fetch_line`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind, given = signature.args
        kinds = given if isinstance(given, numba.types.BaseTuple) else (given,)
        parts = cgutils.unpack_tuple(builder, args[1]) if kinds is given else [args[1]]
        at = [context.cast(builder, *pair, numba.types.intp) for pair in zip(parts, kinds, strict=True)]
        return _request(context, builder, kind, args[0], at, (0,))

    return numba.types.void(array, index), generate


if not INTERPRETED:
    fetch_ahead = extending.intrinsic(_type_of_fetch)
    fetch_line = extending.intrinsic(_type_of_line)


# ---- memory that is used again ---------------------------------------------------------------


class _Spare(threading.local):
    """The memory that each thread asked for last."""

    memory: NDArray[np.uint8] = np.empty(0, np.uint8)


_spare = _Spare()
FREE = 2  # references to memory that nobody works on, counted by getrefcount: the spare's, and the count's own


def blank_records(size: int, dtype: np.dtype[Any]) -> Records:
    """Records on memory as it is found, from a cache line's start: for those whose fields are all set at first use.

    Memory of the thread's last organisation is used again once nothing refers to it: the system would clear
    what it gives anew, a twentieth of a run of a large organisation.
    """
    needed = size * dtype.itemsize + CACHE_LINE
    if len(_spare.memory) < needed or sys.getrefcount(_spare.memory) > FREE:
        _spare.memory = np.empty(needed, np.uint8)
    start = -_spare.memory.ctypes.data % CACHE_LINE
    return _spare.memory[start : start + size * dtype.itemsize].view(dtype).view(np.recarray)
