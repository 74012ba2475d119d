"""A cell that attends to its own last states (Bahdanau et al. 2014)."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.structure import flatten, is_sequence
from flowgraph.library.platform.logs import warn
from flowgraph.library.rnn.cell import RNNCell, assert_like_rnncell
from flowgraph.library.rnn.linear import linear
from flowgraph.library.scopes import variable_scope
from flowgraph.library.variable_scope import get_variable
from flowgraph.ops.array import reshape
from flowgraph.ops.joining import concat
from flowgraph.ops.layout import expand_dims
from flowgraph.ops.linalg import matmul
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.slicing import slice as slice_
from flowgraph.ops.softmax import softmax
from flowgraph.ops.transcendental import tanh

__all__ = ["AttentionCellWrapper"]


class AttentionCellWrapper(RNNCell):
    """Attention to the outputs of the last steps.

    Its state is (the cell's state, the last attention, a window of the last outputs).

    Args:
        cell: the cell.
        attn_length: the number of steps in the window.
        attn_size: the size of output and attention; that of the cell's output if None.
        attn_vec_size: the number of features that are compared; `attn_size` if None.
        input_size: the size the cell gets, that of the inputs if None.
        state_is_tuple: the state is a tuple of three; else one tensor.
        reuse: True to take existing variables.

    Raises:
        TypeError: if `cell` is no cell.
        ValueError: if its state is a tuple and `state_is_tuple` is False, or on a length below 1.
    """

    def __init__(
        self,
        cell: Any,
        attn_length: int,
        attn_size: int | None = None,
        attn_vec_size: int | None = None,
        input_size: int | None = None,
        state_is_tuple: bool = True,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        assert_like_rnncell("cell", cell)
        if is_sequence(cell.state_size) and not state_is_tuple:
            raise ValueError(
                "Cell returns tuple of states, but the flag state_is_tuple is not set. State size "
                f"is: {cell.state_size}"
            )
        if attn_length <= 0:
            raise ValueError(f"attn_length should be greater than zero, got {attn_length}")
        if not state_is_tuple:
            warn("%s: Using a concatenated state is slower and will soon be deprecated.", self)
        self._cell = cell
        self._attn_length = attn_length
        self._attn_size = cell.output_size if attn_size is None else attn_size
        self._attn_vec_size = self._attn_size if attn_vec_size is None else attn_vec_size
        self._input_size = input_size
        self._state_is_tuple = state_is_tuple

    @property
    def state_size(self) -> Any:
        sizes = (self._cell.state_size, self._attn_size, self._attn_size * self._attn_length)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        return self._attn_size

    def _inner_cells(self) -> list[Any]:
        return [self._cell]

    def _parts(self, state: Any) -> Any:
        if self._state_is_tuple:
            return state
        inner, size = self._cell.state_size, self._attn_size
        return (
            slice_(state, [0, 0], [-1, inner]),
            slice_(state, [0, inner], [-1, size]),
            slice_(state, [0, inner + size], [-1, size * self._attn_length]),
        )

    def call(self, inputs: Any, state: Any) -> Any:
        state, attention, window = self._parts(state)
        window = reshape(window, [-1, self._attn_length, self._attn_size])
        size = self._input_size or inputs.get_shape()[1].value
        inputs = linear([inputs, attention], size, True)
        cell_output, new_state = self._cell(inputs, state)
        new_attention, rest = self._attend(concat(flatten(new_state), 1), window)
        with variable_scope("attn_output_projection"):
            output = linear([cell_output, new_attention], self._attn_size, True)
        window = concat([rest, expand_dims(output, 1)], 1)
        window = reshape(window, [-1, self._attn_length * self._attn_size])
        parts = (new_state, new_attention, window)
        return output, parts if self._state_is_tuple else concat(list(parts), 1)

    def _attend(self, query: Any, window: Any) -> tuple[Any, Any]:
        """The mean of the window, weighted by similarity, and the window without its oldest."""
        length, size, features = self._attn_length, self._attn_size, self._attn_vec_size
        with variable_scope("attention"):
            weight = get_variable("attn_w", [1, 1, size, features])
            vector = get_variable("attn_v", [features])
            keys = matmul(reshape(window, [-1, size]), reshape(weight, [size, features]))
            asked = reshape(linear(query, features, True), [-1, 1, features])
            seen = tanh(reshape(keys, [-1, length, features]) + asked)
            shares = softmax(reduce_sum(vector * seen, 2))
            mean = reduce_sum(expand_dims(shares, 2) * window, 1)
            return reshape(mean, [-1, size]), slice_(window, [0, 1, 0], [-1, -1, -1])
