"""Layers: names of variables and operations, values, reuse, scopes, losses and errors.

TensorFlow has its layers of version 1 in a private module today.
"""

from __future__ import annotations

import importlib
import itertools
import warnings
from types import SimpleNamespace
from typing import Any

from support.programs import program, raised
from support.values import ramp

_PRIVATE = "tensorflow.python.keras.legacy_tf_layers."


def layers_of(tf: Any) -> Any:
    """What `tf.layers` was in TensorFlow 1."""
    if not tf.__name__.startswith("tensorflow"):
        return tf.layers
    warnings.simplefilter("ignore")
    parts = [
        importlib.import_module(_PRIVATE + name) for name in ("core", "convolutional", "pooling")
    ]
    found = dict(itertools.chain.from_iterable(vars(part).items() for part in parts))
    base = importlib.import_module(_PRIVATE + "base")
    return SimpleNamespace(**{**found, "Layer": base.Layer, "InputSpec": base.InputSpec})


def names(things: Any) -> list[str]:
    return [each.name for each in things]


@program(graph=True)
def dense(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    tf.set_random_seed(3)
    x = tf.constant(ramp(2, 3), name="x")
    results = {
        "plain": layers.dense(x, 4),
        "relu": layers.dense(x, 4, activation=tf.nn.relu),
        "no bias": layers.dense(x, 2, use_bias=False),
        "initialized": layers.dense(
            x,
            2,
            tf.nn.tanh,
            kernel_initializer=tf.constant_initializer(0.5),
            bias_initializer=tf.ones_initializer(),
        ),
        "named": layers.dense(x, 4, name="fc"),
        "reused": layers.dense(x, 4, name="fc", reuse=True),
    }
    with tf.variable_scope("net", initializer=tf.ones_initializer()):
        results["scoped"] = layers.dense(x, 3, name="fc")
        results["default name"] = layers.dense(x, 3)
    with tf.variable_scope("net", reuse=True):
        results["scope reused"] = layers.dense(x, 3, name="fc")
    with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
        results["auto"] = layers.dense(x, 5, name="new")
        results["auto again"] = layers.dense(x, 5, name="new")
    with tf.name_scope("outer"):
        results["name scope"] = layers.dense(x, 2)
    results["variables"] = names(tf.global_variables())
    results["trainable"] = names(tf.trainable_variables())
    return results


@program
def dense_of_higher_rank(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    x = tf.constant(ramp(2, 3, 4), name="x")
    wide = tf.constant_initializer(ramp(4, 5))
    narrow = tf.constant_initializer(ramp(4, 2))
    return {
        "cube": layers.dense(x, 5, kernel_initializer=wide),
        "relu": layers.dense(x, 2, tf.nn.relu, use_bias=False, kernel_initializer=narrow),
    }


@program
def dense_of_open_shapes(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    results = {}
    for key, shape in {"batch": [None, 3, 4], "both": [None, None, 4]}.items():
        x = tf.placeholder_with_default(ramp(2, 3, 4), shape)
        wide = tf.constant_initializer(ramp(4, 5))
        results[key] = layers.dense(x, 5, kernel_initializer=wide)
    flat = tf.placeholder_with_default(ramp(2, 4), [None, 4])
    narrow = tf.constant_initializer(ramp(4, 2))
    results["flat"] = layers.dense(flat, 2, kernel_initializer=narrow)
    return results


@program(graph=True)
def regularizers(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    tf.set_random_seed(6)
    x = tf.constant(ramp(2, 3), name="x")

    def penalty(value: Any) -> Any:
        return tf.nn.l2_loss(value, name="penalty")

    y = layers.dense(
        x,
        4,
        kernel_regularizer=penalty,
        bias_regularizer=penalty,
        activity_regularizer=penalty,
        name="fc",
    )
    layers.dense(x, 4, kernel_regularizer=penalty, name="fc", reuse=True)
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    return {"y": y, "names": names(losses), "total": tf.losses.get_regularization_loss("fc")}


@program
def constraints_and_training(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    x = tf.constant(ramp(2, 3))
    layers.dense(x, 4, trainable=False, name="fixed")
    fc = layers.Dense(4, kernel_constraint=tf.abs, name="fc")
    fc(x)
    return {
        "trainable": names(tf.trainable_variables()),
        "constraint": fc.kernel.constraint is tf.abs,
        "none": fc.bias.constraint,
    }


@program(graph=True)
def layer_objects(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    tf.set_random_seed(7)
    x = tf.constant(ramp(2, 3), name="x")
    layer = layers.Dense(4, activation=tf.nn.relu)
    early = layer.built
    results = {"first": layer(x), "second": layer(x), "applied": layer.apply(x)}
    with tf.variable_scope("elsewhere"):
        results["elsewhere"] = layer(x)
        other = layers.Dense(2)
        results["other"] = other(x)
    named = layers.Dense(2, name="own")
    results["named"] = named(x)
    built = layers.Dense(3, name="built")
    built.build([None, 3])
    results["built"] = built(x)
    fixed = layers.Dense(2, trainable=False)
    results["fixed"] = fixed(x)
    return {
        **results,
        "built early": early,
        "names": [layer.name, other.name, named.name],
        "scopes": [layer.scope_name, other.scope_name, named.scope_name, built.scope_name],
        "weights": names(layer.weights),
        "variables": names(layer.variables),
        "trainable": names(layer.trainable_variables),
        "fixed": [names(fixed.trainable_weights), names(fixed.non_trainable_weights)],
        "count": layer.count_params(),
        "losses": len(layer.losses),
        "updates": len(layer.updates),
        "shape": layer.compute_output_shape([None, 3]).as_list(),
        "kernel": layer.kernel.name,
        "dtype": tf.as_dtype(layer.dtype).name,
    }


@program(graph=True)
def own_layers(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    x = tf.constant(ramp(2, 3), name="x")

    class Scaling(layers.Layer):  # type: ignore[misc]
        def build(self, input_shape: Any) -> None:
            width = int(input_shape[-1])
            ones = tf.ones_initializer()
            self.scale = self.add_weight("scale", [width], initializer=ones, trainable=True)
            self.count = self.add_variable(
                "count", [], initializer=tf.zeros_initializer(), trainable=False
            )
            self.built = True

        def call(self, inputs: Any, factor: float = 1.0) -> Any:
            self.add_update(tf.assign_add(self.count, 1.0))
            self.add_loss(tf.reduce_sum(self.scale, 0))
            return inputs * self.scale * factor

    layer = Scaling(name="scaling")
    y = layer(x)
    z = layer(x, factor=3.0)
    return {
        "y": y,
        "z": z,
        "weights": names(layer.weights),
        "fixed": names(layer.non_trainable_weights),
        "losses": names(layer.losses),
        "collected": names(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)),
        "updates": names(tf.get_collection(tf.GraphKeys.UPDATE_OPS)),
    }


@program
def dropout(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    tf.set_random_seed(8)
    x = tf.constant(ramp(4, 5) + 1, name="x")
    flag = tf.placeholder_with_default(True, [])
    off = tf.placeholder_with_default(False, [])
    dropped = layers.dropout(x, 0.4, training=True, seed=1)
    chosen = layers.dropout(x, 0.4, training=flag, seed=1)
    kept = tf.cast(tf.not_equal(dropped, 0), tf.float32)
    rows = layers.dropout(x, 0.5, noise_shape=[4, 1], seed=3, training=True)
    return {
        "off": layers.dropout(x, 0.4),
        "plain": tf.identity(kept * x / 0.6 - dropped),
        "tensor": tf.identity(chosen),
        "tensor off": tf.identity(layers.dropout(x, 0.4, training=off)),
        "rows": tf.identity(rows),
    }


@program
def flatten(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    x = tf.constant(ramp(2, 3, 4))
    free = tf.placeholder_with_default(ramp(2, 3, 4), [None, 3, 4])
    open_sizes = tf.placeholder_with_default(ramp(2, 3, 4), [2, None, 4])
    return {
        "known": layers.flatten(x),
        "batch": layers.flatten(free),
        "rest": layers.flatten(open_sizes),
        "flat": layers.flatten(tf.constant(ramp(2, 3))),
        "channels": layers.flatten(x, data_format="channels_first"),
    }


@program
def bad_arguments(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    x = tf.constant(ramp(2, 3))
    layers.dense(x, 4, name="fc")
    layer = layers.Dense(2)
    layer(x)
    free = tf.placeholder(tf.float32, [2, None])
    return {
        "again": raised(lambda: layers.dense(x, 4, name="fc"), "already exists"),
        "missing": raised(lambda: layers.dense(x, 4, name="nothing", reuse=True), "does not exist"),
        "units": raised(lambda: layers.dense(x, 5, name="fc", reuse=True), "shape"),
        "width": raised(lambda: layer(tf.zeros([2, 4])), "expected axis -1 of input shape"),
        "rank": raised(lambda: layers.dense(tf.zeros([3]), 2), "expected min_ndim=2, found ndim=1"),
        "open": raised(lambda: layers.dense(free, 2), "last dimension of the inputs"),
        "integers": raised(lambda: layers.dense(tf.zeros([2, 2], tf.int32), 2), "non-floating"),
        "keyword": raised(lambda: layers.Dense(2, wrong=1), "understood"),
        "count": raised(lambda: layers.Dense(2).count_params(), "isn't built"),
        "scope": raised(lambda: layers.Dense(2).scope_name, "No name available for layer scope"),
    }
