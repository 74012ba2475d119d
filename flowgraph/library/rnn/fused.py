"""Cells that run over all steps at once: `FusedRNNCell`, and cells made into such."""

from __future__ import annotations

from typing import Any

from flowgraph.library.rnn.dynamic import dynamic_rnn
from flowgraph.library.rnn.static import static_rnn
from flowgraph.ops.joining import stack, unstack
from flowgraph.ops.reorder import reverse, reverse_sequence

__all__ = ["FusedRNNCell", "FusedRNNCellAdaptor", "TimeReversedFusedRNN"]


class FusedRNNCell:
    """Base class of what runs a recurrent network over all steps in one call."""

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> Any:
        """All steps.

        Args:
            inputs: [time, batch, size], or a list of tensors [batch, size].
            initial_state: the state before the first step; zeros if None.
            dtype: of those zeros and of the outputs.
            sequence_length: [batch].
            scope: a variable scope.

        Returns:
            The outputs, in the form of the inputs, and the last state.
        """
        raise NotImplementedError("Abstract method")


class FusedRNNCellAdaptor(FusedRNNCell):
    """A cell as a `FusedRNNCell`.

    Args:
        cell: an `RNNCell`.
        use_dynamic_rnn: run it in a loop; else unroll it.
    """

    def __init__(self, cell: Any, use_dynamic_rnn: bool = False) -> None:
        self._cell = cell
        self._use_dynamic_rnn = use_dynamic_rnn

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> Any:
        """All steps: see `FusedRNNCell`."""
        is_list = isinstance(inputs, list)
        if self._use_dynamic_rnn:
            outputs, state = dynamic_rnn(
                self._cell,
                stack(inputs) if is_list else inputs,
                sequence_length=sequence_length,
                initial_state=initial_state,
                dtype=dtype,
                time_major=True,
                scope=scope,
            )
            return (unstack(outputs) if is_list else outputs), state
        outputs, state = static_rnn(
            self._cell,
            inputs if is_list else unstack(inputs),
            initial_state=initial_state,
            dtype=dtype,
            sequence_length=sequence_length,
            scope=scope,
        )
        return (outputs if is_list else stack(outputs)), state


class TimeReversedFusedRNN(FusedRNNCell):
    """A `FusedRNNCell` that goes from the end of the sequences to their beginning.

    Args:
        cell: the one that goes from the beginning to the end.
    """

    def __init__(self, cell: FusedRNNCell) -> None:
        self._cell = cell

    def _turned(self, x: Any, lengths: Any) -> Any:
        if isinstance(x, list):
            return unstack(self._turned(stack(x), lengths))
        return reverse(x, [0]) if lengths is None else reverse_sequence(x, lengths, 0, 1)

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> Any:
        """All steps: see `FusedRNNCell`."""
        outputs, state = self._cell(
            self._turned(inputs, sequence_length),
            initial_state=initial_state,
            dtype=dtype,
            sequence_length=sequence_length,
            scope=scope,
        )
        return self._turned(outputs, sequence_length), state
