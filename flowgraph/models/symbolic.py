"""Symbolic differentiation of graphs of sums and products, and the pruning of what it makes.

The rules are applied as they stand, so the derivative of ``5 + x y`` by x becomes the graph
``0 + (0 x + y 1)`` with a node for every zero and one; `simplify` then removes them.
"""

from __future__ import annotations

from typing import Any

import flowgraph as tf

__all__ = ["differentiate", "leaves", "simplify"]

_SUMS = ("Add", "AddV2")
_LEAVES = ("Const", "Placeholder", "VariableV2", "Identity")


def differentiate(y: Any, x: Any) -> Any:
    """The unsimplified graph of dy/dx.

    ``d c = 0``, ``d x = 1``, ``d(u + v) = du + dv``, ``d(u v) = dv u + v du``

    Args:
        y: a tensor made of additions and multiplications.
        x: a leaf of its graph.

    Raises:
        ValueError: if another op occurs on the way.
    """
    if y is x:
        return tf.ones_like(x)
    if y.op.type in _LEAVES:
        return tf.zeros_like(y)
    if y.op.type not in (*_SUMS, "Mul"):
        raise ValueError(f"no rule for {y.op.type}, the op of {y.name}")
    left, right = y.op.inputs
    if y.op.type == "Mul":
        return differentiate(right, x) * left + right * differentiate(left, x)
    return differentiate(left, x) + differentiate(right, x)


def simplify(y: Any) -> Any:
    """The tensor that is left of `y` without ``a + 0``, ``a 1`` and ``a 0``.

    It is a tensor of the same graph where that suffices, so ``simplify(0 + (0 x + y 1))`` is y.
    """
    if y.op.type not in (*_SUMS, "Mul"):
        return y
    left, right = (simplify(tensor) for tensor in y.op.inputs)
    if y.op.type == "Mul":
        if _is_filled_with(0, left) or _is_filled_with(1, right):
            return left
        if _is_filled_with(0, right) or _is_filled_with(1, left):
            return right
        return left * right
    if _is_filled_with(0, left):
        return right
    return left if _is_filled_with(0, right) else left + right


def leaves(y: Any) -> list[str]:
    """What stands at the leaves of `y`, from left to right: a number or the name of an op."""
    if y.op.type in (*_SUMS, "Mul"):
        return [leaf for tensor in y.op.inputs for leaf in leaves(tensor)]
    for number in (0, 1):
        if _is_filled_with(number, y):
            return [str(number)]
    value = tf.get_static_value(y)
    return [str(y.op.name if value is None else value)]


def _is_filled_with(number: float, tensor: Any) -> bool:
    value = tf.get_static_value(tensor)
    return value is not None and bool((value == number).all())
