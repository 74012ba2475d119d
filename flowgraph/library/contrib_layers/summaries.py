"""Summaries of tensors by collection (`tf.contrib.layers`)."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.library.summaries import histogram, scalar
from flowgraph.ops.cast import cast
from flowgraph.ops.reduce import reduce_mean

__all__ = [
    "summarize_activation",
    "summarize_activations",
    "summarize_biases",
    "summarize_collection",
    "summarize_tensor",
    "summarize_tensors",
    "summarize_variables",
    "summarize_weights",
]

_RECTIFIED = ("Relu", "Relu6", "Softplus")


def summarize_tensor(tensor: Any, tag: str | None = None) -> Any:
    """A scalar summary of a scalar, a histogram of other numbers; None for strings and bools."""
    if tensor.dtype.base_dtype in (dtypes.string, dtypes.bool):
        return None
    chosen = tag or f"{tensor.op.name}_summary"
    return (scalar if tensor.get_shape().ndims == 0 else histogram)(chosen, tensor)


def _share(op_type: str, tensor: Any, limit: float) -> Any:
    compared = apply(op_type, tensor, cast(limit, tensor.dtype))
    return reduce_mean(cast(compared, dtypes.float32, name="ToFloat"))


def summarize_activation(op: Any) -> Any:
    """A histogram of an activation; for rectifiers also how many units they cut off."""
    name = op.op.name
    if op.op.type in _RECTIFIED:
        scalar(f"{name}/zeros", _share("Less", op.op.inputs[0], 0.0))
    if op.op.type == "Relu6":
        scalar(f"{name}/sixes", _share("Greater", op.op.inputs[0], 6.0))
    return histogram(f"{name}/activation", op)


def summarize_tensors(
    tensors: Iterable[Any], summarizer: Callable[[Any], Any] = summarize_tensor
) -> list[Any]:
    """A summary of each tensor."""
    return [summarizer(tensor) for tensor in tensors]


def summarize_collection(
    collection: str,
    name_filter: str | None = None,
    summarizer: Callable[[Any], Any] = summarize_tensor,
) -> list[Any]:
    """A summary of each tensor of a collection.

    Args:
        name_filter: a regular expression that names must match from the start on.
    """
    chosen = [
        each
        for each in get_default_graph().get_collection(collection)
        if name_filter is None or re.match(name_filter, each.op.name)
    ]
    return summarize_tensors(chosen, summarizer)


summarize_variables = functools.partial(summarize_collection, GraphKeys.GLOBAL_VARIABLES)
summarize_weights = functools.partial(summarize_collection, GraphKeys.WEIGHTS)
summarize_biases = functools.partial(summarize_collection, GraphKeys.BIASES)


def summarize_activations(
    name_filter: str | None = None, summarizer: Callable[[Any], Any] = summarize_activation
) -> list[Any]:
    """A summary of each tensor of `GraphKeys.ACTIVATIONS`; see `summarize_activation`."""
    return summarize_collection(GraphKeys.ACTIVATIONS, name_filter, summarizer)
