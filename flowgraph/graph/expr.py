"""The scalar-expression language of elementwise ops.

One string such as ``"1 / (1 + exp(-x))"`` is an op's NumPy kernel, its constant folder and the
formula of its docs. It is parsed once into `Step`s, a list in which every step applies one function
to inputs, constants and earlier steps.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["FUNCTIONS", "Expr", "Step", "parse"]

_UFUNCS = """
    abs arccos arccosh arcsin arcsinh arctan arctan2 arctanh ceil conjugate cos cosh exp expm1 floor
    floor_divide fmod isfinite isinf isnan log log1p logical_and logical_not logical_or logical_xor
    maximum minimum mod negative power reciprocal rint sign sin sinh sqrt square tan tanh trunc
    bitwise_and bitwise_or bitwise_xor invert real imag
"""
FUNCTIONS: dict[str, Callable[..., Any]] = {name: getattr(np, name) for name in _UFUNCS.split()}
FUNCTIONS["where"] = np.where

_BINARY: dict[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
}
_COMPARE: dict[type[ast.AST], str] = {
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}
for _name in (*_BINARY.values(), *_COMPARE.values()):
    FUNCTIONS[_name] = getattr(np, _name)

_KEEPS_NO_DTYPE = frozenset({*_COMPARE.values(), "isfinite", "isinf", "isnan", "where"})


@dataclass(frozen=True)
class Step:
    """``function(*arguments)``; an argument is an input's name, a number, or a step's index."""

    function: str
    arguments: tuple[str | float | tuple[int], ...]


@dataclass(frozen=True)
class Expr:
    """A parsed expression.

    Attributes:
        text: as it was written.
        inputs: the names of the operands, in order of the op's inputs.
        steps: in order of evaluation; the last one is the value.
    """

    text: str
    inputs: tuple[str, ...]
    steps: tuple[Step, ...]

    def _writes_out(self, index: int) -> bool:
        last = index == len(self.steps) - 1
        return last or self.steps[index].function not in _KEEPS_NO_DTYPE

    @property
    def inplace(self) -> bool:
        """True if the result may be written over an input while the steps run."""
        if any(step.function == "where" for step in self.steps):
            return False
        writers = [i for i in range(len(self.steps)) if self._writes_out(i)]
        late = self.steps[writers[0] + 1 :]
        return not any(isinstance(a, str) for step in late for a in step.arguments)

    def source(self) -> str:
        """Python source of ``kernel(inputs..., out=None)``."""
        writers = [i for i in range(len(self.steps)) if self._writes_out(i)]
        lines = [f"def kernel({', '.join(self.inputs)}, out=None):"]
        live_at = self._last_uses()
        for index, step in enumerate(self.steps):
            arguments = ", ".join(_argument(a) for a in step.arguments)
            others_live = any(
                use > index and i < index for i, use in live_at.items() if i in writers
            )
            target = "" if step.function == "where" else ", out=out"
            if index not in writers or (others_live and index != len(self.steps) - 1):
                target = ""
            lines.append(f"    t{index} = {step.function}({arguments}{target})")
        lines.append(f"    return t{len(self.steps) - 1}")
        return "\n".join(lines)

    def _last_uses(self) -> dict[int, int]:
        uses: dict[int, int] = {}
        for index, step in enumerate(self.steps):
            for argument in step.arguments:
                if isinstance(argument, tuple):
                    uses[argument[0]] = index
        return uses

    def kernel(self) -> Callable[..., Any]:
        """The NumPy function of the expression; `out` receives the result where it is given."""
        if len(self.steps) == 1 and self.steps[0].arguments == self.inputs:
            function = FUNCTIONS[self.steps[0].function]
            if isinstance(function, np.ufunc):
                return function
        namespace: dict[str, Any] = dict(FUNCTIONS)
        exec(compile(self.source(), f"<expression {self.text}>", "exec"), namespace)
        kernel: Callable[..., Any] = namespace["kernel"]
        return kernel


def _argument(argument: str | float | tuple[int]) -> str:
    return f"t{argument[0]}" if isinstance(argument, tuple) else str(argument)


def parse(text: str, inputs: tuple[str, ...]) -> Expr:
    """Parse an expression over the named inputs.

    Raises:
        ValueError: on anything but numbers, inputs, + - * /, comparisons and `FUNCTIONS`.
    """
    steps: list[Step] = []

    def emit(function: str, *nodes: ast.expr) -> tuple[int]:
        if function not in FUNCTIONS:
            raise ValueError(f"unknown function {function!r} in expression {text!r}")
        steps.append(Step(function, tuple(visit(node) for node in nodes)))
        return (len(steps) - 1,)

    def visit(node: ast.expr) -> Any:
        match node:
            case ast.Name(id=name) if name in inputs:
                return name
            case ast.Constant(value=int() | float() as number):
                return number
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return -number
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return emit("negative", operand)
            case ast.BinOp(op=operator, left=left, right=right) if type(operator) in _BINARY:
                return emit(_BINARY[type(operator)], left, right)
            case ast.Compare(ops=[operator], left=left, comparators=[right]):
                return emit(_COMPARE[type(operator)], left, right)
            case ast.Call(func=ast.Name(id=function), args=arguments):
                return emit(function, *arguments)
        raise ValueError(f"cannot use {ast.dump(node)} in expression {text!r}")

    visit(ast.parse(text, mode="eval").body)
    if not steps:
        raise ValueError(f"expression {text!r} computes nothing")
    return Expr(text, inputs, tuple(steps))
