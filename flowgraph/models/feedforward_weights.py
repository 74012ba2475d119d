"""A network's weights as arrays: read and written, moved along lines, changed by symmetries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

import flowgraph as tf

__all__ = ["State", "interpolate", "permute", "rescale"]

Array = np.ndarray[Any, Any]
Arrays = Sequence[Array]


class State:
    """The values of variables, by name.

    Adds one placeholder and one assignment per variable to the graph, so that loading a state
    adds nothing.
    """

    def __init__(self, variables: Iterable[Any]) -> None:
        self._variables = {variable.op.name: variable for variable in variables}
        with tf.name_scope("state"):
            self._values = {
                name: tf.placeholder(variable.dtype.base_dtype, variable.shape)
                for name, variable in self._variables.items()
            }
            self._load = tf.group(
                *[tf.assign(self._variables[name], value) for name, value in self._values.items()]
            )

    def read(self, session: Any) -> dict[str, Array]:
        """Copies of all values."""
        values = session.run(self._variables)
        return {name: np.array(value) for name, value in values.items()}

    def load(self, session: Any, values: Mapping[str, Any]) -> None:
        """Gives the variables `values`.

        Raises:
            ValueError: if the names are not those of the variables, or a shape is not.
        """
        if values.keys() != self._values.keys():
            odd = sorted(values.keys() ^ self._values.keys())
            raise ValueError(f"names of only one side: {', '.join(odd)}")
        session.run(self._load, {self._values[name]: value for name, value in values.items()})


def interpolate(
    final: Mapping[str, Any], initial: Mapping[str, Any], alpha: float
) -> dict[str, Any]:
    """``final * (1 - alpha) + initial * alpha``, name by name.

    0 is the solution and 1 the random start, as in the book's code (Buduma, chapter 6); its
    equation has alpha the other way round.
    """
    return {name: final[name] * (1 - alpha) + initial[name] * alpha for name in final}


def permute(parameters: Arrays, layer: int, order: Any) -> list[Array]:
    """The weights and biases of the same function with hidden layer `layer` in another order.

    Args:
        parameters: weights [inputs, width] and biases [width] in turn, first layer to last.
        layer: the hidden layer, from 0.
        order: a permutation of the layer's neurons.
    """
    changed = list(parameters)
    place = 2 * layer
    changed[place] = parameters[place][:, order]
    changed[place + 1] = parameters[place + 1][order]
    changed[place + 2] = parameters[place + 2][order]
    return changed


def rescale(parameters: Arrays, layer: int, factors: Any) -> list[Array]:
    """What enters each neuron of a hidden layer multiplied, and what leaves it divided by factors.

    A network of ReLUs stays the same function for factors above 0, and only for these.

    Args:
        parameters, layer: as for `permute`.
        factors: [width], or one for all.
    """
    changed = list(parameters)
    place = 2 * layer
    factors = np.broadcast_to(factors, parameters[place + 1].shape)
    changed[place] = parameters[place] * factors
    changed[place + 1] = parameters[place + 1] * factors
    changed[place + 2] = parameters[place + 2] / factors[:, np.newaxis]
    return changed
