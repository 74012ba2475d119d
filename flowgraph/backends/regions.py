"""Kernels of loops and conditionals for the reference backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import errors
from flowgraph.compiler.passes.protect import shared_fetches
from flowgraph.compiler.program import Branches, Fused, Instr, Loop, Program

__all__ = ["owned", "region_kernel", "truth"]

Compiler = Callable[[Program], Callable[..., list[Any]]]


def region_kernel(instr: Instr, compiled: Compiler) -> Callable[..., Any]:
    """The function of the grouped inputs of a While, an If or a fused group.

    What it returns is owned by the caller: it shares no memory with inputs and variables.
    """
    region = instr.region
    if isinstance(region, Fused):
        return _fused_kernel(region, compiled)
    if isinstance(region, Loop):
        return _loop_kernel(region, compiled)
    assert isinstance(region, Branches)
    return _branches_kernel(region, compiled)


def owned(value: Any) -> Any:
    """A copy of what may share memory with others."""
    return value.copy() if isinstance(value, np.ndarray) else value


def _loop_kernel(loop: Loop, compiled: Compiler) -> Callable[..., Any]:
    goes_on, turn = compiled(loop.cond), compiled(loop.body)
    varying = loop.varying
    borrowed = [varying[index] for index in shared_fetches(loop.body)]

    def run(inputs: list[Any]) -> list[Any]:
        values = list(inputs)
        turned = False
        while truth(goes_on(*values)[0]):
            changed = turn(*values)
            for index, value in zip(varying, changed, strict=True):
                values[index] = value
            turned = True
        for index in borrowed if turned else varying:
            values[index] = owned(values[index])
        return values

    return run


def _branches_kernel(branches: Branches, compiled: Compiler) -> Callable[..., Any]:
    then, otherwise = compiled(branches.then), compiled(branches.otherwise)
    borrowed = shared_fetches(branches.then), shared_fetches(branches.otherwise)

    def run(condition: Any, inputs: list[Any]) -> list[Any]:
        taken = truth(condition)
        values = (then if taken else otherwise)(*inputs)
        for index in borrowed[0] if taken else borrowed[1]:
            values[index] = owned(values[index])
        return values

    return run


def _fused_kernel(group: Fused, compiled: Compiler) -> Callable[..., Any]:
    compute = compiled(group.body)

    def run(*inputs: Any, out: Any = None) -> Any:
        result = compute(*inputs)[0]
        if out is None:
            return result
        np.copyto(out, result)
        return out

    return run


def truth(condition: Any) -> bool:
    """A predicate as a bool. Raises InvalidArgumentError unless it is a scalar."""
    array = np.asarray(condition)
    if array.ndim:
        raise errors.InvalidArgumentError(None, None, "The predicate must be a scalar.")
    return bool(array)
