"""Clipping by norms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices
from flowgraph.graph.context import colocate_with, name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import ones_like
from flowgraph.ops.reduce import reduce_sum

__all__ = ["clip_by_average_norm", "clip_by_global_norm", "clip_by_norm", "global_norm"]


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """``t * clip_norm / max(norm, clip_norm)``, where norm is the L2 norm of `t`.

    Args:
        t: a tensor of floating point, or `IndexedSlices`.
        clip_norm: a positive scalar, or a tensor that fits the norms.
        axes: axes along which norms are taken; one norm of the whole tensor if None.

    Returns:
        What `t` is, with norms of at most `clip_norm`.
    """
    with name_scope(name, "clip_by_norm", [t, clip_norm]) as scope:
        values = _values(t)
        squared = reduce_sum(values * values, axes, keepdims=True)
        positive = squared > 0
        # The root's gradient at zero is infinite: the root of one stands in for it.
        safe = apply("Select", positive, squared, ones_like(squared))
        norm = apply("Select", positive, apply("Sqrt", safe), squared)
        scaled = values * clip_norm
        # A clip_norm of higher rank would make the result larger than `t`.
        values.shape.assert_is_compatible_with(scaled.shape)
        limit = apply("Maximum", norm, clip_norm)
        return _like(t, apply("Identity", scaled / limit, name=scope))


def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Tensor:
    """`t` scaled so that its L2 norm divided by its number of elements is at most `clip_norm`.

    Args:
        t: a tensor of floating point.
        clip_norm: a positive scalar.
    """
    with name_scope(name, "clip_by_average_norm", [t, clip_norm]) as scope:
        values = convert_to_tensor(t, name="t")
        count = cast(apply("Size", values), values.dtype)
        inverse = apply("Rsqrt", reduce_sum(values * values))
        smaller = apply("Minimum", inverse * count, constant(1.0, values.dtype) / clip_norm)
        clipped: Tensor = apply("Identity", values * clip_norm * smaller, name=scope)
        return clipped


def global_norm(t_list: Any, name: str | None = None) -> Any:
    """The L2 norm of all elements of all tensors: ``sqrt(sum(norm(t) ** 2 for t in t_list))``.

    Args:
        t_list: a list of tensors, `IndexedSlices`, or None, which counts as nothing.

    Returns:
        A scalar, or None if there is no tensor.

    Raises:
        TypeError: if `t_list` is no list.
    """
    tensors = _checked_list(t_list)
    with name_scope(name, "global_norm", [t for t in tensors if t is not None]):
        halves = []
        for value in (_values(t) for t in tensors if t is not None):
            with colocate_with(value):
                halves.append(apply("L2Loss", value))
        if not halves:
            return None
        half = reduce_sum(apply("Pack", halves, name="stack"))
        return apply("Sqrt", half * constant(2.0, half.dtype), name="global_norm")


def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Any]:
    """All tensors scaled by ``clip_norm / max(norm, clip_norm)`` with their global norm.

    A norm that is infinite or NaN makes all results NaN.

    Args:
        t_list: a list of tensors, `IndexedSlices`, or None, which stays None.
        clip_norm: a positive scalar.
        use_norm: the global norm, if it is known.

    Returns:
        The list of clipped tensors, and the global norm.

    Raises:
        TypeError: if `t_list` is no list.
    """
    tensors = _checked_list(t_list)
    norm = global_norm(tensors, name) if use_norm is None else convert_to_tensor(use_norm)
    if norm is None:
        return tensors, None
    with name_scope(name, "clip_by_global_norm", [t for t in tensors if t is not None]) as scope:
        smaller = apply("Minimum", 1.0 / norm, constant(1.0, norm.dtype) / clip_norm)
        # The difference is zero, or NaN for a norm that is not finite.
        scale = clip_norm * smaller + (norm - norm)
        clipped: list[Any] = []
        for index, t in enumerate(tensors):
            if t is None:
                clipped.append(None)
                continue
            values = _values(t)
            with colocate_with(values):
                result = apply("Identity", values * scale, name=f"{scope}_{index}")
            clipped.append(_like(t, result))
    return clipped, norm


def _checked_list(t_list: Any) -> list[Any]:
    if not isinstance(t_list, Sequence) or isinstance(t_list, str):
        raise TypeError("t_list should be a sequence")
    return list(t_list)


def _values(t: Any) -> Tensor:
    return t.values if isinstance(t, IndexedSlices) else convert_to_tensor(t, name="t")


def _like(t: Any, values: Tensor) -> Any:
    return (
        IndexedSlices(values, t.indices, t.dense_shape) if isinstance(t, IndexedSlices) else values
    )
