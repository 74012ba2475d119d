"""Optimizers on dense and sparse gradients, their slots and names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support.programs import Build, program, raised
from support.values import ramp

STEPS = 3

Make = Callable[[Any], Any]
OPTIMIZERS: dict[str, Make] = {
    "sgd": lambda tf: tf.train.GradientDescentOptimizer(0.1),
    "momentum": lambda tf: tf.train.MomentumOptimizer(0.1, 0.9),
    "nesterov": lambda tf: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "adagrad": lambda tf: tf.train.AdagradOptimizer(0.1),
    "adagrad_da": lambda tf: tf.train.AdagradDAOptimizer(
        0.1,
        tf.train.get_or_create_global_step(),
        l1_regularization_strength=0.01,
        l2_regularization_strength=0.1,
    ),
    "adadelta": lambda tf: tf.train.AdadeltaOptimizer(0.5),
    "rmsprop": lambda tf: tf.train.RMSPropOptimizer(0.1, momentum=0.5),
    "rmsprop_centered": lambda tf: tf.train.RMSPropOptimizer(0.1, centered=True),
    "adam": lambda tf: tf.train.AdamOptimizer(0.1),
    "ftrl": lambda tf: tf.train.FtrlOptimizer(
        0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.1
    ),
    "ftrl_shrinkage": lambda tf: tf.train.FtrlOptimizer(
        0.1, learning_rate_power=-0.6, l2_shrinkage_regularization_strength=0.1
    ),
    "proximal_sgd": lambda tf: tf.train.ProximalGradientDescentOptimizer(
        0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.1
    ),
    "proximal_adagrad": lambda tf: tf.train.ProximalAdagradOptimizer(
        0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.1
    ),
}


def _train(tf: Any, make: Make, loss_of: Callable[[Any, Any], Any]) -> dict[str, Any]:
    w = tf.Variable(ramp(5, 2), name="W")
    b = tf.Variable(ramp(2, shift=1), name="b")
    optimizer = make(tf)
    step = tf.train.get_or_create_global_step()
    train = optimizer.minimize(loss_of(w, b), global_step=step)
    history = []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(STEPS):
            session.run(train)
            history += session.run([w, b])
        final = session.run(tf.global_variables())
    slots = {
        name: [optimizer.get_slot(variable, name).name for variable in (w, b)]
        for name in optimizer.get_slot_names()
    }
    return {
        "history": history,
        "final": final,
        "slots": slots,
        "variables": [[v.name, v.dtype.name, v.shape.as_list()] for v in tf.global_variables()],
        "own": sorted(v.name for v in optimizer.variables()),
        "train op": train.name,
        "collection": [op.name for op in tf.get_collection(tf.GraphKeys.TRAIN_OP)],
    }


def _dense(make: Make) -> Build:
    def build(tf: Any) -> dict[str, Any]:
        x = tf.constant(ramp(4, 5, shift=2))
        return _train(tf, make, lambda w, b: tf.reduce_sum(tf.square(tf.matmul(x, w) + b)))

    return build


def _sparse(make: Make) -> Build:
    def build(tf: Any) -> dict[str, Any]:
        ids = tf.constant([3, 1, 3, 0])
        weights = ramp(4, 2, shift=5)

        def loss(w: Any, b: Any) -> Any:
            return tf.reduce_sum(tf.square(tf.gather(w, ids) * weights + b))

        return _train(tf, make, loss)

    return build


for _name, _make in OPTIMIZERS.items():
    for _kind, _builder in (("dense", _dense), ("sparse", _sparse)):
        _build = _builder(_make)
        _build.__name__ = f"{_name}_{_kind}"
        _build.__module__ = __name__
        program(graph=_name in ("sgd", "momentum", "adam"))(_build)


@program
def gradients_then_apply(tf: Any) -> dict[str, Any]:
    w = tf.Variable(ramp(3), name="w")
    unused = tf.Variable(1.0, name="unused")
    optimizer = tf.train.GradientDescentOptimizer(0.5)
    pairs = optimizer.compute_gradients(tf.reduce_sum(w * w))
    clipped = [(tf.clip_by_norm(g, 0.5), v) for g, v in pairs if g is not None]
    apply = optimizer.apply_gradients(clipped, name="training")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(apply)
        value = session.run(w)
    return {
        "pairs": [[None if g is None else g.name, v.name] for g, v in pairs],
        "unused": unused,
        "value": value,
        "name": apply.name,
    }


@program
def options_of_minimize(tf: Any) -> dict[str, Any]:
    a, b = tf.Variable(2.0, name="a"), tf.Variable(3.0, name="b")
    step = tf.Variable(0, trainable=False, name="step")
    optimizer = tf.train.GradientDescentOptimizer(tf.constant(0.1))
    only_b = optimizer.minimize(a * b, global_step=step, var_list=[b], name="only_b")
    scaled = optimizer.minimize(
        a * b, grad_loss=tf.constant(2.0), gate_gradients=optimizer.GATE_NONE
    )
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(only_b)
        first = session.run([a, b, step])
        session.run(scaled)
        second = session.run([a, b, step])
    return {"first": first, "second": second, "names": [only_b.name, scaled.name]}


@program
def constraints(tf: Any) -> dict[str, Any]:
    w = tf.Variable(ramp(4), name="w", constraint=lambda value: tf.clip_by_value(value, 0.0, 1.0))
    train = tf.train.GradientDescentOptimizer(0.3).minimize(tf.reduce_sum(w * ramp(4, shift=1)))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        return {"value": session.run(w)}


@program
def two_optimizers(tf: Any) -> dict[str, Any]:
    w = tf.Variable(ramp(3), name="w")
    loss = tf.reduce_sum(tf.square(w))
    tf.train.AdamOptimizer(0.1).minimize(loss)
    tf.train.AdamOptimizer(0.1).minimize(loss)
    tf.train.MomentumOptimizer(0.1, 0.9, name="Mine").minimize(loss)
    return {"variables": [v.name for v in tf.global_variables()]}


@program
def failures(tf: Any) -> dict[str, Any]:
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    empty = raised(lambda: optimizer.minimize(tf.constant(1.0)), "No variables to optimize")
    w = tf.Variable(1.0, name="w")
    return {
        "no variables": empty,
        "no gradient": raised(
            lambda: optimizer.minimize(tf.constant(1.0), var_list=[w]), "No gradients provided"
        ),
        "empty": raised(lambda: optimizer.apply_gradients([]), "No variables provided"),
        "none": raised(lambda: optimizer.apply_gradients([(None, w)]), "No gradients provided"),
        "abstract": raised(lambda: tf.train.Optimizer(False, "x").minimize(w * 2.0), ""),
        "unnamed": raised(lambda: tf.train.Optimizer(False, ""), "name"),
    }


@program
def own_optimizer(tf: Any) -> dict[str, Any]:
    class Halving(tf.train.Optimizer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(False, "Halving")

        def _create_slots(self, var_list: Any) -> None:
            for variable in var_list:
                self._zeros_slot(variable, "seen", self._name)

        def _apply_dense(self, grad: Any, var: Any) -> Any:
            seen = self.get_slot(var, "seen")
            seen = seen.assign_add(grad)
            with tf.control_dependencies([seen]):
                return tf.group(var.assign(seen * 0.5))

    w = tf.Variable(ramp(3), name="w")
    optimizer = Halving()
    train = optimizer.minimize(tf.reduce_sum(w * w))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        values = session.run([w, optimizer.get_slot(w, "seen")])
    return {"values": values, "names": [v.name for v in tf.global_variables()]}
