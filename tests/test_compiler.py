"""The compiler: what passes do, and that they never change a result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowgraph as tf
from flowgraph.compiler.lower import lower
from flowgraph.compiler.memory import plan_memory
from flowgraph.compiler.passes.protect import alias_roots
from flowgraph.compiler.pipeline import optimize
from flowgraph.compiler.program import Program
from flowgraph.compiler.verify import verify

SHAPE = (3, 4)
Names = list[str]


def compiled(fetches: Any, feeds: Any = (), level: int = 1) -> Program:
    """The program of `fetches` with every pass checked."""
    tensors = list(feeds)
    program = lower(list(fetches), [], tensors, [tuple(t.shape.as_list()) for t in tensors])
    verify(program, "lowering")
    optimize(program, level=level, check=True)
    return program


def types_in(program: Program) -> list[str]:
    return [instr.type for instr in program.instrs]


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as graph:
        yield graph


RULES = {
    "identity": (lambda x: tf.identity(x), []),
    "times one": (lambda x: x * 1, []),
    "one times": (lambda x: 1 * x, []),
    "over one": (lambda x: x / 1, []),
    "minus zero": (lambda x: x - 0, []),
    "plus zero stays, for it turns -0.0 into 0.0": (lambda x: x + 0, ["Const", "AddV2"]),
    "double negative": (lambda x: tf.negative(-x), []),
    "power one": (lambda x: tf.pow(x, 1.0), []),
    "power two": (lambda x: tf.pow(x, 2.0), ["Square"]),
    "same shape": (lambda x: tf.reshape(x, SHAPE), []),
    "double reshape": (lambda x: tf.reshape(tf.reshape(x, [12]), [4, 3]), ["Const", "Reshape"]),
    "cast to itself": (lambda x: tf.cast(x, tf.float32), []),
    "no axes": (lambda x: tf.reduce_sum(x, axis=[]), []),
    "common": (lambda x: tf.exp(x) + tf.exp(x), ["Exp", "AddV2"]),
    "constants": (lambda x: x * (tf.constant(2.0) + 3.0), ["Const", "Mul"]),
    "shapes are constants": (lambda x: tf.fill(tf.shape(x), 2.0) * x, ["Const", "Mul"]),
    "transpose into product": (
        lambda x: tf.matmul(tf.transpose(x), x),
        ["MatMul"],
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_simplification(name: str) -> None:
    build, expected = RULES[name]
    x = tf.placeholder(tf.float32, SHAPE)
    program = compiled([build(x)], [x])
    assert types_in(program) == expected


def test_stateful_instructions_are_neither_merged_nor_dropped() -> None:
    a, b = tf.random_uniform([2], seed=1), tf.random_uniform([2], seed=1)
    kinds = types_in(compiled([a + b]))
    assert kinds.count("RandomUniform") == 2


def test_the_pruned_program_is_what_the_user_built_at_level_zero() -> None:
    x = tf.placeholder(tf.float32, SHAPE)
    y = tf.identity(x) * 1
    tf.exp(x)
    assert types_in(compiled([y], [x], level=0)) == ["Identity", "Const", "Mul"]


def test_a_program_prints() -> None:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    w = tf.Variable(tf.zeros([4, 2]), name="w")
    y = tf.matmul(x, w)
    program = lower([y], [], [x], [(5, 4)])
    optimize(program)
    assert str(program).splitlines() == [
        "f0: float32[5,4] = feed x:0",
        "v1: float32[4,2] = _Read(w)",
        "v2: float32[5,2] = MatMul(f0, v1)",
        "return v2",
    ]


def test_a_broken_program_is_reported_with_its_neighbourhood() -> None:
    x = tf.placeholder(tf.float32, SHAPE)
    program = lower([tf.exp(tf.tanh(x))], [], [x], [SHAPE])
    program.instrs.reverse()
    with pytest.raises(tf.errors.InternalError, match=r"after shuffling: instruction 0 uses"):
        verify(program, "shuffling")


UNARY = {
    "neg": lambda x: -x,
    "tanh": tf.tanh,
    "relu": tf.nn.relu,
    "sigmoid": tf.sigmoid,
    "square": tf.square,
    "identity": tf.identity,
    "times1": lambda x: x * 1,
    "transpose": lambda x: tf.transpose(tf.transpose(x)),
    "reshape": lambda x: tf.reshape(tf.reshape(x, [-1]), SHAPE),
    "centre": lambda x: x - tf.reduce_mean(x, axis=0, keepdims=True),
    "softmax": tf.nn.softmax,
    "rowsum": lambda x: x * tf.reduce_sum(x, axis=1, keepdims=True),
    "slice": lambda x: tf.concat([x[:1], x[1:]], 0),
    "gram": lambda x: tf.matmul(x, tf.matmul(x, x, transpose_a=True)) * 0.1,
}
BINARY = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "max": tf.maximum,
    "where": lambda x, y: tf.where(x > y, x, y),
}


@st.composite
def recipes(draw: Any) -> list[tuple[str, int, int]]:
    """Steps (op, operand, operand) of a random program; operands count back from the newest."""
    steps = []
    for count in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from([*UNARY, *BINARY]))
        back = st.integers(0, count)
        steps.append((kind, draw(back), draw(back)))
    return steps


def built(recipe: list[tuple[str, int, int]], x: Any) -> list[Any]:
    values = [x]
    for kind, first, second in recipe:
        a, b = values[-1 - first], values[-1 - second]
        values.append(UNARY[kind](a) if kind in UNARY else BINARY[kind](a, b))
    return values


@settings(max_examples=60)
@given(recipes(), st.integers(0, 3))
def test_random_programs_optimised_equal_unoptimised(recipe: Any, seed: int) -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float64, [None, None])
        values = built(recipe, x)
        fetches = [values[-1], values[len(values) // 2], tf.gradients(values[-1], x)[0]]
        fetches = [each for each in fetches if each is not None]
        data = np.random.default_rng(seed).normal(size=SHAPE)
        plain = tf.ConfigProto()
        plain.graph_options.optimizer_options.opt_level = tf.OptimizerOptions.L0
        with tf.Session(config=plain) as session:
            expected = session.run(fetches, {x: data})
        with tf.Session() as session:
            for _ in range(3):
                for one, other in zip(session.run(fetches, {x: data}), expected, strict=True):
                    np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@settings(max_examples=60)
@given(recipes())
def test_values_that_live_together_never_share_bytes(recipe: Any) -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, SHAPE)
        values = built(recipe, x)
        program = compiled([values[-1]], [x])
    arena = plan_memory(program)
    roots = alias_roots(program)
    born = {v: i for i, instr in enumerate(program.instrs) for v in instr.outputs}
    dies: dict[Any, int] = {}
    for index, instr in enumerate(program.instrs):
        for value in instr.inputs:
            dies[roots.get(value, value)] = index
    size = 4 * SHAPE[0] * SHAPE[1]
    for a, start_a in arena.offsets.items():
        for b, start_b in arena.offsets.items():
            overlap = abs(start_a - start_b) < size
            together = born[a] < born[b] < dies.get(a, born[a])
            assert a is b or not (overlap and together)
    assert arena.size <= max(arena.unshared + 64 * len(arena.offsets), 0)
