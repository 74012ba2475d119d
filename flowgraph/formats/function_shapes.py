"""Shapes of loops and conditionals whose GraphDef does not tell them."""

from __future__ import annotations

from collections.abc import Callable

from flowgraph import dims
from flowgraph.dims import Dims
from flowgraph.graph.function import Function
from flowgraph.graph.graph import Graph
from flowgraph.shapes import TensorShape

__all__ = ["branch_shapes", "loop_functions"]


def branch_shapes(branches: list[Function]) -> list[TensorShape]:
    """What is known of the results of both branches."""
    first, second = branches
    return [
        TensorShape(dims.generalized(a.dims, b.dims))
        for a, b in zip(first.outputs, second.outputs, strict=True)
    ]


def loop_functions(
    build: Callable[[list[Dims]], list[Function]], shapes: list[Dims], graph: Graph
) -> tuple[list[Dims], list[Function]]:
    """The shapes that stay true in every turn of a loop, and its functions for these.

    Args:
        build: the condition and the body for shapes of the loop variables.
        shapes: of the first values.
        graph: where the loop stands.

    Raises:
        ValueError: if the functions do not fit variables of any shape.
    """
    names = graph._names_in_use
    before = dict(names)
    while True:
        try:
            found = build(shapes)
            body = found[-1]
            wider = [
                dims.generalized(shape, result.dims)
                for shape, result in zip(shapes, body.outputs, strict=True)
            ]
        except ValueError:
            # A later value need not have the shape for which the body makes no sense.
            wider = [None] * len(shapes)
            if wider == shapes:
                raise
        else:
            if wider == shapes:
                return shapes, found
        names.clear()
        names.update(before)
        shapes = wider
