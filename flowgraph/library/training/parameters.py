"""Hyperparameters as tensors of a variable's element type."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.cast import cast

__all__ = ["typed"]


def typed(parameter: Any, var: Any) -> Tensor:
    """`parameter`, a number or scalar tensor, in the element type of `var`."""
    dtype = var.dtype.base_dtype
    if not isinstance(parameter, Tensor):
        return convert_to_tensor(parameter, dtype)
    return parameter if parameter.dtype.base_dtype is dtype else cast(parameter, dtype)
