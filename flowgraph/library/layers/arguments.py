"""Arguments that layers take in several forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.tensor import Tensor
from flowgraph.library import initializers
from flowgraph.ops.softmax import softmax

__all__ = [
    "activation_of",
    "data_format_of",
    "initializer_of",
    "padding_of",
    "transposed_length",
    "tuple_of",
    "window_count",
]


def _hard_sigmoid(x: Tensor) -> Any:
    return apply("ClipByValue", 0.2 * x + 0.5, 0.0, 1.0)


def _node(op_type: str) -> Callable[[Any], Any]:
    return lambda x: apply(op_type, x)


_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "elu": _node("Elu"),
    "exponential": _node("Exp"),
    "hard_sigmoid": _hard_sigmoid,
    "linear": lambda x: x,
    "relu": _node("Relu"),
    "selu": _node("Selu"),
    "sigmoid": _node("Sigmoid"),
    "softmax": softmax,
    "softplus": _node("Softplus"),
    "softsign": _node("Softsign"),
    "tanh": _node("Tanh"),
}

_INITIALIZERS: dict[str, Callable[[], Any]] = {
    "glorot_normal": initializers.GlorotNormal,
    "glorot_uniform": initializers.GlorotUniform,
    "he_normal": initializers.he_normal,
    "he_uniform": initializers.he_uniform,
    "identity": initializers.Identity,
    "lecun_normal": initializers.lecun_normal,
    "lecun_uniform": initializers.lecun_uniform,
    "ones": initializers.Ones,
    "zeros": initializers.Zeros,
}


def activation_of(activation: Any) -> Callable[[Any], Any] | None:
    """The function that is meant: one, its name, or None.

    Raises:
        ValueError: for another name.
    """
    if isinstance(activation, str):
        if activation not in _ACTIVATIONS:
            raise ValueError(f"Unknown activation function: {activation}")
        return _ACTIVATIONS[activation]
    return activation  # type: ignore[no-any-return]


def initializer_of(initializer: Any) -> Any:
    """The initializer that is meant: one, its class, its name, or None.

    Raises:
        ValueError: for another name.
    """
    if isinstance(initializer, str):
        if initializer not in _INITIALIZERS:
            raise ValueError(f"Unknown initializer: {initializer}")
        return _INITIALIZERS[initializer]()
    return initializer() if isinstance(initializer, type) else initializer


def tuple_of(value: Any, count: int, name: str) -> tuple[int, ...]:
    """`value`, one int for all or one for each, as a tuple.

    Raises:
        ValueError: if there are not `count` ints.
    """
    if isinstance(value, int):
        return (value,) * count
    message = f"The `{name}` argument must be a tuple of {count} integers. Received: {value}"
    try:
        found = tuple(int(each) for each in value)
    except (TypeError, ValueError):
        raise ValueError(message) from None
    if len(found) != count:
        raise ValueError(message)
    return found


def padding_of(value: str, *, causal: bool = False) -> str:
    """``"valid"``, ``"same"``, or ``"causal"`` where that is allowed, whatever the case.

    Raises:
        ValueError: for another word.
    """
    found = value.lower()
    allowed = ("valid", "same", "causal") if causal else ("valid", "same")
    if found not in allowed:
        words = ", ".join(f'"{word}"' for word in allowed)
        raise ValueError(f"The `padding` argument must be one of {words}. Received: {value}")
    return found


def data_format_of(value: str | None) -> str:
    """``"channels_last"`` (also for None) or ``"channels_first"``.

    Raises:
        ValueError: for another word.
    """
    found = "channels_last" if value is None else value.lower()
    if found not in ("channels_first", "channels_last"):
        raise ValueError(
            'The `data_format` argument must be one of "channels_first", "channels_last". '
            f"Received: {value}"
        )
    return found


def window_count(
    length: int | None, window: int, padding: str, stride: int, dilation: int = 1
) -> int | None:
    """How many windows fit along an axis."""
    if length is None:
        return None
    if padding == "valid":
        length -= (window - 1) * dilation
    return (length + stride - 1) // stride


def transposed_length(length: Any, window: int, padding: str, stride: int) -> Any:
    """The length of an axis along which `length` windows fit: an int, a tensor, or None."""
    if length is None:
        return None
    length = length * stride
    if padding == "valid":
        length = length + max(window - stride, 0)
    return length
