"""Distributions of numbers."""

from __future__ import annotations

from typing import Any, ClassVar

from flowgraph import dtypes
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.base import Distribution
from flowgraph.ops import array
from flowgraph.ops.broadcasting import broadcast_dynamic_shape, broadcast_static_shape
from flowgraph.ops.joining import concat
from flowgraph.shapes import TensorShape

__all__ = ["ScalarDistribution"]


class ScalarDistribution(Distribution):
    """A distribution of numbers; its batch has the shape that its parameters broadcast to."""

    parameter_names: ClassVar[tuple[str, ...]] = ("loc", "scale")

    def _parameter_tensors(self) -> list[Tensor]:
        return [getattr(self, name) for name in self.parameter_names]

    @classmethod
    def _param_shapes(cls, sample_shape: Any) -> dict[str, Tensor]:
        shape = convert_to_tensor(sample_shape, dtypes.int32)
        return dict.fromkeys(cls.parameter_names, shape)

    def _batch_shape(self) -> TensorShape:
        shape = TensorShape([])
        for each in self._parameter_tensors():
            shape = broadcast_static_shape(shape, each.shape)
        return shape

    def _batch_shape_tensor(self) -> Tensor:
        shapes = [array.shape(each) for each in self._parameter_tensors()]
        whole = shapes[-1]
        for shape in reversed(shapes[:-1]):
            whole = broadcast_dynamic_shape(shape, whole)
        return whole

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], dtypes.int32)

    def _sample_shape(self, n: Any) -> Tensor:
        """The shape of n samples."""
        return concat([[n], self.batch_shape_tensor()], 0)
