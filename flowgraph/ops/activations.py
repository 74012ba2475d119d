"""Activation functions: rectifiers and the smooth ones, with their gradient ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case, spread
from flowgraph.graph.expr import parse
from flowgraph.graph.opdef import Operand, define, op, types, unchanged_shape
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import FLOATS, REAL
from flowgraph.ops.select import same_shape

__all__ = ["crelu", "elu", "leaky_relu", "relu", "relu6", "selu", "softplus", "softsign", "swish"]

Gradients = list[Any]
# The constants of Klambauer et al., Self-Normalizing Neural Networks (2017): scale, scale * alpha.
_SELU_SCALE = 1.0507009873554805
_SELU_SCALED_ALPHA = 1.7580993408473766

F32 = np.array([[0.5, -1.5, 7.0], [-0.25, 0.0, 30.0]], np.float32)
NAN = np.array([np.nan, np.inf, -np.inf], np.float32)
SINGLES = (
    spread(-2, 2),
    spread(-2, 2, ()),
    spread(-2, 2, (0, 3)),
    case(F32),
    case(NAN, grad=False),
    case(F32.astype(np.float16)),
)
PAIRS = (
    spread(-2, 2, (2, 3), (2, 3)),
    spread(-2, 2, (), ()),
    case(F32, F32[::-1].copy()),
    case(F32[:0], F32[:0]),
    case(F32, F32[:, :2], raises="Dimension 1 in both shapes must be equal, but are 3 and 2"),
    case(F32, F32[0], raises="Shapes must be equal rank, but are 2 and 1"),
)
WHOLE = case(np.array([[1, -2, 3], [0, 9, -6]], np.int32))
WHOLE_PAIR = case(np.array([1, -2, 3], np.int32), np.array([4, 5, -6], np.int32))


def _merged_shape(a: Operand, b: Operand) -> Dims:
    return same_shape(a.dims, b.dims)


def _typed(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """`kernel` with results of the first input's type; bfloat16 is else widened by constants."""

    def run(x: Any, *others: Any, out: Any = None) -> Any:
        result = kernel(x, *others, out=out)
        return result if result.dtype == x.dtype else result.astype(x.dtype)

    return run


def _activation(
    name: str, expression: str, *, doc: str, grad: Any, samples: Any = SINGLES, T: Any = FLOATS
) -> None:
    expr = parse(expression, ("features",))
    define(
        name,
        "features: T -> activations: T",
        {"T": types(T)},
        doc=f"{doc}\n\n``activations = {expression}``",
        shape=unchanged_shape,
        numpy=_typed(expr.kernel()),
        expr=expr,
        inplace=(0,) if expr.inplace else (),
        grad=grad,
        samples=samples,
    )


def _activation_grad(
    name: str, second: str, expression: str, *, doc: str, grad: Any, T: Any = FLOATS
) -> None:
    """The op that takes dy and an input or output of an activation to the gradient of its input."""
    expr = parse(expression, ("gradients", second))
    define(
        name,
        f"gradients: T, {second}: T -> backprops: T",
        {"T": types(T)},
        doc=f"{doc}\n\n``backprops = {expression}``",
        shape=_merged_shape,
        numpy=_typed(expr.kernel()),
        expr=expr,
        inplace=(0, 1) if expr.inplace else (),
        grad=grad,
        samples=(*PAIRS, WHOLE_PAIR) if T is REAL else PAIRS,
    )


def _of_output(grad_type: str) -> Callable[[Operation, Tensor], Gradients]:
    return lambda op, dy: [apply(grad_type, dy, op.outputs[0])]


def _of_input(grad_type: str) -> Callable[[Operation, Tensor], Gradients]:
    return lambda op, dy: [apply(grad_type, dy, op.inputs[0])]


def _piecewise_linear_grad(op: Operation, g: Tensor) -> Gradients:
    x = op.inputs[1]
    return [apply(op.type, g, x), apply("ZerosLike", x)]


def _where_negative(x: Tensor, value: Tensor) -> Tensor:
    chosen: Tensor = apply("Select", x < 0, value, apply("ZerosLike", x))
    return chosen


def _bent_grad(op: Operation, g: Tensor) -> Gradients:
    """Of EluGrad and SeluGrad, whose slope below 0 is the output plus a constant."""
    dy, y = op.inputs
    return [apply(op.type, g, y), _where_negative(y, g * dy)]


def _softplus_grad_grad(op: Operation, g: Tensor) -> Gradients:
    dy, x = op.inputs
    rise = apply("Sigmoid", x)
    return [apply("SoftplusGrad", g, x), g * dy * rise * (1 - rise)]


def _softsign_grad_grad(op: Operation, g: Tensor) -> Gradients:
    dy, x = op.inputs
    curvature = -2 * apply("Sign", x) / (abs(x) + 1)
    return [apply("SoftsignGrad", g, x), apply("SoftsignGrad", g * dy, x) * curvature]


_activation(
    "Relu",
    "maximum(features, 0)",
    doc="Rectified linear: 0 for negative features, elementwise.",
    grad=_of_output("ReluGrad"),
    samples=(*SINGLES, WHOLE),
    T=REAL,
)
_activation_grad(
    "ReluGrad",
    "features",
    "gradients * (features > 0)",
    doc="The gradient of Relu, at its input or output.",
    grad=_piecewise_linear_grad,
    T=REAL,
)
_activation(
    "Relu6",
    "minimum(maximum(features, 0), 6)",
    doc="Rectified linear, at most 6, elementwise.",
    grad=_of_output("Relu6Grad"),
    samples=(*SINGLES, WHOLE),
    T=REAL,
)
_activation_grad(
    "Relu6Grad",
    "features",
    "gradients * logical_and(features > 0, features < 6)",
    doc="The gradient of Relu6, at its input or output.",
    grad=_piecewise_linear_grad,
    T=REAL,
)
_activation(
    "Elu",
    "maximum(features, 0) + expm1(minimum(features, 0))",
    doc="Exponential linear: ``exp(x) - 1`` for negative x, else x.",
    grad=_of_output("EluGrad"),
)
_activation_grad(
    "EluGrad",
    "outputs",
    "gradients * (minimum(outputs, 0) + 1)",
    doc="The gradient of Elu, at its output.",
    grad=_bent_grad,
)
_activation(
    "Selu",
    f"{_SELU_SCALE} * maximum(features, 0) + {_SELU_SCALED_ALPHA} * expm1(minimum(features, 0))",
    doc="Scaled exponential linear (Klambauer et al. 2017), elementwise.",
    grad=_of_output("SeluGrad"),
)
_activation_grad(
    "SeluGrad",
    "outputs",
    f"gradients * where(outputs < 0, outputs + {_SELU_SCALED_ALPHA}, {_SELU_SCALE})",
    doc="The gradient of Selu, at its output.",
    grad=_bent_grad,
)
_activation(
    "Softplus",
    "maximum(features, 0) + log1p(exp(-abs(features)))",
    doc="A smooth rectifier, ``log(1 + exp(x))``, elementwise.",
    grad=_of_input("SoftplusGrad"),
)
_activation_grad(
    "SoftplusGrad",
    "features",
    "gradients / (exp(-features) + 1)",
    doc="The gradient of Softplus, at its input.",
    grad=_softplus_grad_grad,
)
_activation(
    "Softsign",
    "features / (abs(features) + 1)",
    doc="``x / (1 + |x|)``, elementwise.",
    grad=_of_input("SoftsignGrad"),
)
_activation_grad(
    "SoftsignGrad",
    "features",
    "gradients / square(abs(features) + 1)",
    doc="The gradient of Softsign, at its input.",
    grad=_softsign_grad_grad,
)


def _slope(alpha: float, dtype: Any) -> Any:
    """An attribute is a float32 number, whatever the type that it meets."""
    return dtype.type(np.float32(alpha))


@op(
    "LeakyRelu",
    "features: T -> activations: T",
    alpha=0.2,
    T=types(FLOATS, dtypes.float32),
)
class LeakyRelu:
    """Rectified linear with a slope for negative features: ``alpha * x`` for x < 0, else x."""

    shape = unchanged_shape
    inplace = (0,)
    samples = (*SINGLES, spread(-2, 2), case(F32, alpha=0.0), case(F32, alpha=0.75))

    def numpy(x: Any, *, alpha: float, out: Any = None) -> Any:
        bound = np.maximum if alpha <= 1 else np.minimum
        return bound(x, x * _slope(alpha, x.dtype), out=out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("LeakyReluGrad", dy, op.inputs[0], alpha=op.attrs["alpha"])]


@op(
    "LeakyReluGrad",
    "gradients: T, features: T -> backprops: T",
    alpha=0.2,
    T=types(FLOATS, dtypes.float32),
)
class LeakyReluGrad:
    """The gradient of LeakyRelu: ``gradients`` where features > 0, else ``alpha * gradients``."""

    shape = _merged_shape
    samples = (*PAIRS, case(F32, F32[::-1].copy(), alpha=0.75))

    def numpy(gradients: Any, features: Any, *, alpha: float) -> Any:
        return np.where(features > 0, gradients, gradients * _slope(alpha, gradients.dtype))

    def grad(op: Operation, g: Tensor) -> Gradients:
        x = op.inputs[1]
        return [apply("LeakyReluGrad", g, x, alpha=op.attrs["alpha"]), apply("ZerosLike", x)]


def relu(features: Any, name: str | None = None) -> Tensor:
    """``max(features, 0)``, elementwise."""
    result: Tensor = apply("Relu", features, name=name)
    return result


def relu6(features: Any, name: str | None = None) -> Tensor:
    """``min(max(features, 0), 6)``, elementwise."""
    with name_scope(name, "Relu6", [features]) as scope:
        result: Tensor = apply("Relu6", convert_to_tensor(features, name="features"), name=scope)
        return result


def elu(features: Any, name: str | None = None) -> Tensor:
    """``exp(features) - 1`` where negative, else `features`."""
    result: Tensor = apply("Elu", features, name=name)
    return result


def selu(features: Any, name: str | None = None) -> Tensor:
    """The scaled exponential linear unit of self-normalizing networks, elementwise."""
    result: Tensor = apply("Selu", features, name=name)
    return result


def softplus(features: Any, name: str | None = None) -> Tensor:
    """``log(1 + exp(features))``, elementwise."""
    result: Tensor = apply("Softplus", features, name=name)
    return result


def softsign(features: Any, name: str | None = None) -> Tensor:
    """``features / (1 + |features|)``, elementwise."""
    result: Tensor = apply("Softsign", features, name=name)
    return result


def leaky_relu(features: Any, alpha: Any = 0.2, name: str | None = None) -> Tensor:
    """``alpha * features`` where negative, else `features`; integers are cast to float32.

    Args:
        alpha: the slope for negative features, a number.
    """
    with name_scope(name, "LeakyRelu", [features]) as scope:
        features = convert_to_tensor(features, name="features")
        if features.dtype.is_integer:
            features = apply("Cast", features, DstT=dtypes.float32, name="ToFloat")
        slope = alpha.item() if isinstance(alpha, np.ndarray) else alpha
        result: Tensor = apply("LeakyRelu", features, alpha=slope, name=scope)
        return result


def swish(features: Any) -> Tensor:
    """``features * sigmoid(features)`` (Ramachandran et al., 2017), elementwise."""
    features = convert_to_tensor(features, name="features")
    result: Tensor = features * apply("Sigmoid", features)
    return result


def crelu(features: Any, name: str | None = None, axis: int = -1) -> Tensor:
    """The positive part beside the negated negative part: ``relu(concat([x, -x], axis))``."""
    with name_scope(name, "CRelu", [features]) as scope:
        features = convert_to_tensor(features, name="features")
        both = apply("ConcatV2", [features, -features], axis, name=scope)
        return relu(both)
