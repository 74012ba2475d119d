"""Candidate samplers and the losses made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program
from support.values import ramp

LABELS = np.array([[1], [4], [0]], np.int64)


@program
def samplers(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(5)
    true = tf.constant([[1, 4], [0, 2]], tf.int64)
    made = {
        "uniform": tf.nn.uniform_candidate_sampler(true, 2, 5, True, 20),
        "seeded": tf.random.uniform_candidate_sampler(true, 2, 5, False, 20, seed=3),
        "log": tf.nn.log_uniform_candidate_sampler(true, 2, 5, True, 20, seed=3),
        "learned": tf.nn.learned_unigram_candidate_sampler(true, 2, 5, True, 20, seed=3),
        "fixed": tf.nn.fixed_unigram_candidate_sampler(
            true, 2, 3, True, 6, unigrams=[1, 2, 0.5, 3, 1, 1], distortion=0.75, seed=3
        ),
        "all": tf.nn.all_candidate_sampler(true, 2, 5, True),
    }
    with tf.Session() as session:
        runs = [session.run(made) for _ in range(3)]
    found = {
        f"{name} {number} {field}": getattr(run[name], field)
        for number, run in enumerate(runs)
        for name in made
        for field in run[name]._fields
    }
    return {**found, "fields": list(made["log"]._fields), "name": made["log"][0].name}


@program
def accidental_hits(tf: Any) -> dict[str, Any]:
    true = tf.constant([[1, 4], [0, 2]], tf.int64)
    hits = tf.nn.compute_accidental_hits(true, tf.constant([2, 3, 1], tf.int64), 2)
    return {field: getattr(hits, field) for field in hits._fields}


def model(tf: Any, classes: int = 6) -> tuple[Any, ...]:
    weights = tf.get_variable("w", initializer=ramp(classes, 4))
    biases = tf.get_variable("b", initializer=ramp(classes, shift=1))
    inputs = tf.constant(ramp(3, 4, shift=2))
    return weights, biases, tf.constant(LABELS), inputs


@program
def nce(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(7)
    weights, biases, labels, inputs = model(tf)
    loss = tf.nn.nce_loss(weights, biases, labels, inputs, 3, 6)
    rows = tf.gradients(loss, [weights, biases, inputs])
    return {
        "loss": loss,
        "weights": rows[0],
        "biases": rows[1],
        "inputs": tf.identity(rows[2], name="inputs_gradient"),
        "sparse": [isinstance(each, tf.IndexedSlices) for each in rows],
    }


@program
def nce_without_hits(tf: Any) -> dict[str, Any]:
    weights, biases, _, inputs = model(tf)
    labels = tf.constant([[1, 2], [4, 0], [0, 5]])
    sampled = tf.nn.all_candidate_sampler(tf.cast(labels, tf.int64), 2, 6, True)
    return {
        "loss": tf.nn.nce_loss(
            weights,
            biases,
            labels,
            inputs,
            6,
            6,
            num_true=2,
            sampled_values=sampled,
            remove_accidental_hits=True,
            name="noise",
        )
    }


@program(graph=True)
def sampled_softmax(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(7)
    weights, biases, labels, inputs = model(tf)
    loss = tf.nn.sampled_softmax_loss(weights, biases, labels, inputs, 3, 6, seed=9)
    rows = tf.gradients(loss, [weights, biases, inputs])
    by_inputs = tf.identity(rows[2], name="inputs_gradient")
    return {"loss": loss, "weights": rows[0], "biases": rows[1], "inputs": by_inputs}


@program
def losses_of_parts(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(7)
    inputs = tf.constant(ramp(3, 4, shift=2))
    labels = tf.constant(LABELS)
    parts = [tf.constant(ramp(rows, 4, shift=rows)) for rows in (2, 2, 1)]
    biases = tf.constant(ramp(5))
    common = {"labels": labels, "inputs": inputs, "num_sampled": 3, "num_classes": 5}
    return {
        "mod": tf.nn.nce_loss(parts, biases, **common),
        "div": tf.nn.nce_loss(parts, biases, partition_strategy="div", **common),
        "softmax": tf.nn.sampled_softmax_loss(parts, biases, partition_strategy="div", **common),
    }


@program
def training(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(3)
    weights, biases, labels, inputs = model(tf)
    embeddings = tf.get_variable("e", initializer=ramp(3, 4, shift=4))
    loss = tf.reduce_mean(
        tf.nn.nce_loss(
            weights=weights,
            biases=biases,
            labels=labels,
            inputs=tf.nn.embedding_lookup(embeddings, [0, 1, 2]) + inputs,
            num_sampled=3,
            num_classes=6,
        )
    )
    step = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        losses = [session.run([loss, step])[0] for _ in range(5)]
        values = session.run([weights, biases, embeddings])
    return {"losses": np.array(losses), "weights": values[0], "biases": values[1], "e": values[2]}
