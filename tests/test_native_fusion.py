"""Fused groups: what becomes one, and that sessions with native kernels compute what others do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowgraph as tf
from flowgraph.backends.native import fused as native
from flowgraph.backends.native.recipe import supports
from flowgraph.compiler.lower import lower
from flowgraph.compiler.memory import plan_memory
from flowgraph.compiler.pipeline import optimize
from flowgraph.compiler.program import Program

Build = Callable[[Any], Any]
ROWS = 50


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as graph:
        yield graph
    assert not native._WARNINGS, "a kernel did not compile"


def fused(fetches: list[Any], feeds: list[Any]) -> Program:
    """The program of `fetches`, with groups, every pass checked."""
    program = lower(fetches, [], feeds, [tuple(each.shape.as_list()) for each in feeds])
    optimize(program, check=True, fusible=supports)
    return program


def types_in(program: Program) -> list[str]:
    return [instr.type for instr in program.instrs]


def members(program: Program) -> list[list[str]]:
    """The op types of each group."""
    return [
        types_in(instr.region.programs[0])
        for instr in program.instrs
        if instr.type == "_Fused" and instr.region is not None
    ]


def results(fetches: Any, feed: Any, backend: str, runs: int = 3) -> list[Any]:
    """What several runs of a new session with a backend give."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOWGRAPH_BACKEND", backend)
        patch.setenv("FLOWGRAPH_CHECK", "1")
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return [session.run(fetches, feed) for _ in range(runs)]


def check(fetches: Any, feed: Any = None, rtol: float = 1e-5) -> None:
    """Natively compiled sessions give what the reference does, run by run."""
    expected = results(fetches, feed, "reference")
    found = results(fetches, feed, "native")
    for one, other in zip(found, expected, strict=True):
        tf.nest.map_structure(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol), one, other
        )


def test_a_chain_is_one_instruction() -> None:
    x = tf.placeholder(tf.float32, [ROWS, 60])
    program = fused([tf.tanh(x * 2.0 + 1.0)], [x])
    assert types_in(program) == ["_Fused"]
    assert members(program) == [["Const", "Const", "Mul", "AddV2", "Tanh"]]


def test_a_value_used_twice_is_computed_once() -> None:
    x = tf.placeholder(tf.float32, [ROWS, 60])
    y = tf.exp(x)
    program = fused([(y + 1.0) * (y - x)], [x])
    assert [group.count("Exp") for group in members(program)] == [1]


def test_what_is_fetched_is_not_inside() -> None:
    x = tf.placeholder(tf.float32, [ROWS, 60])
    middle = tf.tanh(tf.sin(x) * 2.0)
    program = fused([middle, tf.exp(middle) - x], [x])
    assert members(program) == [["Const", "Sin", "Mul", "Tanh"], ["Exp", "Sub"]]


def test_what_others_use_is_not_inside() -> None:
    x = tf.placeholder(tf.float32, [ROWS, 60])
    y = tf.tanh(tf.sin(x))
    program = fused([tf.exp(y) * tf.reduce_sum(y)], [x])
    assert members(program) == [["Sin", "Tanh"], ["Exp", "Mul"]]


def test_other_shapes_are_not_inside() -> None:
    x = tf.placeholder(tf.float32, [ROWS, 60])
    row = tf.placeholder(tf.float32, [60])
    program = fused([x * tf.exp(row * 2.0 + 1.0) - 1.0], [x, row])
    assert members(program) == [["Const", "Const", "Mul", "AddV2", "Exp"], ["Const", "Mul", "Sub"]]


def test_small_pairs_stay_apart() -> None:
    x = tf.placeholder(tf.float32, [3])
    assert types_in(fused([tf.exp(tf.sin(x))], [x])) == ["Sin", "Exp"]
    assert types_in(fused([tf.tanh(tf.exp(tf.sin(x)))], [x])) == ["_Fused"]


@pytest.mark.parametrize("shape", [[], None, [None, 3]])
def test_scalars_and_unknown_shapes_stay_apart(shape: Any) -> None:
    x = tf.placeholder(tf.float32, shape)
    program = lower([tf.tanh(tf.exp(tf.sin(x)))], [], [x], [x.dims])
    optimize(program, check=True, fusible=supports)
    assert "_Fused" not in types_in(program)


def test_integers_that_may_divide_by_zero_stay_apart() -> None:
    x = tf.placeholder(tf.int32, [ROWS, 60])
    program = fused([(x + 1) // (x * 2) - 1], [x])
    assert "FloorDiv" in types_in(program)
    assert not any("FloorDiv" in group for group in members(program))


def test_a_group_may_overwrite_an_input_that_dies() -> None:
    x = tf.placeholder(tf.float32, [64, 64])
    y = tf.reduce_sum(tf.exp(tf.matmul(x, x)) * 2.0)
    program = fused([y], [x])
    assert members(program) == [["Const", "Exp", "Mul"]]
    arena = plan_memory(program)
    assert arena.size == 64 * 64 * 4


def test_no_input_is_overwritten_while_another_shares_its_memory() -> None:
    x = tf.placeholder(tf.float32, [ROWS, 60])
    y = tf.matmul(x, tf.ones([60, 60]))
    check(tf.reduce_sum(tf.tanh(y + y[:1]) * 2.0, axis=1), {x: noise(ROWS, 60)})
    check(tf.reduce_sum((y - tf.reshape(y, [-1, 60])) * y, axis=1), {x: noise(ROWS, 60)})


def noise(*shape: int) -> Any:
    return np.random.default_rng(5).normal(size=shape).astype(np.float32)


GROUPS: dict[str, Build] = {
    "softplus": lambda x: tf.log(1.0 + tf.exp(x)) - x,
    "gelu": lambda x: 0.5 * x * (1.0 + tf.erf(x / np.sqrt(2.0).astype(np.float32))),
    "bias and relu": lambda x: tf.nn.relu(tf.nn.bias_add(x, x[0])) * 2.0,
    "column": lambda x: tf.square(x - x[:, :1]) * 0.5,
    "choice": lambda x: tf.where(x > 0.0, tf.exp(-x), x * 3.0) + 1.0,
    "casts": lambda x: tf.cast(tf.cast(x * 10.0, tf.int32) * 3, tf.float32) - x,
    "float64": lambda x: tf.sin(tf.cast(x, tf.float64)) * 2.0 + 1.0,
    "transposed input": lambda x: tf.exp(tf.transpose(x)) * 2.0 + 1.0,
    "several": lambda x: [tf.exp(x) * 2.0 + 1.0, tf.tanh(x) - x, x * 1.0],
    "sum of many": lambda x: tf.add_n([x, x * 2.0, tf.sin(x), x]) / 4.0,
    "leaky": lambda x: tf.nn.leaky_relu(x * 2.0 - 1.0, 0.3),
    "gradients": lambda x: tf.gradients(tf.tanh(x * x) * tf.sigmoid(x) + 1.0, x),
    "logical": lambda x: tf.cast(tf.logical_and(x > 0.0, tf.logical_not(x > 1.0)), tf.float32),
    "empty": lambda x: tf.exp(x[:0]) * 2.0 + 1.0,
}


@pytest.mark.parametrize("name", GROUPS)
def test_groups_compute_what_their_members_do(name: str) -> None:
    x = tf.placeholder(tf.float32, [None, 60])
    check(GROUPS[name](x), {x: noise(ROWS, 60)})


@pytest.mark.parametrize("kind", ["transposed", "strided"])
def test_any_array_may_be_fed(kind: str) -> None:
    x = tf.placeholder(tf.float32, [ROWS, 60])
    fed = noise(60, ROWS).T if kind == "transposed" else noise(2 * ROWS, 60)[::2]
    check(tf.exp(x) * 2.0 + x, {x: fed})


def test_feeds_and_results_are_not_written_to() -> None:
    x = tf.placeholder(tf.float32, [ROWS, 60])
    fed = noise(ROWS, 60)
    before = fed.copy()
    runs = results(tf.exp(x) * 2.0 + x, {x: fed}, "native")
    np.testing.assert_array_equal(fed, before)
    assert len({id(run) for run in runs}) == len(runs)
    runs[1][...] = 0
    np.testing.assert_allclose(runs[2], np.exp(before) * 2 + before, rtol=1e-6, atol=1e-6)


def test_a_variable_is_read_where_it_stood() -> None:
    w = tf.Variable(noise(ROWS, 60))
    before = tf.exp(w * 2.0)
    with tf.control_dependencies([before]):
        written = tf.assign(w, tf.ones([ROWS, 60]) * 3.0)
    after = tf.reduce_sum(before * tf.tanh(written) + 1.0)
    check([before, after, w])
    check(after)


def test_a_variable_that_its_own_group_updates() -> None:
    w = tf.Variable(noise(ROWS, 60))
    step = tf.assign(w, tf.tanh(w * 0.5) + 0.25 * w)
    check([step, tf.assign_sub(w, tf.exp(w * 0.1) * 0.1)])


def test_groups_within_loops_and_branches() -> None:
    x = tf.placeholder(tf.float32, [ROWS, 60])
    turned = tf.while_loop(
        lambda i, y: i < 5, lambda i, y: (i + 1, tf.tanh(y * 1.5 + x) - 0.1 * y), [0, x]
    )[1]
    chosen = tf.cond(
        tf.reduce_sum(x) > 0, lambda: tf.exp(x * 0.1) + x * 2.0, lambda: tf.sin(x * 2.0) - x
    )
    check([turned, chosen], {x: noise(ROWS, 60)})
    check([turned, chosen], {x: -noise(ROWS, 60)})


def test_loops_hold_groups() -> None:
    x = tf.placeholder(tf.float32, [ROWS, 60])
    turned = tf.while_loop(lambda y: y[0, 0] < 5, lambda y: tf.exp(y * 0.5) + x * 2.0, [x])
    program = fused([turned], [x])
    inner = [group for each in program.nested() for group in members(each)]
    assert any("Exp" in group for group in inner)


def test_profiles_name_the_last_of_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWGRAPH_BACKEND", "native")
    x = tf.placeholder(tf.float32, [ROWS, 60])
    y = tf.tanh(x * 2.0 + 1.0, name="curve")
    metadata = tf.RunMetadata()
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    with tf.Session() as session:
        session.run(y, {x: noise(ROWS, 60)}, options=options, run_metadata=metadata)
    names = [node.node_name for each in metadata.step_stats.dev_stats for node in each.node_stats]
    assert names == ["curve"]


@pytest.mark.parametrize("optimizer", ["GradientDescentOptimizer", "AdamOptimizer"])
def test_training_gives_the_same_losses(optimizer: str) -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(64, 20)).astype(np.float32)
    labels = (inputs[:, :3].sum(1, keepdims=True) > 0).astype(np.float32)
    x, y = tf.placeholder(tf.float32, [None, 20]), tf.placeholder(tf.float32, [None, 1])
    hidden, width = x, 20
    for size in (64, 32, 1):
        start = rng.normal(size=(width, size)).astype(np.float32) / np.sqrt(width)
        weights = tf.Variable(start.astype(np.float32))
        pre = tf.matmul(hidden, weights) + tf.Variable(tf.zeros([size]))
        hidden, width = (tf.nn.elu(pre) if size > 1 else pre), size
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=hidden))
    train = getattr(tf.train, optimizer)(0.05).minimize(loss)
    feed = {x: inputs, y: labels}
    expected = [each[0] for each in results([loss, train], feed, "reference", runs=30)]
    found = [each[0] for each in results([loss, train], feed, "native", runs=30)]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert found[-1] < 0.8 * found[0]


# All are continuous and none is steep, so errors of a few units in the last place stay small.
UNARY: list[Build] = [
    tf.tanh,
    tf.sigmoid,
    tf.abs,
    tf.sin,
    tf.nn.relu,
    tf.nn.softplus,
    tf.nn.elu,
    lambda x: x * 0.5,
    lambda x: 1.0 - x,
    lambda x: tf.square(tf.tanh(x)),
    lambda x: tf.sign(x) * x,
    lambda x: tf.log1p(tf.abs(x)),
    lambda x: tf.exp(-tf.abs(x)),
    lambda x: x[:1] + x,
    lambda x: x[:, :1] * tf.tanh(x),
    lambda x: tf.transpose(tf.transpose(x) * 2.0),
    lambda x: x - tf.reduce_mean(x, axis=0, keepdims=True),
]
BINARY: list[Callable[[Any, Any], Any]] = [
    lambda x, y: x + y,
    lambda x, y: x - y,
    tf.maximum,
    lambda x, y: tf.where(x > y, x, y),
    lambda x, y: (y - x) * tf.cast(tf.less(x, y), x.dtype),
    lambda x, y: tf.squared_difference(tf.tanh(x), tf.cos(y)),
]


@st.composite
def expressions(draw: Any) -> list[tuple[int, int, int]]:
    """Steps (operation, operand, operand); operands count back from the newest value."""
    last = len(UNARY) + len(BINARY) - 1
    return [
        (draw(st.integers(0, last)), draw(st.integers(0, n)), draw(st.integers(0, n)))
        for n in range(draw(st.integers(2, 10)))
    ]


@settings(max_examples=40)
@given(
    expressions(),
    st.sampled_from([(1, 1), (1, 7), (3, 4), (5, 17), (17, 1), (7, 64), (70, 67)]),
    st.sampled_from([tf.float32, tf.float64]),
    st.data(),
)
def test_random_expressions(steps: Any, shape: Any, dtype: Any, data: Any) -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(dtype, shape)
        values = [x]
        for operation, first, second in steps:
            a, b = values[-1 - first], values[-1 - second]
            if operation < len(UNARY):
                values.append(UNARY[operation](a))
            else:
                values.append(BINARY[operation - len(UNARY)](a, b))
        others = data.draw(st.lists(st.sampled_from(values), max_size=2))
        fed = np.random.default_rng(len(steps)).uniform(-2, 2, shape).astype(dtype.as_numpy_dtype)
        with np.errstate(all="ignore"):
            expected = results([values[-1], *others], {x: fed}, "reference", runs=1)[0]
            found = results([values[-1], *others], {x: fed}, "native", runs=2)[1]
    allowed = 1e-3 if dtype == tf.float32 else 1e-10
    for one, other in zip(found, expected, strict=True):
        scale = max(1.0, float(np.abs(other).max()))
        np.testing.assert_allclose(one, other, rtol=allowed, atol=allowed * scale)
