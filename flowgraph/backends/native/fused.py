"""The door to the native backend: which instructions it computes, and the kernels of groups."""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable

from flowgraph.backends.native.calls import check_array_layout
from flowgraph.backends.native.engine import host_engine
from flowgraph.backends.native.kernels import Call, call_of
from flowgraph.backends.native.recipe import recipe_of, supports
from flowgraph.compiler.program import Fused, Instr
from flowgraph.options import AUTOMATIC

__all__ = ["fusible_by", "native_call", "unusable_because"]


@functools.cache
def unusable_because() -> str:
    """Why there is no native code on this machine; empty if there is."""
    if sys.implementation.name != "cpython" or sys.maxsize < 2**32:
        return "it is for CPython on 64-bit machines"
    if not check_array_layout():
        return "NumPy's arrays look different from what it knows"
    try:
        host_engine()
    except Exception as error:
        return f"LLVM is not to be had: {error}"
    return ""


def fusible_by(backend: str) -> Callable[[Instr], bool] | None:
    """What the compiler may put into groups for a backend; None if nothing.

    Raises:
        RuntimeError: if native code is asked for and cannot be had.
    """
    wanted = AUTOMATIC if backend == "auto" else backend
    if wanted != "native":
        return None
    if unusable_because():
        if backend == "auto":
            return None
        raise RuntimeError(f"The native backend cannot be used: {unusable_because()}.")
    return supports


def native_call(instr: Instr) -> tuple[Call, Call] | None:
    """The kernel of a fused group, as `flowgraph.backends.native.kernels.call_of` gives it.

    Where it does not compile, None is returned; the first time, a warning names the op.
    """
    group = instr.region
    assert isinstance(group, Fused)
    try:
        shapes = [_sizes(value.dims) for value in (*instr.outputs, *instr.inputs)]
        return call_of(recipe_of(group.body), shapes[0], shapes[1:])
    except Exception as error:
        _warn(f"no native code for {instr.name!r} and ops like it: {error!r}")
        return None


_WARNINGS: list[str] = []


def _warn(message: str) -> None:
    if not _WARNINGS:
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    _WARNINGS.append(message)


def _sizes(shape: tuple[int | None, ...] | None) -> tuple[int, ...]:
    assert shape is not None
    return tuple(size for size in shape if size is not None)
