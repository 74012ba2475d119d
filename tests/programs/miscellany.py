"""Counting, histograms, searching, distances of sequences, quantization."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp


def named(tf: Any, results: dict[str, Any]) -> dict[str, Any]:
    """Results whose own names depend on TensorFlow's version."""
    return {key: tf.identity(each, name=key.replace(" ", "_")) for key, each in results.items()}


@program
def counts(tf: Any) -> dict[str, Any]:
    numbers = tf.constant([[1, 3, 1], [0, 7, 3]])
    results = {
        "plain": tf.bincount(numbers),
        "least": tf.math.bincount(numbers, minlength=10),
        "most": tf.bincount(numbers, maxlength=4, dtype=tf.float32),
        "weights": tf.bincount(numbers, weights=tf.constant(ramp(2, 3))),
        "weights at least": tf.math.bincount(numbers, tf.constant(ramp(2, 3)), minlength=9),
        "none": tf.bincount(tf.zeros([0], tf.int32)),
    }
    return named(tf, results)


@program(graph=True)
def histograms(tf: Any) -> dict[str, Any]:
    values = tf.constant([[-1.0, 0.0, 1.5], [2.0, 5.0, 15.0]])
    return {
        "plain": tf.histogram_fixed_width(values, [0.0, 5.0], nbins=5),
        "long": tf.histogram_fixed_width(values, [-2.0, 5.0], 3, tf.int64, name="named"),
    }


@program
def histogram_bins(tf: Any) -> dict[str, Any]:
    values = tf.constant([[-1.0, 0.0, 1.5], [2.0, 5.0, 15.0]])
    whole = tf.constant([1, 4, 9])
    return {
        "plain": tf.histogram_fixed_width_bins(values, [0.0, 5.0], nbins=5),
        "default": tf.histogram_fixed_width_bins(values, [0.0, 5.0]),
        "integers": tf.identity(
            tf.histogram_fixed_width_bins(tf.cast(whole, tf.float64), np.array([0.0, 10]), 4)
        ),
    }


@program
def confusion(tf: Any) -> dict[str, Any]:
    labels, predictions = tf.constant([1, 2, 4, 2]), tf.constant([2, 2, 4, 0])
    open_labels = tf.placeholder_with_default(np.array([[1], [2], [0]]), None)
    return {
        "plain": tf.confusion_matrix(labels, predictions),
        "classes": tf.math.confusion_matrix(labels, predictions, 6, tf.float32, name="named"),
        "weights": tf.confusion_matrix(labels, predictions, weights=[1.5, 2.0, 0.5, 1.0]),
        "column": tf.confusion_matrix(tf.constant([[1], [0]]), [1, 1]),
        "open": tf.identity(tf.confusion_matrix(open_labels, [1, 1, 0], 3), name="open"),
        "outside": raised(
            lambda: run(tf, tf.confusion_matrix(labels, predictions, 3)), "out of bound"
        ),
        "negative": raised(lambda: run(tf, tf.confusion_matrix([-1], [0])), "negative values"),
    }


def run(tf: Any, tensor: Any) -> Any:
    with tf.Session() as session:
        return session.run(tensor)


@program
def searches(tf: Any) -> dict[str, Any]:
    rows = tf.constant([[0, 3, 3, 9], [1, 2, 4, 8]])
    values = tf.constant([[3, -1, 10], [4, 5, 0]])
    return {
        "left": tf.searchsorted(rows, values),
        "right": tf.searchsorted(rows, values, side="right", out_type=tf.int64),
        "vector": tf.searchsorted([1.0, 2.0, 4.0], [2.0, 3.0], name="named"),
        "side": raised(lambda: tf.searchsorted(rows, values, side="up"), "side"),
        "unravelled": tf.unravel_index([2, 5, 7], [3, 3]),
        "one": tf.unravel_index(5, [2, 3], name="place"),
    }


@program(graph=True)
def distances(tf: Any) -> dict[str, Any]:
    first = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], ["a", "b", "c"], [3, 2])
    second = tf.SparseTensor([[0, 0], [1, 0], [1, 1]], ["b", "x", "y"], [3, 2])
    return {
        "plain": tf.edit_distance(first, second),
        "counts": tf.edit_distance(first, second, normalize=False, name="counts"),
        "dense": raised(lambda: tf.edit_distance([1], second), "must be a SparseTensor"),
    }


@program(graph=True)
def quantized(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(3, 4) * 5)
    low, high = tf.Variable(-3.0), tf.Variable(2.0)
    made = tf.fake_quant_with_min_max_vars(x, low, high, num_bits=4)
    rows = tf.gradients(made, [x, low, high])
    return {
        "args": tf.fake_quant_with_min_max_args(x, min=-4, max=4, num_bits=5, name="named"),
        "vars": made,
        "channels": tf.quantization.fake_quant_with_min_max_vars_per_channel(
            x, [-1.0, -2, -3, 0], [1.0, 2, 3, 4], narrow_range=True
        ),
        "x": tf.identity(rows[0], name="by_x"),
        "low": tf.identity(rows[1], name="by_low"),
        "high": tf.identity(rows[2], name="by_high"),
    }


@program
def quantized_and_back(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(3, 4) * 5)
    made = tf.quantization.quantize_and_dequantize(x, -4.0, 4.0, num_bits=4, range_given=True)
    free = tf.quantization.quantize_and_dequantize(x, 0.0, 0.0)
    return {
        "range": tf.identity(made, name="range"),
        "free": tf.identity(free, name="free"),
        "gradient": tf.identity(tf.gradients(free, x)[0], name="gradient"),
    }
