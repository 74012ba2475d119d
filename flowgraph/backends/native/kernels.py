"""The kernels of this process, each compiled once, by what they compute and how arrays lie."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

from flowgraph import dims
from flowgraph.backends.native import llvm
from flowgraph.backends.native.calls import bound_kernel
from flowgraph.backends.native.elementwise import write_kernel
from flowgraph.backends.native.engine import Engine, Machine, host_engine
from flowgraph.backends.native.layout import Layout, layout_of
from flowgraph.backends.native.recipe import Recipe

__all__ = ["Call", "call_of", "kernel_source"]

Call = Callable[..., bool]
Shape = tuple[int, ...]

_KERNELS: dict[tuple[Engine, Recipe, Layout, bool], int] = {}
_NUMBERS = itertools.count()
# From so many elements on, a kernel that takes longer to compile is worth it.
_LARGE = 4096
_LOCK = threading.Lock()


def call_of(
    recipe: Recipe, output: Shape, inputs: list[Shape], engine: Engine | None = None
) -> tuple[Call, Call]:
    """Two functions ``f(out, *inputs)``, as `bound_kernel` makes them, for arrays of these shapes.

    Args:
        inputs: shapes that broadcast to `output`.
        engine: that of this machine, unless another one is given.
    """
    engine = engine or host_engine()
    layout, turns = layout_of(output, inputs)
    sizes = [_size(shape) for shape in (output, *inputs)]
    large = sizes[0] >= _LARGE
    key = (engine, recipe, layout, large)
    with _LOCK:
        address = _KERNELS.get(key)
        if address is None:
            name = f"kernel{next(_NUMBERS)}"
            source = kernel_source(name, engine.machine, recipe, layout, large)
            address = _KERNELS[key] = engine.compile(source, name)
    arrays = list(zip([recipe.dtype, *recipe.inputs], sizes, strict=True))
    return bound_kernel(engine, address, turns, arrays)


def kernel_source(name: str, machine: Machine, recipe: Recipe, layout: Layout, large: bool) -> str:
    """A kernel in LLVM's assembly language."""
    module = llvm.ir.Module()
    write_kernel(module, name, recipe, layout, machine, large)
    return str(module)


def _size(shape: Shape) -> int:
    size = dims.num_elements(shape)
    assert size is not None
    return size
