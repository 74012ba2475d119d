"""Activations, losses, moments, normalisation, dropout and a few whole models."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp


@program
def activations(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(3, 4) * 6)
    names = [
        "relu",
        "relu6",
        "elu",
        "selu",
        "leaky_relu",
        "softplus",
        "softsign",
        "crelu",
        "tanh",
        "sigmoid",
    ]
    found = {name: getattr(tf.nn, name)(x) for name in names}
    found["leaky 0.5"] = tf.nn.leaky_relu(x, alpha=0.5)
    found["swish"] = tf.identity(tf.nn.swish(x), name="swished")
    found["log_sigmoid"] = tf.log_sigmoid(x)
    return found


@program
def softmaxes(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3, 4) * 40)
    return {
        "last": tf.nn.softmax(x),
        "axis": tf.nn.softmax(x, axis=1),
        "dim": tf.nn.softmax(x, dim=0),
        "log": tf.nn.log_softmax(x),
        "log axis": tf.nn.log_softmax(x, axis=-2),
        "vector": tf.nn.softmax(ramp(4)),
        "huge": tf.nn.softmax([[1000.0, 1000.0, -1000.0]]),
    }


@program
def cross_entropies(tf: Any) -> dict[str, Any]:
    logits = tf.constant(ramp(3, 4) * 4)
    labels = tf.nn.softmax(ramp(3, 4, shift=1))
    classes = tf.constant([2, 0, 3])
    dense = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
    sparse = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=classes, logits=logits)
    sigmoid = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    weighted = tf.nn.weighted_cross_entropy_with_logits(labels, logits, pos_weight=2.0)
    found = {"dense": dense, "sparse": sparse, "sigmoid": sigmoid, "weighted": weighted}
    for name, loss in list(found.items()):
        gradient = tf.gradients(loss, logits)[0]
        found[f"{name} gradient"] = tf.identity(gradient, name=name)
    found["poisson"] = tf.nn.log_poisson_loss(labels, logits, compute_full_loss=True)
    old = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    found["labels blocked"] = tf.identity(tf.gradients(old, labels)[0] is None)
    found["label gradient"] = tf.identity(tf.gradients(dense, labels)[0], name="d_labels")
    return found


@program
def cross_entropies_of_other_ranks(tf: Any) -> dict[str, Any]:
    logits = tf.constant(ramp(2, 3, 4))
    labels = tf.nn.softmax(logits * 2.0)
    return {
        "dense": tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits),
        "axis": tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits, axis=1),
        "sparse": tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=[[0, 1, 2], [3, 2, 1]], logits=logits
        ),
        "vector": tf.nn.sparse_softmax_cross_entropy_with_logits(labels=1, logits=ramp(4)),
    }


@program
def bias_and_products(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3, 3, 4))
    b = tf.constant(ramp(4, shift=1))
    return {
        "add": tf.nn.bias_add(x, b),
        "channels first": tf.nn.bias_add(x, tf.constant(ramp(3)), data_format="NCHW"),
        "xw": tf.nn.xw_plus_b(x[0, 0], ramp(4, 2), ramp(2)),
        "relu": tf.nn.relu_layer(x[0, 0], ramp(4, 2), ramp(2)),
        "l2": tf.nn.l2_loss(x),
        "zeros": tf.nn.zero_fraction(tf.nn.relu(x)),
        "gradient": tf.identity(tf.gradients(tf.nn.bias_add(x, b) * 2.0, b)[0], name="db"),
    }


@program(graph=True)
def moments(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4, 3), name="x")
    mean, variance = tf.nn.moments(x, axes=[0])
    return {"mean": mean, "variance": variance}


@program
def more_moments(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4, 3))
    mean, variance = tf.nn.moments(x, [0, 1], keep_dims=True)
    weighted = tf.nn.weighted_moments(x, [0], tf.constant(np.abs(ramp(4, 3, shift=1))))
    count, total, squares, shift = tf.nn.sufficient_statistics(x, [0], shift=0.5)
    normal = tf.nn.normalize_moments(count, total, squares, shift)
    return {
        "mean": mean,
        "variance": variance,
        "weighted mean": weighted[0],
        "weighted variance": weighted[1],
        "count": count,
        "total": total,
        "normal": normal[1],
    }


@program
def normalisation(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4, 3))
    mean, variance = tf.nn.moments(x, [0])
    return {
        "batch": tf.nn.batch_normalization(x, mean, variance, ramp(3), ramp(3, shift=1), 1e-3),
        "plain": tf.nn.batch_normalization(x, mean, variance, None, None, 1e-3),
        "l2": tf.nn.l2_normalize(x, 1),
        "l2 all": tf.nn.l2_normalize(x, [0, 1]),
        "l2 old": tf.nn.l2_normalize(x, dim=0),
    }


@program(exact=True)
def dropout(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(5)
    x = tf.constant(np.ones((4, 5), np.float32))
    kept = tf.placeholder_with_default(0.5, [])
    dropped = {
        "keep": tf.nn.dropout(x, 0.75, seed=3),
        "rate": tf.nn.dropout(x, rate=0.25, seed=3),
        "noise": tf.nn.dropout(x, keep_prob=0.5, noise_shape=[4, 1], seed=4),
        "tensor": tf.nn.dropout(x, kept, seed=5),
        "all": tf.nn.dropout(x, 1.0),
    }
    return {name: tf.identity(value, name=name) for name, value in dropped.items()}


@program
def dropout_failures(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3))
    return {
        "rate": raised(lambda: tf.nn.dropout(x, rate=1.5), "rate"),
        "integers": raised(lambda: tf.nn.dropout(tf.constant([1, 2]), 0.5), "floating"),
        "both": raised(lambda: tf.nn.dropout(x, 0.5, rate=0.25), "keep_prob"),
    }


@program
def embeddings(tf: Any) -> dict[str, Any]:
    table = tf.constant(ramp(6, 2))
    parts = [tf.constant(ramp(2, 3, shift=i)) for i in range(3)]
    return {
        "plain": tf.nn.embedding_lookup(table, [[0, 5], [3, 3]]),
        "norm": tf.nn.embedding_lookup(table, [0, 5, 2], max_norm=0.5),
        "mod": tf.nn.embedding_lookup(parts, [0, 1, 2, 3, 5]),
        "div": tf.nn.embedding_lookup(parts, [0, 1, 2, 3, 5], partition_strategy="div"),
    }


@program
def multilayer_training(tf: Any) -> dict[str, Any]:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    y = tf.placeholder(tf.int32, [None], name="y")
    with tf.variable_scope("hidden"):
        w = tf.get_variable("w", initializer=ramp(4, 6))
        b = tf.get_variable("b", [6], initializer=tf.zeros_initializer())
        h = tf.nn.relu(tf.matmul(x, w) + b)
    with tf.variable_scope("out"):
        v = tf.get_variable("w", initializer=ramp(6, 3, shift=1))
        logits = tf.matmul(h, v)
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits), name="loss"
    )
    train = tf.train.AdamOptimizer(0.05).minimize(loss)
    right = tf.equal(tf.argmax(logits, 1, output_type=tf.int32), y)
    accuracy = tf.reduce_mean(tf.cast(right, tf.float32))
    feeds = {x: ramp(8, 4, shift=2), y: np.arange(8) % 3}
    losses = []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(5):
            losses.append(session.run([loss, train], feeds)[0])
        final = session.run([w, b, v, accuracy], feeds)
    return {"losses": losses, "final": final, "ops": [loss.name, train.name, accuracy.name]}


@program
def regression_training(tf: Any) -> dict[str, Any]:
    x, y = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    w, b = tf.Variable(0.3, name="w"), tf.Variable(-0.3, name="b")
    loss = tf.reduce_sum(tf.square(w * x + b - y))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(20):
            session.run(train, {x: [1, 2, 3, 4], y: [0, -1, -2, -3]})
        return {"values": session.run([w, b, loss], {x: [1, 2, 3, 4], y: [0, -1, -2, -3]})}


@program
def failures(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3))
    return {
        "sigmoid shapes": raised(
            lambda: tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=x[0]), "same shape"
        ),
        "sparse rank": raised(
            lambda: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[[1]], logits=x), "rank"
        ),
        "bias": raised(lambda: tf.nn.bias_add(x, tf.zeros([2])), "equal|match|bias"),
        "softmax axis": raised(lambda: tf.nn.softmax(x, axis=4), "axis|dim"),
    }
