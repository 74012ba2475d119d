"""The gradient of the gradient of batch normalization.

With h the normalized x, r = 1 / sqrt(variance + epsilon), s the scale, and the symmetric map
``P(u) = u - mean(u) - h mean(u h)``, the first gradients are

    dx = s r P(dy),   dscale = sum(dy h),   doffset = sum(dy).

What follows is the gradient of ``sum(a dx) + sum(b dscale) + sum(c doffset)`` with respect to dy,
x and s. Of mean and variance given from outside, h and r do not depend on x.
"""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.cast import cast

__all__ = ["second_gradients"]


class _Channels:
    """Means and sums over all axes but that of the channels, and vectors spread over them."""

    def __init__(self, data_format: str) -> None:
        self._first = data_format[1] == "C"
        channel = data_format.index("C")
        self._axes = [axis for axis in range(4) if axis != channel]

    def mean(self, u: Tensor) -> Tensor:
        result: Tensor = apply("Mean", u, self._axes, keep_dims=True)
        return result

    def sum(self, u: Tensor) -> Tensor:
        """A vector."""
        result: Tensor = apply("Sum", u, self._axes)
        return result

    def spread(self, vector: Tensor) -> Tensor:
        if not self._first:
            return vector
        result: Tensor = apply("Reshape", vector, [1, -1, 1, 1])
        return result


def second_gradients(op: Operation, a: Tensor, b: Tensor, c: Tensor) -> list[Any]:
    """The gradients with respect to the inputs of a FusedBatchNormGrad op.

    Args:
        a, b, c: those with respect to its outputs x_backprop, scale_backprop, offset_backprop.
    """
    kind = op.inputs[1].dtype.base_dtype
    over = _Channels(op.attrs["data_format"])
    a, dy, x = (cast(each, dtypes.float32) for each in (a, *op.inputs[:2]))
    s, b, c = (over.spread(each) for each in (op.inputs[2], b, c))
    epsilon = op.attrs["epsilon"]
    if op.attrs["is_training"]:
        found = _of_own_moments(over, a, b, c, dy, x, s, epsilon)
    else:
        mean, variance = (over.spread(each) for each in op.inputs[3:5])
        r = apply("Rsqrt", variance + epsilon)
        by_dy = a * s * r + b * (x - mean) * r + c
        found = [by_dy, b * r * dy, over.sum(a * dy * r)]
    rest = [None] * (len(op.inputs) - 3)
    return [cast(found[0], kind), cast(found[1], kind), found[2], *rest]


def _of_own_moments(
    over: _Channels,
    a: Tensor,
    b: Tensor,
    c: Tensor,
    dy: Tensor,
    x: Tensor,
    s: Tensor,
    epsilon: float,
) -> list[Tensor]:
    deviation = x - over.mean(x)
    r = apply("Rsqrt", over.mean(apply("Square", deviation)) + epsilon)
    h = deviation * r

    def projected(u: Tensor) -> Tensor:
        result: Tensor = u - over.mean(u) - h * over.mean(u * h)
        return result

    turned = projected(dy)
    by_dy = s * r * projected(a) + b * h + c
    by_h = b * dy - s * r * (a * over.mean(dy * h) + dy * over.mean(a * h))
    by_x = r * projected(by_h) - s * apply("Square", r) * h * over.mean(a * turned)
    return [by_dy, by_x, over.sum(a * turned * r)]
