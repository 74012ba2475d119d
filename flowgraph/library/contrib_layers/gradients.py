"""What is done to gradients between computing and applying them: clipped, scaled, summarized."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowgraph.graph.composite import IndexedSlices
from flowgraph.graph.context import name_scope
from flowgraph.library.platform import logs
from flowgraph.library.summaries import histogram, scalar
from flowgraph.ops import array
from flowgraph.ops.cast import cast
from flowgraph.ops.clip import clip_by_norm, global_norm
from flowgraph.ops.random import truncated_normal

__all__ = [
    "Pairs",
    "add_gradients_summaries",
    "add_scaled_noise",
    "clip_gradient_norms",
    "multiply_gradients",
    "values_of",
]

Pairs = list[tuple[Any, Any]]


def values_of(gradient: Any) -> Any:
    return gradient.values if isinstance(gradient, IndexedSlices) else gradient


def _with_values(gradient: Any, values: Any) -> Any:
    if isinstance(gradient, IndexedSlices):
        return IndexedSlices(values, gradient.indices, gradient.dense_shape)
    return values


def clip_gradient_norms(gradients_to_variables: Sequence[tuple[Any, Any]], max_norm: Any) -> Pairs:
    """Each gradient scaled down where its norm exceeds `max_norm`."""
    clipped: Pairs = []
    for gradient, variable in gradients_to_variables:
        if gradient is not None:
            gradient = _with_values(gradient, clip_by_norm(values_of(gradient), max_norm))
        clipped.append((gradient, variable))
    return clipped


def multiply_gradients(
    grads_and_vars: Sequence[tuple[Any, Any]], gradient_multipliers: Mapping[Any, Any]
) -> Pairs:
    """Gradients times factors.

    Args:
        gradient_multipliers: factors by variable or variable's name.

    Raises:
        ValueError: if there are no factors, or one for a variable without gradient.
    """
    if not isinstance(gradient_multipliers, Mapping):
        raise ValueError("`gradient_multipliers` must be a dict.")
    if not gradient_multipliers:
        raise ValueError("`gradient_multipliers` is empty.")
    multiplied: Pairs = []
    for gradient, variable in grads_and_vars:
        key = variable if variable in gradient_multipliers else variable.op.name
        if key in gradient_multipliers:
            if gradient is None:
                raise ValueError("Requested multiple of `None` gradient.")
            factor = cast(gradient_multipliers[key], gradient.dtype)
            gradient = _with_values(gradient, values_of(gradient) * factor)
        multiplied.append((gradient, variable))
    return multiplied


def add_scaled_noise(grads_and_vars: Sequence[tuple[Any, Any]], scale: float) -> Pairs:
    """Gradients with truncated normal noise times `scale` added."""
    noisy: Pairs = []
    for gradient, variable in grads_and_vars:
        if gradient is None:
            noisy.append((None, variable))
            continue
        shape = gradient.dense_shape if isinstance(gradient, IndexedSlices) else None
        known = gradient.get_shape()
        if shape is None:
            shape = known if known.is_fully_defined() else array.shape(gradient)
        noisy.append((gradient + truncated_normal(shape) * scale, variable))
    return noisy


def add_gradients_summaries(grads_and_vars: Sequence[tuple[Any, Any]]) -> list[Any]:
    """A histogram and the norm of each gradient, as summaries."""
    summaries = []
    for gradient, variable in grads_and_vars:
        if gradient is None:
            logs.info("Var %s has no gradient", variable.op.name)
            continue
        values = values_of(gradient)
        with name_scope(None):
            summaries.append(histogram(variable.op.name + "/gradient", values))
            summaries.append(scalar(variable.op.name + "/gradient_norm", global_norm([values])))
    return summaries
