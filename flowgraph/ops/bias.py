"""Adding a bias per channel, and half the squared norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case, spread
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import FLOATS, NUMBERS

__all__ = ["bias_add", "bias_add_v1", "l2_loss"]

Gradients = list[Any]
FORMAT = attr("string", "NHWC", allowed=("NHWC", "NCHW"))
GRID = np.arange(6.0).reshape(2, 3) - 2
IMAGES = np.sin(np.arange(24.0)).reshape(2, 3, 2, 2)
BIAS = np.array([0.5, -1.0, 2.0])


def _channel_axis(rank: int, data_format: str) -> int:
    return 1 if data_format == "NCHW" else rank - 1


def _biased_shape(value: Operand, bias: Operand, data_format: str) -> Dims:
    least = 3 if data_format == "NCHW" else 2
    if value.dims is not None and len(value.dims) < least:
        raise ValueError(f"Shape must be at least rank {least} but is rank {len(value.dims)}")
    if bias.dims is not None and len(bias.dims) != 1:
        raise ValueError(f"Shape must be rank 1 but is rank {len(bias.dims)}")
    if value.dims is None:
        return None
    axis = _channel_axis(len(value.dims), data_format)
    channels, wanted = value.dims[axis], None if bias.dims is None else bias.dims[0]
    if channels is not None and wanted is not None and channels != wanted:
        raise ValueError(f"Dimensions must be equal, but are {channels} and {wanted}")
    channels = wanted if channels is None else channels
    return (*value.dims[:axis], channels, *value.dims[axis + 1 :])


@op("BiasAdd", "value: T, bias: T -> output: T", T=NUMBERS, data_format=FORMAT)
class BiasAdd:
    """``value + bias`` where bias has one element per channel of value.

    The channels are the last axis, or axis 1 for the data format NCHW.
    """

    inplace = (0,)
    samples = (
        case(GRID, BIAS),
        case(IMAGES, BIAS, data_format="NCHW"),
        case(IMAGES, BIAS[:2]),
        case(GRID.astype(np.float32), BIAS.astype(np.float32)),
        case(GRID.astype(np.int32), np.array([1, 2, 3], np.int32)),
        case(GRID[:0], BIAS),
        case(GRID, BIAS[:2], raises="Dimensions must be equal, but are 3 and 2"),
        case(GRID[0], BIAS, raises="Shape must be at least rank 2 but is rank 1"),
        case(GRID, GRID, raises="Shape must be rank 1 but is rank 2"),
    )

    def shape(value: Operand, bias: Operand, *, data_format: str) -> Dims:
        return _biased_shape(value, bias, data_format)

    def numpy(value: Any, bias: Any, *, data_format: str, out: Any = None) -> Any:
        if data_format == "NCHW":
            bias = bias.reshape(-1, *([1] * (value.ndim - 2)))
        return np.add(value, bias, out=out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [dy, apply("BiasAddGrad", dy, data_format=op.attrs["data_format"])]


@op("BiasAddV1", "value: T, bias: T -> output: T", T=NUMBERS)
class BiasAddV1:
    """`BiasAdd` along the last axis, as graphs of old have it."""

    inplace = (0,)
    samples = (case(GRID, BIAS), case(IMAGES, BIAS[:2]))

    def shape(value: Operand, bias: Operand) -> Dims:
        return _biased_shape(value, bias, "NHWC")

    def numpy(value: Any, bias: Any, *, out: Any = None) -> Any:
        return np.add(value, bias, out=out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        last = op.inputs[0].shape.ndims
        if last is None:
            return [dy, apply("BiasAddGrad", dy)]
        return [dy, apply("Sum", dy, list(range(last - 1)))]


@op("BiasAddGrad", "out_backprop: T -> output: T", T=NUMBERS, data_format=FORMAT)
class BiasAddGrad:
    """The gradient of a bias: the sum over all axes but that of the channels."""

    samples = (
        case(GRID),
        case(IMAGES, data_format="NCHW"),
        case(IMAGES),
        case(GRID.astype(np.float32)),
        case(GRID.astype(np.float16)),
        case(GRID[:0]),
        case(GRID[0], raises="Shape must be at least rank 2 but is rank 1"),
    )

    def shape(dy: Operand, *, data_format: str) -> Dims:
        least = 3 if data_format == "NCHW" else 2
        if dy.dims is None:
            return (None,)
        if len(dy.dims) < least:
            raise ValueError(f"Shape must be at least rank {least} but is rank {len(dy.dims)}")
        return (dy.dims[_channel_axis(len(dy.dims), data_format)],)

    def numpy(dy: Any, *, data_format: str, out: Any = None) -> Any:
        channel = _channel_axis(dy.ndim, data_format)
        axes = tuple(axis for axis in range(dy.ndim) if axis != channel)
        if dy.dtype.itemsize != 2 or dy.dtype.kind in "iu":
            return np.add.reduce(dy, axis=axes, dtype=dy.dtype, out=out)
        total = np.add.reduce(dy.astype(np.float32), axis=axes)
        if out is None:
            return total.astype(dy.dtype)
        out[...] = total
        return out

    def grad(op: Operation, g: Tensor) -> Gradients:
        zeros = apply("ZerosLike", op.inputs[0])
        return [apply("BiasAdd", zeros, g, data_format=op.attrs["data_format"])]


def bias_add(
    value: Any, bias: Any, data_format: str | None = None, name: str | None = None
) -> Tensor:
    """`value` plus one number per channel.

    Args:
        value: of rank 2 or more.
        bias: a vector as long as the channel axis.
        data_format: "N...C" (also None, "NHWC"): channels last; "NC..." ("NCHW"): channels second.

    Raises:
        ValueError: if the sizes do not fit, or on another data format.
    """
    with name_scope(name, "BiasAdd", [value, bias]) as scope:
        layout = "NHWC"
        if data_format is not None:
            if data_format.startswith("NC"):
                layout = "NCHW"
            elif not (data_format.startswith("N") and data_format.endswith("C")):
                raise ValueError("data_format must be of the form `N...C` or `NC...`")
        value = convert_to_tensor(value, name="input")
        bias = convert_to_tensor(bias, value.dtype, name="bias")
        result: Tensor = apply("BiasAdd", value, bias, data_format=layout, name=scope)
        return result


def bias_add_v1(value: Any, bias: Any, name: str | None = None) -> Tensor:
    """`value` plus one number per channel, the channels being its last axis."""
    with name_scope(name, "BiasAddV1", [value, bias]) as scope:
        value = convert_to_tensor(value, name="input")
        bias = convert_to_tensor(bias, value.dtype, name="bias")
        result: Tensor = apply("BiasAddV1", value, bias, name=scope)
        return result


@op("L2Loss", "t: T -> output: T", T=FLOATS)
class L2Loss:
    """Half the squared norm: ``sum(t ** 2) / 2``."""

    samples = (
        spread(-2, 2),
        spread(-2, 2, ()),
        spread(-2, 2, (0, 2)),
        spread(-2, 2, (2, 2, 2), dtype=np.float32),
        spread(-2, 2, (5,), dtype=np.float16),
    )

    def shape(t: Operand) -> Dims:
        return ()

    def numpy(t: Any) -> Any:
        flat = t.reshape(-1)
        if t.dtype.itemsize == 2:
            flat = flat.astype(np.float32)
            return (np.dot(flat, flat) / 2).astype(t.dtype)
        return np.dot(flat, flat) / 2

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [op.inputs[0] * dy]


def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """``sum(t ** 2) / 2``, a scalar: the penalty called weight decay."""
    result: Tensor = apply("L2Loss", t, name=name)
    return result
