"""Partial runs: one step that is fed and fetched in several calls."""

from __future__ import annotations

from typing import Any

from flowgraph import errors
from flowgraph.backends.context import RunContext
from flowgraph.backends.reference import ReferenceExecutable
from flowgraph.compiler.lower import lower
from flowgraph.compiler.pipeline import optimize
from flowgraph.compiler.program import Instr
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.runtime.fetches import Fetches
from flowgraph.runtime.plan import shapes_of

__all__ = ["PartialRun"]


class PartialRun:
    """The state between the calls: what has been fed and computed so far."""

    def __init__(self, announced: Fetches, feeds: list[Tensor], context: RunContext) -> None:
        self._fetchable: set[Any] = {*announced.tensors, *announced.targets}
        self._feedable = set(feeds)
        self._context = context
        self._known: dict[Tensor, Any] = {}
        self._done: set[Operation] = set()

    def run(self, fetches: Fetches, feeds: dict[Tensor, Any]) -> Any:
        """Compute `fetches` from all that is known, remembering every result on the way."""
        for tensor in feeds:
            if tensor not in self._feedable:
                raise _unannounced("feed", tensor.name, "was not announced")
            if tensor in self._known:
                raise _unannounced("feed", tensor.name, "has been fed or computed already")
        elements: list[Any] = [*fetches.tensors, *fetches.targets]
        for element in elements:
            if element not in self._fetchable:
                raise _unannounced("fetch", element.name, "was not announced")
        self._known.update(feeds)
        targets = [op for op in fetches.targets if op not in self._done]
        known = list(self._known)
        values = list(self._known.values())
        program = lower(fetches.tensors, targets, known, list(shapes_of(values)))
        optimize(program, level=0)
        executable = ReferenceExecutable(program, self._context)
        results = executable.run(values, self._remember)
        self._done.update(fetches.targets)
        return fetches.build([_owned(value) for value in results])

    def _remember(self, instr: Instr, result: Any) -> None:
        node = instr.node
        if node is None or instr.type == "_Read":
            return
        self._done.add(node)
        results = [result] if node.definition.is_single else list(result or ())
        for tensor, value in zip(node.outputs, results, strict=False):
            if not tensor.dtype.is_ref_dtype:
                self._known[tensor] = value


def _owned(value: Any) -> Any:
    return value.copy() if getattr(value, "ndim", 0) else value


def _unannounced(kind: str, name: str, what: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(
        None, None, f"Cannot {kind} {name!r} in this partial run: it {what}."
    )
