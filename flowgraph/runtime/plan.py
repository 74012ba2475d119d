"""Execution plans: what a session keeps for one pair of fetches and feeds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import numpy as np

from flowgraph.backends.context import RunContext
from flowgraph.backends.native.fused import fusible_by
from flowgraph.backends.python import PythonExecutable
from flowgraph.backends.reference import ReferenceExecutable
from flowgraph.compiler.lower import lower
from flowgraph.compiler.passes.protect import shared_fetches
from flowgraph.compiler.pipeline import PassRecord, optimize
from flowgraph.compiler.program import Program
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.options import Options
from flowgraph.runtime.feeds import check_shape

__all__ = ["Plan", "ShapedPlan"]

_MAX_SHAPES = 32


class ShapedPlan:
    """A plan for one combination of the feeds' shapes.

    The first run goes through the reference kernels; from the second on, the compiled function
    runs.
    """

    def __init__(
        self, program: Program, records: list[PassRecord], context: RunContext, options: Options
    ) -> None:
        self.program = program
        self.records = records
        self.reference = ReferenceExecutable(program, context)
        self._foreign = shared_fetches(program)
        self._scalars = [i for i, value in enumerate(program.fetches) if not value.dims]
        self._context = context
        self._compile_after = options.compile_after
        self._native = options.native
        self._runs = 0
        self._compiled: PythonExecutable | None = None

    def compiled(self) -> PythonExecutable:
        """The straight-line function, made again when variables have changed their shapes."""
        if self._compiled is None or self._compiled.stale:
            self._compiled = PythonExecutable(self.program, self._context, self._native)
        return self._compiled

    def run(self, feeds: list[Any]) -> list[Any]:
        """The fetched values, owned by the caller."""
        self._runs += 1
        with np.errstate(all="ignore"):
            if self._runs <= self._compile_after:
                return self.owned(self.reference.run(feeds))
            executable = self.compiled()
            # Another thread may be inside: its buffers are in use, so this run allocates its own.
            if not executable.lock.acquire(blocking=False):
                return self.owned(self.reference.run(feeds))
            try:
                return self.owned(executable.run(feeds))
            finally:
                executable.lock.release()

    def owned(self, values: list[Any]) -> list[Any]:
        """The results of a run with what is not the run's own copied, and 0-d arrays as scalars."""
        for index in self._foreign:
            values[index] = values[index].copy()
        for index in self._scalars:
            value = values[index]
            if type(value) is np.ndarray and not value.ndim:
                values[index] = value[()]
        return values


class Plan:
    """What to run for some fetches and feeds, specialised per combination of feed shapes."""

    def __init__(
        self,
        tensors: list[Tensor],
        targets: list[Operation],
        feeds: list[Tensor],
        context: RunContext,
        options: Options,
    ) -> None:
        self.tensors = tensors
        self.targets = targets
        self.feeds = feeds
        # Of an array of strings the type does not tell whether its elements are bytes.
        types = [tensor.dtype.base_dtype.np for tensor in feeds]
        self.feed_types = [None if each.kind == "O" else each for each in types]
        self._context = context
        self._options = options
        self._shaped: OrderedDict[Any, ShapedPlan] = OrderedDict()
        self._lock = threading.Lock()

    def for_feeds(self, values: list[Any]) -> ShapedPlan:
        """The plan for the shapes of these feeds; when there are many, the oldest is dropped.

        Raises:
            ValueError: if a shape does not fit the tensor that is fed.
        """
        shapes = shapes_of(values)
        found = self._shaped.get(shapes)
        if found is not None:
            return found
        for tensor, shape in zip(self.feeds, shapes, strict=True):
            check_shape(tensor, shape)
        with self._lock:
            made = self.compile(shapes)
            self._shaped[shapes] = made
            if len(self._shaped) > _MAX_SHAPES:
                self._shaped.popitem(last=False)
        return made

    def compile(self, shapes: tuple[tuple[int, ...], ...], dump: bool = False) -> ShapedPlan:
        program = lower(self.tensors, self.targets, self.feeds, list(shapes))
        options = self._options
        records = optimize(
            program,
            level=options.level,
            check=options.check,
            dump=dump,
            fusible=fusible_by(options.backend),
        )
        return ShapedPlan(program, records, self._context, options)


def shapes_of(values: list[Any]) -> tuple[tuple[int, ...], ...]:
    return tuple([value.shape for value in values])
