"""Conditionals that are decided while the graph is built, where the predicate is known then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.graph.tensor import Tensor
from flowgraph.ops.case import case_by
from flowgraph.ops.cond import cond

__all__ = ["smart_case", "smart_cond", "smart_constant_value"]


def smart_constant_value(pred: Any) -> bool | None:
    """The truth of `pred`, or None if it is only known when the graph runs.

    >>> import flowgraph as tf
    >>> smart_constant_value(1), smart_constant_value(tf.constant(False))
    (True, False)
    >>> smart_constant_value(tf.placeholder(tf.bool, [])) is None
    True

    Args:
        pred: a bool, 0, 1, or a boolean scalar tensor or variable.

    Raises:
        TypeError: for anything else.
    """
    if isinstance(pred, Tensor):
        value = pred.const_value()
        return None if value is None else bool(value)
    if hasattr(pred, "_AsTensor"):
        return None
    if not getattr(pred, "ndim", 0) and pred in (0, 1):
        return bool(pred)
    raise TypeError(
        "`pred` must be a Tensor, or a Python bool, or 1 or 0. "
        f"Found instead: {type(pred).__name__} {pred!r}"
    )


def smart_cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    name: str | None = None,
) -> Any:
    """`cond`, of which only one branch is built where `pred` is known already.

    Args:
        pred: a bool, 0, 1, or a boolean scalar tensor.
        true_fn, false_fn: functions without arguments.

    Raises:
        TypeError: if a function is none, or `pred` is something else.
    """
    if not callable(true_fn):
        raise TypeError("`true_fn` must be callable.")
    if not callable(false_fn):
        raise TypeError("`false_fn` must be callable.")
    known = smart_constant_value(pred)
    if known is None:
        return cond(pred, true_fn=true_fn, false_fn=false_fn, name=name)
    return true_fn() if known else false_fn()


def smart_case(
    pred_fn_pairs: Any,
    default: Callable[[], Any] | None = None,
    exclusive: bool = False,
    name: str = "smart_case",
) -> Any:
    """`case`, of which the branches are left out whose predicates are known to be false.

    Args:
        pred_fn_pairs: pairs of a predicate, as for `smart_cond`, and a function without arguments.
        default: the function where no predicate is true. Without it, one of them must be.
        exclusive: at most one predicate may be true.
    """
    return case_by(smart_cond, pred_fn_pairs, default, exclusive, name, python_predicates=True)
