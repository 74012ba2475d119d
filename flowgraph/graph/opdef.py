"""Op declarations: start reading here.

An op is declared once, in `flowgraph.ops`, by `op` (a class of plain functions) or `elementwise`
(one expression). The declaration holds the shape rule, the dtype rule, the NumPy kernel, the
gradient, the samples its tests are generated from, and the docstring::

    @op("MatMul", "a: T, b: T -> product: T", T=NUMBERS, transpose_a=False, transpose_b=False)
    class MatMul:
        '''Matrix product ...'''

        def shape(a, b, *, transpose_a, transpose_b): ...   # operands in, Dims out
        def numpy(a, b, *, transpose_a, transpose_b): ...   # arrays in, array(s) out
        def grad(op, dy): ...                               # symbolic, built from public ops

    sigmoid = elementwise("Sigmoid", "1 / (1 + exp(-x))", T=FLOATS, grad=..., samples=...)

`flowgraph.graph.build.apply` turns a declaration into nodes of the current graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from flowgraph import dims
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph.expr import Expr, parse
from flowgraph.graph.signature import (
    MISSING,
    Arg,
    Attr,
    arity,
    as_attr,
    attr,
    parse_args,
    types,
)

__all__ = [
    "MISSING",
    "Arg",
    "Attr",
    "OpDef",
    "Operand",
    "Sample",
    "attr",
    "define",
    "lookup",
    "op",
    "registered",
    "types",
]

Array = np.ndarray[Any, Any]


class Operand(Protocol):
    """What a shape rule sees of an input: a graph's `Tensor` or a program's `Value`."""

    @property
    def dims(self) -> Dims: ...

    @property
    def dtype(self) -> DType: ...

    def const_value(self) -> Array | None:
        """The value, where it is known before running."""

    def const_dims(self) -> Dims:
        """The value read as a shape, with None for the sizes that are not known yet."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One case of the generated tests.

    Attributes:
        inputs: arrays, one per input (a list of arrays for a list input).
        attrs: attributes that differ from the defaults.
        grad: whether the gradient check runs on it (floating inputs only).
        raises: for an error sample, a regular expression that the build error must match.
    """

    inputs: tuple[Any, ...]
    attrs: dict[str, Any] = field(default_factory=dict)
    grad: bool = True
    raises: str = ""


@dataclass(slots=True)
class OpDef:
    """Everything known about one op type.

    Attributes:
        shape: operands (and the attributes it names) to the `Dims` of the output, or a list of
        them.
        numpy: arrays (and the attributes it names) to the output array, or a tuple of them.
        grad: ``grad(op, *dys)`` to gradients of the inputs; None for "not differentiable",
            MISSING where nothing was declared.
        new_state: for stateful kernels, makes what `numpy` receives as ``state``, once per session.
        view: index of the input whose memory the output may share.
        inplace: indices of inputs whose memory the output may overwrite.
        stateful: never folded, merged or dropped for being unused by a value.
    """

    name: str
    inputs: tuple[Arg, ...]
    outputs: tuple[Arg, ...]
    attrs: dict[str, Attr]
    doc: str = ""
    shape: Callable[..., Any] = MISSING
    numpy: Callable[..., Any] = MISSING
    grad: Callable[..., Any] | None = MISSING
    new_state: Callable[..., Any] | None = None
    expr: Expr | None = None
    view: int | None = None
    inplace: tuple[int, ...] = ()
    stateful: bool = False
    samples: tuple[Sample, ...] | Callable[[], Iterable[Sample]] = ()
    shape_attrs: tuple[str, ...] = ()
    kernel_attrs: tuple[str, ...] = ()
    has_out: bool = False
    wants_state: bool = False
    has_list_inputs: bool = False

    @property
    def is_single(self) -> bool:
        """Whether the kernel returns one result by itself, not a list of them."""
        return len(self.outputs) == 1 and not self.outputs[0].is_list

    def group(self, values: Iterable[Any], attrs: dict[str, Any]) -> list[Any]:
        """`values`, one per flat input, gathered into one entry (or list) per argument."""
        flat = list(values)
        if not self.has_list_inputs:
            return flat
        grouped: list[Any] = []
        start = 0
        for arg in self.inputs:
            if arg.is_list:
                count = arity(arg, attrs)
                grouped.append(flat[start : start + count])
                start += count
            else:
                grouped.append(flat[start])
                start += 1
        return grouped

    def infer(self, operands: Iterable[Any], attrs: dict[str, Any]) -> list[Dims]:
        """The static shapes of all outputs.

        Raises:
            ValueError: if the operands cannot fit together.
        """
        arguments = self.group(operands, attrs)
        if self.shape_attrs:
            found = self.shape(*arguments, **{name: attrs[name] for name in self.shape_attrs})
        else:
            found = self.shape(*arguments)
        if type(found) is not list:
            return [found]
        return found

    def output_dtypes(self, attrs: dict[str, Any]) -> list[DType]:
        found: list[DType] = []
        for arg in self.outputs:
            if arg.type_list_attr:
                found.extend(attrs[arg.type_list_attr])
                continue
            dtype = attrs[arg.type_attr] if arg.dtype is None else arg.dtype
            if arg.is_ref:
                dtype = dtype.as_ref
            found.extend([dtype] * (attrs[arg.number_attr] if arg.number_attr else 1))
        return found

    def kernel_keywords(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {name: attrs[name] for name in self.kernel_attrs}

    def all_samples(self) -> tuple[Sample, ...]:
        return tuple(self.samples()) if callable(self.samples) else self.samples


_REGISTRY: dict[str, OpDef] = {}


def lookup(name: str) -> OpDef:
    """The declaration of an op type. Raises ValueError if there is none."""
    try:
        return _REGISTRY[name]
    except KeyError:
        raise ValueError(f"Op type not registered {name!r}") from None


def registered() -> dict[str, OpDef]:
    """All declarations by op type."""
    return dict(_REGISTRY)


def _keywords(function: Any) -> tuple[str, ...]:
    code = getattr(function, "__code__", None)
    if code is None:
        return ()
    names: tuple[str, ...] = code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]
    return names


def define(name: str, signature: str, attrs: dict[str, Any], **fields: Any) -> OpDef:
    """Register an op type.

    Args:
        name: the op type, CamelCase.
        signature: ``"a: T, b: T -> product: T"``.
        attrs: name to default, to a tuple of allowed dtypes, or to an `Attr`.
        fields: further fields of `OpDef`.
    """
    if name in _REGISTRY:
        raise ValueError(f"op type {name!r} is declared twice")
    inputs, _, outputs = signature.partition("->")
    definition = OpDef(
        name,
        parse_args(inputs),
        parse_args(outputs),
        {key: as_attr(value) for key, value in attrs.items()},
        **fields,
    )
    for arg in (*definition.inputs, *definition.outputs):
        if arg.number_attr and arg.number_attr not in definition.attrs:
            definition.attrs[arg.number_attr] = Attr("int", minimum=1)
        if arg.type_list_attr and arg.type_list_attr not in definition.attrs:
            definition.attrs[arg.type_list_attr] = Attr("list(type)", minimum=1)
    definition.has_list_inputs = any(arg.is_list for arg in definition.inputs)
    definition.shape_attrs = _keywords(definition.shape)
    keywords = _keywords(definition.numpy)
    definition.kernel_attrs = tuple(k for k in keywords if k not in ("out", "state"))
    definition.has_out = "out" in keywords or definition.expr is not None
    definition.wants_state = "state" in keywords
    _REGISTRY[name] = definition
    return definition


_DECLARED = [
    "shape",
    "numpy",
    "grad",
    "new_state",
    "view",
    "inplace",
    "stateful",
    "samples",
]


def op(name: str, signature: str, **attrs: Any) -> Callable[[type], type]:
    """Declare an op by a class whose functions are those fields of `OpDef`."""

    def declare(body: type) -> type:
        fields = {key: body.__dict__[key] for key in _DECLARED if key in body.__dict__}
        define(name, signature, attrs, doc=body.__doc__ or "", **fields)
        return body

    return declare


def unchanged_shape(x: Operand, *_: Operand) -> Dims:
    """The shape rule of ops whose output looks like their first input."""
    return x.dims


def broadcast_shape(*operands: Operand) -> Dims:
    """The shape rule of elementwise ops."""
    shape = operands[0].dims
    for operand in operands[1:]:
        shape = dims.broadcast(shape, operand.dims)
    return shape


def define_elementwise(
    name: str,
    expression: str,
    inputs: tuple[str, ...],
    output: str = "",
    *,
    doc: str,
    grad: Any = MISSING,
    samples: Any = (),
    kernel: Callable[..., Any] | None = None,
    **attrs: Any,
) -> OpDef:
    """Register an elementwise op given by one expression over its inputs.

    Args:
        output: ``"y: bool"`` where the result is not of the inputs' type.
        kernel: used instead of the expression for dtypes that it does not fit (strings, integer
            division); it must agree with the expression elsewhere.
    """
    expr = parse(expression, inputs)
    same_type = not output or output.endswith(": T")
    signature = ", ".join(f"{arg}: T" for arg in inputs) + " -> " + (output or "y: T")
    return define(
        name,
        signature,
        attrs,
        doc=f"{doc.strip()}\n\n``y = {expression}``",
        shape=unchanged_shape if len(inputs) == 1 else broadcast_shape,
        numpy=kernel or expr.kernel(),
        expr=None if kernel else expr,
        inplace=tuple(range(len(inputs))) if same_type and not kernel and expr.inplace else (),
        grad=grad,
        samples=samples,
    )
