"""Cells one upon another."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.context import name_scope
from flowgraph.graph.structure import is_sequence
from flowgraph.library.platform.logs import warn
from flowgraph.library.rnn.cell import RNNCell, assert_like_rnncell
from flowgraph.library.scopes import variable_scope
from flowgraph.ops.joining import concat
from flowgraph.ops.slicing import slice as slice_

__all__ = ["MultiRNNCell"]


class MultiRNNCell(RNNCell):
    """Several cells in a row: each has the output of the one before as its input.

    The variables of cell number i are in the scope ``multi_rnn_cell/cell_i``.

    Args:
        cells: a list of cells; the same object twice shares its variables.
        state_is_tuple: the state is a tuple of the cells' states; else they are side by side in
            one tensor.

    Raises:
        ValueError: without cells, or if states are tuples and `state_is_tuple` is False.
        TypeError: if `cells` is no list or has something else than cells.
    """

    def __init__(self, cells: Any, state_is_tuple: bool = True) -> None:
        super().__init__()
        if not cells:
            raise ValueError("Must specify at least one cell for MultiRNNCell.")
        if not isinstance(cells, list | tuple):
            raise TypeError(f"cells must be a list or tuple, but saw: {cells}.")
        if len({id(cell) for cell in cells}) < len(cells):
            warn(
                "At least two cells provided to MultiRNNCell are the same object and will share "
                "weights."
            )
        for number, cell in enumerate(cells):
            assert_like_rnncell(f"cells[{number}]", cell)
        self._cells = list(cells)
        self._state_is_tuple = state_is_tuple
        if not state_is_tuple and any(is_sequence(cell.state_size) for cell in cells):
            raise ValueError(
                "Some cells return tuples of states, but the flag state_is_tuple is not set. "
                f"State sizes are: {[cell.state_size for cell in cells]}"
            )

    @property
    def state_size(self) -> Any:
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        return self._cells[-1].output_size

    def _inner_cells(self) -> list[Any]:
        return self._cells

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        with name_scope(None, type(self).__name__ + "ZeroState", [batch_size]):
            if self._state_is_tuple:
                return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)
            return super().zero_state(batch_size, dtype)

    def call(self, inputs: Any, state: Any) -> Any:
        if self._state_is_tuple and (not is_sequence(state) or len(state) != len(self._cells)):
            raise ValueError(
                f"Expected state to be a tuple of length {len(self.state_size)}, but received: "
                f"{state}"
            )
        position = 0
        states = []
        for number, cell in enumerate(self._cells):
            with variable_scope(f"cell_{number}"):
                if self._state_is_tuple:
                    own = state[number]
                else:
                    own = slice_(state, [0, position], [-1, cell.state_size])
                    position += cell.state_size
                inputs, new_state = cell(inputs, own)
                states.append(new_state)
        return inputs, tuple(states) if self._state_is_tuple else concat(states, 1)
