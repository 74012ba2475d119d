"""`while_loop`: TensorFlow 1's loops, as While ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph import dims, errors
from flowgraph.dims import Dims
from flowgraph.dtypes import bool as bool_
from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices, SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.function import Function, FunctionGraph
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.structure import flatten, is_sequence, map_structure, pack_sequence_as
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.loop_values import components, rebuilt
from flowgraph.ops.regions import add_while
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.shapes import TensorShape, as_dims

__all__ = ["while_loop"]


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
    maximum_iterations: Any = None,
    return_same_structure: bool = False,
) -> Any:
    """Repeat `body` as long as `cond` is true: ``while cond(*v): v = body(*v)``.

    Both functions are called once, to build the loop's graph. What they read from outside keeps its
    value from before the loop; only what the results depend on runs.

    >>> import flowgraph as tf
    >>> i, total = tf.while_loop(lambda i, s: i < 5, lambda i, s: [i + 1, s + i], [0, 0])
    >>> with tf.Session() as session:
    ...     print(session.run(total))
    10

    Args:
        cond: from the loop variables to a boolean scalar.
        body: from the loop variables to as many new values, in the same structure.
        loop_vars: the first values: a list, nested at will, of tensors, `TensorArray`, sparse
            tensors and what converts to tensors.
        shape_invariants: what stays true of each variable's shape, where that is less than the
            shape of its first value: `TensorShape` in the structure of `loop_vars`.
        parallel_iterations, swap_memory: accepted for compatibility.
        back_prop: False where nobody differentiates the loop: gradients stop at it.
        maximum_iterations: an int or an integer scalar: the most turns.
        return_same_structure: keep the list around a single variable.

    Returns:
        The last values, in the structure of what `body` returns; a single one without its list.

    Raises:
        TypeError: if a function is none, or a variable changes its type.
        ValueError: without loop variables, if the structure of what `body` returns is another one,
            or if a shape changes that is not declared by `shape_invariants`.
    """
    if not callable(cond):
        raise TypeError("cond must be callable.")
    if not callable(body):
        raise TypeError("body must be callable.")
    if is_sequence(loop_vars) and not flatten(loop_vars):
        raise ValueError("No loop variables provided")
    if parallel_iterations < 1:
        raise TypeError("parallel_iterations must be a positive integer.")
    with name_scope(name, "while", flatten(loop_vars)) as scope:
        if maximum_iterations is not None:
            cond, body, loop_vars, shape_invariants = _counted(
                cond, body, loop_vars, shape_invariants, maximum_iterations
            )
        loop = _Loop(get_default_graph(), loop_vars, shape_invariants)
        result = loop.build(cond, body)
        made = loop.add(scope + "While/", parallel_iterations)
        if not back_prop:
            made._set_attr("_stop_gradient", True)
        # Under the names that TensorFlow 1's own nodes for this have.
        exits = [apply("Identity", made.outputs[i], name="Exit") for i in range(len(loop.initial))]
        packed = rebuilt(result, exits)
    if maximum_iterations is not None:
        packed = packed[1]
    if return_same_structure:
        return packed
    return packed[0] if isinstance(packed, list | tuple) and len(packed) == 1 else packed


def _counted(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, shapes: Any, limit: Any
) -> tuple[Any, Any, Any, Any]:
    """The loop with a counter as its first variable, which stops it at `limit`."""
    limit = convert_to_tensor(limit, name="maximum_iterations")
    if limit.dims != ():
        raise ValueError(f"maximum_iterations must be a scalar, saw shape: {limit.shape}")
    counter = convert_to_tensor(0, limit.dtype, name="iteration_counter")
    wrapped = loop_vars if isinstance(loop_vars, list | tuple) else [loop_vars]

    def goes_on(turn: Tensor, values: Any) -> Any:
        return convert_to_tensor(turn < limit) & convert_to_tensor(cond(*values), bool_)

    def turn_on(turn: Tensor, values: Any) -> Any:
        result = body(*values)
        return [turn + 1, result if is_sequence(result) else [result]]

    if shapes is not None:
        shapes = [TensorShape([]), shapes if is_sequence(shapes) else [shapes]]
    return goes_on, turn_on, [counter, wrapped], shapes


class _Loop:
    """A loop while it is built: one function graph holds its condition and its body."""

    def __init__(self, graph: Graph, loop_vars: Any, shape_invariants: Any) -> None:
        self.graph = graph
        self.structure = loop_vars if is_sequence(loop_vars) else [loop_vars]
        self.structure = map_structure(_as_loop_variable, self.structure)
        self.initial = components(self.structure)
        self.shapes = _invariants(self.structure, self.initial, shape_invariants)
        self.function = FunctionGraph(graph)
        with self.function.as_default():
            self.variables = [
                self.function.placeholder(tensor.dtype, shape, _local_name(tensor))
                for tensor, shape in zip(self.initial, self.shapes, strict=True)
            ]
        self.condition: Tensor | None = None
        self.results: list[Tensor] = []

    def build(self, cond: Callable[..., Any], body: Callable[..., Any]) -> Any:
        """Build the function graph; what `body` returns, as a list of one where it is no list."""
        with self.function.as_default(), self.function.control_dependencies(None):
            self.condition = _scalar_condition(cond(*rebuilt(self.structure, self.variables)))
            result = body(*rebuilt(self.structure, self.variables))
            result = result if is_sequence(result) else [result]
            result = self._converted(result)
            self.results = [_own(self.function, each) for each in components(result)]
            self._check_shapes()
        return result

    def _converted(self, result: Any) -> Any:
        """`result` with every leaf of the kind and type of its loop variable."""
        before, after = flatten(self.structure), flatten(result)
        if len(before) != len(after):
            raise ValueError(
                "The two structures don't have the same nested structure: the loop variables have "
                f"{len(before)} elements, and the body returns {len(after)}."
            )
        leaves = [_converted_leaf(old, new) for old, new in zip(before, after, strict=True)]
        return pack_sequence_as(result, leaves)

    def _check_shapes(self) -> None:
        if len(self.results) != len(self.initial):
            raise ValueError("The two structures don't have the same nested structure.")
        for tensor, shape, result in zip(self.initial, self.shapes, self.results, strict=True):
            if not dims.is_at_least_as_specific(result.dims, shape):
                raise ValueError(
                    f"Input tensor '{tensor.name}' enters the loop with shape "
                    f"{dims.show(shape)}, but has shape {dims.show(result.dims)} after one "
                    "iteration. To allow the shape to vary across iterations, use the "
                    "`shape_invariants` argument of tf.while_loop to specify a less-specific "
                    "shape."
                )

    def add(self, name: str, parallel_iterations: int) -> Operation:
        assert self.condition is not None
        captured = list(self.function.captures)
        inside = list(self.function.captures.values())
        inputs = (*self.variables, *inside)
        return add_while(
            self.graph,
            self.graph._op_name(name),
            [*self.initial, *captured],
            Function(self.function, inputs, (self.condition,)),
            Function(self.function, inputs, (*self.results, *inside)),
            [*self.shapes, *(tensor.dims for tensor in captured)],
            parallel_iterations,
        )


def _as_loop_variable(value: Any) -> Any:
    if isinstance(value, TensorArray | SparseTensor | IndexedSlices):
        return value
    return _value(convert_to_tensor(value))


def _value(tensor: Tensor) -> Tensor:
    """The value of a variable, where `tensor` is the variable itself."""
    if not tensor.dtype.is_ref_dtype:
        return tensor
    read: Tensor = apply("Identity", tensor)
    return read


def _local_name(tensor: Tensor) -> str:
    return tensor.op.name.split("/")[-1]


def _own(function: FunctionGraph, tensor: Tensor) -> Tensor:
    return tensor if tensor.op.graph is function else function.capture(tensor)


def _scalar_condition(value: Any) -> Tensor:
    condition = convert_to_tensor(value, name="cond")
    if condition.dtype.base_dtype is not bool_:
        raise TypeError(f"The condition of a loop must be a boolean scalar, not {condition}.")
    if condition.dims:
        raise ValueError(f"The condition of a loop must be a scalar, not {condition}.")
    return _own(get_default_graph(), condition)  # type: ignore[arg-type]


def _converted_leaf(before: Any, after: Any) -> Any:
    if isinstance(before, TensorArray | SparseTensor | IndexedSlices):
        if type(after) is not type(before):
            raise TypeError(
                f"The body of the loop returns {after!r} for a {type(before).__name__}."
            )
        return after
    tensor = _value(convert_to_tensor(after, _wanted(before, after)))
    if tensor.dtype.base_dtype is not before.dtype.base_dtype:
        raise errors.DTypeMismatchError(
            f"The loop variable '{before.name}' enters the loop with type "
            f"{before.dtype.base_dtype.name}, but has type {tensor.dtype.base_dtype.name} after "
            "one iteration."
        )
    return tensor


def _wanted(before: Tensor, after: Any) -> Any:
    """The type that a Python value takes; tensors and arrays have theirs."""
    return None if hasattr(after, "dtype") else before.dtype.base_dtype


def _invariants(structure: Any, initial: list[Tensor], invariants: Any) -> list[Dims]:
    if invariants is None:
        return [tensor.dims for tensor in initial]
    flat = _flat_shapes(invariants)
    leaves = flatten(structure)
    if len(flat) != len(leaves):
        raise ValueError(
            f"shape_invariants must have the structure of loop_vars: {len(flat)} shapes for "
            f"{len(leaves)} variables."
        )
    shapes: list[Dims] = []
    for leaf, invariant in zip(leaves, flat, strict=True):
        shapes.extend(_component_shapes(leaf, invariant))
    for tensor, shape in zip(initial, shapes, strict=True):
        if not dims.is_at_least_as_specific(tensor.dims, shape):
            raise ValueError(
                f"The shape invariant specified for {tensor.name} is not compatible with the "
                f"initial shape of the loop variable. It enters the loop with shape "
                f"{dims.show(tensor.dims)}, but the specified shape invariant is "
                f"{dims.show(shape)}."
            )
    return shapes


def _flat_shapes(invariants: Any) -> list[Any]:
    if isinstance(invariants, list | tuple) and not isinstance(invariants, TensorShape):
        return [shape for each in invariants for shape in _flat_shapes(each)]
    if isinstance(invariants, dict):
        return [shape for key in sorted(invariants) for shape in _flat_shapes(invariants[key])]
    return [invariants]


def _component_shapes(leaf: Any, invariant: Any) -> list[Dims]:
    """The shapes of the tensors of a loop variable, from the one shape that is given for it."""
    shape = as_dims(invariant) if isinstance(invariant, TensorShape) else None
    if isinstance(leaf, SparseTensor):
        rank = None if shape is None else len(shape)
        return [(None, rank), (None,), (rank,)]
    if isinstance(leaf, IndexedSlices):
        rank = None if shape is None else len(shape)
        rows = None if shape is None else (None, *shape[1:])
        return [rows, (None,)] + ([] if leaf.dense_shape is None else [(rank,)])
    if isinstance(leaf, TensorArray):
        return [()]
    if not isinstance(invariant, TensorShape):
        raise TypeError(f"A shape invariant must be a TensorShape, not {invariant!r}.")
    return [shape]
