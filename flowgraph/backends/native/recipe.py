"""What a group of elementwise instructions computes, without shapes: the key of its kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowgraph.compiler.program import Instr, Program, Value
from flowgraph.graph import expr
from flowgraph.graph.expr import Expr

__all__ = ["DTYPES", "Number", "Recipe", "Step", "recipe_of", "supports"]

DTYPES = frozenset(
    {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "float32", "float64"}
)
_MAXIMAL_TERMS = 64
_COMPARISONS = "less less_equal greater greater_equal equal not_equal isfinite isinf isnan"
_LOGICAL = "logical_and logical_not logical_or logical_xor"
_TRUTHS = frozenset([*_COMPARISONS.split(), *_LOGICAL.split()])
# Functions by the kinds of elements that they take.
_FUNCTIONS = {
    "b": _LOGICAL,
    "f": """
        arccos arccosh arcsin arcsinh arctan arctan2 arctanh ceil cos cosh divide erf exp expm1
        floor isfinite isinf isnan log log1p power reciprocal rint sin sinh sqrt tan tanh trunc
    """,
    "fiu": """
        abs add conjugate greater greater_equal less less_equal maximum minimum multiply negative
        square subtract
    """,
    "fiub": "equal not_equal where",
    "iu": "bitwise_and bitwise_or bitwise_xor invert",
}
_KINDS = {name: kinds for kinds, names in _FUNCTIONS.items() for name in names.split()}


@dataclass(frozen=True)
class Number:
    """A constant. It is kept as text, which tells 0.0 from -0.0 when recipes are compared."""

    text: str
    dtype: str

    @property
    def value(self) -> float:
        return float(self.text) if self.dtype.startswith("float") else int(self.text)


Argument = int | Number


@dataclass(frozen=True)
class Step:
    """``function(*arguments)``; an argument counts the inputs, then the steps."""

    function: str
    arguments: tuple[Argument, ...]
    dtype: str


@dataclass(frozen=True)
class Recipe:
    """Inputs by dtype and what is computed of them; the last step is the result.

    Two groups with equal recipes are one kernel.
    """

    inputs: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def dtype(self) -> str:
        return self.steps[-1].dtype


def _formula(inputs: str, text: str, kinds: str = "f") -> tuple[Expr, str]:
    return expr.parse(text, tuple(inputs.split())), kinds


# Ops whose NumPy kernel is no expression, or not for all dtypes: as one, for some kinds of
# elements. What the expression names beyond the op's inputs is an attribute.
_FORMULAS: dict[str, tuple[Expr, str]] = {
    "Add": _formula("x y", "x + y", "fiu"),
    "BiasAdd": _formula("value bias", "value + bias", "fiu"),
    "BiasAddV1": _formula("value bias", "value + bias", "fiu"),
    "ClipByValue": _formula("t low high", "minimum(maximum(t, low), high)", "fiu"),
    "Div": _formula("x y", "x / y"),
    "DivNoNan": _formula("x y", "where(y == 0, 0, x / y)"),
    "Equal": _formula("x y", "x == y", "fiub"),
    "Erf": (Expr("erf(x)", ("x",), (expr.Step("erf", ("x",)),)), "f"),
    "FloorDiv": _formula("x y", "floor(x / y)"),
    "LeakyRelu": _formula("features alpha", "where(features > 0, features, features * alpha)"),
    "LeakyReluGrad": _formula(
        "gradients features alpha", "where(features > 0, gradients, gradients * alpha)"
    ),
    "MulNoNan": _formula("x y", "where(y == 0, 0, x * y)"),
    "NotEqual": _formula("x y", "x != y", "fiub"),
    "Pow": _formula("x y", "power(x, y)"),
    "Select": _formula("condition t e", "where(condition, t, e)", "fiub"),
    "SelectV2": _formula("condition t e", "where(condition, t, e)", "fiub"),
    "Sign": _formula("x", "where(x > 0, 1, where(x < 0, -1, where(x == 0, 0, x)))"),
    "Xdivy": _formula("x y", "where(x == 0, 0, x / y)"),
    "Xlogy": _formula("x y", "where(x == 0, 0, x * log(y))"),
}


def _formula_of(instr: Instr) -> tuple[Expr, str] | None:
    """The expression of an instruction and the kinds of elements that it is for."""
    found = _FORMULAS.get(instr.type)
    if found is not None:
        return found
    if instr.type == "AddN" and len(instr.inputs) > 1:
        names = [f"x{i}" for i in range(len(instr.inputs))]
        return _formula(" ".join(names), " + ".join(names), "fiu")
    expression = instr.definition.expr
    return None if expression is None else (expression, "fiub")


def supports(instr: Instr) -> bool:
    """True if the instruction can be a part of a native kernel, whatever the shapes of its inputs
    (they must broadcast to that of its output)."""
    if len(instr.outputs) != 1 or len(instr.inputs) > _MAXIMAL_TERMS:
        return False
    dtypes = [value.dtype.name for value in [*instr.inputs, *instr.outputs]]
    if not DTYPES.issuperset(dtypes):
        return False
    if instr.type == "Cast":
        return not instr.attrs["Truncate"]
    if instr.attrs.get("data_format", "NHWC") != "NHWC":
        return False
    if instr.type == "Select" and not _chooses_elements(instr):
        return False
    if _formula_of(instr) is None:
        return False
    return _steps(instr, list(range(len(instr.inputs))), len(instr.inputs)) is not None


def _chooses_elements(instr: Instr) -> bool:
    """True unless the condition is a vector along the first axis."""
    condition, output = instr.inputs[0].dims, instr.outputs[0].dims
    return condition is not None and (condition == output or condition == ())


def recipe_of(program: Program) -> Recipe:
    """The recipe of a group: a program of elementwise instructions and scalar constants."""
    known: dict[Value, Argument] = {value: i for i, value in enumerate(program.feeds)}
    count = len(program.feeds)
    steps: list[Step] = []
    for instr in program.instrs:
        output = instr.outputs[0]
        if instr.type == "Const":
            number = instr.attrs["value"].item()
            known[output] = Number(_text(number, output.dtype.name), output.dtype.name)
            continue
        found = _steps(instr, [known[value] for value in instr.inputs], count + len(steps))
        assert found is not None
        steps.extend(found)
        known[output] = count + len(steps) - 1
    return Recipe(tuple(value.dtype.name for value in program.feeds), tuple(steps))


def _text(number: float, dtype: str) -> str:
    return repr(float(number) if dtype.startswith("float") else int(number))


def _steps(instr: Instr, inputs: list[Argument], first: int) -> list[Step] | None:
    """The steps of one instruction, of which the first has the number `first`.

    None if a function does not take the kind of elements.
    """
    if instr.type == "Cast":
        return [Step("cast", (inputs[0],), instr.outputs[0].dtype.name)]
    formula = _formula_of(instr)
    assert formula is not None
    expression, kinds = formula
    operand = instr.inputs[-1].dtype
    if operand.kind not in kinds:
        return None
    names: dict[str, Argument] = dict(zip(expression.inputs, inputs, strict=False))
    dtypes = {name: v.dtype.name for name, v in zip(expression.inputs, instr.inputs, strict=False)}
    for name in expression.inputs[len(inputs) :]:
        # An attribute is a float32 number, whatever the type that it meets.
        text = _text(float(np.float32(instr.attrs[name])), operand.name)
        names[name], dtypes[name] = Number(text, operand.name), operand.name
    steps: list[Step] = []
    # Per step of the expression, its number and dtype.
    made: list[tuple[Argument, str]] = []
    for each in expression.steps:
        given = [
            made[a[0]]
            if isinstance(a, tuple)
            else (names[a], dtypes[a])
            if isinstance(a, str)
            else a
            for a in each.arguments
        ]
        dtype = _step(each.function, given, steps, first)
        if not dtype:
            return None
        made.append((first + len(steps) - 1, dtype))
    return steps if steps[-1].dtype == instr.outputs[0].dtype.name else None


def _step(
    function: str, given: list[tuple[Argument, str] | float], steps: list[Step], first: int
) -> str:
    """Add a step to those that begin with number `first`; its dtype, or "" if there is none.

    Args:
        given: arguments with their dtypes; numbers take that of the others.
    """
    taken = _KINDS.get(function, "")
    types = [found[1] for found in given if isinstance(found, tuple)]
    adopted = next((t for t in reversed(types) if _kind(t) in taken), "")
    arguments: list[Argument] = []
    for found in given if adopted else ():
        if not isinstance(found, tuple):
            if _kind(adopted) != "f" and not float(found).is_integer():
                return ""
            arguments.append(Number(_text(found, adopted), adopted))
        elif found[1] == "bool" and "b" not in taken:
            # NumPy counts truth values as 0 and 1 beside numbers.
            steps.append(Step("cast", (found[0],), adopted))
            arguments.append(first + len(steps) - 1)
        else:
            arguments.append(found[0])
    dtype = "bool" if adopted and function in _TRUTHS else adopted
    if dtype:
        steps.append(Step(function, tuple(arguments), dtype))
    return dtype


def _kind(dtype: str) -> str:
    return "u" if dtype.startswith("uint") else dtype[0]
