"""What the losses do with their arguments before they compute anything."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.cast import cast

__all__ = ["require", "same_shape_floats"]


def require(**arguments: Any) -> None:
    """Raise ValueError if one of the arguments is None."""
    for name, value in arguments.items():
        if value is None:
            raise ValueError(f"Argument `{name}` must not be None.")


def same_shape_floats(predictions: Any, labels: Any) -> tuple[Tensor, Tensor]:
    """Both as float32. Raises ValueError if their shapes are known to differ."""
    predictions = cast(predictions, dtypes.float32)
    labels = cast(labels, dtypes.float32)
    predictions.get_shape().assert_is_compatible_with(labels.get_shape())
    return predictions, labels
