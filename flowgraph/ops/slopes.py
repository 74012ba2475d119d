"""Ops that compute a gradient from a function's value: SigmoidGrad and its kin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.graph.declare import case, spread
from flowgraph.graph.expr import parse
from flowgraph.graph.opdef import Operand, define
from flowgraph.ops.kinds import INEXACT
from flowgraph.ops.select import same_shape

__all__ = ["slope"]


def _equal_shapes(y: Operand, dy: Operand) -> Dims:
    return same_shape(y.dims, dy.dims)


def _kernel(expression: str) -> Callable[..., Any]:
    """The kernel of an expression, spared the copies that conjugating real numbers costs."""
    if "conjugate" not in expression:
        return parse(expression, ("y", "dy")).kernel()
    of_conjugate = parse(expression.replace("conjugate(y)", "y"), ("y", "dy")).kernel()

    def kernel(y: Any, dy: Any, *, out: Any = None) -> Any:
        if y.dtype.kind == "c":
            y = np.conjugate(y)
        return of_conjugate(y, dy, out=out)

    return kernel


def slope(name: str, expression: str, doc: str, grad: Callable[..., Any]) -> None:
    """Declare an op of a value `y` and the gradient `dy` that arrives there, of one shape.

    Args:
        expression: the gradient that leaves, over y and dy.
        grad: its gradient in turn.
    """
    expr = parse(expression, ("y", "dy"))
    define(
        name,
        "y: T, dy: T -> z: T",
        {"T": INEXACT},
        doc=f"{doc}\n\n``z = {expression}``",
        shape=_equal_shapes,
        numpy=_kernel(expression),
        expr=expr,
        inplace=(0, 1) if expr.inplace else (),
        grad=grad,
        samples=(
            spread(0.1, 0.9, (2, 3), (2, 3)),
            spread(0.1, 0.9, (), ()),
            spread(0.1, 0.9, (0,), (0,)),
            spread(0.1, 0.9, (4,), (4,), dtype=np.float32),
            case(np.array([0.5 + 0.25j]), np.array([1 - 0.5j])),
        ),
    )
