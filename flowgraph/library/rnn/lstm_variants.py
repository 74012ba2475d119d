"""LSTMs with layer normalization, and with coupled input and forget gates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.library.initializers import Constant, Zeros
from flowgraph.library.platform.logs import warn
from flowgraph.library.rnn.cell import RNNCell, size_of_last_axis
from flowgraph.library.rnn.lstm import LSTMStateTuple, warn_of_joined_state
from flowgraph.library.scopes import variable_scope
from flowgraph.library.variable_scope import get_variable, get_variable_scope
from flowgraph.ops.bias import bias_add
from flowgraph.ops.dense import dropout
from flowgraph.ops.joining import concat
from flowgraph.ops.linalg import matmul
from flowgraph.ops.moments import batch_normalization, moments
from flowgraph.ops.select import clip_by_value
from flowgraph.ops.slicing import slice as slice_
from flowgraph.ops.split import split
from flowgraph.ops.transcendental import sigmoid, tanh

__all__ = ["CoupledInputForgetGateLSTMCell", "LayerNormBasicLSTMCell"]


class _Normalizing(RNNCell):
    """A cell that can normalize its layers."""

    _layer_norm: bool
    _norm_gain: float
    _norm_shift: float

    def _norm(self, x: Any, scope: str) -> Any:
        """`x` with mean 0 and variance 1 in each row, times gamma, plus beta."""
        size = [x.get_shape()[-1].value]
        with variable_scope(scope):
            gamma = get_variable(
                "gamma", size, dtype=x.dtype, initializer=Constant(self._norm_gain)
            )
            beta = get_variable("beta", size, dtype=x.dtype, initializer=Constant(self._norm_shift))
        mean, variance = moments(x, [1], keepdims=True)
        epsilon = 1e-3 if x.dtype.base_dtype is dtypes.float16 else 1e-12
        return batch_normalization(x, mean, variance, beta, gamma, epsilon)


class LayerNormBasicLSTMCell(_Normalizing):
    """An LSTM with layer normalization (Ba et al. 2016) and dropout of what it would remember.

    As `BasicLSTMCell`; each of the four parts, and the memory, are normalized in the scopes
    "input", "transform", "forget", "output" and "state", with the variables "gamma" and "beta".

    Args:
        num_units: the size of memory and output.
        forget_bias: added to the forget gate.
        input_size: no longer used.
        activation: of the inner states.
        layer_norm: False for no normalization and a bias instead.
        norm_gain, norm_shift: the initial gamma and beta.
        dropout_keep_prob: the probability that an element of the new memory is kept, a number or
            a scalar tensor.
        dropout_prob_seed: the seed of that dropout.
        reuse: True to take existing variables.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: Any = None,
        activation: Callable[..., Any] = tanh,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: Any = 1.0,
        dropout_prob_seed: int | None = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        if input_size is not None:
            warn("%s: The input_size parameter is deprecated.", self)
        self._num_units = num_units
        self._activation = activation
        self._forget_bias = forget_bias
        self._keep_prob = dropout_keep_prob
        self._seed = dropout_prob_seed
        self._layer_norm = layer_norm
        self._norm_gain = norm_gain
        self._norm_shift = norm_shift

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> Any:
        return self._num_units

    def _parts(self, args: Any) -> list[Any]:
        columns = 4 * self._num_units
        kernel = get_variable("kernel", [size_of_last_axis(args.shape), columns], dtype=args.dtype)
        product = matmul(args, kernel)
        if not self._layer_norm:
            product = bias_add(product, get_variable("bias", [columns], dtype=args.dtype))
        parts = split(product, 4, 1)
        if self._layer_norm:
            scopes = ("input", "transform", "forget", "output")
            parts = [self._norm(part, scope) for part, scope in zip(parts, scopes, strict=True)]
        return parts

    def call(self, inputs: Any, state: Any) -> Any:
        c, h = state
        i, j, f, o = self._parts(concat([inputs, h], 1))
        new = self._activation(j)
        if not isinstance(self._keep_prob, float) or self._keep_prob < 1:
            new = dropout(new, self._keep_prob, seed=self._seed)
        new_c = c * sigmoid(f + self._forget_bias) + sigmoid(i) * new
        if self._layer_norm:
            new_c = self._norm(new_c, "state")
        new_h = self._activation(new_c) * sigmoid(o)
        return new_h, LSTMStateTuple(new_c, new_h)


class CoupledInputForgetGateLSTMCell(_Normalizing):
    """An LSTM whose input gate is 1 minus its forget gate (Greff et al. 2015).

    ``j, f, o = [x, h] W + B``, ``c' = f c + (1 - f) activation(j)``, ``h' = o activation(c')``,
    where f and o went through the logistic function.

    Args:
        num_units: the size of the memory.
        use_peepholes: let the gates see the memory, by "W_F_diag" and "W_O_diag".
        initializer: of the weights.
        num_proj: the size of the output, if it is projected.
        proj_clip: the largest magnitude in a projected output.
        num_unit_shards, num_proj_shards: into how many variables "W" and "W_P" are cut.
        forget_bias: added to the forget gate.
        state_is_tuple: the state is an `LSTMStateTuple`; else ``[c, h]`` side by side.
        activation: of the inner states.
        reuse: True to take existing variables.
        layer_norm: normalize all parts and the memory.
        norm_gain, norm_shift: the initial gamma and beta.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int = 1,
        num_proj_shards: int = 1,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Callable[..., Any] = tanh,
        reuse: bool | None = None,
        layer_norm: bool = False,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
    ) -> None:
        super().__init__(_reuse=reuse)
        if not state_is_tuple:
            warn_of_joined_state(self)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._initializer = initializer
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._num_unit_shards = num_unit_shards
        self._num_proj_shards = num_proj_shards
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation
        self._layer_norm = layer_norm
        self._norm_gain = norm_gain
        self._norm_shift = norm_shift

    @property
    def state_size(self) -> Any:
        sizes = LSTMStateTuple(self._num_units, self.output_size)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        return self._num_proj or self._num_units

    def call(self, inputs: Any, state: Any) -> Any:
        if self._state_is_tuple:
            c, h = state
        else:
            c = slice_(state, [0, 0], [-1, self._num_units])
            h = slice_(state, [0, self._num_units], [-1, self.output_size])
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            new_c, new_h = self._step(concat([inputs, h], 1), c)
        if self._state_is_tuple:
            return new_h, LSTMStateTuple(new_c, new_h)
        return new_h, concat([new_c, new_h], 1)

    def _step(self, args: Any, c: Any) -> tuple[Any, Any]:
        units, dtype = self._num_units, args.dtype
        shape = [size_of_last_axis(args.shape), 3 * units]
        product = matmul(args, _sharded("W", shape, dtype, self._num_unit_shards))
        if not self._layer_norm:
            bias = get_variable("B", [3 * units], dtype=dtype, initializer=Zeros())
            product = bias_add(product, bias)
        j, f, o = split(product, 3, 1)
        if self._layer_norm:
            j, f, o = (
                self._norm(part, scope)
                for part, scope in ((j, "transform"), (f, "forget"), (o, "output"))
            )
        f = f + self._forget_bias
        if self._use_peepholes:
            f = f + get_variable("W_F_diag", [units], dtype=dtype) * c
        forget = sigmoid(f)
        new_c = forget * c + (1 - forget) * self._activation(j)
        if self._layer_norm:
            new_c = self._norm(new_c, "state")
        if self._use_peepholes:
            o = o + get_variable("W_O_diag", [units], dtype=dtype) * new_c
        new_h = sigmoid(o) * self._activation(new_c)
        if self._num_proj is not None:
            shape = [units, self._num_proj]
            new_h = matmul(new_h, _sharded("W_P", shape, dtype, self._num_proj_shards))
            if self._proj_clip is not None:
                new_h = clip_by_value(new_h, -self._proj_clip, self._proj_clip)
        return new_c, new_h


def _sharded(name: str, shape: list[int], dtype: Any, count: int) -> Any:
    """A matrix kept in `count` variables, named ``name_0``, ``name_1``, ..., cut by rows."""
    if count > shape[0]:
        raise ValueError(f"Too many shards: shape={shape}, num_shards={count}")
    rows, longer = divmod(shape[0], count)
    parts = [
        get_variable(f"{name}_{number}", [rows + (number < longer), *shape[1:]], dtype=dtype)
        for number in range(count)
    ]
    return parts[0] if count == 1 else concat(parts, 0)
