"""Save or check a checkpoint of 500 variables of mixed dtypes, with flowgraph or TensorFlow.

    python checkpoint_exchange.py flowgraph save PREFIX      (a Python that has flowgraph)
    python checkpoint_exchange.py tensorflow check PREFIX    (a Python that has TensorFlow)

and the other way round. `check` restores into variables that hold other values, and compares bits.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import numpy as np

COUNT = 500
KINDS = [
    "float16",
    "float32",
    "float64",
    "bfloat16",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "bool",
    "complex64",
    "complex128",
    "string",
]


def engine(name: str) -> Any:
    if name == "flowgraph":
        return importlib.import_module("flowgraph")
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    tf = importlib.import_module("tensorflow.compat.v1")
    tf.disable_eager_execution()
    tf.disable_resource_variables()
    return tf


def value(tf: Any, index: int) -> np.ndarray[Any, Any]:
    """Random bits in the shape of a scalar, vector, matrix, empty or rank-3 tensor."""
    rng = np.random.RandomState(index)
    shape = [(), (7,), (3, 5), (0, 4), (2, 3, 4)][index % 5]
    kind = KINDS[index % len(KINDS)]
    if kind == "string":
        letters = rng.randint(0, 256, (*shape, 5)).astype(np.uint8)
        flat = [row.tobytes() for row in letters.reshape(-1, 5)]
        words = np.empty(len(flat), np.object_)
        words[:] = flat
        return words.reshape(shape)
    dtype = np.dtype(getattr(tf, kind).as_numpy_dtype)
    if kind == "bool":
        return np.asarray(rng.rand(*shape) < 0.5)
    raw = rng.randint(0, 256, (*shape, dtype.itemsize)).astype(np.uint8)
    return raw.reshape(-1).view(dtype).reshape(shape)


def bits(array: Any) -> Any:
    array = np.asarray(array)
    if array.dtype == np.object_:
        return array.tolist()
    return np.ascontiguousarray(array).tobytes()


def main(name: str, action: str, prefix: str) -> None:
    tf = engine(name)
    values = [value(tf, index) for index in range(COUNT)]
    start = values if action == "save" else [np.zeros_like(each) for each in values]
    if action == "check":
        start = [np.full(v.shape, b"", np.object_) if v.dtype == object else v for v in start]
    variables = []
    feeds = {}
    for index, (each, kept) in enumerate(zip(start, values, strict=True)):
        dtype = getattr(tf, KINDS[index % len(KINDS)])
        fed = tf.placeholder(dtype, kept.shape)
        feeds[fed] = each
        variables.append(tf.Variable(fed, name=f"scope_{index % 9}/v{index}"))
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer(), feeds)
        if action == "save":
            saver.save(sess, prefix)
        else:
            saver.restore(sess, prefix)
        found = sess.run(variables)
    wrong = [v.name for v, a, b in zip(variables, found, values, strict=True) if bits(a) != bits(b)]
    if wrong:
        sys.exit(f"{name} {action}: {len(wrong)} of {COUNT} differ: {wrong[:5]}")
    print(f"{name} {action}: {COUNT} tensors of {len(KINDS)} dtypes, bit-exact")


if __name__ == "__main__":
    main(*sys.argv[1:])
