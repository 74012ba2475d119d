"""Ops that pass their input on, with a condition or an effect on gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, unchanged_shape
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import ANY_TYPE, EMPTY, GRID, KINDS, placeholder
from flowgraph.ops.kinds import FLOATS
from flowgraph.ops.sample_values import f32
from flowgraph.shapes import TensorShape, dimension_value

__all__ = [
    "check_numerics",
    "ensure_shape",
    "guarantee_const",
    "identity_n",
    "placeholder_with_default",
    "prevent_gradient",
    "sparse_placeholder",
    "stop_gradient",
]

Gradients = list[Any]
F32 = GRID.astype(np.float32)


def _itself(x: Any) -> Any:
    return x


def _passed_on(op: Operation, dy: Tensor) -> Gradients:
    return [dy]


@op("PlaceholderWithDefault", "input: dtype -> output: dtype", dtype=ANY_TYPE, shape=attr("shape"))
class PlaceholderWithDefault:
    """The input, unless another value is fed."""

    view = 0
    numpy = _itself
    grad = _passed_on
    samples = (case(GRID, shape=[2, 3]), case(F32, shape=[None, 3]), case(EMPTY, shape=None))

    def shape(x: Operand, *, shape: TensorShape) -> Dims:
        if not dims.compatible(x.dims, shape._dims):
            raise ValueError(f"Shapes {dims.show(x.dims)} and {shape} are not compatible")
        return shape._dims


def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """A tensor that may be fed, and otherwise has the value of `input`.

    Args:
        shape: the static shape of what may be fed, None for sizes that vary.

    Raises:
        ValueError: if the default does not fit it.
    """
    result: Tensor = apply("PlaceholderWithDefault", input, shape=TensorShape(shape), name=name)
    return result


def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """A `SparseTensor` whose indices, values and shape are fed to each run.

    Args:
        dtype: of the values.
        shape: the dense shape; its length fixes the rank.
    """

    def part(suffix: str) -> str | None:
        return None if name is None else f"{name}/{suffix}"

    count: Any = None
    if shape is None:
        dense_shape = placeholder(dtypes.int64, [None], part("shape"))
    elif isinstance(shape, Tensor):
        count = shape.shape[0]
        dense_shape = shape
    else:
        sizes = [dimension_value(size) for size in shape]
        count = len(sizes)
        default = np.array([-1 if size is None else size for size in sizes], np.int64)
        dense_shape = placeholder_with_default(
            convert_to_tensor(default, name=part("shape_default")), [count], part("shape")
        )
    values = placeholder(dtype, [None], part("values"))
    indices = placeholder(dtypes.int64, [None, count], part("indices"))
    return SparseTensor(indices, values, dense_shape)


@op("IdentityN", "input: T[] -> output: T[]")
class IdentityN:
    """The inputs."""

    samples = (case([GRID, F32]), case([EMPTY]))

    def shape(inputs: list[Operand]) -> list[Dims]:
        return [x.dims for x in inputs]

    def numpy(inputs: list[Any]) -> Any:
        return [x.copy() for x in inputs]

    def grad(op: Operation, *dys: Tensor) -> Gradients:
        return list(dys)


def identity_n(input: Any, name: str | None = None) -> list[Tensor]:
    """The tensors of a list, made by one op."""
    result: list[Tensor] = apply("IdentityN", input, name=name)
    return result


@op("StopGradient", "input: T -> output: T", T=ANY_TYPE)
class StopGradient:
    """The input; no gradient flows through."""

    view = 0
    grad = None
    shape = unchanged_shape
    numpy = _itself
    samples = KINDS


def stop_gradient(input: Any, name: str | None = None) -> Tensor:
    """`input` as a constant for differentiation: no gradient flows through."""
    result: Tensor = apply("StopGradient", input, name=name)
    return result


@op("PreventGradient", "input: T -> output: T", T=ANY_TYPE, message="")
class PreventGradient:
    """The input; differentiating through it is an error."""

    view = 0
    shape = unchanged_shape
    numpy = _itself
    samples = (case(GRID, grad=False), case(F32, message="why", grad=False))

    def grad(op: Operation, dy: Tensor) -> Gradients:
        raise LookupError(f"Gradient explicitly disabled. Reason: {op.get_attr('message')!r}")


def prevent_gradient(input: Any, message: str = "", name: str | None = None) -> Tensor:
    """`input`; `flowgraph.gradients` raises LookupError with the message where it meets it."""
    result: Tensor = apply("PreventGradient", input, message=message, name=name)
    return result


@op("GuaranteeConst", "input: T -> output: T", T=ANY_TYPE)
class GuaranteeConst:
    """The input, which the user promises never to change."""

    view = 0
    stateful = True
    grad = None
    shape = unchanged_shape
    numpy = _itself
    samples = (case(GRID), case(F32))


def guarantee_const(input: Any, name: str | None = None) -> Tensor:
    """`input`, which the caller promises never to change."""
    result: Tensor = apply("GuaranteeConst", input, name=name)
    return result


@op("Snapshot", "input: T -> output: T", T=ANY_TYPE)
class Snapshot:
    """A copy of the input."""

    grad = _passed_on
    shape = unchanged_shape
    samples = (case(GRID), case(F32))

    def numpy(x: Any) -> Any:
        return x.copy()


@op("EnsureShape", "input: T -> output: T", shape=attr("shape"), T=ANY_TYPE)
class EnsureShape:
    """The input, whose shape is checked in every run."""

    view = 0
    grad = _passed_on
    samples = (
        case(GRID, shape=[None, 3]),
        case(F32, shape=[None, None]),
        case(EMPTY, shape=[0, 3]),
        case(GRID, shape=[3, None], raises="not compatible with expected shape|must be equal"),
    )

    def shape(x: Operand, *, shape: TensorShape) -> Dims:
        found, wanted = x.dims, shape._dims
        if found is not None and wanted is not None:
            if len(found) != len(wanted):
                text = f"Shapes must be equal rank, but are {len(found)} and {len(wanted)}"
                raise ValueError(text)
            for axis, (a, b) in enumerate(zip(found, wanted, strict=True)):
                if a is not None and b is not None and a != b:
                    raise ValueError(
                        f"Dimension {axis} in both shapes must be equal, but are {a} and {b}. "
                        f"Shapes are {dims.show_list(found)} and {dims.show_list(wanted)}."
                    )
        return dims.merge(found, wanted)

    def numpy(x: Any, *, shape: TensorShape) -> Any:
        if not dims.compatible(x.shape, shape._dims):
            text = (
                f"Shape of tensor input {dims.show_list(x.shape)} is not compatible with expected "
                f"shape {dims.show_list(shape._dims)}."
            )
            raise errors.InvalidArgumentError(None, None, text)
        return x


def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """`x`, whose shape is checked when the graph is built and in every run.

    Args:
        shape: None for sizes (or a whole shape) that may be anything.

    Raises:
        ValueError: if the shape is known not to fit.
    """
    result: Tensor = apply("EnsureShape", x, shape=TensorShape(shape), name=name)
    return result


@op("CheckNumerics", "tensor: T -> output: T", T=FLOATS, message=attr("string"))
class CheckNumerics:
    """The input, if all its elements are finite; otherwise the run fails."""

    view = 0
    stateful = True
    shape = unchanged_shape
    samples = (
        case(GRID, message="m"),
        case(F32, message="m"),
        case(EMPTY, message="m"),
        case(np.float16(2), message="m"),
        case(f32([1, np.nan]), message="bad x", raises="bad x : Tensor had NaN values"),
        case(f32([1, np.inf]), message="bad x", raises="bad x : Tensor had Inf values"),
    )

    def numpy(x: Any, *, message: str) -> Any:
        if np.isfinite(x).all():
            return x
        nan, inf = np.isnan(x).any(), np.isinf(x).any()
        found = " and ".join(["Inf"] * bool(inf) + ["NaN"] * bool(nan))
        raise errors.InvalidArgumentError(None, None, f"{message} : Tensor had {found} values")

    def grad(op: Operation, dy: Tensor) -> Gradients:
        message = "Not a number (NaN) or infinity (Inf) values detected in gradient."
        return [apply("CheckNumerics", dy, message=message)]


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Tensor:
    """`tensor`, if all its elements are finite.

    Args:
        message: begins the text of the InvalidArgumentError that is raised otherwise.
    """
    result: Tensor = apply("CheckNumerics", tensor, message=message, name=name)
    return result
