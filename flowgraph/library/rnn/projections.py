"""Cells around cells that map inputs or outputs, and highway connections."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flowgraph.graph.context import device
from flowgraph.graph.structure import assert_same_structure, map_structure
from flowgraph.library.initializers import Constant, RandomUniform
from flowgraph.library.rnn.cell import RNNCell, assert_like_rnncell
from flowgraph.library.rnn.linear import linear
from flowgraph.library.rnn.wrappers import CellWrapper
from flowgraph.library.variable_scope import get_variable, get_variable_scope
from flowgraph.ops.array import reshape
from flowgraph.ops.dense import xw_plus_b
from flowgraph.ops.embedding import embedding_lookup
from flowgraph.ops.transcendental import sigmoid

__all__ = [
    "EmbeddingWrapper",
    "HighwayWrapper",
    "InputProjectionWrapper",
    "OutputProjectionWrapper",
]


class _Around(RNNCell):
    """A cell around a cell, with variables in a scope of its own."""

    def __init__(self, cell: Any, reuse: bool | None = None) -> None:
        super().__init__(_reuse=reuse)
        assert_like_rnncell("cell", cell)
        self._cell = cell

    @property
    def state_size(self) -> Any:
        return self._cell.state_size

    @property
    def output_size(self) -> Any:
        return self._cell.output_size

    def _inner_cells(self) -> list[Any]:
        return [self._cell]

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        return self._cell.zero_state(batch_size, dtype)


class EmbeddingWrapper(_Around):
    """Looks integers up in a table, the variable "embedding", before a cell gets them.

    Args:
        cell: the cell.
        embedding_classes: the rows of the table.
        embedding_size: its columns.
        initializer: of the table; by default the scope's, else uniform in ``±sqrt(3)``, of
            variance 1.
        reuse: True to take an existing table.

    Raises:
        ValueError: if a size is not positive.
    """

    def __init__(
        self,
        cell: Any,
        embedding_classes: int,
        embedding_size: int,
        initializer: Any = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(cell, reuse)
        if embedding_classes <= 0 or embedding_size <= 0:
            raise ValueError(
                "Both embedding_classes and embedding_size must be > 0: "
                f"{embedding_classes}, {embedding_size}."
            )
        self._shape = [embedding_classes, embedding_size]
        self._initializer = initializer

    def call(self, inputs: Any, state: Any) -> Any:
        with device("/cpu:0"):
            bound = math.sqrt(3)
            default = get_variable_scope().initializer or RandomUniform(-bound, bound)
            table = get_variable(
                "embedding",
                self._shape,
                initializer=self._initializer or default,
                dtype=(state[0] if isinstance(state, tuple) else state).dtype,
            )
            embedded = embedding_lookup(table, reshape(inputs, [-1]))
        return self._cell(embedded, state)


class InputProjectionWrapper(_Around):
    """Maps the inputs affinely to another size before a cell gets them.

    Args:
        cell: the cell.
        num_proj: the size it gets.
        activation: applied to what was mapped.
        input_size: no longer used.
        reuse: True to take existing variables.
    """

    def __init__(
        self,
        cell: Any,
        num_proj: int,
        activation: Callable[..., Any] | None = None,
        input_size: Any = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(cell, reuse)
        self._num_proj = num_proj
        self._activation = activation

    def call(self, inputs: Any, state: Any) -> Any:
        projected = linear(inputs, self._num_proj, True)
        if self._activation:
            projected = self._activation(projected)
        return self._cell(projected, state)


class OutputProjectionWrapper(_Around):
    """Maps a cell's outputs affinely to another size.

    Args:
        cell: the cell.
        output_size: the size of the result.
        activation: applied to what was mapped.
        reuse: True to take existing variables.

    Raises:
        ValueError: if `output_size` is not positive.
    """

    def __init__(
        self,
        cell: Any,
        output_size: int,
        activation: Callable[..., Any] | None = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(cell, reuse)
        if output_size < 1:
            raise ValueError(f"Parameter output_size must be > 0: {output_size}.")
        self._size = output_size
        self._activation = activation

    @property
    def output_size(self) -> Any:
        return self._size

    def call(self, inputs: Any, state: Any) -> Any:
        output, new_state = self._cell(inputs, state)
        projected = linear(output, self._size, True)
        if self._activation:
            projected = self._activation(projected)
        return projected, new_state


class HighwayWrapper(CellWrapper):
    """Mixes a cell's input and output by a gate: ``x carry + y transform``.

    ``carry = sigmoid(x carry_w + carry_b)``, and ``transform`` is ``1 - carry`` or a gate of its
    own; the variables are in the current scope.

    Args:
        cell: the cell; its outputs have the shapes of its inputs.
        couple_carry_transform_gates: whether transform is ``1 - carry``.
        carry_bias_init: the initial carry bias; the negative is that of the transform gate.
    """

    def __init__(
        self, cell: Any, couple_carry_transform_gates: bool = True, carry_bias_init: float = 1.0
    ) -> None:
        super().__init__(cell)
        self._couple_carry_transform_gates = couple_carry_transform_gates
        self._carry_bias_init = carry_bias_init

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        return self.cell.zero_state(batch_size, dtype)

    def _gate(self, name: str, inputs: Any, start: float) -> Any:
        size = inputs.get_shape().with_rank(2)[1].value
        weight = get_variable(f"{name}_w", [size, size])
        bias = get_variable(f"{name}_b", [size], initializer=Constant(start))
        return sigmoid(xw_plus_b(inputs, weight, bias))

    def _mixed(self, inputs: Any, output: Any) -> Any:
        inputs.get_shape().assert_is_compatible_with(output.get_shape())
        carry = self._gate("carry", inputs, self._carry_bias_init)
        if self._couple_carry_transform_gates:
            return inputs * carry + output * (1 - carry)
        return inputs * carry + output * self._gate("transform", inputs, -self._carry_bias_init)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """One step: see `RNNCell`. Raises ValueError if input and output differ in shape."""
        outputs, new_state = self.cell(inputs, state, scope=scope)
        assert_same_structure(inputs, outputs)
        return map_structure(self._mixed, inputs, outputs), new_state
