"""The kernels of this process, each compiled once, by what they compute and how arrays lie."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flowgraph import dims
from flowgraph.backends.native import llvm
from flowgraph.backends.native.calls import bound_kernel
from flowgraph.backends.native.elementwise import lanes_for, write_kernel
from flowgraph.backends.native.engine import Engine, host_engine
from flowgraph.backends.native.layout import Layout, layout_of
from flowgraph.backends.native.recipe import Recipe

__all__ = ["Call", "call_of", "kernel_source"]

Call = Callable[..., bool]
Shape = tuple[int, ...]

_KERNELS: dict[tuple[Engine, Recipe, Layout], int] = {}
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
    key = (engine, recipe, layout)
    with _LOCK:
        address = _KERNELS.get(key)
        if address is None:
            address = engine.compile(kernel_source(engine, recipe, layout), _name(len(_KERNELS)))
            _KERNELS[key] = address
    sizes = [_size(shape) for shape in (output, *inputs)]
    arrays = list(zip([recipe.dtype, *recipe.inputs], sizes, strict=True))
    return bound_kernel(engine, address, turns, arrays)


def kernel_source(engine: Engine, recipe: Recipe, layout: Layout) -> str:
    """A kernel in LLVM's assembly language."""
    module = llvm.ir.Module()
    lanes = lanes_for(recipe, engine.machine)
    write_kernel(module, _name(len(_KERNELS)), recipe, layout, lanes)
    return str(module)


def _name(number: int) -> str:
    return f"kernel{number}"


def _size(shape: Shape) -> int:
    size = dims.num_elements(shape)
    assert size is not None
    return size
