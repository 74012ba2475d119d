"""Recurrent networks unrolled when the graph is built, one copy of the cell per step."""

from __future__ import annotations

import functools
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.context import control_dependencies
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.structure import assert_same_structure, flatten, is_sequence, pack_sequence_as
from flowgraph.graph.tensor import Tensor
from flowgraph.library.rnn.cell import assert_like_rnncell
from flowgraph.library.rnn.steps import first_state, masked_step, state_dtype, zero_outputs
from flowgraph.library.scopes import variable_scope
from flowgraph.ops.array import identity
from flowgraph.ops.array import shape as shape_of
from flowgraph.ops.cast import cast
from flowgraph.ops.joining import concat, stack, unstack
from flowgraph.ops.reorder import reverse_sequence
from flowgraph.shapes import TensorShape

__all__ = ["static_bidirectional_rnn", "static_rnn", "static_state_saving_rnn"]


def static_rnn(
    cell: Any,
    inputs: Any,
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """A recurrent network with as many copies of its cell in the graph as there are inputs.

    Args:
        cell: an `RNNCell`.
        inputs: a list of tensors [batch, size], one per step, or of structures of such.
        initial_state: the state before the first step; zeros if None.
        dtype: of those zeros and of the outputs.
        sequence_length: [batch]; past its end a sequence has outputs of 0 and keeps its state.
        scope: the variable scope, "rnn" if None.

    Returns:
        The list of outputs, and the state after the last step.

    Raises:
        TypeError: if `cell` is no cell, or `inputs` no list.
        ValueError: if there are no inputs, if their size is not known, or if neither
            `initial_state` nor `dtype` is given.
    """
    assert_like_rnncell("cell", cell)
    _check_inputs(inputs)
    with variable_scope(scope or "rnn") as entered:
        first = flatten(inputs)[0]
        known = _checked_batch_size(first, inputs)
        batch_size = known or shape_of(first)[0]
        state = first_state(cell, initial_state, batch_size, dtype)
        if sequence_length is not None:
            sequence_length = _checked_lengths(sequence_length)
            zeros = zero_outputs(cell, batch_size, state_dtype(dtype, state))
        outputs = []
        for time, each in enumerate(inputs):
            if time > 0:
                entered.reuse_variables()
            if sequence_length is None:
                output, state = cell(each, state)
            else:
                step = functools.partial(cell, each, state)
                output, state = masked_step(time >= sequence_length, zeros, state, step)
            outputs.append(output)
        return outputs, state


def _check_inputs(inputs: Any) -> None:
    if not is_sequence(inputs):
        raise TypeError("inputs must be a sequence")
    if not inputs:
        raise ValueError("inputs must not be empty")


def _checked_batch_size(first: Tensor, inputs: Any) -> int | None:
    """The static batch size; the other sizes must be known."""
    if first.get_shape().ndims == 1:
        return first.get_shape()[0].value  # type: ignore[no-any-return]
    batch = first.get_shape().with_rank_at_least(2)[0]
    for each in flatten(inputs):
        shape = each.get_shape().with_rank_at_least(2)
        batch = batch.merge_with(shape[0])
        for axis, size in enumerate(shape.as_list()[1:]):
            if size is None:
                raise ValueError(
                    f"Input size (dimension {axis} of inputs) must be accessible via shape "
                    "inference, but saw value None."
                )
    return batch.value  # type: ignore[no-any-return]


def _checked_lengths(sequence_length: Any) -> Tensor:
    sequence_length = convert_to_tensor(sequence_length, name="sequence_length")
    if sequence_length.shape.ndims not in (None, 1):
        raise ValueError("sequence_length must be a vector of length batch_size")
    lengths: Tensor = cast(sequence_length, dtypes.int32)
    return lengths


def static_bidirectional_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[Any, Any, Any]:
    """Two static networks over the same inputs, one from the front, one from the back.

    Args:
        cell_fw, cell_bw: the cells, in the scopes "fw" and "bw".
        inputs: a list of tensors [batch, size], one per step.
        initial_state_fw, initial_state_bw, dtype: as for `static_rnn`.
        sequence_length: [batch]; the way back begins at the end of each sequence.
        scope: the variable scope, "bidirectional_rnn" if None.

    Returns:
        The list of outputs, both side by side [batch, size_fw + size_bw], and the last state of
        either direction.

    Raises:
        TypeError, ValueError: as `static_rnn`.
    """
    assert_like_rnncell("cell_fw", cell_fw)
    assert_like_rnncell("cell_bw", cell_bw)
    _check_inputs(inputs)
    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as scope_fw:
            output_fw, state_fw = static_rnn(
                cell_fw, inputs, initial_state_fw, dtype, sequence_length, scope=scope_fw
            )
        with variable_scope("bw") as scope_bw:
            backwards = _reversed(inputs, sequence_length)
            output_bw, state_bw = static_rnn(
                cell_bw, backwards, initial_state_bw, dtype, sequence_length, scope=scope_bw
            )
    output_bw = _reversed(output_bw, sequence_length)
    pairs = zip(flatten(output_fw), flatten(output_bw), strict=True)
    joined = [concat([forward, backward], 1) for forward, backward in pairs]
    return pack_sequence_as(output_fw, joined), state_fw, state_bw


def _reversed(sequence: Any, lengths: Any) -> list[Any]:
    """A list of tensors from back to front, within the length of each element of the batch."""
    if lengths is None:
        return list(reversed(sequence))
    flat = [flatten(each) for each in sequence]
    columns = []
    for steps in zip(*flat, strict=True):
        shape = TensorShape(None)
        for each in steps:
            shape = shape.merge_with(each.get_shape())
            each.set_shape(shape)
        turned = unstack(reverse_sequence(stack(list(steps)), lengths, 0, 1), len(steps))
        for each in turned:
            each.set_shape(shape)
        columns.append(turned)
    rows = zip(*columns, strict=True)
    return [pack_sequence_as(like, list(row)) for like, row in zip(sequence, rows, strict=True)]


def static_state_saving_rnn(
    cell: Any,
    inputs: Any,
    state_saver: Any,
    state_name: Any,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """`static_rnn` whose state is kept from run to run.

    Args:
        cell: an `RNNCell`.
        inputs: a list of tensors [batch, size], one per step.
        state_saver: an object with ``state(name)``, a tensor, and ``save_state(name, value)``, an
            operation.
        state_name: a name, or names structured as the cell's state.
        sequence_length, scope: as for `static_rnn`.

    Returns:
        The list of outputs, of which the last one and the state wait for the saving.

    Raises:
        ValueError: if names and states are not structured alike.
    """
    sizes = cell.state_size
    if is_sequence(sizes) != is_sequence(state_name):
        raise ValueError(
            "state_name should be the same type as cell.state_size: "
            f"{state_name!r} for the sizes {sizes!r}"
        )
    names = flatten(state_name)
    if len(names) != len(flatten(sizes)):
        raise ValueError(f"#elems(state_name) != #elems(state_size): {len(names)}")
    start = pack_sequence_as(sizes, [state_saver.state(name) for name in names])
    outputs, state = static_rnn(
        cell, inputs, initial_state=start, sequence_length=sequence_length, scope=scope
    )
    assert_same_structure(sizes, state)
    leaves = flatten(state)
    saving = [state_saver.save_state(name, leaf) for name, leaf in zip(names, leaves, strict=True)]
    with control_dependencies(saving):
        last = [identity(each) for each in flatten(outputs[-1])]
        outputs[-1] = pack_sequence_as(outputs[-1], last)
        state = pack_sequence_as(state, [identity(leaf) for leaf in leaves])
    return outputs, state
