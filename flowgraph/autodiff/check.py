"""Numerical checks of gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowgraph.autodiff.gradients import gradients
from flowgraph.graph import hooks
from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor

__all__ = ["compute_gradient", "compute_gradient_error"]

Array = np.ndarray[Any, Any]


def compute_gradient(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: Any = None,
) -> Any:
    """The Jacobian dy/dx twice: from the graph, and by central differences.

    ``numeric[i, j] = (y_j(x + delta e_i) - y_j(x - delta e_i)) / (2 delta)``

    Args:
        x: a tensor or a list of tensors.
        x_shape: its shape (a list of shapes for a list).
        y: a tensor.
        x_init_value: where to differentiate; random if None.
        delta: the step of the differences.
        init_targets: operations run before.

    Returns:
        ``(theoretical, numeric)``, arrays [size of x, size of y]; a list of pairs for a list of x.

    Raises:
        ValueError: without a default session.
    """
    many = isinstance(x, list)
    xs = x if many else [x]
    shapes = x_shape if many else [x_shape]
    values = x_init_value if many else [x_init_value]
    values = values or [None] * len(xs)
    session = hooks.default_session(None, convert_to_tensor(y).graph, "run")
    for target in init_targets or ():
        session.run(target)
    start = [_start(*each) for each in zip(xs, shapes, values, strict=True)]
    results = [
        _jacobians(session, each, y, tuple(y_shape), xs, start, delta, extra_feed_dict or {})
        for each in xs
    ]
    return results if many else results[0]


def _start(x: Any, shape: Any, value: Any) -> Array:
    if value is None:
        return np.random.random_sample(tuple(shape)).astype(x.dtype.base_dtype.np)
    return np.array(value, dtype=x.dtype.base_dtype.np)


def _jacobians(
    session: Any,
    x: Any,
    y: Any,
    y_shape: tuple[int, ...],
    xs: Sequence[Any],
    start: Sequence[Array],
    delta: float,
    extra: dict[Any, Any],
) -> tuple[Array, Array]:
    feeds = {**extra, **dict(zip(xs, start, strict=True))}
    seed = apply("Placeholder", dtype=y.dtype.base_dtype, shape=y_shape)
    found = gradients(y, x, grad_ys=seed)[0]
    at = feeds[x]
    size = int(np.prod(y_shape, dtype=int))
    theoretical = np.zeros((at.size, size), at.dtype)
    if found is not None:
        dense = convert_to_tensor(found)
        for column in range(size):
            unit = np.zeros(size, y.dtype.base_dtype.np)
            unit[column] = 1
            value = session.run(dense, {**feeds, seed: unit.reshape(y_shape)})
            theoretical[:, column] = np.reshape(value, -1)
    numeric = np.zeros_like(theoretical)
    for row in range(at.size):
        ends = []
        for step in (delta, -delta):
            moved = at.copy()
            moved.reshape(-1)[row] += step
            ends.append(np.reshape(session.run(y, {**feeds, x: moved}), -1).astype(np.float64))
        numeric[row] = (ends[0] - ends[1]) / (2 * delta)
    return theoretical, numeric


def compute_gradient_error(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: Any = None,
) -> float:
    """The largest absolute difference between the two Jacobians of `compute_gradient`."""
    pairs = compute_gradient(
        x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict
    )
    if isinstance(pairs, tuple):
        pairs = [pairs]
    errors = [np.abs(a - b).max() for a, b in pairs if a.size]
    return float(max(errors, default=0.0))
