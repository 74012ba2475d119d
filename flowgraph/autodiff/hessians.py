"""Second derivatives."""

from __future__ import annotations

from typing import Any

from flowgraph.autodiff.gradients import UnconnectedGradients, gradients
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor

__all__ = ["hessians"]


def hessians(
    ys: Any,
    xs: Any,
    name: str = "hessians",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
) -> list[Tensor]:
    """The second derivatives of ``sum(ys)``, of shape ``x.shape + x.shape`` for each x.

    Row i is the gradient of component i of the gradient; x must have a fully known shape.

    Raises:
        ValueError: if the shape of an x is not known.
    """
    found = []
    with name_scope(name):
        for x in xs if isinstance(xs, list | tuple) else [xs]:
            shape = x.shape.as_list()
            first = convert_to_tensor(gradients(ys, x, name="gradients")[0])
            flat = apply("Reshape", first, [-1])
            size = flat.shape.num_elements()
            if size is None:
                raise ValueError(f"hessians need an x of known shape, got {x.shape}")
            rows = [_row(flat, i, x) for i in range(size)]
            found.append(apply("Reshape", apply("Pack", rows), [*shape, *shape]))
    return found


def _row(flat: Tensor, index: int, x: Any) -> Tensor:
    return convert_to_tensor(
        gradients(flat[index], x, unconnected_gradients=UnconnectedGradients.ZERO)[0]
    )
