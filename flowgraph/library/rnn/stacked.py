"""Bidirectional networks one upon another, each layer seeing both directions below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.library.rnn.dynamic import bidirectional_dynamic_rnn
from flowgraph.library.rnn.static import static_bidirectional_rnn
from flowgraph.library.scopes import variable_scope
from flowgraph.ops.joining import concat

__all__ = ["stack_bidirectional_dynamic_rnn", "stack_bidirectional_rnn"]


def _check(cells_fw: Any, cells_bw: Any, states_fw: Any, states_bw: Any) -> None:
    if not cells_fw:
        raise ValueError("Must specify at least one fw cell for BidirectionalRNN.")
    if not cells_bw:
        raise ValueError("Must specify at least one bw cell for BidirectionalRNN.")
    if not isinstance(cells_fw, list):
        raise ValueError("cells_fw must be a list of RNNCells (one per layer).")
    if not isinstance(cells_bw, list):
        raise ValueError("cells_bw must be a list of RNNCells (one per layer).")
    if len(cells_fw) != len(cells_bw):
        raise ValueError("Forward and Backward cells must have the same depth.")
    for which, states in (("fw", states_fw), ("bw", states_bw)):
        if states is not None and (not isinstance(states, list) or len(states) != len(cells_fw)):
            raise ValueError(
                f"initial_states_{which} must be a list of state tensors (one per layer)."
            )


def _stacked(
    cells_fw: list[Any],
    cells_bw: list[Any],
    states_fw: list[Any] | None,
    states_bw: list[Any] | None,
    inputs: Any,
    scope: Any,
    layer: Callable[..., tuple[Any, Any, Any]],
) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    """``layer(cell_fw, cell_bw, inputs, state_fw, state_bw)`` in the scopes "cell_0", ..."""
    _check(cells_fw, cells_bw, states_fw, states_bw)
    nothing = [None] * len(cells_fw)
    finals: list[tuple[Any, Any]] = []
    with variable_scope(scope or "stack_bidirectional_rnn"):
        rows = zip(cells_fw, cells_bw, states_fw or nothing, states_bw or nothing, strict=True)
        for number, (cell_fw, cell_bw, state_fw, state_bw) in enumerate(rows):
            with variable_scope(f"cell_{number}"):
                inputs, final_fw, final_bw = layer(cell_fw, cell_bw, inputs, state_fw, state_bw)
                finals.append((final_fw, final_bw))
    return inputs, tuple(each for each, _ in finals), tuple(each for _, each in finals)


def stack_bidirectional_rnn(
    cells_fw: Any,
    cells_bw: Any,
    inputs: Any,
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[Any, Any, Any]:
    """Several `static_bidirectional_rnn`, each with the outputs of the one below as its input.

    Args:
        cells_fw, cells_bw: lists of cells, one per layer.
        inputs: a list of tensors [batch, size], one per step.
        initial_states_fw, initial_states_bw: lists of states, one per layer; zeros if None.
        dtype, sequence_length: as there.
        scope: the variable scope, "stack_bidirectional_rnn" if None.

    Returns:
        The outputs of the last layer, and the last states of all layers, forward and backward.

    Raises:
        ValueError: if the lists are empty, no lists, or of different lengths.
    """

    def layer(cell_fw: Any, cell_bw: Any, given: Any, state_fw: Any, state_bw: Any) -> Any:
        return static_bidirectional_rnn(
            cell_fw, cell_bw, given, state_fw, state_bw, dtype, sequence_length
        )

    return _stacked(cells_fw, cells_bw, initial_states_fw, initial_states_bw, inputs, scope, layer)


def stack_bidirectional_dynamic_rnn(
    cells_fw: Any,
    cells_bw: Any,
    inputs: Any,
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: int | None = None,
    time_major: bool = False,
    scope: Any = None,
    swap_memory: bool = False,
) -> tuple[Any, Any, Any]:
    """Several `bidirectional_dynamic_rnn`, each over both outputs of the one below side by side.

    Args:
        cells_fw, cells_bw: lists of cells, one per layer.
        inputs: [batch, time, size], or [time, batch, size] if `time_major`.
        initial_states_fw, initial_states_bw: lists of states, one per layer; zeros if None.
        dtype, sequence_length, parallel_iterations, time_major, swap_memory: as there.
        scope: the variable scope, "stack_bidirectional_rnn" if None.

    Returns:
        The outputs of the last layer side by side, and the last states of all layers, forward and
        backward.

    Raises:
        ValueError: if the lists are empty, no lists, or of different lengths.
    """

    def layer(cell_fw: Any, cell_bw: Any, given: Any, state_fw: Any, state_bw: Any) -> Any:
        outputs, (final_fw, final_bw) = bidirectional_dynamic_rnn(
            cell_fw,
            cell_bw,
            given,
            sequence_length=sequence_length,
            initial_state_fw=state_fw,
            initial_state_bw=state_bw,
            dtype=dtype,
            parallel_iterations=parallel_iterations,
            swap_memory=swap_memory,
            time_major=time_major,
        )
        return concat(list(outputs), 2), final_fw, final_bw

    return _stacked(cells_fw, cells_bw, initial_states_fw, initial_states_bw, inputs, scope, layer)
