"""Trains the ReLU network 784-784-10 (Charniak, section 2.3) on real images and shows all of it.

The images are Fashion-MNIST where its files are found, else the digits that come with flowgraph.
After training the variables are saved, restored into a new graph made from the checkpoint alone,
and tested again. Pictures, a page and a table of the variables are written to `demo-output/`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import flowgraph as tf
from flowgraph import viz
from flowgraph.datasets import input_data

BATCH = 100
REPORTS = 10


def build(steps: int, hidden: int) -> None:
    """The network, its loss, its accuracy and an Adam step, in the default graph."""
    image = tf.placeholder(tf.float32, [None, 784], name="image")
    answer = tf.placeholder(tf.float32, [None, 10], name="answer")
    layer = tf.nn.relu(linear(image, hidden, "hidden"))
    logits = linear(layer, 10, "output")
    with tf.name_scope("loss"):
        entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=answer, logits=logits)
        loss = tf.reduce_mean(entropy, name="mean")
    with tf.name_scope("accuracy"):
        right = tf.equal(tf.argmax(logits, 1), tf.argmax(answer, 1))
        tf.reduce_mean(tf.cast(right, tf.float32), name="mean")
    global_step = tf.train.get_or_create_global_step()
    rate = tf.train.polynomial_decay(1e-3, global_step, steps, end_learning_rate=5e-5)
    tf.train.AdamOptimizer(rate).minimize(loss, global_step, name="train")


def linear(x: Any, units: int, scope: str) -> Any:
    """x W + b"""
    with tf.variable_scope(scope):
        near_zero = tf.truncated_normal_initializer(stddev=0.05)
        weights = tf.get_variable("weights", [x.shape[1], units], initializer=near_zero)
        biases = tf.get_variable("biases", [units], initializer=tf.zeros_initializer())
        return tf.matmul(x, weights) + biases


def examples(part: Any, count: int | None = None) -> dict[str, Any]:
    """The first `count` examples as a feed."""
    return {"image:0": part.images[:count], "answer:0": part.labels[:count]}


def train(sess: Any, data: Any, steps: int, every: int) -> dict[str, list[float]]:
    """Runs all training steps; returns the curves, a point for every so many steps."""
    curves: dict[str, list[float]] = {"loss": [], "validation accuracy": []}
    losses: list[float] = []
    start = time.perf_counter()
    for step in range(1, steps + 1):
        images, labels = data.train.next_batch(BATCH)
        loss, _ = sess.run(["loss/mean:0", "train"], {"image:0": images, "answer:0": labels})
        losses.append(float(loss))
        if step % every == 0:
            seen = float(sess.run("accuracy/mean:0", examples(data.validation, 1000)))
            curves["loss"].append(sum(losses) / len(losses))
            curves["validation accuracy"].append(seen)
            losses = []
        if step % max(1, steps // REPORTS) == 0:
            seconds = time.perf_counter() - start
            print(f"step {step:5d}: loss {loss:.3f}, accuracy {seen:.3f}, {seconds:5.1f} s")
    return curves


def restored_accuracy(checkpoint: str, test: dict[str, Any]) -> float:
    """The accuracy of a network made of nothing but the files of the checkpoint."""
    with tf.Graph().as_default(), tf.Session() as sess:
        saver = tf.train.import_meta_graph(checkpoint + ".meta")
        saver.restore(sess, checkpoint)
        return float(sess.run("accuracy/mean:0", test))


def draw(sess: Any, data: Any, curves: dict[str, list[float]], every: int, out: Path) -> list[Path]:
    """Writes page, picture, curve and table; returns the files."""
    metadata = tf.RunMetadata()
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    sess.run("train", examples(data.train, BATCH), options=options, run_metadata=metadata)
    files = [out / "graph.html", out / "curve.svg", out / "variables.txt"]
    viz.to_html(sess.graph, files[0], title="ReLU network 784-784-10", run_metadata=metadata)
    viz.curve(curves, files[1], "Training of the ReLU network 784-784-10", every)
    files[2].write_text(viz.summary(tf.global_variables()) + "\n", encoding="utf-8")
    try:
        files += [viz.render(sess.graph, out / name) for name in ("graph.svg", "graph.png")]
    except RuntimeError as error:
        print("no picture:", error)
    return files


def main(
    steps: int = 2750, hidden: int = 784, out: str = "demo-output", data_dir: str = "MNIST_data"
) -> dict[str, Any]:
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    data = input_data.read_data_sets(data_dir, one_hot=True, seed=1)
    test = examples(data.test)
    print(f"{data.train.num_examples} images to learn from, {data.test.num_examples} to test with")
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        build(steps, hidden)
        saver = tf.train.Saver()
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            every = max(1, steps // (REPORTS * 5))
            curves = train(sess, data, steps, every)
            accuracy = float(sess.run("accuracy/mean:0", test))
            print(f"test accuracy: {accuracy:.4f}")
            checkpoint = str(saver.save(sess, str(folder / "relu_network.ckpt")))
            print("saved", checkpoint)
            files = draw(sess, data, curves, every, folder)
            print(viz.summary(tf.trainable_variables()))
    again = restored_accuracy(checkpoint, test)
    if again != accuracy:
        raise AssertionError(f"accuracy {again} after restoring, {accuracy} before saving")
    print(f"test accuracy after restoring into a new graph: {again:.4f}, identical")
    for file in files:
        print("look at", file.resolve())
    return {"accuracy": accuracy, "restored": again, "files": files, "curves": curves}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2750)
    parser.add_argument("--hidden", type=int, default=784)
    parser.add_argument("--out", default="demo-output")
    parser.add_argument("--data", dest="data_dir", default="MNIST_data")
    main(**vars(parser.parse_args()))
