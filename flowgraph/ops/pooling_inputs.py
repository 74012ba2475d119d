"""Max pooling whose windows are told by inputs, and its gradients."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import REAL
from flowgraph.ops.pooling import POOL_TYPES, pooling, waves
from flowgraph.ops.pooling_kernels import maxima, maxima_gradient, picked
from flowgraph.ops.pooling_rules import arrange, pooled_shape, rearrange
from flowgraph.ops.sample_values import f32, i32
from flowgraph.ops.spatial_windows import FORMAT_2D, PADDING, ranked

__all__: list[str] = []

Gradients = list[Any]
IMAGES = waves(2, 4, 5, 2)
TWO = pooling((2, 2), (2, 2), "VALID")
DENSE = pooling((3, 2), (1, 1), "SAME")


def _lists(ksize: Any, strides: Any) -> tuple[list[int], list[int]]:
    for name, value in (("ksize", ksize), ("strides", strides)):
        if value.shape != (4,):
            text = f"{name} must have 4 elements, got shape {list(value.shape)}"
            raise errors.InvalidArgumentError(None, None, text)
    return ksize.tolist(), strides.tolist()


def _maxima(attrs: dict[str, Any]) -> Any:
    windows, (view,) = arrange(
        IMAGES.shape, attrs["ksize"], attrs["strides"], attrs["padding"], "NHWC", IMAGES
    )
    return maxima(view, windows)


def _pooled_shape(
    op_type: str, x: Operand, ksize: Operand, strides: Operand, padding: str, data_format: str
) -> Dims:
    sizes, moves = ksize.const_value(), strides.const_value()
    if sizes is None or moves is None:
        ranked(x, 4)
        return (None,) * 4
    return pooled_shape(op_type, x, sizes.tolist(), moves.tolist(), padding, data_format)


def _zeros_but(op: Operation, gradient: Tensor) -> Gradients:
    zeros = [apply("ZerosLike", each) for each in op.inputs[:2]]
    return [*zeros, gradient, None, None]


def _format(op: Operation) -> dict[str, Any]:
    return {key: op.attrs[key] for key in ("padding", "data_format")}


@op(
    "MaxPoolV2",
    "input: T, ksize: int32, strides: int32 -> output: T",
    T=types(POOL_TYPES, dtypes.float32),
    padding=PADDING,
    data_format=FORMAT_2D,
)
class MaxPoolV2:
    """`MaxPool` whose window sizes and strides are inputs."""

    samples = (
        case(IMAGES, i32(TWO["ksize"]), i32(TWO["strides"]), padding="VALID"),
        case(IMAGES, i32(DENSE["ksize"]), i32(DENSE["strides"]), padding="SAME"),
        case(f32(IMAGES), i32(TWO["ksize"]), i32(TWO["strides"]), padding="SAME"),
        case(
            IMAGES[0], i32([1, 2, 2, 1]), i32([1, 1, 1, 1]), padding="SAME", raises="rank 4|4-dim"
        ),
    )

    def shape(
        x: Operand, ksize: Operand, strides: Operand, *, padding: str, data_format: str
    ) -> Dims:
        return _pooled_shape("MaxPool", x, ksize, strides, padding, data_format)

    def numpy(x: Any, ksize: Any, strides: Any, *, padding: str, data_format: str) -> Any:
        sizes, moves = _lists(ksize, strides)
        windows, (x,) = arrange(x.shape, sizes, moves, padding, data_format, x)
        return rearrange(maxima(x, windows), sizes, data_format)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        x, ksize, strides = op.inputs
        y = op.outputs[0]
        return [apply("MaxPoolGradV2", x, y, dy, ksize, strides, **_format(op)), None, None]


@op(
    "MaxPoolGradV2",
    "orig_input: T, orig_output: T, grad: T, ksize: int32, strides: int32 -> output: T",
    T=types(REAL, dtypes.float32),
    padding=PADDING,
    data_format=FORMAT_2D,
)
class MaxPoolGradV2:
    """The gradient of MaxPoolV2: each window's goes to the first of its largest elements."""

    samples = (
        case(
            IMAGES,
            _maxima(TWO),
            waves(2, 2, 2, 2),
            i32(TWO["ksize"]),
            i32(TWO["strides"]),
            padding="VALID",
            grad=False,
        ),
        case(
            f32(IMAGES),
            f32(_maxima(DENSE)),
            f32(IMAGES),
            i32(DENSE["ksize"]),
            i32(DENSE["strides"]),
            padding="SAME",
            grad=False,
        ),
    )

    def shape(x: Operand, y: Operand, dy: Operand, ksize: Operand, strides: Operand) -> Dims:
        return ranked(x, 4)

    def numpy(
        x: Any, y: Any, dy: Any, ksize: Any, strides: Any, *, padding: str, data_format: str
    ) -> Any:
        sizes, moves = _lists(ksize, strides)
        windows, (x, y, dy) = arrange(x.shape, sizes, moves, padding, data_format, x, y, dy)
        return rearrange(maxima_gradient(x, y, dy, windows), sizes, data_format)

    def grad(op: Operation, g: Tensor) -> Gradients:
        x, y, _, ksize, strides = op.inputs
        return _zeros_but(op, apply("MaxPoolGradGradV2", x, y, g, ksize, strides, **_format(op)))


@op(
    "MaxPoolGradGradV2",
    "orig_input: T, orig_output: T, grad: T, ksize: int32, strides: int32 -> output: T",
    T=REAL,
    padding=PADDING,
    data_format=FORMAT_2D,
)
class MaxPoolGradGradV2:
    """The gradient of MaxPoolGradV2: of numbers arranged as its input, those at the maxima."""

    samples = (
        case(
            IMAGES,
            _maxima(TWO),
            IMAGES + 2,
            i32(TWO["ksize"]),
            i32(TWO["strides"]),
            padding="VALID",
            grad=False,
        ),
        case(
            f32(IMAGES),
            f32(_maxima(DENSE)),
            f32(IMAGES) + 2,
            i32(DENSE["ksize"]),
            i32(DENSE["strides"]),
            padding="SAME",
            grad=False,
        ),
    )

    def shape(
        x: Operand,
        y: Operand,
        dy: Operand,
        ksize: Operand,
        strides: Operand,
        *,
        padding: str,
        data_format: str,
    ) -> Dims:
        return _pooled_shape("MaxPoolGradGradV2", x, ksize, strides, padding, data_format)

    def numpy(
        x: Any, y: Any, g: Any, ksize: Any, strides: Any, *, padding: str, data_format: str
    ) -> Any:
        sizes, moves = _lists(ksize, strides)
        windows, (x, y, g) = arrange(x.shape, sizes, moves, padding, data_format, x, y, g)
        return rearrange(picked(x, y, g, windows), sizes, data_format)

    def grad(op: Operation, g: Tensor) -> Gradients:
        x, y, _, ksize, strides = op.inputs
        return _zeros_but(op, apply("MaxPoolGradV2", x, y, g, ksize, strides, **_format(op)))
