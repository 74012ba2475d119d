"""Gradients that users register by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.graph.opdef import MISSING, registered
from flowgraph.graph.tensor import Operation

__all__ = [
    "NoGradient",
    "NotDifferentiable",
    "RegisterGradient",
    "gradient_function",
    "region_gradient",
    "register_region_gradient",
]

GradientFunction = Callable[..., Any]
_registered: dict[str, GradientFunction | None] = {}
_of_regions: dict[str, GradientFunction] = {}


class RegisterGradient:
    """Decorator: the function computes the gradients of an op type, or of a name of one's own.

    A name of one's own is used through `Graph.gradient_override_map`. The function receives the op
    and one gradient per output and returns one gradient (or None) per input.

    Raises:
        KeyError: if a gradient is registered under the name already.
    """

    def __init__(self, op_type: str) -> None:
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self._op_type = op_type

    def __call__(self, function: GradientFunction) -> GradientFunction:
        if self._op_type in _registered:
            raise KeyError(f"Registering two gradient with name '{self._op_type}'!")
        _registered[self._op_type] = function
        return function


def NotDifferentiable(op_type: str) -> None:  # noqa: N802
    """Declare that ops of this type have no gradient: what is upstream of them gets None."""
    if not isinstance(op_type, str):
        raise TypeError("op_type must be a string")
    _registered[op_type] = None


NoGradient = NotDifferentiable


def register_region_gradient(op_type: str, function: GradientFunction) -> None:
    """Let `function` differentiate the ops of a type that run functions.

    It receives the op, the gradients of its outputs, and which inputs' gradients are wanted.
    """
    _of_regions[op_type] = function


def region_gradient(op: Operation) -> GradientFunction | None:
    """The gradient of a loop or conditional, None for other ops."""
    return _of_regions.get(op.type)


def gradient_function(op: Operation) -> GradientFunction | None:
    """The gradient of `op`, None if it is declared not differentiable.

    Raises:
        LookupError: if nothing is declared.
    """
    override = op._gradient_override
    if override is not None:
        if override in _registered:
            return _registered[override]
        named = registered().get(override)
        if named is None or named.grad is MISSING:
            raise LookupError(
                f"No gradient registered under the name {override!r} for operation '{op.name}'."
            )
        return named.grad
    if op.type in _registered:
        return _registered[op.type]
    declared = op.definition.grad
    if declared is MISSING:
        frame = op.user_frame
        where = f"\n  created at {frame.filename}:{frame.lineno}: {frame.line}" if frame else ""
        raise LookupError(
            f"No gradient defined for operation '{op.name}' (op type: {op.type}); "
            f"register one with tf.RegisterGradient({op.type!r}), or declare that it has none "
            f"with tf.NotDifferentiable({op.type!r}).{where}"
        )
    return declared
