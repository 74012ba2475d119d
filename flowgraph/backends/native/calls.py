"""Kernels as builtin functions of Python, which take arrays and cost some 50 ns to call.

The builtin is made of machine code as well: it reads the addresses of the arrays' elements out of
the array objects. Their layout is part of NumPy's binary interface; `check_array_layout` compares
it with what Python sees. What a kernel must know of its arrays stands in a frame; an array that is
not what the frame says makes the builtin return False before the kernel is entered.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowgraph import errors
from flowgraph.backends.native import llvm
from flowgraph.backends.native.builder import Lanes
from flowgraph.backends.native.engine import Engine

__all__ = ["bound_kernel", "check_array_layout"]

Array = np.ndarray[Any, Any]

# A frame is int64s: these, the three of each array, then the turns of the kernel's loops.
_KERNEL, _ARRAYS, _NDARRAY, _UNLOCKED, _TRUE, _FALSE, _HEAD = range(7)
_ELEMENTS, _DTYPE, _SCALAR_TYPE, _RECORD = range(4)

# Offsets in an array object, from the end of the part that all objects have.
_OBJECT = object.__basicsize__
_DATA, _RANK, _SHAPE, _DESCR, _FLAGS = (_OBJECT + each for each in (0, 8, 16, 40, 48))
_TYPE = _OBJECT - 8
# C-contiguous and aligned.
_NEEDED_FLAGS = 0x101
_METH_FASTCALL = 0x80
# Beyond so many elements other threads of Python may run meanwhile.
_MANY = 1 << 15


class _MethodDef(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


@functools.cache
def check_array_layout() -> bool:
    """True if array objects look in memory as the builtin assumes."""
    array = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    number = np.float32(1.5)
    at = id(array)
    shape = ctypes.c_void_p.from_address(at + _SHAPE).value
    return (
        ctypes.c_void_p.from_address(at + _TYPE).value == id(np.ndarray)
        and ctypes.c_void_p.from_address(at + _DATA).value == array.ctypes.data
        and ctypes.c_int.from_address(at + _RANK).value == 2
        and shape is not None
        and list((ctypes.c_int64 * 2).from_address(shape)) == [2, 3]
        and ctypes.c_void_p.from_address(at + _DESCR).value == id(np.dtype(np.float32))
        and ctypes.c_int.from_address(at + _FLAGS).value & _NEEDED_FLAGS == _NEEDED_FLAGS
        and ctypes.c_float.from_address(id(number) + _OBJECT).value == 1.5
    )


def bound_kernel(
    engine: Engine, kernel: int, turns: Sequence[int], arrays: Sequence[tuple[str, int]]
) -> tuple[Callable[..., bool], Callable[..., bool]]:
    """A kernel for arrays of some sizes as two functions ``f(out, *inputs)``.

    Args:
        kernel: the address of ``void kernel(i64* turns, void** arrays)``.
        arrays: dtype and number of elements of `out` and of each input.

    Returns:
        The builtin, which returns False and does nothing unless all are contiguous arrays (or
        NumPy's scalars) of those dtypes and sizes; and one that copies inputs that are not.
    """
    many = arrays[0][1] >= _MANY
    head = [kernel, len(arrays), id(np.ndarray), int(many), id(True), id(False)]
    for dtype, elements in arrays:
        found = np.dtype(dtype)
        head += [elements, id(found), id(found.type)]
    frame = np.array([*head, *turns], np.int64)
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype = ctypes.py_object
    make.argtypes = (ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    fast: Callable[..., bool] = make(ctypes.addressof(_method(engine)), frame, None)
    dtypes = [dtype for dtype, _ in arrays[1:]]

    def careful(out: Array, *inputs: Any) -> bool:
        copied = [np.array(x, t, order="C") for x, t in zip(inputs, dtypes, strict=True)]
        if not fast(out, *copied):
            shown = ", ".join(f"{each.dtype}{list(each.shape)}" for each in (out, *copied))
            raise errors.InternalError(None, None, f"a kernel for {arrays} was given {shown}")
        return True

    return fast, careful


_METHODS: dict[Engine, _MethodDef] = {}


def _method(engine: Engine) -> _MethodDef:
    """The definition that all builtins of an engine share. Python wants it to stay in place."""
    found = _METHODS.get(engine)
    if found is None:
        module = llvm.ir.Module()
        _write_entry(module)
        address = engine.compile(str(module), "entry")
        found = _METHODS.setdefault(
            engine, _MethodDef(b"kernel", address, _METH_FASTCALL, b"A native kernel.")
        )
    return found


def _write_entry(module: Any) -> None:
    """``PyObject* entry(PyObject* frame, PyObject** given, i64 count)``."""
    ir = llvm.ir
    pointer, i64, i32 = ir.PointerType(), ir.IntType(64), ir.IntType(32)
    function = ir.Function(module, ir.FunctionType(pointer, [pointer, pointer, i64]), "entry")
    b = ir.IRBuilder(function.append_basic_block("entry"))
    lanes = Lanes(b, 1)
    owner, given, count = function.args
    refuse = function.append_basic_block("refuse")

    def number(value: int) -> Any:
        return ir.Constant(i64, value)

    def after(base: Any, offset: int, kind: Any) -> Any:
        return b.load(b.gep(base, [number(offset)], source_etype=ir.IntType(8)), typ=kind)

    def item(base: Any, index: Any, kind: Any) -> Any:
        return b.load(b.gep(base, [index], source_etype=kind), typ=kind)

    def demand(condition: Any) -> None:
        """Go on if the condition holds, else return False."""
        holds = b.append_basic_block("holds")
        b.cbranch(condition, holds, refuse)
        b.position_at_end(holds)

    frame = after(owner, _DATA, pointer)
    arrays = item(frame, number(_ARRAYS), i64)
    addresses, size = b.alloca(pointer, arrays), b.alloca(i64)
    demand(b.icmp_signed("==", arrays, count))
    with lanes.count_up(number(0), arrays, 1) as index:
        record_at = b.add(number(_HEAD), b.mul(index, number(_RECORD)))
        record = b.gep(frame, [record_at], source_etype=i64)
        elements = item(record, number(_ELEMENTS), i64)
        value = item(given, index, pointer)
        address = b.gep(addresses, [index], source_etype=pointer)
        kind = after(value, _TYPE, i64)
        is_array = b.icmp_signed("==", kind, item(frame, number(_NDARRAY), i64))
        with b.if_else(is_array) as (array, scalar):
            with array:
                flags = b.and_(after(value, _FLAGS, i32), ir.Constant(i32, _NEEDED_FLAGS))
                demand(b.icmp_signed("==", flags, ir.Constant(i32, _NEEDED_FLAGS)))
                descr = after(value, _DESCR, i64)
                demand(b.icmp_signed("==", descr, item(record, number(_DTYPE), i64)))
                shape = after(value, _SHAPE, pointer)
                rank = b.sext(after(value, _RANK, i32), i64)
                b.store(number(1), size)
                with lanes.count_up(number(0), rank, 1) as axis:
                    product = b.mul(b.load(size, typ=i64), item(shape, axis, i64))
                    b.store(product, size)
                demand(b.icmp_signed("==", b.load(size, typ=i64), elements))
                b.store(after(value, _DATA, pointer), address)
            with scalar:
                demand(b.icmp_signed("==", kind, item(record, number(_SCALAR_TYPE), i64)))
                demand(b.icmp_signed("==", elements, number(1)))
                data = b.gep(value, [number(_OBJECT)], source_etype=ir.IntType(8))
                b.store(data, address)
    turns_at = b.add(number(_HEAD), b.mul(arrays, number(_RECORD)))
    turns = b.gep(frame, [turns_at], source_etype=i64)
    kernel_type = ir.FunctionType(ir.VoidType(), [pointer, pointer])
    kernel = b.inttoptr(item(frame, number(_KERNEL), i64), kernel_type.as_pointer())
    unlocked = b.icmp_signed("!=", item(frame, number(_UNLOCKED), i64), number(0))
    with b.if_else(unlocked) as (many, few):
        with many:
            thread = lanes.call("PyEval_SaveThread", pointer, [])
            b.call(kernel, [turns, addresses])
            lanes.call("PyEval_RestoreThread", ir.VoidType(), [thread])
        with few:
            b.call(kernel, [turns, addresses])
    _return(lanes, item(frame, number(_TRUE), i64))
    b.position_at_end(refuse)
    _return(lanes, item(frame, number(_FALSE), i64))


def _return(lanes: Lanes, address: Any) -> None:
    ir = llvm.ir
    found = lanes.ir.inttoptr(address, ir.PointerType())
    lanes.call("Py_IncRef", ir.VoidType(), [found])
    lanes.ir.ret(found)
