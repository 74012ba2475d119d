"""Nested structures of fetches, feeds and loop variables: lists, tuples, named tuples, dicts.

Dicts are walked in the order of their sorted keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = [
    "assert_same_structure",
    "flatten",
    "is_sequence",
    "map_structure",
    "pack_sequence_as",
]


def is_sequence(value: Any) -> bool:
    """True for what `flatten` looks into."""
    return isinstance(value, list | tuple | Mapping)


def _sorted_keys(mapping: Mapping[Any, Any]) -> list[Any]:
    try:
        return sorted(mapping)
    except TypeError:
        raise TypeError("Cannot flatten a dict whose keys cannot be sorted.") from None


def _children(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [value[key] for key in _sorted_keys(value)]
    return list(value)


def _rebuild(like: Any, children: list[Any]) -> Any:
    if isinstance(like, Mapping):
        values = dict(zip(_sorted_keys(like), children, strict=True))
        ordered = {key: values[key] for key in like}
        return ordered if type(like) is dict else type(like)(ordered)  # type: ignore[call-arg]
    if hasattr(like, "_fields"):
        return type(like)(*children)
    return type(like)(children)


def flatten(structure: Any) -> list[Any]:
    """The leaves in order; a leaf alone gives a list of one.

    >>> flatten({"b": [1, 2], "a": 3})
    [3, 1, 2]
    """
    if not is_sequence(structure):
        return [structure]
    return [leaf for child in _children(structure) for leaf in flatten(child)]


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """The structure with its leaves replaced in order.

    Raises:
        ValueError: if the number of leaves differs.
    """
    leaves = list(flat_sequence)
    expected = len(flatten(structure))
    if len(leaves) != expected:
        raise ValueError(
            f"Structure had {expected} elements, but flat_sequence had {len(leaves)} elements."
        )
    return _pack(structure, iter(leaves))


def _pack(structure: Any, leaves: Iterator[Any]) -> Any:
    if not is_sequence(structure):
        return next(leaves)
    return _rebuild(structure, [_pack(child, leaves) for child in _children(structure)])


def assert_same_structure(first: Any, second: Any, check_types: bool = True) -> None:
    """Raise ValueError (TypeError for differing types) unless both nest alike."""
    if is_sequence(first) != is_sequence(second):
        raise ValueError(
            f"The two structures don't have the same nested structure: {first!r}, {second!r}."
        )
    if not is_sequence(first):
        return
    if check_types and type(first) is not type(second):
        raise TypeError(
            "The two structures don't have the same sequence type: "
            f"{type(first).__name__}, {type(second).__name__}."
        )
    if isinstance(first, Mapping) and set(first) != set(second):
        raise ValueError("The two dictionaries don't have the same set of keys.")
    a, b = _children(first), _children(second)
    if len(a) != len(b):
        raise ValueError(
            f"The two structures don't have the same number of elements: {len(a)}, {len(b)}."
        )
    for x, y in zip(a, b, strict=True):
        assert_same_structure(x, y, check_types)


def map_structure(function: Callable[..., Any], *structures: Any, check_types: bool = True) -> Any:
    """Apply `function` leaf by leaf.

    >>> map_structure(lambda a, b: a + b, (1, [2]), (10, [20]))
    (11, [22])
    """
    for other in structures[1:]:
        assert_same_structure(structures[0], other, check_types)
    columns = zip(*(flatten(each) for each in structures), strict=True)
    return pack_sequence_as(structures[0], [function(*leaves) for leaves in columns])
