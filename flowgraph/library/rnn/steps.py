"""What static and dynamic unrolling have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.graph.structure import assert_same_structure, flatten, map_structure
from flowgraph.graph.structure import pack_sequence_as as packed
from flowgraph.library.rnn.shapes import zeros_of_size
from flowgraph.ops.select import where

__all__ = ["first_state", "masked_step", "state_dtype", "zero_outputs"]


def first_state(cell: Any, initial_state: Any, batch_size: Any, dtype: Any) -> Any:
    """The given state, or the cell's zeros. Raises ValueError without either state or dtype."""
    if initial_state is not None:
        return initial_state
    if not dtype:
        raise ValueError("If no initial_state is provided, dtype must be specified")
    if getattr(cell, "get_initial_state", None) is not None:
        return cell.get_initial_state(inputs=None, batch_size=batch_size, dtype=dtype)
    return cell.zero_state(batch_size, dtype)


def state_dtype(dtype: Any, state: Any) -> Any:
    """The type given, or that of all parts of the state. Raises ValueError if they differ."""
    if dtype is not None:
        return dtype
    found = [each.dtype for each in flatten(state)]
    if not found:
        raise ValueError("Unable to infer dtype from empty state.")
    if any(each != found[0] for each in found):
        raise ValueError("State has tensors of different inferred_dtypes. Unable to infer a single")
    return found[0]


def zero_outputs(cell: Any, batch_size: Any, dtype: Any) -> Any:
    """The outputs past the end of a sequence."""
    return zeros_of_size(cell.output_size, batch_size, dtype)


def masked_step(
    finished: Any, zero_output: Any, state: Any, call_cell: Callable[[], tuple[Any, Any]]
) -> tuple[Any, Any]:
    """One step of a batch of which some sequences have ended.

    Args:
        finished: [batch] bools.
        zero_output: the output where finished.
        state: the state before, which stays where finished.
        call_cell: gives the output and the state elsewhere.

    Raises:
        ValueError: if what the cell gives is not structured as its state and output sizes say.
    """
    new_output, new_state = call_cell()
    assert_same_structure(zero_output, new_output)
    assert_same_structure(state, new_state)

    def chosen(old: Any, new: Any) -> Any:
        if not hasattr(old, "get_shape") or old.get_shape().ndims == 0:
            return new
        picked = where(finished, old, new)
        picked.set_shape(old.get_shape())
        return picked

    outputs = map_structure(chosen, zero_output, new_output)
    pairs = zip(flatten(state), flatten(new_state), strict=True)
    return outputs, packed(state, [chosen(*pair) for pair in pairs])
