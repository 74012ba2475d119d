"""Feed-forward networks: layers of neurons, and the classifiers that the books make of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import flowgraph as tf

__all__ = ["WIDTHS", "Classifier", "Network", "mlp", "parameter_count", "softmax_classifier"]

# Inputs, hidden units layer by layer, outputs: the books' classifiers of 28x28 images.
WIDTHS: dict[str, tuple[int, ...]] = {
    "softmax regression": (784, 10),  # Charniak 2.2, Pattanayak 2-18
    "relu network": (784, 784, 10),  # Charniak 2.3
    "base classifier": (784, 256, 10),  # Buduma chapter 5
    "three layers": (784, 256, 256, 10),  # Buduma chapter 6
    "thirty and thirty": (784, 30, 30, 10),  # Buduma chapter 4
    "hourglass": (784, 256, 128, 256, 10),  # Pattanayak 2-10
}


class Network(NamedTuple):
    """The layers of a network, first to last.

    Attributes:
        x: the inputs, [n, features].
        layers: each layer's activations, [n, width]; the last are the outputs.
        logits: the last layer before its activation.
        weights: each layer's variable [inputs, width]; a column holds one neuron's weights.
        biases: each layer's variable [width].
    """

    x: Any
    layers: list[Any]
    logits: Any
    weights: list[Any]
    biases: list[Any]

    @property
    def output(self) -> Any:
        """The activations of the last layer."""
        return self.layers[-1]

    @property
    def variables(self) -> list[Any]:
        """Weights and biases, layer by layer."""
        pairs = zip(self.weights, self.biases, strict=True)
        return [variable for pair in pairs for variable in pair]


def parameter_count(variables: Sequence[Any]) -> int:
    """The number of elements of all `variables`."""
    return sum(math.prod(variable.shape.as_list()) for variable in variables)


def mlp(
    x: Any,
    widths: Sequence[int],
    activation: Callable[[Any], Any] | None = tf.nn.relu,
    output: Callable[[Any], Any] | None = None,
    weights_initializer: Any = None,
    biases_initializer: Any = None,
    name: str = "mlp",
) -> Network:
    """A stack of layers y = f(y W + b), the first on `x`.

    Buduma (chapter 3) and Ramsundar (chapter 4) write it for one example, y = f(W^T x + b); the
    rows of `x` are examples here.

    Args:
        x: [n, features], n may be unknown.
        widths: the number of neurons of each layer.
        activation: f of all layers but the last; None for none.
        output: f of the last layer; None for none.
        weights_initializer: None for Glorot's.
        biases_initializer: None for zeros.
        name: of the variable scope, which is made unique.
    """
    layers, weights, biases = [x], [], []
    with tf.variable_scope(None, default_name=name):
        for place, width in enumerate(widths):
            last = place == len(widths) - 1
            with tf.variable_scope("output" if last else f"hidden_{place + 1}"):
                w = tf.get_variable(
                    "weights",
                    [layers[-1].shape.as_list()[-1], width],
                    dtype=x.dtype,
                    initializer=weights_initializer or tf.glorot_uniform_initializer(),
                )
                b = tf.get_variable(
                    "biases",
                    [width],
                    dtype=x.dtype,
                    initializer=biases_initializer or tf.zeros_initializer(),
                )
                z = tf.matmul(layers[-1], w) + b
                function = output if last else activation
                layers.append(z if function is None else function(z))
                weights.append(w)
                biases.append(b)
    return Network(x, layers[1:], z, weights, biases)


class Classifier(NamedTuple):
    """A network with its loss.

    Attributes:
        network: its outputs are the classes' probabilities, [n, classes].
        loss: the mean cross-entropy, a scalar.
        correct: bool [n], whether the most probable class is the right one.
        accuracy: the part that is right, a scalar.
    """

    network: Network
    loss: Any
    correct: Any
    accuracy: Any


def softmax_classifier(
    image: Any,
    label: Any,
    widths: Sequence[int] = WIDTHS["softmax regression"][1:],
    activation: Callable[[Any], Any] | None = tf.nn.relu,
    from_logits: bool = True,
    weights_initializer: Any = None,
    biases_initializer: Any = None,
    name: str = "classifier",
) -> Classifier:
    """A network with a softmax of its last layer, and the cross-entropy -log p(label).

    Charniak's printed form (section 2.2), ``-sum(label * log(softmax(logits)))``, is
    ``from_logits=False``: it is NaN as soon as some probability rounds to 0, as with pixels from 0
    to 255. The form from the logits stays finite.

    Args:
        image: float [n, features].
        label: the right class, integer [n], or one-hot rows, float [n, classes].
        widths: hidden layers' neurons, then the number of classes.
        activation: of the hidden layers; None leaves all layers linear, worth a single one.
        from_logits: how the loss is computed.
        weights_initializer: None for normal numbers of deviation .1, as Charniak has it.
        biases_initializer: None for the same as the weights'.
        name: of the scope.
    """
    weights_initializer = weights_initializer or tf.random_normal_initializer(stddev=0.1)
    with tf.name_scope(name):
        network = mlp(
            image,
            widths,
            activation,
            tf.nn.softmax,
            weights_initializer,
            biases_initializer or weights_initializer,
            name,
        )
        right = label if label.dtype.is_integer else tf.argmax(label, 1)
        if not from_logits:
            chosen = tf.one_hot(label, widths[-1]) if label.dtype.is_integer else label
            entropy = -tf.reduce_sum(chosen * tf.log(network.output), reduction_indices=[1])
        elif label.dtype.is_integer:
            entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=label, logits=network.logits
            )
        else:
            entropy = tf.nn.softmax_cross_entropy_with_logits_v2(
                labels=label, logits=network.logits
            )
        loss = tf.reduce_mean(entropy)
        correct = tf.equal(tf.argmax(network.output, 1, output_type=right.dtype), right)
        accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
    return Classifier(network, loss, correct, accuracy)
