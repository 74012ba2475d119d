"""Cells around cells: residual connections, devices, and their common base."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.graph.context import device as device_scope
from flowgraph.graph.context import name_scope
from flowgraph.graph.structure import assert_same_structure, map_structure
from flowgraph.library.rnn.cell import RNNCell, assert_like_rnncell

__all__ = ["CellWrapper", "DeviceWrapper", "ResidualWrapper"]


class CellWrapper(RNNCell):
    """A cell around a cell, with that one's sizes and zeros; a subclass changes `__call__`.

    It opens no variable scope of its own: the inner cell's variables have the names they have
    without it.
    """

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        assert_like_rnncell("cell", cell)
        self.cell = cell

    @property
    def wrapped_cell(self) -> Any:
        """The inner cell."""
        return self.cell

    @property
    def state_size(self) -> Any:
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        return self.cell.output_size

    def _inner_cells(self) -> list[Any]:
        return [self.cell]

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        with name_scope(None, type(self).__name__ + "ZeroState", [batch_size]):
            return self.cell.zero_state(batch_size, dtype)


class ResidualWrapper(CellWrapper):
    """Adds a cell's input to its output.

    Args:
        cell: the cell; its outputs have the shapes of its inputs.
        residual_fn: a function of inputs and outputs in place of their sum.
    """

    def __init__(
        self, cell: Any, residual_fn: Callable[..., Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(cell, **kwargs)
        self._residual_fn = residual_fn or _sum_of_both

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """One step: see `RNNCell`. Raises ValueError if input and output differ in shape."""
        outputs, new_state = self.cell(inputs, state, scope=scope)
        return self._residual_fn(inputs, outputs), new_state


def _sum_of_both(inputs: Any, outputs: Any) -> Any:
    assert_same_structure(inputs, outputs)

    def added(first: Any, second: Any) -> Any:
        first.get_shape().assert_is_compatible_with(second.get_shape())
        return first + second

    return map_structure(added, inputs, outputs)


class DeviceWrapper(CellWrapper):
    """Runs a cell on a device.

    Args:
        cell: the cell.
        device: a device's name, or a function as `device` takes it.
    """

    def __init__(self, cell: Any, device: Any, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._device = device

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        scope = type(self).__name__ + "ZeroState"
        with name_scope(None, scope, [batch_size]), device_scope(self._device):
            return self.cell.zero_state(batch_size, dtype)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """One step: see `RNNCell`."""
        with device_scope(self._device):
            return self.cell(inputs, state, scope=scope)
