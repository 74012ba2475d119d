"""Cells with long short-term memory."""

from __future__ import annotations

import collections
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.convert import constant
from flowgraph.library.initializers import Zeros
from flowgraph.library.layers.arguments import activation_of
from flowgraph.library.partitioned import fixed_size_partitioner
from flowgraph.library.platform.logs import warn
from flowgraph.library.rnn.cell import LayerRNNCell, size_of_last_axis
from flowgraph.ops.arithmetic import add, multiply
from flowgraph.ops.bias import bias_add
from flowgraph.ops.joining import concat
from flowgraph.ops.linalg import matmul
from flowgraph.ops.select import clip_by_value
from flowgraph.ops.slicing import slice as slice_
from flowgraph.ops.split import split
from flowgraph.ops.transcendental import sigmoid, tanh

__all__ = ["BasicLSTMCell", "LSTMCell", "LSTMStateTuple", "warn_of_joined_state"]


class LSTMStateTuple(collections.namedtuple("LSTMStateTuple", ("c", "h"))):
    """The state of an LSTM: its memory `c` and its output `h`."""

    __slots__ = ()

    @property
    def dtype(self) -> Any:
        """The type of both. Raises TypeError where they differ."""
        if self.c.dtype != self.h.dtype:
            raise TypeError(f"Inconsistent internal state: {self.c.dtype} vs {self.h.dtype}")
        return self.c.dtype


def warn_of_joined_state(cell: Any) -> None:
    """The warning about states that are not tuples."""
    warn("%s: Using a concatenated state is slower and will soon be deprecated.", cell)


class BasicLSTMCell(LayerRNNCell):
    """Long short-term memory without peepholes, clipping or projection (Zaremba et al. 2014).

    ``i, j, f, o = [x, h] kernel + bias``,
    ``c' = sigmoid(f + forget_bias) c + sigmoid(i) activation(j)``,
    ``h' = sigmoid(o) activation(c')``, which is the output.

    Args:
        num_units: the size of `c` and of `h`.
        forget_bias: added to the forget gate, so that much is remembered at the beginning.
        state_is_tuple: the state is an `LSTMStateTuple`; else ``[c, h]`` side by side.
        activation: a function or the name of one, tanh if None.
        reuse: True to take existing variables.
        name: the name of its variable scope, "basic_lstm_cell" if None.
        dtype: of its variables, that of the first input if None.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        if not state_is_tuple:
            warn_of_joined_state(self)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation_of(activation) or tanh

    @property
    def state_size(self) -> Any:
        units = self._num_units
        return LSTMStateTuple(units, units) if self._state_is_tuple else 2 * units

    @property
    def output_size(self) -> Any:
        return self._num_units

    def build(self, inputs_shape: Any) -> None:
        rows = size_of_last_axis(inputs_shape) + self._num_units
        columns = 4 * self._num_units
        self._kernel = self.add_variable("kernel", [rows, columns])
        self._bias = self.add_variable("bias", [columns], initializer=Zeros(self.dtype))
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        axis = constant(1, dtypes.int32)
        c, h = state if self._state_is_tuple else split(state, 2, axis)
        gates = bias_add(matmul(concat([inputs, h], 1), self._kernel), self._bias)
        i, j, f, o = split(gates, 4, axis)
        kept = multiply(c, sigmoid(add(f, constant(self._forget_bias, f.dtype))))
        new_c = add(kept, multiply(sigmoid(i), self._activation(j)))
        new_h = multiply(self._activation(new_c), sigmoid(o))
        if self._state_is_tuple:
            return new_h, LSTMStateTuple(new_c, new_h)
        return new_h, concat([new_c, new_h], 1)


class LSTMCell(LayerRNNCell):
    """Long short-term memory with peepholes, clipping and projection on demand (Sak et al. 2014).

    As `BasicLSTMCell`; with peepholes the gates see the memory too, ``f + w_f_diag c``,
    ``i + w_i_diag c``, ``o + w_o_diag c'``, and with a projection the output is
    ``h' projection/kernel``.

    Args:
        num_units: the size of the memory `c`.
        use_peepholes: let the gates see the memory.
        cell_clip: the largest magnitude in the memory.
        initializer: of the kernels and the peepholes.
        num_proj: the size of the output, if it is projected.
        proj_clip: the largest magnitude in a projected output.
        num_unit_shards, num_proj_shards: into how many variables the kernels are cut.
        forget_bias: added to the forget gate.
        state_is_tuple: the state is an `LSTMStateTuple`; else ``[c, h]`` side by side.
        activation: a function or the name of one, tanh if None.
        reuse: True to take existing variables.
        name: the name of its variable scope, "lstm_cell" if None.
        dtype: of its variables, that of the first input if None.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int | None = None,
        num_proj_shards: int | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        if not state_is_tuple:
            warn_of_joined_state(self)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._num_unit_shards = num_unit_shards
        self._num_proj_shards = num_proj_shards
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation_of(activation) or tanh

    @property
    def state_size(self) -> Any:
        sizes = LSTMStateTuple(self._num_units, self.output_size)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        return self._num_proj or self._num_units

    def build(self, inputs_shape: Any) -> None:
        units, columns = self._num_units, 4 * self._num_units
        rows = size_of_last_axis(inputs_shape) + self.output_size
        shards = self._num_unit_shards
        self._kernel = self.add_variable(
            "kernel",
            [rows, columns],
            initializer=self._initializer,
            partitioner=fixed_size_partitioner(shards) if shards else None,
        )
        self._bias = self.add_variable("bias", [columns], initializer=Zeros(self.dtype))
        if self._use_peepholes:
            self._w_f, self._w_i, self._w_o = (
                self.add_variable(f"w_{gate}_diag", [units], initializer=self._initializer)
                for gate in "fio"
            )
        if self._num_proj is not None:
            shards = self._num_proj_shards
            self._proj_kernel = self.add_variable(
                "projection/kernel",
                [units, self._num_proj],
                initializer=self._initializer,
                partitioner=fixed_size_partitioner(shards) if shards else None,
            )
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        if self._state_is_tuple:
            c, h = state
        else:
            c = slice_(state, [0, 0], [-1, self._num_units])
            h = slice_(state, [0, self._num_units], [-1, self.output_size])
        gates = bias_add(matmul(concat([inputs, h], 1), self._kernel), self._bias)
        i, j, f, o = split(gates, 4, 1)
        new_c = self._memory(c, i, j, f)
        seen = o + self._w_o * new_c if self._use_peepholes else o
        new_h = self._projected(sigmoid(seen) * self._activation(new_c))
        if self._state_is_tuple:
            return new_h, LSTMStateTuple(new_c, new_h)
        return new_h, concat([new_c, new_h], 1)

    def _memory(self, c: Any, i: Any, j: Any, f: Any) -> Any:
        if self._use_peepholes:
            forget = sigmoid(f + self._forget_bias + self._w_f * c)
            new_c = forget * c + sigmoid(i + self._w_i * c) * self._activation(j)
        else:
            new_c = sigmoid(f + self._forget_bias) * c + sigmoid(i) * self._activation(j)
        if self._cell_clip is not None:
            new_c = clip_by_value(new_c, -self._cell_clip, self._cell_clip)
        return new_c

    def _projected(self, h: Any) -> Any:
        if self._num_proj is None:
            return h
        h = matmul(h, self._proj_kernel)
        if self._proj_clip is not None:
            h = clip_by_value(h, -self._proj_clip, self._proj_clip)
        return h
