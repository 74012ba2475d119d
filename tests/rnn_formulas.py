"""Steps of recurrent cells in NumPy, and how a cell is run once to compare with them."""

from __future__ import annotations

from typing import Any

import numpy as np

import flowgraph as tf

__all__ = ["Step", "batch_values", "normal", "one_step", "sigmoid", "softmax"]


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def batch_values(batch: int, size: int) -> Any:
    return normal(batch, size, seed=size)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def softmax(x: Any) -> Any:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


class Step:
    """What one step gave: `output`, `state` (a list), and the cell's variables by name."""

    def __init__(self, output: Any, state: Any, variables: dict[str, Any]) -> None:
        self.output = output
        self.state = state
        self.variables = variables

    def __getitem__(self, name: str) -> Any:
        """The variable whose name, without the cell's scope, is that."""
        return self.variables[name]


def _structured(like: Any, values: list[Any]) -> Any:
    return tf.nest.pack_sequence_as(like, values)


def one_step(make: Any, inputs: Any, state: Any) -> Step:
    """One step of a cell, from given inputs and states, with random values in all variables."""
    with tf.Graph().as_default(), tf.Session() as session:
        cell = make()
        given = tf.nest.map_structure(tf.constant, inputs)
        before = _structured(cell.state_size, [tf.constant(each) for each in state])
        output, after = cell(given, before)
        assert output.shape.is_fully_defined()
        variables = cell.variables
        values = []
        for number, variable in enumerate(variables):
            value = normal(*variable.shape.as_list(), seed=number)
            # Periods are positive; the formulas leave open what others would mean.
            values.append(np.abs(value) + 0.5 if "period" in variable.name else value)
        for variable, value in zip(variables, values, strict=True):
            session.run(variable.initializer, {variable.initial_value: value})
        found = session.run([output, tf.nest.flatten(after)])
        names = [each.op.name.partition("/")[2] for each in variables]
    return Step(found[0], found[1], dict(zip(names, values, strict=True)))
