"""Optimizers: their updates, dense and sparse, and the nodes and variables that they make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
import optimizer_formulas

START = np.array([[1.0, -2.0], [0.5, 3.0], [-1.0, 0.25]], np.float32)
GRADIENTS = np.array(
    [[[0.3, -0.1], [1.0, 0.2], [-0.4, 0.6]], [[-0.2, 0.5], [0.1, 0.1], [0.7, -0.3]]] * 2,
    np.float32,
)
# Row 0 is named twice: its parts are summed. Row 1 is not named.
ROWS = np.array([0, 2, 0], np.int32)


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


def variable(value: Any, **settings: Any) -> Any:
    return tf.Variable(value, **settings)


def initialized() -> Any:
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


def dense_of(values: Any) -> Any:
    """The sum of rows `ROWS` in a matrix."""
    found = np.zeros_like(START)
    np.add.at(found, ROWS, values)
    return found


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize("name", optimizer_formulas.CASES)
def test_four_steps_follow_the_formula(name: str, sparse: bool) -> None:
    case = optimizer_formulas.CASES[name]
    var = variable(START, name="W")
    fed = tf.placeholder(tf.float32, [3, 2])
    gradient = tf.IndexedSlices(fed, tf.constant(ROWS), tf.constant([3, 2])) if sparse else fed
    optimizer = case.make()
    step = tf.train.get_or_create_global_step()
    train = optimizer.apply_gradients([(gradient, var)], global_step=step)
    slots = {slot: np.full_like(START, initial) for slot, _, initial in case.slots}
    expected = START
    with initialized() as session:
        for count, value in enumerate(GRADIENTS, 1):
            session.run(train, {fed: value})
            old_slots = dict(slots)
            new = case.update(expected, dense_of(value) if sparse else value, slots, count)
            if sparse and case.rows_only:
                new[1] = expected[1]
                for slot, old in old_slots.items():
                    slots[slot][1] = old[1]
            expected = new
            np.testing.assert_allclose(session.run(var), expected, rtol=2e-5, atol=1e-6)
            for slot, value in slots.items():
                kept = session.run(optimizer.get_slot(var, slot))
                np.testing.assert_allclose(kept, value, rtol=2e-5, atol=1e-6)
        assert tf.train.global_step(session, step) == len(GRADIENTS)


@pytest.mark.parametrize("name", optimizer_formulas.CASES)
def test_slots_are_named_after_variable_and_optimizer(name: str) -> None:
    case = optimizer_formulas.CASES[name]
    var = variable(START, name="W")
    optimizer = case.make()
    optimizer.minimize(tf.reduce_sum(tf.square(var)))
    assert optimizer.get_slot_names() == sorted(slot for slot, _, _ in case.slots)
    for slot, suffix, _ in case.slots:
        kept = optimizer.get_slot(var, slot)
        assert kept.name == f"W/{suffix}:0"
        assert kept.op.colocation_groups() == [b"loc:@W"]
        assert kept in tf.global_variables() and kept not in tf.trainable_variables()
    assert optimizer.get_slot(var, "no such slot") is None


def test_nodes_of_adam(graph: Any) -> None:
    var = variable([1.0, 2.0], name="W")
    step = tf.train.get_or_create_global_step()
    optimizer = tf.train.AdamOptimizer(0.1)
    train = optimizer.minimize(tf.reduce_sum(tf.square(var)), global_step=step)
    assert (train.name, train.type) == ("Adam", "AssignAdd")
    nodes = [op.name for op in graph.get_operations()]
    last = nodes[nodes.index("Adam/learning_rate") :]
    assert last == [
        "Adam/learning_rate",
        "Adam/beta1",
        "Adam/beta2",
        "Adam/epsilon",
        "Adam/update_W/ApplyAdam",
        "Adam/mul",
        "Adam/Assign",
        "Adam/mul_1",
        "Adam/Assign_1",
        "Adam/update",
        "Adam/value",
        "Adam",
    ]
    made = ["W/Adam:0", "W/Adam_1:0", "beta1_power:0", "beta2_power:0"]
    assert [each.name for each in optimizer.variables()] == made
    assert tf.get_collection(tf.GraphKeys.TRAIN_OP) == [train]


def test_nodes_of_gradient_descent_without_step(graph: Any) -> None:
    var = variable([1.0, 2.0], name="scope/W")
    train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(var), name="train")
    assert (train.name, train.type) == ("train", "NoOp")
    update = graph.get_operation_by_name("train/update_scope/W/ApplyGradientDescent")
    assert train.control_inputs == [update]
    assert update.inputs[1].name == "train/learning_rate:0"


def test_a_second_optimizer_gets_names_of_its_own() -> None:
    var = variable(1.0, name="W")
    first, second = tf.train.AdamOptimizer(), tf.train.AdamOptimizer()
    assert first.minimize(var * var).name == "Adam"
    assert second.minimize(var * var).name == "Adam_1"
    assert second.get_slot(var, "m").name == "W/Adam_2:0"


def test_slots_are_made_once() -> None:
    var = variable(1.0, name="W")
    optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
    optimizer.minimize(var * var)
    before = len(tf.global_variables())
    optimizer.minimize(var * var)
    assert len(tf.global_variables()) == before


def test_the_step_is_counted_after_the_updates() -> None:
    var = variable(1.0, name="W")
    step = tf.train.get_or_create_global_step()
    train = tf.train.GradientDescentOptimizer(0.1).minimize(var * var, global_step=step)
    (update,) = (
        op for op in tf.get_default_graph().get_operations() if op.type.startswith("Apply")
    )
    waiting, seen = [train], set()
    while waiting:
        op = waiting.pop()
        seen.add(op)
        waiting.extend([*op.control_inputs, *(tensor.op for tensor in op.inputs)])
    assert update in seen


def test_a_loss_fetched_with_the_update_is_that_before_it() -> None:
    var = variable(3.0)
    loss = var * var
    train = tf.train.GradientDescentOptimizer(0.25).minimize(loss)
    with initialized() as session:
        assert session.run([loss, train])[0] == 9.0
        assert session.run(var) == 1.5


@pytest.mark.parametrize("dtype", [tf.float64, tf.float16])
def test_hyperparameters_take_the_type_of_the_variable(dtype: Any) -> None:
    var = variable(np.array([1.0, 2.0], dtype.as_numpy_dtype))
    train = tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(var * var))
    with initialized() as session:
        session.run(train)
        np.testing.assert_allclose(session.run(var), [0.9, 1.9], rtol=1e-2)


def test_hyperparameters_may_be_functions_and_tensors() -> None:
    rate = tf.placeholder(tf.float32, [])
    var = variable(1.0)
    train = tf.train.GradientDescentOptimizer(lambda: rate).apply_gradients(
        [(tf.constant(1.0), var)]
    )
    with initialized() as session:
        session.run(train, {rate: 0.25})
        assert session.run(var) == 0.75


def test_constraint_is_applied_after_the_update() -> None:
    var = variable([1.0, -4.0], constraint=lambda value: tf.clip_by_norm(value, 1.0))
    train = tf.train.GradientDescentOptimizer(1.0).apply_gradients(
        [(tf.constant([-2.0, 0.0]), var)]
    )
    with initialized() as session:
        session.run(train)
        np.testing.assert_allclose(session.run(var), [0.6, -0.8], rtol=1e-6)


def test_constraint_does_not_go_with_sparse_gradients() -> None:
    var = variable(START, constraint=lambda value: value)
    slices = tf.IndexedSlices(tf.zeros([1, 2]), tf.constant([0]), tf.constant([3, 2]))
    with pytest.raises(RuntimeError, match="Cannot use a constraint function on a sparse variable"):
        tf.train.GradientDescentOptimizer(1.0).apply_gradients([(slices, var)])


@pytest.mark.parametrize("gate", ["GATE_NONE", "GATE_OP", "GATE_GRAPH"])
def test_gates_change_nothing_about_the_values(gate: str) -> None:
    optimizer = tf.train.GradientDescentOptimizer(0.5)
    a, b = variable(1.0), variable(2.0)
    train = optimizer.minimize(a * b, gate_gradients=getattr(optimizer, gate))
    with initialized() as session:
        session.run(train)
        assert session.run([a, b]) == [0.0, 1.5]


def test_grad_loss_scales_the_gradient() -> None:
    var = variable(1.0)
    pairs = tf.train.GradientDescentOptimizer(1.0).compute_gradients(3.0 * var, grad_loss=2.0 * var)
    with initialized() as session:
        assert session.run(pairs[0][0]) == 6.0


class Halving(tf.train.Optimizer):
    """Halves the variables, whatever their gradients; gives only the resource form."""

    def __init__(self) -> None:
        super().__init__(use_locking=False, name="Halving")

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        return handle.assign(handle * 0.5).op


def test_subclass_with_only_the_resource_form() -> None:
    var = variable(8.0)
    train = Halving().minimize(var * var)
    with initialized() as session:
        session.run(train)
        assert session.run(var) == 4.0


def test_errors() -> None:
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    with pytest.raises(ValueError, match=r"No variables to optimize\."):
        optimizer.minimize(tf.constant(1.0))
    var = variable(1.0, name="W")
    with pytest.raises(
        ValueError, match="No gradients provided for any variable, check your graph"
    ):
        optimizer.minimize(tf.constant(1.0))
    with pytest.raises(ValueError, match=r"No gradients provided for any variable: .*W:0"):
        optimizer.apply_gradients([(None, var)])
    with pytest.raises(ValueError, match=r"No variables provided\."):
        optimizer.apply_gradients([])
    with pytest.raises(ValueError, match="gate_gradients must be one of"):
        optimizer.minimize(var * var, gate_gradients=7)
    with pytest.raises(TypeError, match="Argument is not a variable"):
        optimizer.minimize(var * var, var_list=["W"])
    with pytest.raises(TypeError, match="Gradient must be convertible to a Tensor"):
        optimizer.apply_gradients([(object(), var)])
    with pytest.raises(ValueError, match=r"Invalid type tf\.int32 for"):
        optimizer.compute_gradients(tf.constant(1))
    with pytest.raises(ValueError, match="Must specify the optimizer name"):
        tf.train.GradientDescentOptimizer(0.1, name="")
    with pytest.raises(ValueError, match="must be positive"):
        tf.train.AdagradOptimizer(0.1, initial_accumulator_value=0.0)
    with pytest.raises(ValueError, match="needs to be positive or zero"):
        tf.train.FtrlOptimizer(0.1, l1_regularization_strength=-1.0)


def test_global_step() -> None:
    assert tf.train.get_global_step() is None
    step = tf.train.create_global_step()
    assert (step.name, step.dtype.base_dtype) == ("global_step:0", tf.int64)
    assert tf.train.get_or_create_global_step() is step
    assert step not in tf.trainable_variables()
    with pytest.raises(ValueError, match='"global_step" already exists'):
        tf.train.create_global_step()
    with pytest.raises(TypeError, match="does not have integer type"):
        tf.train.assert_global_step(variable(1.0))
    with pytest.raises(TypeError, match="is not scalar"):
        tf.train.assert_global_step(variable([1, 2]))
