"""Control ops: order, checks, printing, Python functions; and the optimizers' update ops."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

from flowgraph import dtypes, errors
from flowgraph.autodiff.gradients import gradients
from flowgraph.graph.build import apply
from flowgraph.graph.convert import constant
from flowgraph.graph.graph import Graph
from flowgraph.library import variable_lists as lists
from flowgraph.library.variables import Variable
from flowgraph.ops import assertions, control, static_assertions
from flowgraph.ops.array import placeholder
from flowgraph.ops.identities import placeholder_with_default
from flowgraph.ops.printing import Print, summary
from flowgraph.ops.py_func import py_func
from flowgraph.runtime.session import Session


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as made:
        yield made


def later(value: Any) -> Any:
    """A tensor whose value and shape are not known while the graph is built."""
    return placeholder_with_default(np.asarray(value, np.float32), None)


def run(fetch: Any) -> Any:
    session = Session()
    session.run(lists.global_variables_initializer())
    return session.run(fetch)


def test_group_runs_everything(graph: Graph) -> None:
    variables = [Variable(1.0), Variable(2.0)]
    update = control.group(variables[0].assign(3.0), [variables[1].assign(4.0), None], name="all")
    assert (update.name, update.type) == ("all", "NoOp")
    session = Session()
    session.run(update)
    assert session.run(variables) == [3.0, 4.0]
    assert control.group().name == "group_deps"


def test_group_has_a_node_per_device(graph: Graph) -> None:
    with graph.device("/cpu:0"):
        here = constant(1.0)
    update = control.group(here, constant(2.0))
    assert [op.name for op in update.control_inputs] == ["group_deps/NoOp", "group_deps/NoOp_1"]


def test_group_takes_no_numbers() -> None:
    with pytest.raises(TypeError, match=r"Expected tf.Tensor\|tf.Operation in group"):
        control.group(3)


def test_tuple_waits_for_all() -> None:
    variable = Variable(1.0)
    first, nothing, second = control.tuple_(
        [constant(1.0), None, constant(2.0)], control_inputs=[variable.assign(7.0)]
    )
    assert nothing is None
    assert first.name == "tuple/control_dependency:0"
    session = Session()
    assert session.run(second) == 2.0
    assert session.run(variable) == 7.0
    with pytest.raises(ValueError, match="at least one Tensor"):
        control.tuple_([None])
    with pytest.raises(TypeError, match="must only contain Operation or Tensor"):
        control.tuple_([constant(1.0)], control_inputs=[3])


def test_timestamp_moves_on() -> None:
    now = control.timestamp()
    session = Session()
    assert session.run(now) <= session.run(now)


@pytest.mark.parametrize(
    ("value", "limit", "wanted"),
    [
        (np.array([[1, 2.5], [3, 4]], np.float32), 3, "[1 2.5][3...]..."),
        (np.zeros((2, 2, 2)), 5, "[[0 0][0 0]][[0...]]..."),
        (np.zeros((2, 2, 2)), 4, "[[0 0][0 0]]..."),
        (np.zeros((3, 1, 2)), 4, "[[0 0]][[0 0]]..."),
        (np.arange(4), 3, "0 1 2..."),
        (np.arange(3), 3, "0 1 2"),
        (np.arange(4), 0, "..."),
        (np.arange(4), -1, "0 1 2 3"),
        (np.zeros((0, 2)), 3, ""),
        (np.array([1 / 3, 0.1, 1e10], np.float32), -1, "0.333333343 0.1 1e+10"),
        (np.array([1e-7, np.nan, -np.inf], np.float32), -1, "1e-07 nan -inf"),
        (np.array([0.1, 1 / 3, 1e10], np.float64), 9, "0.1 0.33333333333333331 10000000000"),
        (np.array([0.1], np.float16), 3, "0.0999755859"),
        (np.array([True, False]), 3, "1 0"),
        (np.array(b"a\n'b"), 3, "a\\n\\'b"),
        (np.int8(-2), 3, "-2"),
    ],
)  # fmt: skip
def test_summary(value: Any, limit: int, wanted: str) -> None:
    assert summary(value, limit) == wanted


def test_print_writes_and_passes_on(capsys: pytest.CaptureFixture[str]) -> None:
    x = later([1, 2.5])
    shown = Print(x, [x, constant("a")], "msg: ", first_n=2)
    session = Session()
    for _ in range(3):
        np.testing.assert_array_equal(session.run(shown), [1, 2.5])
    assert capsys.readouterr().err == "msg: [1 2.5][a]\n" * 2
    slope = gradients(shown * 3.0, x)[0]
    np.testing.assert_array_equal(session.run(slope), [3, 3])


def test_assert_shows_its_data() -> None:
    check = assertions.Assert(later(1.0) > 2, ["bad", later([0, 1, 2, 3]), 2.5])
    with pytest.raises(
        errors.InvalidArgumentError, match=r"assertion failed: \[bad\] \[0 1 2...\] \[2.5\]"
    ):
        run(check)
    run(assertions.Assert(later(3.0) > 2, ["fine"]))
    assert check.name == "Assert/Assert"


COMPARISONS = [
    (assertions.assert_equal, "==", 2.0, 1.0),
    (assertions.assert_none_equal, "!=", 1.0, 2.0),
    (assertions.assert_less, "<", 3.0, 2.0),
    (assertions.assert_less_equal, "<=", 2.0, 1.0),
    (assertions.assert_greater, ">", 1.0, 2.0),
    (assertions.assert_greater_equal, ">=", 2.0, 3.0),
]


@pytest.mark.parametrize(("check", "symbol", "good", "bad"), COMPARISONS)
def test_comparisons(check: Any, symbol: str, good: float, bad: float) -> None:
    wrong = f"Condition x {symbol} y did not hold element-wise:"
    run(check(later([2.0]), good))
    with pytest.raises(errors.InvalidArgumentError, match=rf"\[oops\] \[{wrong}\]"):
        run(check(later([2.0]), bad, message="oops"))
    with pytest.raises(errors.InvalidArgumentError, match=f"^oops\n{wrong}\nx "):
        check(2.0, bad, message="oops")
    check(2.0, good)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (assertions.assert_positive, 1.0, 0.0),
        (assertions.assert_negative, -1.0, 0.0),
        (assertions.assert_non_negative, 0.0, -1.0),
        (assertions.assert_non_positive, 0.0, 1.0),
    ],
)
def test_signs(check: Any, good: float, bad: float) -> None:
    run(check(later([good, good])))
    with pytest.raises(errors.InvalidArgumentError, match=r"\[m.  \] \[Condition x .* 0 did not"):
        run(check(later([good, bad]), message="m"))
    with pytest.raises(errors.InvalidArgumentError, match=r"Condition x .* 0 did not hold"):
        check(constant([good, bad]))


def test_near_and_order() -> None:
    run(assertions.assert_near(later([1.0]), [1.0 + 1e-6]))
    with pytest.raises(errors.InvalidArgumentError, match="x and y not equal to tolerance"):
        run(assertions.assert_near(later([1.0]), [1.1]))
    checks = [
        assertions.is_non_decreasing(later([[1, 2], [2, 3]])),
        assertions.is_strictly_increasing(later([1, 2, 2])),
        assertions.is_strictly_increasing(later([1])),
    ]
    assert run(checks) == [True, False, True]


def test_ranks_known_while_building() -> None:
    x = placeholder(dtypes.float32, [None, 3])
    assert static_assertions.assert_rank(x, 2).type == "NoOp"
    with pytest.raises(
        ValueError,
        match=r"m.  Tensor Placeholder:0 must have rank 3.  Received rank 2, shape \(\?, 3\)",
    ):
        static_assertions.assert_rank(x, 3, message="m")
    with pytest.raises(ValueError, match="must have rank at least 3"):
        static_assertions.assert_rank_at_least(x, 3)
    with pytest.raises(ValueError, match=r"must have rank in \(0, 1\)"):
        static_assertions.assert_rank_in(x, [0, 1])
    with pytest.raises(ValueError, match="Rank must be a scalar"):
        static_assertions.assert_rank(x, [2])
    with pytest.raises(TypeError, match=r"must be of type tf.int32; got tf.float32"):
        static_assertions.assert_rank(x, 2.0)


def test_ranks_known_when_running() -> None:
    run(static_assertions.assert_rank(later([1.0]), 1))
    run(static_assertions.assert_rank_in(later([1.0]), (0, 1)))
    with pytest.raises(
        errors.InvalidArgumentError, match=r"rank\] \[2\] \[Received shape: \] \[1\]"
    ):
        run(static_assertions.assert_rank(later([1.0]), 2))


def test_types() -> None:
    number = constant(1.0)
    static_assertions.assert_type(number, dtypes.float32)
    with pytest.raises(TypeError, match=r"m.  Const:0 must be of type tf.int32; got tf.float32"):
        static_assertions.assert_type(number, dtypes.int32, message="m")
    with pytest.raises(TypeError, match='Expected "x" to be integer type'):
        static_assertions.assert_integer(number)
    with pytest.raises(ValueError, match=r"Expected scalar shape for .*, saw shape: \(1,\)"):
        static_assertions.assert_scalar(constant([1.0]))
    assert static_assertions.assert_scalar(number) is number
    assert static_assertions.assert_same_float_dtype([number, None]) is dtypes.float32
    with pytest.raises(ValueError, match="must be of the same type"):
        static_assertions.assert_same_float_dtype([number], dtypes.float64)
    with pytest.raises(ValueError, match="Expected floating point type"):
        static_assertions.assert_same_float_dtype([constant(1)])
    with pytest.raises(TypeError, match="to be iterable"):
        static_assertions.assert_proper_iterable(3)
    with pytest.raises(TypeError, match='a "proper" iterable'):
        static_assertions.assert_proper_iterable("text")
    assert static_assertions.is_numeric_tensor(number)
    assert not static_assertions.is_numeric_tensor(constant("text"))


def test_finite_checks() -> None:
    checked = static_assertions.verify_tensor_all_finite(later([1.0, 2.0]), "bad")
    assert checked.name == "VerifyFinite/control_dependency:0"
    np.testing.assert_array_equal(run(checked), [1, 2])
    with pytest.raises(errors.InvalidArgumentError, match="bad : Tensor had NaN values"):
        run(static_assertions.verify_tensor_all_finite(later([np.nan]), "bad"))


def test_add_check_numerics_ops_names_the_first_bad_tensor() -> None:
    x = later([1.0, 0.0])
    ratio = apply("RealDiv", constant(1.0), x, name="ratio")
    apply("Neg", ratio, name="after")
    with pytest.raises(errors.InvalidArgumentError, match="ratio:0 : Tensor had Inf values"):
        run(static_assertions.add_check_numerics_ops())


def test_py_func_results() -> None:
    def both(a: Any, b: Any) -> Any:
        a += b
        return a, np.int64(a.size)

    inputs = [constant([1.0, 2.0]), 3.0]
    total, size = py_func(both, inputs, [dtypes.float32, dtypes.int64])
    text = py_func(lambda: "é", [], dtypes.string)
    assert total.shape.ndims is None
    assert (total.name, text.name) == ("PyFunc:0", "PyFunc_1:0")
    values = run([total, size, text, inputs[0]])
    np.testing.assert_array_equal(values[0], [4, 5])
    assert values[1:3] == [2, "é".encode()]
    np.testing.assert_array_equal(values[3], [1, 2])
    assert run(py_func(lambda: None, [], [])) is None


def test_py_func_results_are_copies() -> None:
    kept = np.zeros(3, np.float32)
    result = py_func(lambda: kept, [], dtypes.float32)
    session = Session()
    for _ in range(3):
        session.run(result)[:] = 1
    np.testing.assert_array_equal(kept, 0)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (np.float64(1), "0-th value returned by pyfunc_.* is double, but expects float"),
        ([1.0, 2.0], "returns 2 values, but expects to see 1 values"),
        (None, "returns 0 values, but expects to see 1 values"),
    ],
)
def test_py_func_checks_results(returned: Any, message: str) -> None:
    with pytest.raises(errors.InvalidArgumentError, match=message):
        run(py_func(lambda: returned, [], dtypes.float32))


@pytest.mark.parametrize(
    ("raised", "wanted"),
    [
        (ValueError, errors.InvalidArgumentError),
        (TypeError, errors.InvalidArgumentError),
        (StopIteration, errors.OutOfRangeError),
        (MemoryError, errors.ResourceExhaustedError),
        (NotImplementedError, errors.UnimplementedError),
        (KeyError, errors.UnknownError),
    ],
)
def test_py_func_errors(raised: Any, wanted: Any) -> None:
    def fail() -> Any:
        raise raised("hi")

    with pytest.raises(wanted, match=f"{raised.__name__}: '?hi"):
        run(py_func(fail, [], dtypes.float32))


def test_graphs_keep_their_functions_alive() -> None:
    result = py_func(lambda: np.float32(2), [], dtypes.float32)
    gc.collect()
    assert run(result) == 2.0


LARGE = 300_007


@pytest.mark.parametrize("size", [7, LARGE])
def test_updates_of_large_variables_go_block_by_block(size: int) -> None:
    rng = np.random.default_rng(1)
    start, slope = rng.normal(size=(2, size)).astype(np.float32)
    var, m, v = Variable(start), Variable(np.zeros_like(start)), Variable(np.zeros_like(start))
    numbers = [np.float32(x) for x in (0.9, 0.999, 0.1, 0.9, 0.999, 1e-8)]
    update = apply("ApplyAdam", var, m, v, *numbers, slope)
    session = Session()
    session.run(lists.global_variables_initializer())
    session.run(update.op)
    wanted_m, wanted_v = 0.1 * slope, 0.001 * slope**2
    rate = 0.1 * np.sqrt(1 - 0.999) / (1 - 0.9)
    wanted = start - rate * wanted_m / (np.sqrt(wanted_v) + 1e-8)
    for found, expected in zip(session.run([var, m, v]), [wanted, wanted_m, wanted_v], strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("size", [3, 300])
def test_a_gradient_may_be_a_view_of_the_variable(size: int) -> None:
    start = np.random.default_rng(2).normal(size=(size, size))
    var = Variable(start)
    turned = apply("Transpose", var.value(), [1, 0])
    step = apply("ApplyGradientDescent", var, np.float64(0.5), turned)
    itself = apply("ApplyGradientDescent", var, np.float64(0.5), var.value())
    session = Session()
    session.run(var.initializer)
    session.run(step.op)
    np.testing.assert_allclose(session.run(var), start - 0.5 * start.T)
    session.run(var.initializer)
    session.run(itself.op)
    np.testing.assert_allclose(session.run(var), 0.5 * start)


def test_rows_named_often_are_updated_in_turn() -> None:
    var, accum = Variable(np.zeros((2, 1))), Variable(np.zeros((2, 1)))
    rows, slopes = np.array([1, 0, 1, 1]), np.array([[1.0], [5.0], [2.0], [3.0]])
    scalars = np.float64(0.1), np.float64(0.5)
    update = apply("SparseApplyMomentum", var, accum, scalars[0], slopes, rows, scalars[1])
    session = Session()
    session.run(lists.global_variables_initializer())
    session.run(update.op)
    np.testing.assert_allclose(session.run(accum), [[5.0], [4.25]])
    np.testing.assert_allclose(session.run(var), [[-0.5], [-0.1 - 0.25 - 0.425]])
