"""Measures one case with one engine, in a process of its own; prints a line of JSON.

    python benchmarks/measure.py ENGINE CASE

The line holds `seconds`, by name of what was timed, and `values`, which both engines must agree on.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BLOCKS = 7
BLOCK_SECONDS = 0.25
CHECKED_STEPS = 20
CHAIN_OPS = 10000
CHECKPOINT_VARIABLES = 100
CHECKPOINT_ELEMENTS = 1_000_000
MODULES = {"flowgraph": "flowgraph", "tensorflow": "tensorflow.compat.v1"}

Result = dict[str, dict[str, Any]]


def load(engine: str) -> Any:
    """The engine's module, in graph mode and quiet."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    tf = importlib.import_module(MODULES[engine])
    if engine == "tensorflow":
        tf.disable_eager_execution()
        # Variables as TensorFlow 1 has them by default.
        tf.disable_resource_variables()
        tf.logging.set_verbosity(tf.logging.ERROR)
    return tf


def imported(engine: str) -> Result:
    """Seconds to import the engine and MiB of memory after it; NumPy counts for both."""
    start = time.perf_counter()
    importlib.import_module(MODULES[engine])
    seconds = time.perf_counter() - start
    mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": {"import": seconds}, "MiB": {"import": mebibytes}, "values": {}}


def chain(tf: Any) -> Result:
    """A graph of 10 000 ops: building it, building its gradients, its first run."""
    start = time.perf_counter()
    x = tf.placeholder(tf.float32, [16])
    weight, bias = tf.constant(0.9), tf.constant(0.1)
    h = x
    for _ in range(CHAIN_OPS // 4):
        h = tf.tanh(tf.identity(tf.multiply(h, weight)) + bias)
    loss = tf.reduce_sum(h)
    built = time.perf_counter()
    gradients = tf.gradients(loss, [x, weight])
    differentiated = time.perf_counter()
    with tf.Session() as sess:
        values = sess.run([loss, *gradients], {x: [0.05 * i for i in range(16)]})
        ran = time.perf_counter()
    seconds = {
        "chain: build": built - start,
        "chain: gradients": differentiated - built,
        "chain: first run": ran - differentiated,
    }
    # Through 2 500 layers all but the last few weigh nothing, so the slope by x vanishes.
    return {"seconds": seconds, "values": {"chain": [float(values[0]), float(values[2])]}}


def step(tf: Any, name: str) -> Result:
    """The fastest block of many runs of a model's step, per run."""
    # Imported late for the figures of `imported`, which loads NumPy by the engine.
    models = importlib.import_module("models")
    tf.set_random_seed(1)
    fetches, feed, check = models.STEPS[name](tf)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        start = time.perf_counter()
        sess.run(fetches, feed)
        first = time.perf_counter() - start
        values = [float(sess.run(check, feed))]
        for _ in range(CHECKED_STEPS):
            sess.run(fetches, feed)
        values.append(float(sess.run(check, feed)))
        fastest = _per_call(lambda: sess.run(fetches, feed))
    seconds = {name: fastest, f"{name}: first run": first}
    return {"seconds": seconds, "values": {name: values}}


def _per_call(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    for _ in range(10):
        call()
    count = max(1, int(BLOCK_SECONDS / ((time.perf_counter() - start) / 10)))
    fastest = float("inf")
    for _ in range(BLOCKS):
        start = time.perf_counter()
        for _ in range(count):
            call()
        fastest = min(fastest, (time.perf_counter() - start) / count)
    return fastest


def checkpoint(tf: Any) -> Result:
    """Saving and restoring 400 MB of variables."""
    variables = [
        tf.Variable(tf.fill([CHECKPOINT_ELEMENTS], float(index)), name=f"v{index}")
        for index in range(CHECKPOINT_VARIABLES)
    ]
    saver = tf.train.Saver(max_to_keep=1)
    cleared = tf.group(*[tf.assign(v, tf.zeros_like(v)) for v in variables])
    total = tf.add_n([tf.reduce_mean(v) for v in variables])
    folder = Path(tempfile.mkdtemp())
    saving, restoring = [], []
    try:
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for index in range(3):
                start = time.perf_counter()
                path = saver.save(sess, str(folder / "model"), index, write_meta_graph=False)
                saving.append(time.perf_counter() - start)
            for _ in range(3):
                sess.run(cleared)
                start = time.perf_counter()
                saver.restore(sess, path)
                restoring.append(time.perf_counter() - start)
            value = float(sess.run(total))
    finally:
        shutil.rmtree(folder)
    seconds = {"save 400 MB": min(saving), "restore 400 MB": min(restoring)}
    return {"seconds": seconds, "values": {"checkpoint": [value]}}


def measure(engine: str, case: str) -> Result:
    if case == "import":
        return imported(engine)
    tf = load(engine)
    if case == "chain":
        return chain(tf)
    if case == "checkpoint":
        return checkpoint(tf)
    return step(tf, case)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2])))
