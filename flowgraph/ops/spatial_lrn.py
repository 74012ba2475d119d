"""Local response normalization, and its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.sample_values import f32
from flowgraph.ops.spatial_windows import narrow, ranked

__all__ = ["local_response_normalization"]

Gradients = list[Any]
Array = np.ndarray[Any, Any]
TYPES = types((dtypes.bfloat16, dtypes.float16, dtypes.float32), dtypes.float32)
ATTRS: dict[str, Any] = {"depth_radius": 5, "bias": 1.0, "alpha": 1.0, "beta": 0.5}
IMAGES = f32(np.sin(np.arange(48.0) * 1.7).reshape(2, 2, 2, 6))
NARROW: dict[str, Any] = {"depth_radius": 1, "bias": 2.0, "alpha": 0.3, "beta": 0.75}


def _window_sums(x: Array, radius: int) -> Array:
    """The sum of each element and its neighbours up to `radius` along the last axis."""
    total = x.copy()
    for shift in range(1, min(radius, x.shape[-1] - 1) + 1):
        total[..., shift:] += x[..., :-shift]
        total[..., :-shift] += x[..., shift:]
    return total


def _power(norm: Array, beta: float) -> Array:
    """``norm ** -beta``"""
    if beta == 0.5:
        return 1 / np.sqrt(norm)
    if beta == 1:
        return 1 / norm
    return np.exp(np.log(norm) * np.float32(-beta))


def _norm(x: Array, depth_radius: int, bias: float, alpha: float) -> Array:
    norm = _window_sums(x * x, depth_radius)
    norm *= np.float32(alpha)
    norm += np.float32(bias)
    return norm


@op("LRN", "input: T -> output: T", **ATTRS, T=TYPES)
class LRN:
    """Local response normalization, across channels (Krizhevsky et al. 2012).

    ``output = input / (bias + alpha * sqr_sum) ** beta``, where sqr_sum is the sum of squares over
    the channels up to depth_radius away. input is [batch, height, width, channels].
    """

    samples = (
        case(IMAGES),
        case(IMAGES, **NARROW),
        case(IMAGES, depth_radius=2, beta=1.0),
        case(IMAGES, depth_radius=0),
        case(IMAGES[:0]),
        case(IMAGES.astype(np.float16), **NARROW),
        case(IMAGES[0], raises="Shape must be rank 4 but is rank 3|must be 4-dimensional"),
    )

    def shape(x: Operand) -> Dims:
        return ranked(x, 4)

    def numpy(x: Any, *, depth_radius: int, bias: float, alpha: float, beta: float) -> Any:
        wide = narrow(x)
        y = _power(_norm(wide, depth_radius, bias, alpha), beta)
        y *= wide
        return y.astype(x.dtype, copy=False)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        attrs = {key: op.attrs[key] for key in ATTRS}
        return [apply("LRNGrad", dy, op.inputs[0], op.outputs[0], **attrs)]


OUTPUT = f32(IMAGES * _power(_norm(IMAGES, 1, 2.0, 0.3), 0.75))


@op(
    "LRNGrad",
    "input_grads: T, input_image: T, output_image: T -> output: T",
    **ATTRS,
    T=TYPES,
)
class LRNGrad:
    """The gradient of LRN.

    ``dy / norm ** beta - 2 * alpha * beta * x * sum(dy * y / norm)``, the sum over the channels up
    to depth_radius away.
    """

    samples = (case(f32(np.cos(IMAGES * 3)), IMAGES, OUTPUT, **NARROW),)

    def shape(dy: Operand, x: Operand, y: Operand) -> Dims:
        known = [ranked(each, 4) for each in (dy, x, y)]
        return tuple(
            next((size for size in axis if size is not None), None)
            for axis in zip(*known, strict=True)
        )

    def numpy(
        dy: Any, x: Any, y: Any, *, depth_radius: int, bias: float, alpha: float, beta: float
    ) -> Any:
        dtype = x.dtype
        dy, x, y = narrow(dy), narrow(x), narrow(y)
        norm = _norm(x, depth_radius, bias, alpha)
        shared = _window_sums(dy * y / norm, depth_radius)
        shared *= x
        shared *= np.float32(-2 * alpha * beta)
        shared += dy * _power(norm, beta)
        return shared.astype(dtype, copy=False)


def local_response_normalization(
    input: Any,
    depth_radius: int = 5,
    bias: float = 1,
    alpha: float = 1,
    beta: float = 0.5,
    name: str | None = None,
) -> Tensor:
    """``input / (bias + alpha * sqr_sum) ** beta``, across channels (Krizhevsky et al. 2012).

    Args:
        input: [batch, height, width, channels], of at most single precision.
        depth_radius: sqr_sum is the sum of squares over the channels up to so many away.
    """
    result: Tensor = apply(
        "LRN", input, depth_radius=depth_radius, bias=bias, alpha=alpha, beta=beta, name=name
    )
    return result
