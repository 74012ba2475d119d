"""What a layer demands of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.graph.tensor import Tensor
from flowgraph.shapes import TensorShape

__all__ = ["InputSpec", "check_inputs"]


class InputSpec:
    """What an input must look like; what is None is not checked.

    Args:
        dtype: its element type.
        shape: its shape, None for sizes that may vary.
        ndim, min_ndim, max_ndim: its rank, exactly or within limits.
        axes: sizes by axis.
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
    ) -> None:
        self.dtype = None if dtype is None else dtypes.as_dtype(dtype)
        self.shape = shape
        self.ndim = len(shape) if shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}

    def __repr__(self) -> str:
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim")
        shown = [f"{name}={getattr(self, name)}" for name in names if getattr(self, name)]
        if self.axes:
            shown.append(f"axes={self.axes}")
        return f"InputSpec({', '.join(shown)})"

    def problem(self, tensor: Tensor) -> str:
        """How `tensor` differs from this, "" if it does not."""
        shape = tensor.dims
        if shape is None:
            ranked = (self.ndim, self.min_ndim, self.max_ndim)
            if self.axes or any(each is not None for each in ranked):
                return "its rank is undefined, but the layer requires a defined rank."
            return ""
        return self._rank_problem(shape) or self._size_problem(shape, tensor)

    def _rank_problem(self, shape: tuple[int | None, ...]) -> str:
        rank = len(shape)
        received = f"Full shape received: {list(shape)}"
        if self.ndim is not None and rank != self.ndim:
            return f"expected ndim={self.ndim}, found ndim={rank}. {received}"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"expected max_ndim={self.max_ndim}, found ndim={rank}"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"expected min_ndim={self.min_ndim}, found ndim={rank}. {received}"
        return ""

    def _size_problem(self, shape: tuple[int | None, ...], tensor: Tensor) -> str:
        if self.dtype is not None and tensor.dtype.base_dtype is not self.dtype:
            return f"expected dtype={self.dtype.name}, found dtype={tensor.dtype.name}"
        for axis, size in self.axes.items():
            if size is not None and shape[axis] not in (size, None):
                return (
                    f"expected axis {axis} of input shape to have value {size} but received input "
                    f"with shape {list(shape)}"
                )
        wanted: Dims = None if self.shape is None else TensorShape(self.shape)._dims
        for expected, found in zip(wanted or (), shape, strict=False):
            if expected is not None and found is not None and expected != found:
                return f"expected shape={self.shape}, found shape={list(shape)}"
        return ""


def check_inputs(
    spec: InputSpec | Sequence[InputSpec] | None, inputs: Sequence[Any], layer: str
) -> None:
    """Raise ValueError unless the inputs are as many as the specs and like them."""
    if not spec:
        return
    specs = [spec] if isinstance(spec, InputSpec) else list(spec)
    if len(inputs) != len(specs):
        raise ValueError(
            f"Layer {layer} expects {len(specs)} inputs, but it received {len(inputs)} input "
            f"tensors. Inputs received: {list(inputs)}"
        )
    for index, (each, tensor) in enumerate(zip(specs, inputs, strict=True)):
        if each is None or not isinstance(tensor, Tensor):
            continue
        problem = each.problem(tensor)
        if problem:
            raise ValueError(
                f"Input {index} of layer {layer} is incompatible with the layer: {problem}"
            )
