"""Functions with a gradient of the user's own."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import wraps
from typing import Any

from flowgraph.autodiff.registry import RegisterGradient
from flowgraph.graph import build, structure
from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Operation

__all__ = ["custom_gradient"]

_serial = itertools.count()


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: `f` returns ``(result, grad_fn)``, and grad_fn replaces the derivative of result.

    ``grad_fn(*dys)`` receives one gradient per result and returns one per argument (a list, or the
    gradient itself where there is one argument). It must be built of ops if a second derivative is
    wanted.

    Raises:
        ValueError: if grad_fn returns another number of gradients than f has arguments.
    """

    @wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        inputs = [convert_to_tensor(arg) for arg in args]
        inputs = [apply("Identity", tensor) for tensor in inputs]
        result, grad_fn = f(*inputs, **kwargs)
        flat = [convert_to_tensor(each) for each in structure.flatten(result)]
        name = f"CustomGradient-{next(_serial)}"

        def gradient(op: Operation, *dys: Any) -> list[Any]:
            found = grad_fn(*dys[: len(flat)])
            found = list(found) if isinstance(found, list | tuple) else [found]
            if len(found) != len(inputs):
                raise ValueError(
                    f"The gradient function of {f.__name__} returned {len(found)} gradients for "
                    f"{len(inputs)} arguments."
                )
            # The results pass through the op too, but only the arguments get gradients.
            return [None] * len(flat) + found

        RegisterGradient(name)(gradient)
        graph = build.graph_of([*flat, *inputs])
        with graph.gradient_override_map({"IdentityN": name}):
            passed = apply("IdentityN", [*flat, *inputs])
        return structure.pack_sequence_as(result, passed[: len(flat)])

    return decorated
