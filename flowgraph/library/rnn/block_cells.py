"""Cells whose whole step is one op, and an LSTM whose whole run is."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.library.initializers import Constant
from flowgraph.library.layers.base import Layer
from flowgraph.library.rnn.cell import LayerRNNCell, size_of_last_axis
from flowgraph.library.rnn.lstm import LSTMStateTuple
from flowgraph.library.rnn.shapes import known_size
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import range as range_
from flowgraph.ops.constants import zeros
from flowgraph.ops.joining import concat, stack, unstack
from flowgraph.ops.layout import expand_dims, transpose
from flowgraph.ops.masking import sequence_mask
from flowgraph.ops.reduce import reduce_max
from flowgraph.ops.scatter import gather_nd

__all__ = [
    "GRUBlockCell",
    "GRUBlockCellV2",
    "LSTMBlockCell",
    "LSTMBlockFusedCell",
    "LSTMBlockWrapper",
]


def _lstm_variables(layer: Any, input_size: int, units: int, use_peephole: bool) -> tuple[Any, ...]:
    """Kernel and bias, and the peepholes of the input, forget and output gates."""
    kernel = layer.add_variable("kernel", [input_size + units, 4 * units])
    bias = layer.add_variable("bias", [4 * units], initializer=Constant(0.0))
    if use_peephole:
        return kernel, bias, *(layer.add_variable(f"w_{gate}_diag", [units]) for gate in "ifo")
    return kernel, bias


class LSTMBlockCell(LayerRNNCell):
    """`BasicLSTMCell` whose step is one op; its variables are those of `LSTMCell`.

    Args:
        num_units: the size of memory and output.
        forget_bias: added to the forget gate.
        cell_clip: the largest magnitude in the memory; None for no bound.
        use_peephole: let the gates see the memory.
        dtype: of its variables.
        reuse: True to take existing variables.
        name: the name of its variable scope.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        dtype: Any = None,
        reuse: bool | None = None,
        name: str | None = "lstm_cell",
    ) -> None:
        super().__init__(_reuse=reuse, dtype=dtype, name=name)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._cell_clip = -1.0 if cell_clip is None else cell_clip
        self._use_peephole = use_peephole

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> Any:
        return self._num_units

    def build(self, inputs_shape: Any) -> None:
        size = size_of_last_axis(inputs_shape)
        variables = _lstm_variables(self, size, self._num_units, self._use_peephole)
        self._kernel, self._bias, *self._peepholes = variables
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        if len(state) != 2:
            raise ValueError("Expecting state to be a tuple with length 2.")
        nothing = [zeros([self._num_units], self.dtype)] * 3
        _, c, _, _, _, _, h = apply(
            "LSTMBlockCell",
            inputs,
            *state,
            self._kernel,
            *(self._peepholes or nothing),
            self._bias,
            forget_bias=self._forget_bias,
            cell_clip=self._cell_clip,
            use_peephole=self._use_peephole,
        )
        return h, LSTMStateTuple(c, h)


class LSTMBlockWrapper(Layer):
    """Base class of LSTMs that run over all steps in one call.

    A subclass has the property `num_units` and the method ``_call_cell(inputs, initial_cell_state,
    initial_output, dtype, sequence_length)``, which gives memories and outputs of all steps.
    """

    @property
    def num_units(self) -> int:
        """The size of memory and output."""
        raise NotImplementedError

    def _call_cell(
        self,
        inputs: Any,
        initial_cell_state: Any,
        initial_output: Any,
        dtype: Any,
        sequence_length: Any,
    ) -> tuple[Any, Any]:
        raise NotImplementedError

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """All steps.

        Args:
            inputs: [time, batch, size], or a list of tensors [batch, size].
            initial_state: a pair of memory and output before the first step; zeros if None.
            dtype: of those zeros.
            sequence_length: [batch]; past its end a sequence has outputs of 0.

        Returns:
            The outputs, in the form of the inputs, and the last `LSTMStateTuple`.

        Raises:
            ValueError: if neither a state nor a dtype is given.
        """
        return self._run(inputs, *args, **kwargs)

    def _run(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
    ) -> Any:
        is_list = isinstance(inputs, list)
        inputs = stack(inputs) if is_list else inputs
        size_of_last_axis(inputs.get_shape().with_rank(3))
        batch_size, steps = known_size(inputs, 1), known_size(inputs, 0)
        if initial_state is None:
            if dtype is None:
                raise ValueError("Either initial_state or dtype needs to be specified")
            blank = zeros(stack([batch_size, self.num_units]), dtype)
            initial_state = (blank, blank)
        if len(initial_state) != 2:
            raise ValueError("Expecting initial_state to be a tuple with length 2 or None")
        first_c, first_h = (convert_to_tensor(each) for each in initial_state)
        dtype = first_c.dtype if dtype is None else dtype
        if sequence_length is not None:
            sequence_length = cast(sequence_length, dtypes.int32)
        memories, outputs = self._call_cell(inputs, first_c, first_h, dtype, sequence_length)
        if sequence_length is None:
            final_c, final_h = memories[-1], outputs[-1]
        else:
            mask = transpose(sequence_mask(sequence_length, steps, dtype=dtype), [1, 0])
            outputs = outputs * expand_dims(mask, -1)
            # With the first state in front, a sequence of length n ends in row n.
            places = stack([sequence_length, range_(batch_size)], 1)
            final_c = gather_nd(concat([expand_dims(first_c, 0), memories], 0), places)
            final_h = gather_nd(concat([expand_dims(first_h, 0), outputs], 0), places)
        return (unstack(outputs) if is_list else outputs), LSTMStateTuple(final_c, final_h)


class LSTMBlockFusedCell(LSTMBlockWrapper):
    """`LSTMBlockCell` over all steps in one op.

    Args:
        num_units: the size of memory and output.
        forget_bias: added to the forget gate.
        cell_clip: the largest magnitude in the memory; None for no bound.
        use_peephole: let the gates see the memory.
        reuse: True to take existing variables.
        dtype: of its variables.
        name: the name of its variable scope.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        reuse: bool | None = None,
        dtype: Any = None,
        name: str = "lstm_fused_cell",
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._cell_clip = -1.0 if cell_clip is None else cell_clip
        self._use_peephole = use_peephole

    @property
    def num_units(self) -> int:
        return self._num_units

    def build(self, input_shape: Any) -> None:
        shape = input_shape[0] if isinstance(input_shape, list) else input_shape
        size = size_of_last_axis(shape)
        variables = _lstm_variables(self, size, self._num_units, self._use_peephole)
        self._kernel, self._bias, *self._peepholes = variables
        self.built = True

    def _call_cell(
        self,
        inputs: Any,
        initial_cell_state: Any,
        initial_output: Any,
        dtype: Any,
        sequence_length: Any,
    ) -> tuple[Any, Any]:
        if sequence_length is None:
            longest = cast(known_size(inputs, 0), dtypes.int64)
        else:
            longest = cast(reduce_max(sequence_length), dtypes.int64)
        nothing = [zeros([self._num_units], dtype)] * 3
        _, memories, _, _, _, _, outputs = apply(
            "BlockLSTM",
            longest,
            inputs,
            initial_cell_state,
            initial_output,
            self._kernel,
            *(self._peepholes or nothing),
            self._bias,
            forget_bias=self._forget_bias,
            cell_clip=self._cell_clip,
            use_peephole=self._use_peephole,
        )
        return memories, outputs


class GRUBlockCell(LayerRNNCell):
    """`GRUCell` whose step is one op; its variables are "w_ru", "b_ru", "w_c" and "b_c".

    Args:
        num_units: the size of the state.
        cell_size: an older name of `num_units`.
        reuse: True to take existing variables.
        name: the name of its variable scope.

    Raises:
        ValueError: unless exactly one of `num_units` and `cell_size` is given.
    """

    _names = ("w_ru", "b_ru", "w_c", "b_c")

    def __init__(
        self,
        num_units: int | None = None,
        cell_size: int | None = None,
        reuse: bool | None = None,
        name: str = "gru_cell",
    ) -> None:
        super().__init__(_reuse=reuse, name=name)
        if (cell_size is None) == (num_units is None):
            raise ValueError("Exactly one of num_units or cell_size must be provided.")
        self._cell_size = num_units if cell_size is None else cell_size

    @property
    def state_size(self) -> Any:
        return self._cell_size

    @property
    def output_size(self) -> Any:
        return self._cell_size

    def build(self, inputs_shape: Any) -> None:
        units: Any = self._cell_size
        rows = size_of_last_axis(inputs_shape) + units
        w_ru, b_ru, w_c, b_c = self._names
        self._gate_kernel = self.add_variable(w_ru, [rows, 2 * units])
        self._gate_bias = self.add_variable(b_ru, [2 * units], initializer=Constant(1.0))
        self._candidate_kernel = self.add_variable(w_c, [rows, units])
        self._candidate_bias = self.add_variable(b_c, [units], initializer=Constant(0.0))
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        *_, output = apply(
            "GRUBlockCell",
            inputs,
            state,
            self._gate_kernel,
            self._candidate_kernel,
            self._gate_bias,
            self._candidate_bias,
        )
        return output, output


class GRUBlockCellV2(GRUBlockCell):
    """`GRUBlockCell` whose variables have the names of those of `GRUCell`."""

    _names = ("gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias")
