"""Outputs of layers in collections, and the names under which they are found there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from flowgraph.graph.graph import get_default_graph
from flowgraph.shapes import TensorShape

__all__ = [
    "append_tensor_alias",
    "channel_dimension",
    "collect_named_outputs",
    "convert_collection_to_dict",
    "gather_tensors_aliases",
    "get_tensor_aliases",
    "get_variable_collections",
    "last_dimension",
    "n_positive_integers",
    "two_element_tuple",
]


def _aliases(tensor: Any) -> list[str]:
    """The aliases of a tensor, as its graph keeps them."""
    kept = tensor.graph._scope_state.setdefault("tensor_aliases", {})
    found: list[str] = kept.setdefault(tensor, [])
    return found


def append_tensor_alias(tensor: Any, alias: str) -> Any:
    """Give `tensor` another name, without the last slash; returns the tensor."""
    _aliases(tensor).append(alias.removesuffix("/"))
    return tensor


def get_tensor_aliases(tensor: Any) -> list[str]:
    """The aliases of `tensor`, or else its own name without ``:0``."""
    found = _aliases(tensor)
    if found:
        return list(found)
    name: str = tensor.op.name if tensor.name.endswith(":0") else tensor.name
    return [name]


def gather_tensors_aliases(tensors: Iterable[Any]) -> list[str]:
    """The aliases of all tensors in one list."""
    return [alias for tensor in tensors for alias in get_tensor_aliases(tensor)]


def collect_named_outputs(collections: Any, alias: str, outputs: Any) -> Any:
    """Add `outputs` to collections under an alias; returns them.

    Args:
        collections: a name or a list of names; none if it is empty or None.
    """
    if collections:
        append_tensor_alias(outputs, alias)
        get_default_graph().add_to_collections(collections, outputs)
    return outputs


def convert_collection_to_dict(
    collection: str, clear_collection: bool = False
) -> OrderedDict[str, Any]:
    """The tensors of a collection by alias.

    Args:
        clear_collection: empty the collection.
    """
    graph = get_default_graph()
    found = OrderedDict(
        (alias, tensor)
        for tensor in graph.get_collection(collection)
        for alias in get_tensor_aliases(tensor)
    )
    if clear_collection:
        graph.clear_collection(collection)
    return found


def get_variable_collections(collections_set: Any, name: str) -> Any:
    """The collections for the variable `name`: a list for all, or from a dict by name, where ""
    stands for all others.
    """
    if isinstance(collections_set, dict):
        return collections_set.get(name, collections_set.get("", None))
    return collections_set


def channel_dimension(shape: Any, data_format: str, min_rank: int = 1) -> int:
    """The number of channels.

    Raises:
        ValueError: if it is not known, or there are fewer than `min_rank` axes.
    """
    return _known_size(shape, 1 if data_format.startswith("NC") else -1, min_rank)


def last_dimension(shape: Any, min_rank: int = 1) -> int:
    """The length of the last axis; see `channel_dimension`."""
    return _known_size(shape, -1, min_rank)


def _known_size(shape: Any, axis: int, min_rank: int) -> int:
    found = TensorShape(shape)._dims
    if found is None:
        raise ValueError("dims of shape must be known but is None")
    if len(found) < min_rank:
        raise ValueError(f"rank of shape must be at least {min_rank} not: {len(found)}")
    size = found[axis]
    if size is None:
        where = "last dimension" if axis == -1 else "channel dimension"
        raise ValueError(f"{where} shape must be known but is None")
    return size


def two_element_tuple(int_or_tuple: Any) -> tuple[int, int]:
    """An int twice, or two ints as they are.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(int_or_tuple, list | tuple):
        if len(int_or_tuple) != 2:
            raise ValueError(f"Must be a list with 2 elements: {int_or_tuple}")
        return int(int_or_tuple[0]), int(int_or_tuple[1])
    if isinstance(int_or_tuple, int):
        return int_or_tuple, int_or_tuple
    if isinstance(int_or_tuple, TensorShape) and int_or_tuple.ndims == 2:
        first, second = (int(each) for each in int_or_tuple)
        return first, second
    raise ValueError("Must be an int, a list with 2 elements or a TensorShape of length 2")


def n_positive_integers(n: int, value: Any) -> tuple[int, ...]:
    """A positive int n times, or n positive ints as they are.

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(n, int):
        raise TypeError("n must be an integer")
    if n < 1:
        raise ValueError("n must be >= 1")
    values = (value,) * n if isinstance(value, int) else tuple(value)
    if len(values) != n or not all(isinstance(each, int) and each > 0 for each in values):
        raise ValueError(f"Expected 1 or {n} positive integers, got {value}")
    return values
