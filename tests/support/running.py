"""Samples built, run and differentiated with flowgraph."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.autodiff.gradients import gradients
from flowgraph.graph.build import apply
from flowgraph.graph.cells import Cell
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.graph import Graph
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.options import Options
from flowgraph.runtime.session import Session
from flowgraph.shapes import TensorShape
from support import recipe
from support.archive import Array
from support.samples import Case

__all__ = [
    "MODES",
    "Built",
    "call_kernel",
    "numerical_gradient",
    "session",
    "weighted_gradients",
]

MODES = {
    "reference": Options(level=0, check=True, compile_after=math.inf),
    "compiled": Options(level=1, check=True, compile_after=0),
}


@contextmanager
def session(graph: Graph, mode: str = "reference") -> Iterator[Session]:
    """A session of one of `MODES`."""
    with Session(graph=graph) as run:
        run._options = MODES[mode]
        yield run


class Built:
    """A sample's op in a graph of its own, its inputs in the given forms (see `recipe`).

    Attributes:
        feeds: placeholders to the values they are fed.
        inputs: one tensor per flat input.
    """

    def __init__(self, case: Case, forms: list[Any] | None = None) -> None:
        if forms is None:
            forms = recipe.variants([each.shape for each in case.flat_inputs])[recipe.FED]
        self.case = case
        self.graph = Graph()
        self.feeds: dict[Tensor, Array] = {}
        self.inputs: list[Tensor] = []
        self.initializers: list[Operation] = []
        self.references: list[Tensor] = []
        pending = list(forms)
        with self.graph.as_default():
            arguments: list[Any] = []
            for arg, value in zip(case.definition.inputs, case.inputs, strict=True):
                if isinstance(value, list):
                    each = [self._input(arg.is_ref, array, pending.pop(0)) for array in value]
                    arguments.append(each)
                else:
                    arguments.append(self._input(arg.is_ref, value, pending.pop(0)))
            result = apply(case.definition.name, *arguments, name="tested", **case.attrs)
        self.op: Operation = _operation(self.graph, result)

    def _input(self, is_ref: bool, value: Array, form: Any) -> Tensor:
        dtype = dtypes.as_dtype(value.dtype) if value.dtype != object else dtypes.string
        if is_ref:
            tensor: Tensor = apply("VariableV2", shape=value.shape, dtype=dtype)
            self.initializers.append(apply("Assign", tensor, constant(value)).op)
            self.references.append(tensor)
        elif form == "const":
            tensor = constant(value, dtype)
        else:
            tensor = apply("Placeholder", dtype=dtype, shape=TensorShape(form))
            self.feeds[tensor] = value
        self.inputs.append(tensor)
        return tensor

    @property
    def outputs(self) -> list[Tensor]:
        return self.op.outputs

    def run(self, mode: str = "reference", times: int = 1) -> tuple[list[Any], list[Any]]:
        """The values of the outputs after so many runs, and of the variables after that."""
        with session(self.graph, mode) as run:
            for initializer in self.initializers:
                run.run(initializer)
            for _ in range(times):
                values = run.run([self.op, *self.outputs], self.feeds)[1:]
            after = [run.run(each) for each in self.references]
        return [_as_array(value) for value in values], after


def _as_array(value: Any) -> Any:
    """A single text is bytes; everything else is an array already."""
    return np.array(value, np.object_) if isinstance(value, bytes) else value


def _operation(graph: Graph, result: Any) -> Operation:
    """The op named "tested"; `apply` returns its outputs, of which there may be none."""
    return result if isinstance(result, Operation) else graph.get_operation_by_name("tested")


def call_kernel(built: Built, inputs: list[Array], **keywords: Any) -> list[Any]:
    """The op's NumPy kernel on flat inputs; references are cells that hold them.

    Returns:
        the outputs, then the values of the references afterwards.
    """
    definition = built.case.definition
    tensors = built.op.inputs
    values: list[Any] = []
    cells = []
    for tensor, array in zip(tensors, inputs, strict=True):
        if tensor.dtype.is_ref_dtype:
            cell = Cell(tensor.op.name, tensor.dtype.base_dtype)
            cell.store(array)
            cells.append(cell)
            values.append(cell)
        else:
            values.append(array)
    attrs = built.op.attrs
    keywords.update(definition.kernel_keywords(attrs))
    if definition.wants_state:
        keywords["state"] = _new_state(built)
    result = definition.numpy(*definition.group(values, attrs), **keywords)
    specs = definition.outputs
    single = len(specs) == 1 and not specs[0].is_list
    outputs = [result] if single else list(result or ())
    plain = [each.value if isinstance(each, Cell) else each for each in outputs]
    return plain + [cell.value for cell in cells]


def _new_state(built: Built) -> Any:
    make = built.case.definition.new_state
    if make is None:
        return None
    code = make.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return make(**{name: built.op.attrs[name] for name in names})


def weighted_gradients(
    ys: dict[int, Tensor], xs: list[Tensor], shapes: dict[int, tuple[int, ...]]
) -> list[Tensor | None]:
    """Dense gradients of the sum of ys, of the given shapes, weighted by `recipe.weights`."""
    seeds = [
        constant(recipe.weights(shapes[number], number, y.dtype.base_dtype.np))
        for number, y in ys.items()
    ]
    found = gradients(list(ys.values()), xs, seeds) if ys else [None] * len(xs)
    return [None if each is None else convert_to_tensor(each) for each in found]


def numerical_gradient(
    function: Callable[[list[Array]], Array], inputs: list[Array], index: int, step: float
) -> Array:
    """Central differences of the sum of a vector function of arrays, by one of them.

    The sum is taken last, so that huge constant elements do no harm.
    """
    result = np.zeros(inputs[index].shape)
    flat = result.reshape(-1)
    for place in range(result.size):
        sides = []
        for sign in (1, -1):
            moved = inputs[index].copy()
            moved.reshape(-1)[place] += sign * step
            sides.append(function([*inputs[:index], moved, *inputs[index + 1 :]]))
        flat[place] = (sides[0] - sides[1]).sum() / (2 * step)
    return result
