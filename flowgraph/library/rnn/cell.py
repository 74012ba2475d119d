"""`RNNCell`: what is common to all cells, their variables above all.

A cell's first call fixes the variable scope in which it makes its variables; further calls, from
wherever, use them again.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.layers.base import Layer
from flowgraph.library.layers.records import LayerRecords
from flowgraph.library.partitioned import PartitionedVariable
from flowgraph.library.rnn.shapes import known_size, zeros_of_size
from flowgraph.library.scopes import variable_scope
from flowgraph.library.variable_operators import VariableOperators
from flowgraph.library.variable_scope import VariableScope, get_variable_scope

__all__ = ["LayerRNNCell", "RNNCell", "assert_like_rnncell", "size_of_last_axis"]


class RNNCell(Layer):
    """Base class of cells: one step of a recurrent network.

    A subclass has the properties `state_size` and `output_size` (a size, a `TensorShape`, or a
    structure of them) and the method ``call(inputs, state)``, which returns the output and the new
    state. It makes its variables there by `get_variable`, or in ``build(inputs_shape)`` by
    `add_variable`. They lie in the scope that is current at the first call, under the cell's name.

    Args:
        trainable: whether optimizers change its variables.
        name: the name of its variable scope; by default that of its class in snake case, made
            unique in the scope around it.
        dtype: of its variables, that of its first input if None.
    """

    # The scope of the first call; on the class, as subclasses may leave out the constructor.
    _outer: Any = None

    def __init__(
        self, trainable: bool = True, name: Any = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(trainable=trainable, name=name, dtype=dtype, **kwargs)

    @property
    def state_size(self) -> Any:
        """The size of the state without the batch, as a structure where it has parts."""
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self) -> Any:
        """The size of the output without the batch."""
        raise NotImplementedError("Abstract method")

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """One step: the output and the new state."""
        raise NotImplementedError(f"{type(self).__name__} must define call.")

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """One step.

        Args:
            inputs: [batch, size], or a structure of tensors that the cell understands.
            state: what `zero_state` or the step before gave.
            scope: a variable scope taken in place of the cell's own.

        Returns:
            The output and the new state.
        """
        if scope is not None:
            with variable_scope(scope, custom_getter=self._noted_variable) as entered:
                return super().__call__(inputs, state, scope=entered)
        if self._outer is None:
            self._outer = variable_scope(get_variable_scope(), custom_getter=self._noted_variable)
        with self._outer:
            return super().__call__(inputs, state)

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Zeros in the shape of the state, for a batch of `batch_size` (a number or a tensor)."""
        with name_scope(None, type(self).__name__ + "ZeroState", [batch_size]):
            return zeros_of_size(self.state_size, batch_size, dtype)

    def get_initial_state(
        self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
    ) -> Any:
        """`zero_state` for a batch given by its inputs, or by its size and type.

        Raises:
            ValueError: if neither says the size and the type, or they contradict.
        """
        if inputs is not None:
            inputs = convert_to_tensor(inputs, name="inputs")
            if batch_size is not None:
                given = batch_size.const_value() if isinstance(batch_size, Tensor) else batch_size
                known = inputs.shape[0].value
                if None not in (given, known) and int(given) != known:
                    raise ValueError(
                        "batch size from input tensor is different from the input param. Input "
                        f"tensor batch: {known}, batch_size: {batch_size}"
                    )
            if dtype is not None and inputs.dtype != dtypes.as_dtype(dtype):
                raise ValueError(
                    "dtype from input tensor is different from the input param. Input tensor "
                    f"dtype: {inputs.dtype}, dtype: {dtype}"
                )
            batch_size = known_size(inputs, 0)
            dtype = inputs.dtype
        if batch_size is None or dtype is None:
            raise ValueError(
                "batch_size and dtype cannot be None while constructing initial state: batch_size="
                f"{batch_size}, dtype={dtype}"
            )
        return self.zero_state(batch_size, dtype)

    def _noted_variable(self, getter: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The getter by which the cell learns of its variables."""
        variable = getter(*args, **kwargs)
        for part in list(variable) if isinstance(variable, PartitionedVariable) else [variable]:
            self._record_weight(part, part.trainable)
        return variable

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """A cell with the same arguments that has not been called yet."""
        made = type(self).__new__(type(self))
        memo[id(self)] = made
        LayerRecords.__init__(made)
        for key, value in self.__dict__.items():
            if isinstance(value, Tensor | VariableOperators | VariableScope):
                made.__dict__[key] = value
            elif key != "_outer" and key not in made.__dict__:
                made.__dict__[key] = copy.deepcopy(value, memo)
        if getattr(self, "built", False):
            made._scope = made._current_scope = None
            made.built = False
        return made

    def _inner_cells(self) -> list[Any]:
        """The cells this one is made of, whose variables count as its own."""
        return []

    @property
    def trainable_weights(self) -> list[Any]:
        """The variables that are trained: none if the cell is not `trainable`."""
        if not self.trainable:
            return []
        return _joined(super().trainable_weights, self._inner_cells(), "trainable_weights")

    @property
    def non_trainable_weights(self) -> list[Any]:
        """All other variables."""
        kind = "non_trainable_weights" if self.trainable else "weights"
        return _joined(super().non_trainable_weights, self._inner_cells(), kind)


def _joined(own: list[Any], cells: list[Any], kind: str) -> list[Any]:
    """`own` and the variables of that kind of the inner cells, which speak for all of theirs."""
    theirs = {id(each) for cell in cells for each in getattr(cell, "weights", ())}
    found = {id(each): each for each in own if id(each) not in theirs}
    for cell in cells:
        found.update((id(each), each) for each in getattr(cell, kind, ()))
    return list(found.values())


class LayerRNNCell(RNNCell):
    """A cell that makes its variables in `build`, by `add_variable`."""

    def __call__(
        self, inputs: Any, state: Any, scope: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        """One step: see `RNNCell`."""
        return Layer.__call__(self, inputs, state, *args, scope=scope, **kwargs)


def size_of_last_axis(inputs_shape: Any) -> int:
    """The static size of the inputs' last axis. Raises ValueError if it is unknown."""
    size = None if inputs_shape.ndims is None else inputs_shape[-1].value
    if size is None:
        raise ValueError(
            f"Expected inputs.shape[-1] to be known, saw shape: {inputs_shape}: could not infer "
            "input size from inputs.get_shape()[-1]"
        )
    return int(size)


def assert_like_rnncell(cell_name: str, cell: Any) -> None:
    """Raise TypeError unless `cell` has what the unrolling functions need of a cell."""
    wanted = {
        "'output_size' property is missing": hasattr(cell, "output_size"),
        "'state_size' property is missing": hasattr(cell, "state_size"),
        "either 'zero_state' or 'get_initial_state' method is required": (
            hasattr(cell, "zero_state") or hasattr(cell, "get_initial_state")
        ),
        "is not callable": callable(cell),
    }
    missing = [problem for problem, holds in wanted.items() if not holds]
    if missing:
        raise TypeError(
            f"The argument {cell_name!r} ({cell}) is not an RNNCell: {', '.join(missing)}."
        )
