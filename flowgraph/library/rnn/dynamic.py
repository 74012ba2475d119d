"""Recurrent networks as loops: any number of steps, one copy of the cell in the graph."""

from __future__ import annotations

import functools
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.structure import flatten, map_structure, pack_sequence_as
from flowgraph.graph.tensor import Tensor
from flowgraph.library.rnn.cell import assert_like_rnncell
from flowgraph.library.rnn.shapes import best_batch_size, static_joined_shape
from flowgraph.library.rnn.steps import first_state, masked_step, state_dtype, zero_outputs
from flowgraph.library.scopes import variable_scope
from flowgraph.ops.arithmetic import maximum, minimum
from flowgraph.ops.array import identity
from flowgraph.ops.array import shape as shape_of
from flowgraph.ops.assertions import Assert
from flowgraph.ops.cast import cast
from flowgraph.ops.joining import stack
from flowgraph.ops.layout import transpose
from flowgraph.ops.logic import equal
from flowgraph.ops.reduce import reduce_all, reduce_max
from flowgraph.ops.reorder import reverse, reverse_sequence
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.ops.while_loop import while_loop

__all__ = ["bidirectional_dynamic_rnn", "dynamic_rnn", "swapped_batch_and_time"]


def swapped_batch_and_time(x: Tensor) -> Tensor:
    """`x` with its first two axes exchanged. Raises ValueError if its rank is below 2."""
    rank = x.shape.ndims
    if rank is None:
        return x
    if rank < 2:
        raise ValueError(
            f"Expected input tensor {x.name} to have rank at least 2, but saw shape: {x.shape}"
        )
    return transpose(x, [1, 0, *range(2, rank)])


def dynamic_rnn(
    cell: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """A recurrent network over sequences whose length is known when it runs.

    Args:
        cell: an `RNNCell`.
        inputs: [batch, time, ...], or [time, batch, ...] if `time_major`; or a structure of such
            tensors, each step of which is the cell's input.
        sequence_length: [batch]; past its end a sequence has outputs of 0 and keeps its state.
        initial_state: the state before the first step; zeros if None.
        dtype: of those zeros and of the outputs.
        parallel_iterations, swap_memory: accepted for compatibility.
        time_major: whether time is the first axis of inputs and outputs, which saves transposing.
        scope: the variable scope, "rnn" if None.

    Returns:
        The outputs, shaped as the inputs and structured as the cell's output, and the state after
        the last step of each sequence.

    Raises:
        TypeError: if `cell` is no cell.
        ValueError: if the inputs' last sizes are not known or their first ones differ, or if
            neither `initial_state` nor `dtype` is given.
    """
    assert_like_rnncell("cell", cell)
    with variable_scope(scope or "rnn"):
        flat = flatten(inputs)
        if not time_major:
            flat = [swapped_batch_and_time(convert_to_tensor(each)) for each in flat]
        flat = [convert_to_tensor(each) for each in flat]
        if sequence_length is not None:
            sequence_length = _lengths(sequence_length)
        batch_size = best_batch_size(flat)
        state = first_state(cell, initial_state, batch_size, dtype)
        if sequence_length is not None:
            sequence_length = _checked_lengths(sequence_length, batch_size)
        loop = _Loop(cell, inputs, flat, batch_size, sequence_length, state_dtype(dtype, state))
        outputs, final_state = loop.run(state, parallel_iterations or 32, swap_memory)
        if not time_major:
            outputs = map_structure(swapped_batch_and_time, outputs)
        return outputs, final_state


def _lengths(sequence_length: Any) -> Tensor:
    lengths = cast(sequence_length, dtypes.int32)
    if lengths.get_shape().ndims not in (None, 1):
        raise ValueError(
            f"sequence_length must be a vector of length batch_size, but saw shape: {lengths.shape}"
        )
    # The name by which programs find it in the graph.
    return identity(lengths, name="sequence_length")  # type: ignore[no-any-return]


def _checked_lengths(lengths: Tensor, batch_size: Any) -> Tensor:
    found, wanted = shape_of(lengths), stack([batch_size])
    message = f"Expected shape for Tensor {lengths.name} is "
    fits = Assert(reduce_all(equal(found, wanted)), [message, wanted, " but saw shape: ", found])
    with control_dependencies([fits]):
        return identity(lengths, name="CheckSeqLen")  # type: ignore[no-any-return]


class _Loop:
    """The loop of `dynamic_rnn` over inputs whose first axis is time."""

    def __init__(
        self,
        cell: Any,
        structure: Any,
        flat: list[Tensor],
        batch_size: Any,
        sequence_length: Tensor | None,
        dtype: Any,
    ) -> None:
        self.cell = cell
        self.structure = structure
        self.time_steps = shape_of(flat[0])[0]
        self.static_sizes = _checked_sizes(flat)
        self.sequence_length = sequence_length
        self.zeros = zero_outputs(cell, batch_size, dtype)
        self.bound = self.time_steps
        if sequence_length is not None:
            self.bound = minimum(self.time_steps, maximum(1, reduce_max(sequence_length)))
        self.first_time = constant(0, dtypes.int32, name="time")
        with name_scope("dynamic_rnn") as base:
            self.base = base
        self.inputs = [
            self._array(f"input_{number}", each.dtype, each.shape[1:]).unstack(each)
            for number, each in enumerate(flat)
        ]
        self.outputs = tuple(
            self._array(f"output_{number}", dtype, static_joined_shape(self.static_sizes[1:], size))
            for number, size in enumerate(flatten(cell.output_size))
        )

    def _array(self, name: str, dtype: Any, element_shape: Any) -> TensorArray:
        return TensorArray(
            dtype=dtype,
            size=self.time_steps,
            element_shape=element_shape,
            tensor_array_name=self.base + name,
        )

    def step(self, time: Tensor, arrays: Any, state: Any) -> Any:
        """One turn of the loop."""
        given = pack_sequence_as(self.structure, [each.read(time) for each in self.inputs])
        call = functools.partial(self.cell, given, state)
        if self.sequence_length is None:
            output, new_state = call()
        else:
            finished = time >= self.sequence_length
            output, new_state = masked_step(finished, self.zeros, state, call)
        pairs = zip(arrays, flatten(output), strict=True)
        return time + 1, tuple(array.write(time, value) for array, value in pairs), new_state

    def run(self, state: Any, parallel_iterations: int, swap_memory: bool) -> tuple[Any, Any]:
        """The outputs of all steps and the last state."""
        _, arrays, final_state = while_loop(
            cond=lambda time, *_: time < self.bound,
            body=self.step,
            loop_vars=(self.first_time, self.outputs, state),
            parallel_iterations=parallel_iterations,
            swap_memory=swap_memory,
        )
        sizes = flatten(self.cell.output_size)
        stacked = [array.stack() for array in arrays]
        for each, size in zip(stacked, sizes, strict=True):
            each.set_shape(static_joined_shape(self.static_sizes, size))
        return pack_sequence_as(self.cell.output_size, stacked), final_state


def _checked_sizes(flat: list[Tensor]) -> list[int | None]:
    """The static numbers of steps and sequences."""
    shapes = [each.get_shape().with_rank_at_least(3) for each in flat]
    sizes = shapes[0].as_list()[:2]
    for shape in shapes:
        if not shape[2:].is_fully_defined():
            raise ValueError(
                "Input size (depth of inputs) must be accessible via shape inference, but saw "
                "value None."
            )
        steps, batch = shape.as_list()[:2]
        if steps != sizes[0]:
            raise ValueError(
                "Time steps is not the same for all the elements in the input in a batch."
            )
        if batch != sizes[1]:
            raise ValueError("Batch_size is not the same for all the elements in the input.")
    return sizes


def bidirectional_dynamic_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Two networks over the same sequences, one from the front, one from the back.

    Args:
        cell_fw, cell_bw: the cells, in the scopes "fw" and "bw".
        inputs: [batch, time, ...], or [time, batch, ...] if `time_major`, or a structure of such.
        sequence_length: [batch]; the way back begins at the end of each sequence.
        initial_state_fw, initial_state_bw, dtype, parallel_iterations, swap_memory, time_major: as
            for `dynamic_rnn`.
        scope: the variable scope, "bidirectional_rnn" if None.

    Returns:
        The pair of outputs and the pair of last states, forward first. The outputs of the way back
        stand in the order of the inputs.

    Raises:
        TypeError, ValueError: as `dynamic_rnn`.
    """
    assert_like_rnncell("cell_fw", cell_fw)
    assert_like_rnncell("cell_bw", cell_bw)
    run = functools.partial(
        dynamic_rnn,
        sequence_length=sequence_length,
        dtype=dtype,
        parallel_iterations=parallel_iterations,
        swap_memory=swap_memory,
        time_major=time_major,
    )
    time_axis, batch_axis = (0, 1) if time_major else (1, 0)

    def turned(x: Any) -> Any:
        if sequence_length is None:
            return reverse(x, [time_axis])
        return reverse_sequence(x, sequence_length, time_axis, batch_axis)

    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as scope_fw:
            output_fw, state_fw = run(
                cell_fw, inputs, initial_state=initial_state_fw, scope=scope_fw
            )
        with variable_scope("bw") as scope_bw:
            backwards = map_structure(turned, inputs)
            output_bw, state_bw = run(
                cell_bw, backwards, initial_state=initial_state_bw, scope=scope_bw
            )
    output_bw = map_structure(turned, output_bw)
    return (output_fw, output_bw), (state_fw, state_bw)
