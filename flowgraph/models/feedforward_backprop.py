"""Back-propagation written out by hand, as part of the graph."""

from __future__ import annotations

from typing import Any, Literal

import flowgraph as tf
from flowgraph.models.feedforward import Network

__all__ = ["Cost", "backpropagate", "cost", "descend"]

Cost = Literal["squared", "log", "softmax"]


def cost(network: Network, target: Any, kind: Cost = "log") -> Any:
    """The cost C of a network's outputs z, summed over the examples.

    Args:
        target: y, of the outputs' shape.
        kind: ``"squared"``, sum (y - z)^2 / 2; ``"log"``, -sum y log z + (1 - y) log(1 - z);
            ``"softmax"``, -sum y log z.

    Returns:
        A scalar.
    """
    z = network.output
    if kind == "squared":
        return tf.reduce_sum(tf.square(target - z)) / 2
    if kind == "log":
        return -tf.reduce_sum(target * tf.log(z) + (1 - target) * tf.log(1 - z))
    return -tf.reduce_sum(target * tf.log(z))


def backpropagate(network: Network, target: Any, kind: Cost = "log") -> list[Any]:
    """The gradients of `cost` with respect to `network.variables`, in that order.

    With s for what a layer puts into its activation and d = dC/ds, a layer with inputs z has
    dC/dW = z^T d and dC/db = the sum of d over the examples. The outputs have d = z - y, for
    sigmoids with the log cost and for softmax with its own alike, and d = (z - y) z (1 - z) for
    sigmoids with the squared cost. A hidden layer below has d = (d W^T) z (1 - z)
    (Buduma, chapter 4; Pattanayak, chapter 2; targets of softmax must sum to 1).

    Args:
        network: its hidden layers are sigmoids, its outputs sigmoids, or softmax for
            ``"softmax"``.
        target: of the outputs' shape.
    """
    with tf.name_scope("backpropagate"):
        z = network.output
        delta = z - target
        if kind == "squared":
            delta *= z * (1 - z)
        gradients: list[Any] = []
        inputs = [network.x, *network.layers[:-1]]
        for place in reversed(range(len(inputs))):
            z = inputs[place]
            weights = tf.matmul(z, delta, transpose_a=True)
            gradients[:0] = [weights, tf.reduce_sum(delta, axis=0)]
            if place:
                delta = tf.matmul(delta, network.weights[place], transpose_b=True) * z * (1 - z)
    return gradients


def descend(network: Network, gradients: list[Any], rate: float) -> Any:
    """An operation that takes ``rate * gradient`` off every variable of the network."""
    pairs = zip(network.variables, gradients, strict=True)
    with tf.name_scope("descend"), tf.control_dependencies(gradients):
        return tf.group(*[tf.assign_sub(variable, rate * slope) for variable, slope in pairs])
