"""What `Session.run` is given: values for tensors, as arrays of the right type and shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.graph.composite import IndexedSlices, SparseTensor
from flowgraph.graph.convert import string_array
from flowgraph.graph.graph import Graph
from flowgraph.graph.tensor import Tensor

__all__ = ["as_feed", "check_shape", "expand_feeds"]


def expand_feeds(graph: Graph, feed_dict: Mapping[Any, Any]) -> dict[Tensor, Any]:
    """One entry per tensor: names are looked up, composites and tuples taken apart.

    Raises:
        TypeError: if a key is no tensor of this graph.
        ValueError: if it may not be fed.
    """
    if not isinstance(feed_dict, Mapping):
        raise TypeError(
            f"feed_dict must be a dictionary that maps tensors to values, not {feed_dict!r}."
        )
    flat: dict[Tensor, Any] = {}
    for key, value in feed_dict.items():
        _expand(graph, key, value, flat)
    return flat


def _expand(graph: Graph, key: Any, value: Any, flat: dict[Tensor, Any]) -> None:
    if isinstance(key, SparseTensor | IndexedSlices):
        parts = key.components()
        values = tuple(value)[: len(parts)]
        for part, each in zip(parts, values, strict=True):
            flat[part] = each
        return
    if isinstance(key, tuple | list):
        if len(key) != len(value):
            raise ValueError(f"The feed key {key!r} has {len(key)} parts, its value {len(value)}.")
        for part, each in zip(key, value, strict=True):
            _expand(graph, part, each, flat)
        return
    try:
        tensor = graph.as_graph_element(key, allow_operation=False)
    except (TypeError, ValueError, KeyError) as error:
        raise TypeError(f"Cannot interpret feed_dict key as Tensor: {error.args[0]}") from None
    if not graph.is_feedable(tensor):
        raise ValueError(f"Tensor {tensor} may not be fed.")
    flat[tensor] = value


def as_feed(tensor: Tensor, value: Any) -> Any:
    """`value` as an array of the tensor's type, checked against its static shape.

    Raises:
        TypeError: if `value` is a tensor, or of a kind that does not convert.
        ValueError: if the shape does not fit.
    """
    if isinstance(value, Tensor):
        raise TypeError(
            "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include "
            "Python scalars, strings, lists, numpy ndarrays, or TensorHandles. For reference, the "
            f"tensor object was {value} which was passed to the feed with key {tensor}."
        )
    array = _as_array(tensor, value)
    check_shape(tensor, array.shape)
    return array


def check_shape(tensor: Tensor, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless a value of this shape may be fed for `tensor`."""
    if not dims.compatible(tensor.dims, shape):
        raise ValueError(
            f"Cannot feed value of shape {shape} for Tensor {tensor.name!r}, which has shape "
            f"{dims.show(tensor.dims)!r}"
        )


def _as_array(tensor: Tensor, value: Any) -> Any:
    dtype = tensor.dtype.base_dtype
    if dtype is dtypes.string:
        return string_array(value)
    if isinstance(value, int) and dtype.is_integer and not dtype.min <= value <= dtype.max:
        raise TypeError(
            f"Type of feed value {value} with type {type(value)} is not compatible with Tensor "
            f"type {dtype.as_numpy_dtype}. Try explicitly setting the type of the feed tensor to a "
            "larger type (e.g. int64)."
        )
    try:
        array = np.asarray(value)
        if array.dtype.kind in "SUO" and array.dtype != dtype.np:
            array = np.asarray(value, dtype=dtype.np)
        return array.astype(dtype.np, copy=False)
    except (TypeError, ValueError) as error:
        raise type(error)(f"Cannot feed {_short(value)} for {tensor}: {error}") from None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else text[:60] + "..."
