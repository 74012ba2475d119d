"""The ops inside loops and conditionals, drawn among those of the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flowgraph.graph.function import Function
from flowgraph.viz.interface import OperationLike, TensorLike

__all__ = ["with_bodies"]


class _Rewired:
    """An op with other inputs: those by which values reach it through the op that it is in."""

    def __init__(self, op: OperationLike, inputs: Sequence[TensorLike]) -> None:
        self._op = op
        self.inputs = inputs

    @property
    def name(self) -> str:
        return self._op.name

    @property
    def type(self) -> str:
        return self._op.type

    @property
    def device(self) -> str:
        return self._op.device

    @property
    def outputs(self) -> Sequence[TensorLike]:
        return self._op.outputs

    @property
    def control_inputs(self) -> Sequence[OperationLike]:
        return self._op.control_inputs

    @property
    def attrs(self) -> Mapping[str, object]:
        return self._op.attrs


def with_bodies(ops: Iterable[OperationLike]) -> list[OperationLike]:
    """`ops` and, before each loop and conditional, the ops of its functions.

    A function's input reads what the op is given; the op reads what its functions return.
    """
    found: dict[str, OperationLike] = {}
    for op in ops:
        functions = [value for value in op.attrs.values() if isinstance(value, Function)]
        if not functions:
            found.setdefault(op.name, op)
            continue
        given = list(op.inputs)[len(op.inputs) - len(functions[0].inputs) :]
        for placeholder, source in zip(functions[0].inputs, given, strict=True):
            found.setdefault(placeholder.op.name, _Rewired(placeholder.op, [source]))
        for function in functions:
            for inner in with_bodies(function.operations()):
                found.setdefault(inner.name, inner)
        before = list(op.inputs)[: len(op.inputs) - len(given)]
        results = [tensor for function in functions for tensor in function.outputs]
        found[op.name] = _Rewired(op, [*before, *dict.fromkeys(results)])
    return list(found.values())
