"""`raw_rnn`: a loop over a cell in which a function decides on everything between two steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.structure import assert_same_structure, flatten, map_structure
from flowgraph.graph.structure import pack_sequence_as as packed
from flowgraph.graph.tensor import Tensor
from flowgraph.library.rnn.cell import assert_like_rnncell
from flowgraph.library.rnn.shapes import joined_shape, static_joined_shape
from flowgraph.library.scopes import variable_scope
from flowgraph.ops.array import shape as shape_of
from flowgraph.ops.constants import zeros
from flowgraph.ops.logic import logical_not, logical_or
from flowgraph.ops.reduce import reduce_all
from flowgraph.ops.select import where
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.ops.while_loop import while_loop

__all__ = ["raw_rnn"]

LoopFn = Callable[[Any, Any, Any, Any], tuple[Any, Any, Any, Any, Any]]


def raw_rnn(
    cell: Any,
    loop_fn: LoopFn,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    scope: Any = None,
) -> tuple[Any, Any, Any]:
    """A loop over a cell, driven by a function that is called before every step.

    ``loop_fn(time, cell_output, cell_state, loop_state)`` returns ``(finished, next_input,
    next_state, emit_output, next_loop_state)``. It is first called at time 0 with None for
    everything else: then `next_state` is the initial state, and `emit_output`, if it is not None,
    shows the structure, shapes and types of what will be emitted. `finished` is a bool per
    sequence; when all are True, the loop ends. A finished sequence keeps its state and emits
    zeros.

    Args:
        cell: an `RNNCell`.
        loop_fn: that function.
        parallel_iterations, swap_memory: accepted for compatibility.
        scope: the variable scope, "rnn" if None.

    Returns:
        A `TensorArray` of what was emitted (or a structure of them), the last state, and the last
        loop state, None if there never was one.

    Raises:
        TypeError: if `cell` is no cell or `loop_fn` no function.
        ValueError: if the structure of something changes on the way.
    """
    assert_like_rnncell("cell", cell)
    if not callable(loop_fn):
        raise TypeError("loop_fn must be a callable")
    with variable_scope(scope or "rnn"):
        time = constant(0, dtypes.int32)
        finished, first_input, state, emit_structure, loop_state = loop_fn(time, None, None, None)
        has_loop_state = loop_state is not None
        static_batch, batch_size = _batch_sizes(flatten(first_input))
        assert_same_structure(state, cell.state_size)
        state = map_structure(convert_to_tensor, state)
        emitted = _Emitted(cell, emit_structure, state, static_batch, batch_size)
        returned = while_loop(
            cond=lambda _, finished, *others: logical_not(reduce_all(finished)),
            body=lambda *values: _step(cell, loop_fn, emitted.zeros, *values),
            loop_vars=[
                time,
                finished,
                first_input,
                emitted.arrays,
                state,
                loop_state if has_loop_state else constant(0, dtypes.int32),
            ],
            parallel_iterations=parallel_iterations or 32,
            swap_memory=swap_memory,
        )
    return returned[3], returned[4], returned[5] if has_loop_state else None


def _batch_sizes(flat_input: list[Tensor]) -> tuple[int | None, Any]:
    """The number of sequences as far as it is known, and as a number or a tensor."""
    batch = flat_input[0].get_shape()[0]
    for each in flat_input:
        batch = batch.merge_with(each.get_shape()[0])
    if batch.value is not None:
        return batch.value, batch.value
    return None, shape_of(flat_input[0])[0]


class _Emitted:
    """The arrays that take what is emitted, and the zeros emitted past the end."""

    def __init__(
        self, cell: Any, structure: Any, state: Any, static_batch: int | None, batch_size: Any
    ) -> None:
        if structure is None:
            structure = cell.output_size
            sizes = flatten(structure)
            types = [flatten(state)[0].dtype] * len(sizes)
        else:
            leaves = flatten(structure)
            known = [each.get_shape() for each in leaves]
            sizes = [
                shape if shape.is_fully_defined() else shape_of(each)
                for shape, each in zip(known, leaves, strict=True)
            ]
            types = [each.dtype for each in leaves]
        arrays = [
            TensorArray(
                dtype=dtype,
                dynamic_size=True,
                element_shape=static_joined_shape([static_batch], size),
                size=0,
                name=f"rnn_output_{number}",
            )
            for number, (dtype, size) in enumerate(zip(types, sizes, strict=True))
        ]
        blanks = [
            zeros(joined_shape(batch_size, size), dtype)
            for size, dtype in zip(sizes, types, strict=True)
        ]
        self.arrays = packed(structure, arrays)
        self.zeros = packed(structure, blanks)


def _step(
    cell: Any,
    loop_fn: LoopFn,
    zero_emit: Any,
    time: Any,
    finished: Any,
    given: Any,
    arrays: Any,
    state: Any,
    loop_state: Any,
) -> Any:
    output, cell_state = cell(given, state)
    assert_same_structure(state, cell_state)
    assert_same_structure(cell.output_size, output)
    after = time + 1
    next_finished, next_input, next_state, emitted, next_loop_state = loop_fn(
        after, output, cell_state, loop_state
    )
    assert_same_structure(state, next_state)
    assert_same_structure(given, next_input)
    assert_same_structure(arrays, emitted)

    def chosen(old: Any, new: Any) -> Any:
        if isinstance(old, TensorArray) or old.get_shape().ndims == 0:
            return new
        return where(finished, old, new)

    emitted = map_structure(chosen, zero_emit, emitted)
    next_state = map_structure(chosen, state, next_state)
    arrays = map_structure(lambda array, value: array.write(time, value), arrays, emitted)
    finished = logical_or(finished, next_finished)
    kept = loop_state if next_loop_state is None else next_loop_state
    return after, finished, next_input, arrays, next_state, kept
