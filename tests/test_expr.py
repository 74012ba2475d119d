"""The expression language of elementwise ops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowgraph.graph.expr import parse

EXPRESSIONS = [
    "1 / (1 + exp(-x))",
    "x * (1 - x)",
    "log(1 + exp(x)) - x * y",
    "where(x > y, x, y)",
    "(x - y) * (x - y)",
    "maximum(x, 0) + minimum(y, -1)",
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_the_kernel_computes_what_the_expression_says(text: str) -> None:
    names = ("x", "y") if "y" in text else ("x",)
    rng = np.random.default_rng(1)
    values = [rng.normal(size=(3, 4)) for _ in names]
    functions = {name: getattr(np, name) for name in ("exp", "log", "where", "maximum", "minimum")}
    expected = eval(text, functions, dict(zip(names, values, strict=True)))
    kernel = parse(text, names).kernel()
    np.testing.assert_array_equal(kernel(*values), expected)
    out = np.empty((3, 4))
    np.testing.assert_array_equal(kernel(*values, out=out), expected)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_in_place_means_the_result_may_overwrite_any_input(text: str) -> None:
    names = ("x", "y") if "y" in text else ("x",)
    expr = parse(text, names)
    if not expr.inplace:
        return
    kernel = expr.kernel()
    for target in range(len(names)):
        values = [np.linspace(0.5, 2, 7) * (i + 1) for i in range(len(names))]
        expected = kernel(*values)
        kernel(*values, out=values[target])
        np.testing.assert_array_equal(values[target], expected)


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_scalars_work_too(x: float, y: float) -> None:
    assert parse("x * y - 2", ("x", "y")).kernel()(x, y) == x * y - 2


@pytest.mark.parametrize("bad", ["x + z", "x.real", "__import__('os')", "x", "x ** y", "f(x)"])
def test_anything_else_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="expression"):
        parse(bad, ("x", "y"))
