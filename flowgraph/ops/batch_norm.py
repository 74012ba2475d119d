"""Batch normalization of images as one op, its gradient, and the gradient of that."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.batch_norm_backprop import HALVES, IMAGES, NORM_ATTRS, SCALE, channels_of
from flowgraph.ops.batch_norm_kernels import moments, normalized, rows_of, unrolled
from flowgraph.ops.sample_values import f32

__all__ = ["fused_batch_norm"]

Gradients = list[Any]


def _attrs(op: Operation) -> dict[str, Any]:
    return {key: op.attrs[key] for key in NORM_ATTRS}


OFFSET = f32([1, 0, -2])
NONE = f32([])


def _normalized_shape(
    x: Operand,
    scale: Operand,
    offset: Operand,
    mean: Operand,
    variance: Operand,
    data_format: str,
    is_training: bool,
) -> list[Dims]:
    vectors = (scale, offset) if is_training else (scale, offset, mean, variance)
    whole, channels = channels_of(x, vectors, data_format)
    return [whole, *[(channels,)] * 4]


def _normalize(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any,
    variance: Any,
    *,
    epsilon: float,
    data_format: str,
    is_training: bool,
) -> tuple[Any, ...]:
    rows = rows_of(x, data_format)
    for name, vector in (("scale", scale), ("offset", offset)):
        if vector.shape != rows.shape[1:]:
            text = f"{name} must have {rows.shape[1]} elements, got shape {list(vector.shape)}"
            raise errors.InvalidArgumentError(None, None, text)
    if not is_training:
        y = unrolled(normalized(rows, mean, variance, scale, offset, epsilon), x, data_format)
        return y, mean.copy(), variance.copy(), mean.copy(), variance.copy()
    center, spread = moments(rows)
    y = unrolled(normalized(rows, center, spread, scale, offset, epsilon), x, data_format)
    unbiased = spread * np.float32(len(rows) / max(1, len(rows) - 1))
    return y, center, unbiased, center.copy(), spread


def _normalize_grad(op: Operation, dy: Tensor) -> Gradients:
    x, scale, _, mean, variance = op.inputs
    if op.attrs["is_training"]:
        mean, variance = op.outputs[3:5]
    inputs = [dy, x, scale, mean, variance, *op.outputs[5:]]
    found = apply(op.type.replace("Norm", "NormGrad"), *inputs, **_attrs(op))
    return [*found[:3], None, None]


def _samples(*kinds: Any) -> Any:
    # Of given moments, TensorFlow leaves the last outputs unset; the test programs have those.
    found = [
        case(IMAGES, SCALE, OFFSET, NONE, NONE),
        case(IMAGES, SCALE, OFFSET, NONE, NONE, epsilon=0.01),
        case(IMAGES[:1, :1, :1], SCALE, OFFSET, NONE, NONE, grad=False),
        case(IMAGES.transpose(0, 3, 1, 2), SCALE, OFFSET, NONE, NONE, data_format="NCHW"),
        case(
            IMAGES,
            SCALE[:2],
            OFFSET,
            NONE,
            NONE,
            raises="Dimensions must be equal, but are 3 and 2|must have the same",
        ),
        case(IMAGES[0], SCALE, OFFSET, NONE, NONE, raises="must be rank 4|dimensional"),
    ]
    found += [case(IMAGES.astype(kind), SCALE, OFFSET, NONE, NONE, grad=False) for kind in kinds]
    return tuple(found)


@op(
    "FusedBatchNorm",
    "x: T, scale: T, offset: T, mean: T, variance: T -> "
    "y: T, batch_mean: T, batch_variance: T, reserve_space_1: T, reserve_space_2: T",
    T=(dtypes.float32,),
    **NORM_ATTRS,
)
class FusedBatchNorm:
    """Batch normalization: ``y = (x - mean) / sqrt(variance + epsilon) * scale + offset``.

    x is [batch, height, width, channels] (NHWC; NCHW has the channels second), the others are
    vectors with one element per channel. With `is_training`, mean and variance are those of x, and
    returned as the second and third output (the variance of a sample: divided by its count less
    one); else they are given.
    """

    numpy = _normalize
    samples = _samples()

    def shape(
        x: Operand,
        scale: Operand,
        offset: Operand,
        mean: Operand,
        variance: Operand,
        *,
        data_format: str,
        is_training: bool,
    ) -> list[Dims]:
        return _normalized_shape(x, scale, offset, mean, variance, data_format, is_training)

    def grad(op: Operation, dy: Tensor, *_: Tensor) -> Gradients:
        return _normalize_grad(op, dy)


@op(
    "FusedBatchNormV2",
    "x: T, scale: U, offset: U, mean: U, variance: U -> "
    "y: T, batch_mean: U, batch_variance: U, reserve_space_1: U, reserve_space_2: U",
    T=HALVES,
    U=(dtypes.float32,),
    **NORM_ATTRS,
)
class FusedBatchNormV2:
    """`FusedBatchNorm` of images that may be of half precision."""

    numpy = _normalize
    samples = _samples(np.float16)

    def shape(
        x: Operand,
        scale: Operand,
        offset: Operand,
        mean: Operand,
        variance: Operand,
        *,
        data_format: str,
        is_training: bool,
    ) -> list[Dims]:
        return _normalized_shape(x, scale, offset, mean, variance, data_format, is_training)

    def grad(op: Operation, dy: Tensor, *_: Tensor) -> Gradients:
        return _normalize_grad(op, dy)


@op(
    "FusedBatchNormV3",
    "x: T, scale: U, offset: U, mean: U, variance: U -> y: T, batch_mean: U, batch_variance: U, "
    "reserve_space_1: U, reserve_space_2: U, reserve_space_3: U",
    T=HALVES,
    U=(dtypes.float32,),
    **NORM_ATTRS,
)
class FusedBatchNormV3:
    """`FusedBatchNormV2` with one more output, which is zero on CPUs."""

    samples = _samples(np.float16)

    def shape(
        x: Operand,
        scale: Operand,
        offset: Operand,
        mean: Operand,
        variance: Operand,
        *,
        data_format: str,
        is_training: bool,
    ) -> list[Dims]:
        found = _normalized_shape(x, scale, offset, mean, variance, data_format, is_training)
        return [*found, ()]

    def numpy(
        x: Any,
        scale: Any,
        offset: Any,
        mean: Any,
        variance: Any,
        *,
        epsilon: float,
        data_format: str,
        is_training: bool,
    ) -> tuple[Any, ...]:
        found = _normalize(
            x,
            scale,
            offset,
            mean,
            variance,
            epsilon=epsilon,
            data_format=data_format,
            is_training=is_training,
        )
        return (*found, np.zeros((), np.float32))

    def grad(op: Operation, dy: Tensor, *_: Tensor) -> Gradients:
        return _normalize_grad(op, dy)


def fused_batch_norm(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any = None,
    variance: Any = None,
    epsilon: float = 0.001,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: str | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch normalization of images: ``(x - mean) / sqrt(variance + epsilon) * scale + offset``.

    Args:
        x: [batch, height, width, channels], or with the channels second for NCHW.
        scale, offset: one element per channel.
        mean, variance: one element per channel; only where not `is_training`, which takes those of
            x.
        epsilon: a small number that keeps the quotient finite; 1.001e-5 at least.

    Returns:
        ``(y, batch_mean, batch_variance)``; the variance is the unbiased one.

    Raises:
        ValueError: if mean and variance are missing, or given where they are computed.
    """
    x = convert_to_tensor(x, name="input")
    scale = convert_to_tensor(scale, name="scale")
    offset = convert_to_tensor(offset, name="offset")
    if is_training and not (mean is None and variance is None):
        raise ValueError("Both 'mean' and 'variance' must be None if is_training is True.")
    if not is_training and (mean is None or variance is None):
        raise ValueError("Both 'mean' and 'variance' must be given if is_training is False.")
    if mean is None:
        mean, variance = constant(NONE), constant(NONE)
    # Smaller numbers are not accepted by cuDNN, which TensorFlow looks to on CPUs, too.
    found = apply(
        "FusedBatchNormV3",
        x,
        scale,
        offset,
        mean,
        variance,
        epsilon=max(epsilon, 1.001e-5),
        data_format=data_format,
        is_training=is_training,
        name=name,
    )
    return found[0], found[1], found[2]
