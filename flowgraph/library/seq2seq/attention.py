"""Attention mechanisms: how much a query has to do with each step of a memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.structure import flatten, map_structure
from flowgraph.graph.tensor import Tensor
from flowgraph.library.initializers import Constant, Zeros
from flowgraph.library.layers.base import Layer
from flowgraph.library.layers.core import Dense
from flowgraph.library.rnn.shapes import known_size, zeros_of_size
from flowgraph.library.scopes import variable_scope
from flowgraph.library.variable_scope import get_variable
from flowgraph.ops.array import reshape
from flowgraph.ops.assertions import assert_equal, assert_positive
from flowgraph.ops.constants import ones_like
from flowgraph.ops.layout import expand_dims, squeeze
from flowgraph.ops.linalg import matmul
from flowgraph.ops.masking import sequence_mask
from flowgraph.ops.one_hot import one_hot
from flowgraph.ops.powers import rsqrt, square
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.scan import argmax
from flowgraph.ops.select import where
from flowgraph.ops.softmax import softmax
from flowgraph.ops.transcendental import tanh

__all__ = [
    "AttentionMechanism",
    "BahdanauAttention",
    "BaseAttentionMechanism",
    "LuongAttention",
    "bahdanau_score",
    "hardmax",
    "luong_score",
    "projection",
]

Probability = Callable[..., Any]


def hardmax(logits: Any, name: str | None = None) -> Any:
    """1 at the largest element of each row, 0 elsewhere."""
    with name_scope(name, "Hardmax", [logits]):
        logits = convert_to_tensor(logits, name="logits")
        depth = known_size(logits, -1)
        return one_hot(argmax(logits, -1), depth, dtype=logits.dtype)


class AttentionMechanism:
    """Base class of attention mechanisms.

    Called with a query and a state, a mechanism gives its alignments, [batch, memory time], and
    the next state.
    """

    @property
    def alignments_size(self) -> Any:
        """The number of steps of the memory."""
        raise NotImplementedError

    @property
    def state_size(self) -> Any:
        """The size of the state without the batch."""
        raise NotImplementedError


class BaseAttentionMechanism(AttentionMechanism):
    """A mechanism with layers over query and memory.

    Args:
        query_layer: a layer over the query, or None.
        memory: [batch, memory time, ...].
        probability_fn: from scores and state to alignments.
        memory_sequence_length: [batch]; the memory counts as 0 past it, and the scores as
            `score_mask_value`.
        memory_layer: a layer over the memory, which gives the keys.
        check_inner_dims_defined: whether the memory's inner sizes must be known.
        score_mask_value: minus infinity if None.
        custom_key_value_fn: from keys and values to those to be used.

    Raises:
        TypeError: if an argument is not of its kind.
        ValueError: if inner sizes of the memory are not known.
    """

    def __init__(
        self,
        query_layer: Any,
        memory: Any,
        probability_fn: Probability,
        memory_sequence_length: Any = None,
        memory_layer: Any = None,
        check_inner_dims_defined: bool = True,
        score_mask_value: Any = None,
        custom_key_value_fn: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        name: str | None = None,
    ) -> None:
        for which, layer in (("query_layer", query_layer), ("memory_layer", memory_layer)):
            if layer is not None and not isinstance(layer, Layer):
                raise TypeError(f"{which} is not a Layer: {type(layer).__name__}")
        if not callable(probability_fn):
            raise TypeError(
                f"probability_fn must be callable, saw type: {type(probability_fn).__name__}"
            )
        self._query_layer = query_layer
        self._memory_layer = memory_layer
        memory = map_structure(lambda each: convert_to_tensor(each, name="memory"), memory)
        kept = flatten(memory)[0].dtype if memory_layer is None else memory_layer.dtype
        self.dtype = dtypes.as_dtype(kept).base_dtype
        masked = -np.inf if score_mask_value is None else score_mask_value
        if memory_sequence_length is not None:
            memory_sequence_length = convert_to_tensor(
                memory_sequence_length, name="memory_sequence_length"
            )
        self._probability_fn: Probability = lambda score, state: probability_fn(
            _masked_score(score, memory_sequence_length, masked), state
        )
        with name_scope(name, "BaseAttentionMechanismInit", flatten(memory)):
            self._values = map_structure(
                lambda each: _masked_memory(each, memory_sequence_length, check_inner_dims_defined),
                memory,
            )
            self._keys = self._values if memory_layer is None else memory_layer(self._values)
            if custom_key_value_fn is not None:
                self._keys, self._values = custom_key_value_fn(self._keys, self._values)
            self._batch_size = known_size(self._keys, 0)
            self._alignments_size = known_size(self._keys, 1)

    @property
    def memory_layer(self) -> Any:
        """The layer over the memory."""
        return self._memory_layer

    @property
    def query_layer(self) -> Any:
        """The layer over the query."""
        return self._query_layer

    @property
    def values(self) -> Any:
        """The memory, 0 past the end of each sequence."""
        return self._values

    @property
    def keys(self) -> Any:
        """What the memory's layer makes of it."""
        return self._keys

    @property
    def batch_size(self) -> Any:
        """The number of sequences."""
        return self._batch_size

    @property
    def alignments_size(self) -> Any:
        return self._alignments_size

    @property
    def state_size(self) -> Any:
        return self._alignments_size

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Any:
        """The alignments before the first step: zeros."""
        return zeros_of_size(self._alignments_size, batch_size, dtype)

    def initial_state(self, batch_size: Any, dtype: Any) -> Any:
        """The state before the first step: the initial alignments."""
        return self.initial_alignments(batch_size, dtype)


def _masked_memory(memory: Tensor, lengths: Any, check_inner: bool) -> Any:
    if check_inner and not memory.get_shape()[2:].is_fully_defined():
        raise ValueError(
            f"Expected memory {memory.name} to have fully defined inner dims, but saw shape: "
            f"{memory.get_shape()}"
        )
    if lengths is None:
        return memory
    mask = sequence_mask(lengths, maxlen=known_size(memory, 1), dtype=memory.dtype)
    message = "memory_sequence_length and memory tensor batch sizes do not match."
    same = assert_equal(known_size(lengths, 0), known_size(memory, 0), message=message)
    with control_dependencies([same]):
        inner = memory.get_shape().with_rank_at_least(2).ndims or 2
        mask = reshape(mask, [known_size(memory, 0), known_size(memory, 1), *[1] * (inner - 2)])
        return memory * mask


def _masked_score(score: Tensor, lengths: Any, value: Any) -> Any:
    if lengths is None:
        return score
    message = "All values in memory_sequence_length must greater than zero."
    with control_dependencies([assert_positive(lengths, message=message)]):
        mask = sequence_mask(lengths, maxlen=known_size(score, 1))
        return where(mask, score, value * ones_like(score))


def luong_score(query: Tensor, keys: Tensor, scale: Any) -> Any:
    """``keys · query`` for each step of the memory, times `scale` if there is one.

    Raises:
        ValueError: if the last sizes differ or are not known.
    """
    depth, units = query.get_shape()[-1].value, keys.get_shape()[-1].value
    if depth is None or depth != units:
        raise ValueError(
            f"Incompatible or unknown inner dimensions between query and keys. Query ({query}) has "
            f"units: {depth}. Keys ({keys}) have units: {units}. Perhaps you need to set num_units "
            f"to the keys' dimension ({units})?"
        )
    score = squeeze(matmul(expand_dims(query, 1), keys, transpose_b=True), [1])
    return score if scale is None else scale * score


class LuongAttention(BaseAttentionMechanism):
    """Multiplicative attention (Luong et al. 2015): the score is ``query · memory_layer(memory)``.

    Args:
        num_units: the size of the keys, which is that of the query.
        memory: [batch, memory time, size].
        memory_sequence_length: [batch].
        scale: multiply the scores by a variable, "attention_g".
        probability_fn: from scores to alignments, softmax if None.
        score_mask_value: the score past the end, minus infinity if None.
        dtype: of the memory's layer, float32 if None.
        custom_key_value_fn: from keys and values to those to be used.
        name: of the scope of its ops.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        scale: bool = False,
        probability_fn: Probability | None = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        custom_key_value_fn: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        name: str = "LuongAttention",
    ) -> None:
        super().__init__(
            query_layer=None,
            memory=memory,
            probability_fn=_of_score_alone(probability_fn),
            memory_sequence_length=memory_sequence_length,
            memory_layer=projection(num_units, "memory_layer", dtype),
            score_mask_value=score_mask_value,
            custom_key_value_fn=custom_key_value_fn,
            name=name,
        )
        self._num_units = num_units
        self._scale = scale

    def __call__(self, query: Any, state: Any) -> tuple[Any, Any]:
        """The alignments for a query [batch, num_units], and the next state: the same."""
        with variable_scope(None, "luong_attention", [query]):
            scale = None
            if self._scale:
                scale = get_variable(
                    "attention_g", [], dtype=query.dtype, initializer=Constant(1.0)
                )
            score = luong_score(query, self._keys, scale)
        alignments = self._probability_fn(score, state)
        return alignments, alignments


def _of_score_alone(probability_fn: Probability | None) -> Probability:
    chosen = softmax if probability_fn is None else probability_fn
    return lambda score, _: chosen(score)


def projection(units: int, name: str, dtype: Any) -> Dense:
    """A layer over query or memory."""
    return Dense(units, name=name, use_bias=False, dtype=dtype or dtypes.float32)


def bahdanau_score(query: Tensor, keys: Tensor, normalize: bool) -> Any:
    """``sum(v tanh(keys + query))`` with the variable v, "attention_v".

    Normalized, v has the length "attention_g", and "attention_b" is added before tanh.
    """
    units = keys.get_shape()[2].value
    dtype = query.dtype
    direction = get_variable("attention_v", [units], dtype=dtype)
    summed = keys + expand_dims(query, 1)
    if normalize:
        length = get_variable(
            "attention_g", [], dtype=dtype, initializer=Constant(math.sqrt(1.0 / units))
        )
        bias = get_variable("attention_b", [units], dtype=dtype, initializer=Zeros())
        direction = length * direction * rsqrt(reduce_sum(square(direction)))
        summed = summed + bias
    return reduce_sum(direction * tanh(summed), [2])


class BahdanauAttention(BaseAttentionMechanism):
    """Additive attention (Bahdanau et al. 2015).

    The score is ``sum(v tanh(memory_layer(memory) + query_layer(query)))``.

    Args:
        num_units: the size of keys and processed queries.
        memory: [batch, memory time, size].
        memory_sequence_length: [batch].
        normalize: give v a length that is a variable, and add a bias.
        probability_fn: from scores to alignments, softmax if None.
        score_mask_value: the score past the end, minus infinity if None.
        dtype: of the layers, float32 if None.
        custom_key_value_fn: from keys and values to those to be used.
        name: of the scope of its ops.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        normalize: bool = False,
        probability_fn: Probability | None = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        custom_key_value_fn: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        name: str = "BahdanauAttention",
    ) -> None:
        super().__init__(
            query_layer=projection(num_units, "query_layer", dtype),
            memory=memory,
            probability_fn=_of_score_alone(probability_fn),
            memory_sequence_length=memory_sequence_length,
            memory_layer=projection(num_units, "memory_layer", dtype),
            score_mask_value=score_mask_value,
            custom_key_value_fn=custom_key_value_fn,
            name=name,
        )
        self._num_units = num_units
        self._normalize = normalize

    def __call__(self, query: Any, state: Any) -> tuple[Any, Any]:
        """The alignments for a query [batch, size], and the next state: the same."""
        with variable_scope(None, "bahdanau_attention", [query]):
            score = bahdanau_score(self._query_layer(query), self._keys, self._normalize)
        alignments = self._probability_fn(score, state)
        return alignments, alignments
