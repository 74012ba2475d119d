"""Attention that only moves forward through the memory (Raffel et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.initializers import Constant
from flowgraph.library.scopes import variable_scope
from flowgraph.library.seq2seq.attention import (
    BaseAttentionMechanism,
    bahdanau_score,
    luong_score,
    projection,
)
from flowgraph.library.variable_scope import get_variable
from flowgraph.ops.array import shape as shape_of
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import fill, ones_like
from flowgraph.ops.functional import scan
from flowgraph.ops.joining import concat
from flowgraph.ops.layout import transpose
from flowgraph.ops.one_hot import one_hot
from flowgraph.ops.random import random_normal
from flowgraph.ops.scan import cumprod, cumsum
from flowgraph.ops.select import clip_by_value
from flowgraph.ops.transcendental import exp, log, sigmoid

__all__ = [
    "BahdanauMonotonicAttention",
    "LuongMonotonicAttention",
    "monotonic_attention",
    "safe_cumprod",
]


def safe_cumprod(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Any:
    """The cumulative product of numbers in [0, 1] by way of logarithms, so that it can be
    differentiated at 0.
    """
    x = convert_to_tensor(x, name="x")
    tiny = float(np.finfo(x.dtype.base_dtype.np).tiny)
    return exp(cumsum(log(clip_by_value(x, tiny, 1.0)), axis, exclusive, reverse))


def monotonic_attention(p_choose_i: Any, previous_attention: Any, mode: str) -> Any:
    """The probability of attending to each step of a memory, going on from where attention was.

    ``a[i] = p[i] sum_{k <= i} previous[k] prod_{k <= j < i} (1 - p[j])``: from step k, every step
    is chosen with its probability p, or left behind.

    Args:
        p_choose_i: [batch, memory time].
        previous_attention: [batch, memory time], the attention of the step before.
        mode: "recursive", exactly by a loop; "parallel", by cumulative products, which is quick and
            inexact for long memories with probabilities near 1; "hard", for attention and
            probabilities that are 0 or 1.

    Raises:
        ValueError: on another mode.
    """
    p = convert_to_tensor(p_choose_i, name="p_choose_i")
    previous = convert_to_tensor(previous_attention, name="previous_attention")
    if mode == "recursive":
        passed = concat([ones_like(p[:, :1]), 1 - p[:, :-1]], 1)
        reached = scan(
            lambda so_far, step: step[0] * so_far + step[1],
            (transpose(passed), transpose(previous)),
            previous[:, 0] * 0,
        )
        return p * transpose(reached)
    if mode == "parallel":
        passed = safe_cumprod(1 - p, axis=1, exclusive=True)
        return p * passed * cumsum(previous / clip_by_value(passed, 1e-10, 1.0), axis=1)
    if mode == "hard":
        p = p * cumsum(previous, axis=1)
        return p * cumprod(1 - p, axis=1, exclusive=True)
    raise ValueError("mode must be 'recursive', 'parallel', or 'hard'.")


def _probability(noise: float, mode: str, seed: int | None) -> Callable[[Any, Any], Any]:
    def probability(score: Tensor, previous: Tensor) -> Any:
        if noise > 0:
            drawn = random_normal(shape_of(score), dtype=score.dtype, seed=seed)
            score = score + noise * drawn
        chosen = cast(score > 0, score.dtype) if mode == "hard" else sigmoid(score)
        return monotonic_attention(chosen, previous, mode)

    return probability


class _Monotonic(BaseAttentionMechanism):
    """Attention begins at the first step of the memory."""

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Any:
        """All attention on the first step."""
        first = fill([batch_size], 0)
        return one_hot(first, self._alignments_size, dtype=dtypes.as_dtype(dtype))

    def _bias(self, dtype: Any, start: float) -> Any:
        return get_variable(
            "attention_score_bias", [], dtype=dtype, initializer=Constant(start, dtype)
        )


class BahdanauMonotonicAttention(_Monotonic):
    """Monotonic attention with the scores of `BahdanauAttention` and a bias.

    Args:
        num_units, memory, memory_sequence_length, normalize, score_mask_value, dtype, name: as
            there.
        sigmoid_noise: the standard deviation of noise added to the scores, in training.
        sigmoid_noise_seed: of that noise.
        score_bias_init: the initial bias, "attention_score_bias"; negative for long memories.
        mode: as for `monotonic_attention`.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        normalize: bool = False,
        score_mask_value: Any = None,
        sigmoid_noise: float = 0.0,
        sigmoid_noise_seed: int | None = None,
        score_bias_init: float = 0.0,
        mode: str = "parallel",
        dtype: Any = None,
        name: str = "BahdanauMonotonicAttention",
    ) -> None:
        super().__init__(
            query_layer=projection(num_units, "query_layer", dtype),
            memory=memory,
            probability_fn=_probability(sigmoid_noise, mode, sigmoid_noise_seed),
            memory_sequence_length=memory_sequence_length,
            memory_layer=projection(num_units, "memory_layer", dtype),
            score_mask_value=score_mask_value,
            name=name,
        )
        self._normalize = normalize
        self._score_bias_init = score_bias_init

    def __call__(self, query: Any, state: Any) -> tuple[Any, Any]:
        """The alignments for a query [batch, size], and the next state: the same."""
        with variable_scope(None, "bahdanau_monotonic_attention", [query]):
            score = bahdanau_score(self._query_layer(query), self._keys, self._normalize)
            score = score + self._bias(query.dtype, self._score_bias_init)
        alignments = self._probability_fn(score, state)
        return alignments, alignments


class LuongMonotonicAttention(_Monotonic):
    """Monotonic attention with the scores of `LuongAttention` and a bias.

    Args:
        num_units, memory, memory_sequence_length, scale, score_mask_value, dtype, name: as there.
        sigmoid_noise, sigmoid_noise_seed, score_bias_init, mode: as for
            `BahdanauMonotonicAttention`.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        scale: bool = False,
        score_mask_value: Any = None,
        sigmoid_noise: float = 0.0,
        sigmoid_noise_seed: int | None = None,
        score_bias_init: float = 0.0,
        mode: str = "parallel",
        dtype: Any = None,
        name: str = "LuongMonotonicAttention",
    ) -> None:
        super().__init__(
            query_layer=None,
            memory=memory,
            probability_fn=_probability(sigmoid_noise, mode, sigmoid_noise_seed),
            memory_sequence_length=memory_sequence_length,
            memory_layer=projection(num_units, "memory_layer", dtype),
            score_mask_value=score_mask_value,
            name=name,
        )
        self._scale = scale
        self._score_bias_init = score_bias_init

    def __call__(self, query: Any, state: Any) -> tuple[Any, Any]:
        """The alignments for a query [batch, num_units], and the next state: the same."""
        with variable_scope(None, "luong_monotonic_attention", [query]):
            scale = None
            if self._scale:
                scale = get_variable(
                    "attention_g", [], dtype=query.dtype, initializer=Constant(1.0)
                )
            score = luong_score(query, self._keys, scale)
            score = score + self._bias(query.dtype, self._score_bias_init)
        alignments = self._probability_fn(score, state)
        return alignments, alignments
