"""Declarations that also make the op's public Python function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.graph import build
from flowgraph.graph.opdef import MISSING, OpDef, Sample, define_elementwise, lookup

__all__ = ["case", "elementwise", "function_of", "spread"]


def elementwise(
    name: str,
    expression: str,
    *,
    args: str = "x",
    function: str = "",
    output: str = "",
    doc: str,
    grad: Any = MISSING,
    samples: Any = (),
    kernel: Callable[..., Any] | None = None,
    **attrs: Any,
) -> Callable[..., Any]:
    """Declare an elementwise op by one expression and return its Python function.

    Args:
        name: the op type.
        expression: over `args`; see `flowgraph.graph.expr`.
        args: names of the inputs, separated by blanks; all of type T.
        function: name of the Python function; by default the op type in snake case.
        output: ``"y: bool"`` where the result is of another type.
        grad: ``grad(op, dy)``; the sum over broadcast axes is added by `flowgraph.autodiff`.
        kernel: replaces the expression where it does not fit all dtypes.
        attrs: ``T=FLOATS``.
    """
    definition = define_elementwise(
        name,
        expression,
        tuple(args.split()),
        output,
        doc=doc,
        grad=grad,
        samples=samples,
        kernel=kernel,
        **attrs,
    )
    return function_of(definition, function or name.lower())


def function_of(definition: OpDef | str, name: str) -> Callable[..., Any]:
    """A Python function whose signature is the op's: inputs, attributes with defaults, ``name``.

    Attributes that follow from the inputs are left out.
    """
    if isinstance(definition, str):
        definition = lookup(definition)
    inputs = [arg.name for arg in definition.inputs]
    inferred = {arg.type_attr for arg in definition.inputs}
    inferred |= {arg.number_attr for arg in definition.inputs}
    inferred |= {arg.type_list_attr for arg in definition.inputs}
    attrs = {k: v for k, v in definition.attrs.items() if k not in inferred}
    required = [key for key, spec in attrs.items() if spec.default is MISSING]
    optional = {key: spec.default for key, spec in attrs.items() if spec.default is not MISSING}
    parameters = inputs + required + [f"{key}={key}_default" for key in optional] + ["name=None"]
    keywords = "".join(f", {key}={key}" for key in [*required, *optional])
    source = (
        f"def {name}({', '.join(parameters)}):\n"
        f"    return apply({definition.name!r}, {''.join(arg + ', ' for arg in inputs)}"
        f"name=name{keywords})\n"
    )
    namespace: dict[str, Any] = {"apply": build.apply}
    namespace.update({f"{key}_default": value for key, value in optional.items()})
    exec(compile(source, f"<function of {definition.name}>", "exec"), namespace)
    function: Callable[..., Any] = namespace[name]
    function.__doc__ = definition.doc
    function.__module__ = "flowgraph.ops"
    return function


def spread(low: float, high: float, *shapes: tuple[int, ...], dtype: Any = np.float64) -> Sample:
    """A sample with one reproducible uniform array per shape (default: two of (2, 3))."""
    rng = np.random.default_rng(0)
    chosen = shapes or ((2, 3),)
    return Sample(tuple(np.asarray(rng.uniform(low, high, s)).astype(dtype) for s in chosen))


def case(*inputs: Any, grad: bool = True, raises: str = "", **attrs: Any) -> Sample:
    """A sample: arrays (lists become arrays; a list of arrays stays, for list inputs),
    attributes."""
    return Sample(tuple(_array(each) for each in inputs), attrs, grad, raises)


def _array(value: Any) -> Any:
    if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
        return value
    return np.asarray(value)
