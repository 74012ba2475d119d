"""Instructions that change variables, made without a graph, and their arguments with canaries."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.backends.native.rules import RULES
from flowgraph.compiler.program import Instr, Value
from flowgraph.graph.cells import Cell
from flowgraph.graph.opdef import lookup

Array = Any
CANARY = 123.0
MARGIN = 16
SCALARS = {
    "beta1_power": 0.81,
    "beta2_power": 0.998,
    "beta1": 0.9,
    "beta2": 0.999,
    "epsilon": 1e-3,
    "l1": 0.05,
    "l2": 0.1,
    "l2_shrinkage": 0.25,
    "lr_power": -0.5,
    "momentum": 0.9,
    "rho": 0.95,
}


def instruction(op_type: str, dtype: str, index: str = "int32", **attrs: Any) -> Instr:
    """An instruction whose inputs are computed, not read from variables."""
    definition = lookup(op_type)
    source = Instr(lookup("Neg"), [], {}, None)
    inputs = []
    for arg in definition.inputs:
        kind = dtypes.as_dtype(index if arg.type_attr in ("Tindices", "Taxis") else dtype)
        inputs.append(Value(source, 0, kind.as_ref if arg.is_ref else kind, None, arg.name))
    defaults = {name: each.default for name, each in definition.attrs.items()}
    return Instr(definition, inputs, {**defaults, **attrs}, None)


def numpy_kernel(instr: Instr) -> Callable[..., Any]:
    keywords = instr.definition.kernel_keywords(instr.attrs)
    return functools.partial(instr.definition.numpy, **keywords)


def never(*_: Any, **__: Any) -> Any:
    """In the place of a NumPy kernel that must not be needed."""
    raise AssertionError("the NumPy kernel was called")


def guarded(values: Array) -> tuple[Array, Array]:
    """A copy of an array within canaries, and the whole of it."""
    whole = np.full(values.size + 2 * MARGIN, CANARY, values.dtype)
    inner = whole[MARGIN : MARGIN + values.size]
    inner[:] = values.reshape(-1)
    return inner.reshape(values.shape), whole


def unharmed(whole: Array) -> bool:
    return bool((whole[:MARGIN] == CANARY).all() and (whole[-MARGIN:] == CANARY).all())


class Arguments:
    """What a kernel of an update is called with: positive slots, a gradient, usual settings."""

    def __init__(
        self, instr: Instr, shape: tuple[int, ...], indices: Array = None, seed: int = 0
    ) -> None:
        random = np.random.default_rng(seed)
        dtype = instr.inputs[0].dtype.base_dtype
        rule = RULES[instr.type]
        self.wholes: list[Array] = []
        self.values: list[Any] = []
        for arg in instr.definition.inputs:
            if arg.is_ref:
                cell = Cell(arg.name, dtype)
                # A mean that is less than the root of the mean square.
                values = random.uniform(0.1, 0.3 if arg.name == "mg" else 2, shape)
                cell.value, whole = guarded(values.astype(dtype.np))
                self.wholes.append(whole)
                self.values.append(cell)
            elif arg.name == "indices":
                self.values.append(indices)
            elif arg.name == rule.gradient:
                rows = shape if indices is None else (*indices.shape, *shape[1:])
                grad, whole = guarded(random.normal(size=rows).astype(dtype.np))
                self.wholes.append(whole)
                self.values.append(grad)
            else:
                self.values.append(dtype.np.type(SCALARS.get(arg.name, 0.3)))
        self.gradient = next(
            i for i, arg in enumerate(instr.definition.inputs) if arg.name == rule.gradient
        )

    @property
    def cells(self) -> list[Cell]:
        return [each for each in self.values if isinstance(each, Cell)]

    @property
    def arrays(self) -> list[Array]:
        """The variables' elements."""
        return [cell.value for cell in self.cells]

    def unharmed(self) -> bool:
        return all(map(unharmed, self.wholes))
