"""The gradients of batch normalization as ops, and theirs."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.batch_norm_gradient import second_gradients
from flowgraph.ops.batch_norm_kernels import moments, row_gradients, rows_of, unrolled
from flowgraph.ops.sample_values import f32
from flowgraph.ops.spatial_windows import FORMAT_2D, ranked

__all__ = ["HALVES", "IMAGES", "NORM_ATTRS", "SCALE", "channels_of"]

Gradients = list[Any]
HALVES = (dtypes.bfloat16, dtypes.float16, dtypes.float32)
NORM_ATTRS: dict[str, Any] = {"epsilon": 0.0001, "data_format": FORMAT_2D, "is_training": True}


def _waves(*shape: int) -> Any:
    return f32(np.sin(np.arange(float(np.prod(shape))) * 1.7).reshape(shape))


IMAGES = _waves(2, 3, 2, 3) * 2 + 1
SCALE = f32([0.5, -1.5, 2])
MEAN = f32([0.5, 1, -1])
VARIANCE = f32([0.5, 2, 1])
NONE = f32([])


def channels_of(
    x: Operand, vectors: tuple[Operand, ...], data_format: str
) -> tuple[tuple[int | None, ...], int | None]:
    """The shape of x and the number of its channels, from whoever tells it."""
    sizes = ranked(x, 4)
    axis = data_format.index("C")
    found = sizes[axis]
    for vector in vectors:
        length = ranked(vector, 1)[0]
        if found is not None and length is not None and found != length:
            raise ValueError(f"Dimensions must be equal, but are {found} and {length}")
        found = length if found is None else found
    return (*sizes[:axis], found, *sizes[axis + 1 :]), found


def _gradient_shape(
    dy: Operand, x: Operand, vectors: tuple[Operand, ...], data_format: str
) -> list[Dims]:
    ranked(dy, 4)
    whole, channels = channels_of(x, vectors, data_format)
    if dy.dims is not None:
        whole = tuple(
            ours if theirs is None else theirs for ours, theirs in zip(dy.dims, whole, strict=True)
        )
        channels = whole[data_format.index("C")]
    return [whole, (channels,), (channels,), (0,), (0,)]


def _gradient(
    dy: Any,
    x: Any,
    scale: Any,
    mean: Any,
    variance: Any,
    *,
    epsilon: float,
    data_format: str,
    is_training: bool,
) -> tuple[Any, ...]:
    rows = rows_of(x, data_format)
    changes = rows_of(dy, data_format)
    dx, d_scale, d_offset = row_gradients(
        changes, rows, scale, mean, variance, epsilon, is_training
    )
    empty = np.zeros(0, np.float32)
    return unrolled(dx, x, data_format), d_scale, d_offset, empty, empty.copy()


TRUE_MEAN, TRUE_VARIANCE = moments(rows_of(IMAGES, "NHWC"))
CHANGES = _waves(2, 3, 2, 3)[::-1] + 0.5
TRAINED = (CHANGES, IMAGES, SCALE, TRUE_MEAN, TRUE_VARIANCE)
FROZEN = (CHANGES, IMAGES, SCALE, MEAN, VARIANCE)


@op(
    "FusedBatchNormGrad",
    "y_backprop: T, x: T, scale: T, reserve_space_1: T, reserve_space_2: T -> x_backprop: T, "
    "scale_backprop: T, offset_backprop: T, reserve_space_3: T, reserve_space_4: T",
    T=(dtypes.float32,),
    **NORM_ATTRS,
)
class FusedBatchNormGrad:
    """The gradients of FusedBatchNorm with respect to x, scale and offset.

    reserve_space_1 and 2 are its outputs of these names, or mean and variance where they were
    given.
    """

    numpy = _gradient
    samples = (case(*TRAINED, grad=False), case(*FROZEN, is_training=False))

    def shape(
        dy: Operand,
        x: Operand,
        scale: Operand,
        mean: Operand,
        variance: Operand,
        *,
        data_format: str,
    ) -> list[Dims]:
        return _gradient_shape(dy, x, (scale, mean, variance), data_format)

    def grad(op: Operation, a: Tensor, b: Tensor, c: Tensor, *_: Tensor) -> Gradients:
        return second_gradients(op, a, b, c)


@op(
    "FusedBatchNormGradV2",
    "y_backprop: T, x: T, scale: float32, reserve_space_1: U, reserve_space_2: U -> "
    "x_backprop: T, scale_backprop: U, offset_backprop: U, reserve_space_3: U, reserve_space_4: U",
    T=HALVES,
    U=(dtypes.float32,),
    **NORM_ATTRS,
)
class FusedBatchNormGradV2:
    """The gradients of FusedBatchNormV2 with respect to x, scale and offset."""

    numpy = _gradient
    samples = (case(*TRAINED, grad=False), case(*FROZEN, is_training=False, epsilon=0.01))

    def shape(
        dy: Operand,
        x: Operand,
        scale: Operand,
        mean: Operand,
        variance: Operand,
        *,
        data_format: str,
    ) -> list[Dims]:
        return _gradient_shape(dy, x, (scale, mean, variance), data_format)

    def grad(op: Operation, a: Tensor, b: Tensor, c: Tensor, *_: Tensor) -> Gradients:
        return second_gradients(op, a, b, c)


@op(
    "FusedBatchNormGradV3",
    "y_backprop: T, x: T, scale: float32, reserve_space_1: U, reserve_space_2: U, "
    "reserve_space_3: U -> "
    "x_backprop: T, scale_backprop: U, offset_backprop: U, reserve_space_4: U, reserve_space_5: U",
    T=HALVES,
    U=(dtypes.float32,),
    **NORM_ATTRS,
)
class FusedBatchNormGradV3:
    """The gradients of FusedBatchNormV3 with respect to x, scale and offset."""

    samples = (
        case(*TRAINED, NONE, grad=False),
        case(*FROZEN, NONE, is_training=False),
        case(CHANGES.astype(np.float16), IMAGES.astype(np.float16), *TRAINED[2:], NONE, grad=False),
    )

    def shape(
        dy: Operand,
        x: Operand,
        scale: Operand,
        mean: Operand,
        variance: Operand,
        reserved: Operand,
        *,
        data_format: str,
    ) -> list[Dims]:
        return _gradient_shape(dy, x, (scale, mean, variance), data_format)

    def numpy(
        dy: Any,
        x: Any,
        scale: Any,
        mean: Any,
        variance: Any,
        reserved: Any,
        *,
        epsilon: float,
        data_format: str,
        is_training: bool,
    ) -> tuple[Any, ...]:
        return _gradient(
            dy,
            x,
            scale,
            mean,
            variance,
            epsilon=epsilon,
            data_format=data_format,
            is_training=is_training,
        )

    def grad(op: Operation, a: Tensor, b: Tensor, c: Tensor, *_: Tensor) -> Gradients:
        return second_gradients(op, a, b, c)
