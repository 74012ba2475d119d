"""The catalogue's engine demonstrations that are small programs: training, files, frameworks."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph import viz
from flowgraph.datasets import ArrayDataset, DataLoader, digits
from flowgraph.models.fingerprint import fingerprint, substructures
from flowgraph.models.layer_objects import BatchNorm, Dense, Flatten, Input, Layer, SoftMax, Squeeze
from flowgraph.models.tensor_graph import TensorGraph
from flowgraph.models.traced import traced
from flowgraph.runtime.plan import Plan


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def softmax_regression() -> tuple[Any, Any, list[Any], dict[Any, Any]]:
    """Loss, accuracy, variables and a feed of 784-10 on the digits of the package."""
    data = digits.load()
    images = data.train_images[:200].reshape(200, 784) / np.float32(255)
    x = tf.placeholder(tf.float32, [None, 784])
    y = tf.placeholder(tf.int32, [None])
    w = tf.Variable(tf.random_normal([784, 10], stddev=0.1, seed=1))
    b = tf.Variable(tf.random_normal([10], stddev=0.1, seed=2))
    logits = tf.matmul(x, w) + b
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    right = tf.equal(tf.argmax(logits, 1, output_type=tf.int32), y)
    accuracy = tf.reduce_mean(tf.cast(right, tf.float32))
    feed = {x: images, y: data.train_labels[:200].astype(np.int32)}
    return tf.reduce_mean(losses), accuracy, [w, b], feed


def test_optimizer_node_demo(sess: Any, capsys: pytest.CaptureFixture[str]) -> None:
    counts = tf.Variable((3,))
    (slope,) = tf.gradients(tf.reduce_sum(counts), counts)
    assert repr(slope) == "<tf.Tensor 'gradients/Sum_grad/Tile:0' shape=(1,) dtype=int32>"
    a, b = tf.ones((2, 3)), tf.ones((3, 4))
    by_a, by_b = tf.gradients(tf.matmul(a, b), [a, b])
    weights = tf.Variable([4.0, -2.0])
    with tf.name_scope("loss"):
        loss = tf.reduce_sum(tf.square(weights))
    with tf.name_scope("optim"):
        train = tf.train.AdamOptimizer(0.001).minimize(loss)
    assert train.name == "optim/Adam"
    sess.run(tf.global_variables_initializer())
    values = sess.run([slope, by_a, by_b])
    assert [value.tolist() for value in values] == [[1], [[4.0] * 3] * 2, [[2.0] * 4] * 3]
    fetched = [sess.run([train, loss]) for _ in range(5)]
    for step, (nothing, value) in enumerate(fetched):
        assert nothing is None
        print(f"step {step}, loss: {value:f}")
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "step 0, loss: 20.000000" and len(shown) == 5
    losses = [value for _, value in fetched]
    assert losses == sorted(losses, reverse=True) and len(set(losses)) == 5


RESUME = """
import sys
import numpy as np
import flowgraph as tf
sess = tf.Session()
saver = tf.train.import_meta_graph(sys.argv[1] + ".meta")
saver.restore(sess, sys.argv[1])
np.savez(sys.argv[2], *sess.run(tf.global_variables()))
"""


def test_checkpointed_training(tmp_path: Path) -> None:
    def steps(count: int, start: str | None = None, save_as: str | None = None) -> list[Any]:
        with tf.Graph().as_default(), tf.Session() as sess:
            loss, _, variables, feed = softmax_regression()
            train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
            saver = tf.train.Saver()
            if start is None:
                sess.run(tf.global_variables_initializer())
            else:
                saver.restore(sess, start)
            for _ in range(count):
                sess.run(train, feed)
            if save_as is not None:
                assert saver.save(sess, save_as) == save_as
            values: list[Any] = sess.run(variables)
            return values

    path = str(tmp_path / "mylatest.ckpt")
    saved = steps(20, save_as=path)
    suffixes = ["data-00000-of-00001", "index", "meta"]
    names = ["checkpoint", *(f"mylatest.ckpt.{suffix}" for suffix in suffixes)]
    assert sorted(file.name for file in tmp_path.iterdir()) == names

    values_file = tmp_path / "values.npz"
    subprocess.run([sys.executable, "-c", RESUME, path, values_file], check=True)
    with np.load(values_file) as elsewhere:
        for name, value in zip(elsewhere.files, saved, strict=True):
            np.testing.assert_array_equal(elsewhere[name], value)
    for resumed, uninterrupted in zip(steps(20, start=path), steps(40), strict=True):
        np.testing.assert_array_equal(resumed, uninterrupted)


@pytest.mark.parametrize("optimizer", [tf.train.GradientDescentOptimizer, tf.train.AdamOptimizer])
def test_optimizer_inside_loop(sess: Any, optimizer: Any) -> None:
    plain = optimizer is tf.train.GradientDescentOptimizer
    loss, _, variables, feed = softmax_regression()
    once = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    graph = tf.get_default_graph()
    growth = []
    for step in range(4):
        before = len(graph.get_operations())
        train = optimizer(0.5).minimize(loss)
        growth.append(len(graph.get_operations()) - before)
        if step == 0:
            init = tf.global_variables_initializer()
            sess.run(init)
        if plain or step == 0:
            sess.run(train, feed)
        else:
            with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value"):
                sess.run(train, feed)
    assert growth[0] > 10 and len(set(growth)) == 1
    if plain:
        found = sess.run(variables)
        # A new session draws the same start.
        with tf.Session() as second:
            second.run(init)
            for _ in range(4):
                second.run(once, feed)
            for one, other in zip(found, second.run(variables), strict=True):
                np.testing.assert_array_equal(one, other)
    graph.finalize()
    with pytest.raises(RuntimeError, match="finalized"):
        optimizer(0.5).minimize(loss)


def test_run_once_versus_twice(sess: Any) -> None:
    calls: list[float] = []

    def counted(value: Any) -> Any:
        calls.append(float(value))
        return value

    shared = tf.py_func(counted, [tf.constant(3.0)], tf.float32)
    a, b = shared + 1, shared * 2
    assert sess.run([a, b]) == [4.0, 6.0] and len(calls) == 1
    assert [a.eval(), b.eval()] == [4.0, 6.0] and len(calls) == 3

    other = tf.Graph()
    with other.as_default():
        foreign = tf.constant(1.0)
    with pytest.raises(ValueError, match="not an element of this graph"):
        sess.run(foreign)
    count = tf.Variable(0.0)
    up = count.assign_add(1.0)
    init = tf.global_variables_initializer()
    with tf.Session() as second:
        for session in (sess, second):
            session.run(init)
        sess.run(up)
        sess.run(up)
        assert [sess.run(count), second.run(count)] == [2.0, 0.0]


def test_fetched_metrics_are_those_before_the_update(sess: Any) -> None:
    w: Any = tf.Variable(0.0)
    loss = tf.square(w - 1)
    metric = tf.identity(w)
    train = tf.train.GradientDescentOptimizer(0.25).minimize(loss)
    sess.run(tf.global_variables_initializer())
    expected = 0.0
    for trial in range(1000):
        fetches = [metric, train, loss] if trial % 2 else [loss, train, metric]
        values = sess.run(fetches)
        found = {0: values[2], 1: values[0]}[trial % 2]
        assert found == np.float32(expected)
        expected = float(sess.run(w))
        if trial % 10 == 9:
            sess.run(w.initializer)
            expected = 0.0


class A3CLoss(Layer):
    """Policy, value and entropy terms, as actor-critic training adds them."""

    def create_tensor(self) -> Any:
        rewards, advantages, actions, probabilities, values = self.inputs()
        log = tf.log(probabilities + np.finfo(np.float32).eps)
        policy = -tf.reduce_mean(advantages * tf.reduce_sum(actions * log, axis=1))
        error = tf.reduce_mean(tf.square(rewards - values))
        entropy = -tf.reduce_mean(tf.reduce_sum(probabilities * log, axis=1))
        self.out_tensor = policy + 0.2 * error - 0.01 * entropy
        return self.out_tensor


def policy_network(**options: Any) -> tuple[TensorGraph, list[Layer]]:
    board = Input((None, 3, 3, 2))
    hidden: Layer = Flatten(board)
    for units in (64, 32, 16):
        hidden = Dense(hidden, units, tf.nn.relu, tf.nn.l2_normalize, {"axis": 1})
    normal = BatchNorm(hidden)
    policy = SoftMax(Dense(normal, 9))
    value = Squeeze(Dense(normal, 1), squeeze_dims=1)
    rewards, advantages, actions = Input((None,)), Input((None,)), Input((None, 9))
    network = TensorGraph(batch_size=8, random_seed=3, **options)
    network.add_layer(board)
    network.add_output(policy)
    network.add_output(value)
    network.set_loss(A3CLoss([rewards, advantages, actions, policy, value]))
    return network, [board, rewards, advantages, actions]


def test_layer_tensorgraph_framework(tmp_path: Path) -> None:
    network, inputs = policy_network(model_dir=str(tmp_path))
    kinds = "Input SoftMax Dense BatchNorm Dense Dense Dense Flatten Squeeze Dense A3CLoss"
    kinds += " Input Input Input"
    created = [f"{kind}_{n}" for n, kind in enumerate(kinds.split(), 1)]
    assert list(network.layers) == created
    numbers = [1, 12, 13, 14, 8, 7, 6, 5, 4, 3, 2, 10, 9, 11]
    order = [layer.name for layer in network.topological_order()]
    assert order == [created[number - 1] for number in numbers]
    with pytest.raises(ValueError, match="No checkpoint found"):
        network.restore()

    random = np.random.RandomState(4)
    board, rewards, advantages, actions = inputs
    rows: dict[Layer, Any] = {
        board: random.randint(0, 2, (16, 3, 3, 2)),
        rewards: random.randn(16),
        advantages: random.randn(16),
        actions: np.eye(9)[random.randint(0, 9, 16)],
    }
    first = network.fit(rows)
    assert network.fit(rows, epochs=50) < first
    network.save()
    before = network.predict({board: rows[board]})
    np.testing.assert_allclose(before[0].sum(axis=1), np.ones(16), rtol=1e-5)
    assert before[1].shape == (16,)
    network.fit(rows)
    assert not np.array_equal(before[0], network.predict({board: rows[board]})[0])
    network.restore()
    np.testing.assert_array_equal(before[0], network.predict({board: rows[board]})[0])

    policy = network.outputs[0]
    with network.graph.as_default():
        assert (policy + tf.constant(1.0)).shape.as_list() == [None, 9]
        assert tf.reduce_sum(policy, axis=1).shape.as_list() == [None]
    dense = network.layers["Dense_3"]
    assert [v.op.name for v in network.layer_variables(dense)] == [
        "Dense_3/weights",
        "Dense_3/biases",
    ]


def test_dataset_and_dataloader() -> None:
    sizes = Counter(len(batch) for (batch,) in DataLoader(ArrayDataset(np.arange(60000)), 64))
    assert sizes == {64: 937, 32: 1}

    class Pictures:
        def __len__(self) -> int:
            return 10

        def __getitem__(self, index: int) -> dict[str, Any]:
            return {"image": np.full((2, 2), index), "label": index}

    def epochs() -> list[list[int]]:
        loader = DataLoader(Pictures(), batch_size=4, shuffle=True, seed=3)
        return [[int(n) for batch in loader for n in batch["label"]] for _ in range(2)]

    first, second = epochs()
    assert sorted(first) == sorted(second) == list(range(10)) and first != second
    assert epochs() == [first, second]
    batch = next(iter(DataLoader(Pictures(), batch_size=4)))
    assert batch["image"].shape == (4, 2, 2) and batch["label"].tolist() == [0, 1, 2, 3]


def test_graph_viewer_xor_trace(sess: Any, tmp_path: Path) -> None:
    tf.set_random_seed(2)
    x = tf.placeholder(tf.float32, [4, 2], name="x")
    y = tf.placeholder(tf.float32, [4, 1], name="y")
    activation = x
    for scope, shape in (("hidden", [2, 2]), ("out", [2, 1])):
        with tf.variable_scope(scope):
            kernel = tf.get_variable("kernel", shape)
            bias = tf.get_variable("bias", shape[1:], initializer=tf.zeros_initializer())
            activation = tf.sigmoid(tf.matmul(activation, kernel) + bias)
    loss = -tf.reduce_mean(y * tf.log(activation) + (1 - y) * tf.log(1 - activation))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    sess.run(tf.global_variables_initializer())
    feed = {x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [[0], [1], [1], [0]]}
    metadata = tf.RunMetadata()
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    sess.run([loss, train], feed, options=options, run_metadata=metadata)

    traced_ops = Counter(
        node.node_name for device in metadata.step_stats.dev_stats for node in device.node_stats
    )
    assert set(traced_ops.values()) == {1}
    assert {"hidden/MatMul", "hidden/Sigmoid", "out/MatMul", "out/Sigmoid"} <= set(traced_ops)
    updates = [name for name in traced_ops if "ApplyGradientDescent" in name]
    assert len(updates) == 4
    stats = [node for device in metadata.step_stats.dev_stats for node in device.node_stats]
    assert all(node.all_end_rel_nanos > 0 for node in stats)
    product = next(node for node in stats if node.node_name == "hidden/MatMul")
    assert product.output[0].tensor_description.allocation_description.requested_bytes == 32

    graph_def = tf.get_default_graph().as_graph_def(add_shapes=True)
    assert len(graph_def.node) == len(tf.get_default_graph().get_operations())
    with_outputs = [op.name for op in tf.get_default_graph().get_operations() if op.outputs]
    shaped = {node.name for node in graph_def.node if "_output_shapes" in node.attr}
    assert shaped.issuperset(with_outputs)
    page = viz.to_html(sess.graph, tmp_path / "xor.html", run_metadata=metadata)
    assert "hidden" in page and 'src="http' not in page and 'href="http' not in page


def test_eager_versus_graph_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def counted_plan(*arguments: Any) -> Plan:
        made.append(arguments)
        return Plan(*arguments)

    monkeypatch.setattr("flowgraph.runtime.session.Plan", counted_plan)
    with tf.Graph().as_default(), tf.Session() as sess:
        product = tf.constant([2]) * tf.constant([5])
        values = [sess.run(product) for _ in range(100)]
    assert all(v.dtype == np.int32 and v.tolist() == [10] for v in values) and len(made) == 1

    @traced
    def multiply(a: Any, b: Any) -> Any:
        return a * b

    for _ in range(100):
        value = multiply([2], [5])
    assert value.dtype == np.int32 and value.tolist() == [10] and multiply.traces == 1
    assert len(made) == 2
    assert multiply([2.0], [5.0]).dtype == np.float32 and multiply([1, 2], [3, 4]).shape == (2,)
    assert multiply.traces == 3


BENZENE = (list("CCCCCC"), [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0)])
PYRIDINE = (list("NCCCCC"), BENZENE[1])
CYCLOPENTANE = (list("CCCCC"), [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)])
TOLUENE = (list("CCCCCCC"), [*BENZENE[1], (0, 6)])


def test_molecule_fingerprint(sess: Any) -> None:
    found = {}
    for name, (atoms, bonds) in {"pyridine": PYRIDINE, "toluene": TOLUENE}.items():
        order = np.random.RandomState(5).permutation(len(atoms))
        place = {int(old): new for new, old in enumerate(order)}
        renamed = [atoms[old] for old in order]
        moved = [(place[b], place[a]) for a, b in reversed(bonds)]
        bits, again = sess.run([fingerprint(atoms, bonds), fingerprint(renamed, moved)])
        np.testing.assert_array_equal(bits, again)
        assert bits.shape == (1024,) and set(bits.tolist()) == {0, 1}
        found[name] = bits
    assert not np.array_equal(found["pyridine"], found["toluene"])
    rings = [sess.run(fingerprint(*molecule)) for molecule in (BENZENE, CYCLOPENTANE, PYRIDINE)]
    assert not any(np.array_equal(rings[one], rings[one - 1]) for one in range(3))
    near, far = (substructures(*TOLUENE, radius=radius) for radius in (0, 2))
    assert len(near) == 3 and near < far
    with pytest.raises(ValueError, match="bond"):
        fingerprint(["C"], [(0, 1)])
