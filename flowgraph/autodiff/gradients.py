"""Symbolic reverse-mode differentiation.

`gradients` walks the graph backwards from ys and builds, for each op on the way to xs, the nodes
of its gradient. Since a graph is append-only, the order of creation is a topological order; the
walk needs no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from enum import Enum
from functools import partial
from typing import Any

from flowgraph import dtypes, errors
from flowgraph.autodiff.broadcast import broadcasts, sum_to_operand
from flowgraph.autodiff.registry import gradient_function, region_gradient
from flowgraph.graph import build
from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.function import FunctionGraph, depth, origins
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.tensor import Operation, Tensor

__all__ = [
    "AggregationMethod",
    "UnconnectedGradients",
    "backpropagate",
    "differentiable",
    "gradients",
    "zeros_of",
]

Gradient = Any  # Tensor or IndexedSlices


class AggregationMethod:
    """How several contributions to one gradient are summed; all give the same values here."""

    ADD_N = 0
    DEFAULT = 0
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


class UnconnectedGradients(Enum):
    """What `gradients` returns for an x that the ys do not depend on."""

    NONE = "none"
    ZERO = "zero"


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
    stop_gradients: Any = None,
    unconnected_gradients: Any = UnconnectedGradients.NONE,
) -> list[Gradient]:
    """The derivatives of ``sum(ys)`` with respect to each of `xs`, as new nodes of the graph.

    Args:
        ys: a tensor or a list of tensors.
        xs: a tensor, variable, or a list of them.
        grad_ys: the gradients that flow into each y, of its shape; ones where None.
        stop_gradients: tensors that count as constants.
        unconnected_gradients: what an x gets that no y depends on: None or zeros.
        gate_gradients: let no gradient of an op be used before all of them are computed.
        aggregation_method: one of `AggregationMethod`; all are summed by AddN.

    Returns:
        A list as long as xs: tensors, `IndexedSlices` (from gather), or None.

    Raises:
        LookupError: if an op on the way has no gradient.
        ValueError: if a grad_y does not fit its y.
    """
    targets = _as_list(ys)
    sources = [_source(x) for x in _as_list(xs)]
    stops = [_source(x) for x in _as_list(stop_gradients)]
    seeds: list[Any] = [None] * len(targets) if grad_ys is None else _as_list(grad_ys)
    if len(seeds) != len(targets):
        raise ValueError("Passed %d grad_ys for %d ys" % (len(seeds), len(targets)))  # noqa: UP031
    graph = build.graph_of([*_tensors(targets), *_tensors(sources)])
    with graph.as_default(), graph.name_scope(name):
        tensors = [convert_to_tensor(y, name="y") for y in targets]
        outside = origins(graph) if isinstance(graph, FunctionGraph) else {}
        walk = _Walk(graph, tensors, sources, stops, colocate_gradients_with_ops, outside)
        for index, (y, seed) in enumerate(zip(tensors, seeds, strict=True)):
            walk.add(y, _initial_gradient(y, seed, index))
        walk.run()
        found = [walk.gradient_of(x) for x in sources]
        if gate_gradients:
            found = _gate(found)
    if UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.ZERO:
        found = [_zeros_like(x) if g is None else g for x, g in zip(sources, found, strict=True)]
    return found


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    if hasattr(value, "_get_variable_list"):
        return [value]
    return list(value) if isinstance(value, list | tuple) else [value]


def _source(x: Any) -> Tensor:
    """The tensor whose gradient stands for that of `x`: a variable's reference, or itself."""
    reference = getattr(x, "_ref", None)
    if reference is not None:
        tensor: Tensor = reference()
        return tensor
    if isinstance(x, IndexedSlices):
        return x.values
    return convert_to_tensor(x, name="x")


def backpropagate(
    graph: Graph, ys: list[Tensor], xs: list[Tensor], seeds: list[Gradient]
) -> list[Gradient]:
    """The gradients of ys with respect to xs, built in `graph`, which may be another than theirs.

    Args:
        seeds: the gradient that flows into each y; None for none.
    """
    walk = _Walk(graph, ys, xs, [], colocate=False)
    for y, seed in zip(ys, seeds, strict=True):
        if seed is not None:
            walk.add(y, seed)
    walk.run()
    return [walk.gradient_of(x) for x in xs]


def _tensors(values: list[Any]) -> list[Any]:
    return [getattr(value, "values", value) for value in values]


def _initial_gradient(y: Tensor, seed: Any, index: int) -> Gradient:
    if seed is None:
        if y.dtype.is_complex:
            raise TypeError(
                f"Gradients of complex tensors must set grad_ys (y.dtype = {y.dtype.name})"
            )
        shape = _shape_of(y)
        one = convert_to_tensor(1, y.dtype.base_dtype, name=f"grad_ys_{index}")
        return apply("Fill", shape, one)
    if isinstance(seed, IndexedSlices):
        return seed
    given = getattr(seed, "dtype", y.dtype) if isinstance(seed, Tensor) else y.dtype
    if given.base_dtype is not y.dtype.base_dtype:
        raise errors.DTypeMismatchError(
            f"grad_ys of type {given.name} does not fit y of type {y.dtype.base_dtype.name}"
        )
    converted = convert_to_tensor(seed, y.dtype.base_dtype, name=f"grad_y_{index}")
    gradient: Tensor = apply("Identity", converted, name=f"grad_ys_{index}")
    if not gradient.shape.is_compatible_with(y.shape):
        raise ValueError(f"grad_ys of shape {gradient.shape} does not fit y of shape {y.shape}")
    return gradient


def _shape_of(tensor: Tensor) -> Tensor:
    if tensor.dims is not None and None not in tensor.dims:
        return convert_to_tensor(tensor.shape, name="Shape")
    shape: Tensor = apply("Shape", tensor)
    return shape


def _zeros_like(tensor: Tensor) -> Tensor:
    if get_default_graph() is not tensor.graph:
        return zeros_of(tensor)
    zeros: Tensor = apply("ZerosLike", tensor, name="zeros_like")
    return zeros


def zeros_of(tensor: Tensor) -> Tensor:
    """Zeros of the shape and type of `tensor`, without reading its value."""
    zero = convert_to_tensor(0, tensor.dtype.base_dtype, name="zero")
    zeros: Tensor = apply("Fill", _shape_of(tensor), zero, name="zeros")
    return zeros


def differentiable(tensor: Tensor) -> bool:
    """True if a gradient may flow through it: numbers that are no integers, and lists of them."""
    return _trainable(tensor) or tensor.dtype.base_dtype is dtypes.variant


def _trainable(tensor: Tensor) -> bool:
    return tensor.dtype.kind in "fc"


class _Walk:
    """One backward pass: collected contributions per tensor, ops in descending order of
    creation."""

    def __init__(
        self,
        graph: Graph,
        ys: list[Tensor],
        xs: list[Tensor],
        stops: list[Tensor],
        colocate: bool,
        origins: dict[Operation, Tensor] | None = None,
    ) -> None:
        # What stands in a loop or a branch for tensors outside, through which the walk goes on.
        self.origins = origins or {}
        self.graph = graph
        self.xs = set(xs)
        self.stops = set(stops)
        self.colocate = colocate
        self.contributions: dict[Tensor, list[Gradient]] = {}
        self.summed: dict[Tensor, Gradient] = {}
        self.depends: set[Operation] = set()
        self.path = self._ops_between(ys)

    def _ops_between(self, ys: list[Tensor]) -> list[Operation]:
        """The ops that ys depend on and that depend on some x, latest first."""
        ancestors: set[Operation] = set()
        stack = [y.op for y in ys if y not in self.stops]
        while stack:
            op = stack.pop()
            if op not in ancestors:
                ancestors.add(op)
                stack.extend(t.op for t in self._inputs(op) if t not in self.stops)
        depends: set[Operation] = set()
        ordered = sorted(ancestors, key=lambda op: op._id)
        if self.origins:
            ordered.sort(key=lambda op: depth(op.graph))
        for op in ordered:
            for tensor in self._inputs(op):
                if tensor in self.xs or (tensor.op in depends and tensor not in self.stops):
                    depends.add(op)
                    break
        self.depends = depends
        return [op for op in reversed(ordered) if op in depends]

    def _inputs(self, op: Operation) -> Sequence[Tensor]:
        return [self.origins[op]] if op in self.origins else op.inputs

    def _matters(self, x: Tensor) -> bool:
        """True if some x of the question is at, or upstream of, this tensor."""
        return x in self.xs or (x.op in self.depends and x not in self.stops)

    def add(self, tensor: Tensor, gradient: Gradient) -> None:
        self.contributions.setdefault(tensor, []).append(gradient)

    def gradient_of(self, tensor: Tensor) -> Gradient | None:
        """The sum of what flowed into `tensor`; built once."""
        if tensor in self.summed:
            return self.summed[tensor]
        parts = self.contributions.get(tensor)
        if parts is None:
            return None
        total = parts[0] if len(parts) == 1 else _aggregate(parts)
        self.summed[tensor] = total
        return total

    def run(self) -> None:
        for op in self.path:
            received = [
                None if output in self.stops else self.gradient_of(output) for output in op.outputs
            ]
            if all(gradient is None for gradient in received):
                continue
            if op in self.origins:
                self.add(self.origins[op], received[0])
                continue
            function = self._gradient_function(op)
            if function is None:
                continue
            with self._place_of(op):
                results = _as_results(function(op, received), op)
                for x, gradient in zip(op.inputs, results, strict=True):
                    if gradient is not None and self._matters(x):
                        self.add(x, _fitted(gradient, x, op))

    def _gradient_function(self, op: Operation) -> Any:
        """From `op` and the gradients of its outputs to those of its inputs; None for none."""
        of_region = region_gradient(op)
        if of_region is not None:
            wanted = [self._matters(x) and differentiable(x) for x in op.inputs]
            return partial(of_region, wanted=wanted)
        function = gradient_function(op)
        return None if function is None else partial(_with_zeros, function)

    @contextmanager
    def _place_of(self, op: Operation) -> Iterator[None]:
        """Where the gradient of `op` is built: in a name scope of its own."""
        graph = self.graph
        previous = graph._original_op
        graph._original_op = op
        place = graph.colocate_with(op, ignore_existing=True) if self.colocate else nullcontext()
        try:
            with graph.name_scope(op.name + "_grad"), place:
                yield
        finally:
            graph._original_op = previous


def _with_zeros(function: Any, op: Operation, received: list[Gradient]) -> Any:
    """The gradients that `function` computes, with zeros where nothing flows into an output."""
    dys = [
        _zeros_like(output) if dy is None and _trainable(output) else dy
        for output, dy in zip(op.outputs, received, strict=True)
    ]
    return function(op, *dys)


def _as_results(results: Any, op: Operation) -> list[Gradient]:
    found = list(results) if isinstance(results, list | tuple) else [results]
    if len(found) != len(op.inputs):
        raise ValueError(
            f"Num gradients {len(found)} generated for op {op.name} (op type: {op.type}) do not "
            f"match num inputs {len(op.inputs)}"
        )
    return found


def _fitted(gradient: Gradient, x: Tensor, op: Operation) -> Gradient:
    """`gradient` checked against the input it belongs to, with broadcasting undone."""
    if gradient.dtype.base_dtype is not x.dtype.base_dtype:
        raise ValueError(
            f"Gradient type {gradient.dtype.name} generated for op {op.name} does not match input "
            f"type {x.dtype.base_dtype.name}"
        )
    if isinstance(gradient, IndexedSlices):
        return gradient
    if broadcasts(op.definition) and (gradient.dims != x.dims or not _known(x)):
        gradient = sum_to_operand(gradient, x, op)
    if gradient.dims != x.dims and not gradient.shape.is_compatible_with(x.shape):
        raise ValueError(
            f"Incompatible shapes between op input and calculated input gradient. Forward "
            f"operation: {op.name}. Original input shape: {x.shape}. "
            f"Calculated input gradient shape: {gradient.shape}"
        )
    return gradient


def _known(tensor: Tensor) -> bool:
    return tensor.dims is not None and None not in tensor.dims


def _aggregate(parts: Sequence[Gradient]) -> Gradient:
    if parts[0].dtype.base_dtype is dtypes.variant:
        raise LookupError("No third derivatives through loops: lists of gradients have no sum.")
    if all(isinstance(part, IndexedSlices) for part in parts):
        return _concatenated(parts)
    return apply("AddN", [convert_to_tensor(part) for part in parts])


def _concatenated(parts: Sequence[IndexedSlices]) -> IndexedSlices:
    """Rows of all parts; rows named twice stand for their sum."""
    axis = 0
    values = apply("ConcatV2", [part.values for part in parts], axis, name="concat")
    indices = [part.indices for part in parts]
    if len({index.dtype for index in indices}) > 1:
        indices = [apply("Cast", index, DstT="int64") for index in indices]
    shape = next((p.dense_shape for p in parts if p.dense_shape is not None), None)
    return IndexedSlices(values, apply("ConcatV2", indices, axis, name="concat"), shape)


def _gate(found: list[Gradient]) -> list[Gradient]:
    """Let every gradient wait for all the others."""
    dense = [gradient for gradient in found if isinstance(gradient, Tensor)]
    if len(dense) < 2:
        return found
    graph = dense[0].graph
    with graph.control_dependencies(dense):
        gated = {gradient: apply("Identity", gradient, name="tuple") for gradient in dense}
    return [gated.get(g, g) if isinstance(g, Tensor) else g for g in found]
