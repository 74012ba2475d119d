"""`tf.layers`: what TensorFlow of today cannot tell any more, batch normalization above all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf

layers: Any = tf.layers
RNG = np.random.default_rng(0)
IMAGES = (RNG.normal(1.0, 2.0, (4, 3, 3, 2))).astype(np.float32)
ROWS = (RNG.normal(1.0, 2.0, (6, 2))).astype(np.float32)


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as made:
        yield made


@pytest.fixture
def session(graph: Any) -> Any:
    with tf.Session() as made:
        yield made


def names() -> list[str]:
    ops = tf.get_default_graph().get_operations()
    return [op.name for op in ops if "Initializer" not in op.name]


def normalized(x: Any, axes: Any, epsilon: float = 1e-3) -> Any:
    wide = x.astype(np.float64)
    mean, variance = wide.mean(axes, keepdims=True), wide.var(axes, keepdims=True)
    return (wide - mean) / np.sqrt(variance + epsilon)


class TestBatchNormalization:
    def test_names(self) -> None:
        layers.batch_normalization(tf.placeholder(tf.float32, [None, 2]), training=True)
        variables = [v.name for v in tf.global_variables()]
        parts = ["gamma", "beta", "moving_mean", "moving_variance"]
        assert variables == [f"batch_normalization/{part}:0" for part in parts]
        assert [v.name for v in tf.trainable_variables()] == variables[:2]
        assert [op.name for op in tf.get_collection(tf.GraphKeys.UPDATE_OPS)] == [
            "batch_normalization/AssignMovingAvg",
            "batch_normalization/AssignMovingAvg_1",
        ]
        steps = ("add", "Rsqrt", "mul", "mul_1", "mul_2", "sub", "add_1")
        assert names()[-7:] == [f"batch_normalization/batchnorm/{step}" for step in steps]

    def test_names_of_images(self) -> None:
        layers.batch_normalization(tf.placeholder(tf.float32, [None, 3, 3, 2]), training=True)
        assert "batch_normalization/FusedBatchNormV3" in names()
        assert "batch_normalization/AssignMovingAvg/sub_1" in names()

    @pytest.mark.parametrize("x", [ROWS, IMAGES], ids=["rows", "images"])
    @pytest.mark.parametrize("known", [True, False])
    @pytest.mark.parametrize("fused", [None, False])
    def test_training_and_inference(
        self, session: Any, x: Any, known: bool, fused: bool | None
    ) -> None:
        training = True if known else tf.placeholder(tf.bool, [])
        y = layers.batch_normalization(x, training=training, momentum=0.9, fused=fused)
        assert y.shape.as_list() == list(x.shape)
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        session.run(tf.global_variables_initializer())
        feeds = {} if known else {training: True}
        axes = tuple(range(x.ndim - 1))
        np.testing.assert_allclose(session.run(y, feeds), normalized(x, axes), rtol=1e-3, atol=1e-5)
        session.run(updates, feeds)
        session.run(updates, feeds)
        _, _, mean, variance = session.run(tf.global_variables())
        np.testing.assert_allclose(mean, 0.19 * x.mean(axes), rtol=1e-5)
        # The fused operation averages the unbiased variance.
        one_op = fused is None and x.ndim == 4
        batch = x.var(axes, ddof=1 if one_op else 0)
        np.testing.assert_allclose(variance, 0.81 + 0.19 * batch, rtol=1e-5)
        if not known:
            expected = (x - mean) / np.sqrt(variance + 1e-3)
            np.testing.assert_allclose(session.run(y, {training: False}), expected, rtol=1e-4)
            session.run(updates, {training: False})
            np.testing.assert_array_equal(session.run(tf.global_variables()[2]), mean)

    def test_inference_has_no_updates(self, session: Any) -> None:
        y = layers.batch_normalization(ROWS, training=False)
        session.run(tf.global_variables_initializer())
        np.testing.assert_allclose(session.run(y), ROWS / np.sqrt(1.001), rtol=1e-5)
        assert tf.get_collection(tf.GraphKeys.UPDATE_OPS) == []

    @pytest.mark.parametrize(
        ("axis", "reduced"), [(1, (0, 2, 3)), ([1, 2], (0, 3)), (2, (0, 1, 3))]
    )
    def test_axes(self, session: Any, axis: Any, reduced: Any) -> None:
        y = layers.batch_normalization(IMAGES, axis=axis, training=True)
        session.run(tf.global_variables_initializer())
        np.testing.assert_allclose(
            session.run(y), normalized(IMAGES, reduced), rtol=1e-3, atol=1e-5
        )

    def test_without_center_and_scale(self, session: Any) -> None:
        y = layers.batch_normalization(IMAGES, center=False, scale=False, training=True)
        session.run(tf.global_variables_initializer())
        assert len(tf.global_variables()) == 2
        np.testing.assert_allclose(
            session.run(y), normalized(IMAGES, (0, 1, 2)), rtol=1e-3, atol=1e-5
        )

    def test_virtual_batches(self, session: Any) -> None:
        y = layers.batch_normalization(ROWS, training=True, virtual_batch_size=2)
        session.run(tf.global_variables_initializer())
        groups = ROWS.reshape(2, 3, 2)
        expected = normalized(groups, (0,)).reshape(6, 2)
        np.testing.assert_allclose(session.run(y), expected, rtol=1e-3, atol=1e-5)

    def test_renormalization_tends_to_the_averages(self, session: Any) -> None:
        clipping = {"rmax": 1.5, "rmin": 0.5, "dmax": 0.3}
        y = layers.batch_normalization(
            ROWS, training=True, renorm=True, renorm_clipping=clipping, renorm_momentum=0.5
        )
        session.run(tf.global_variables_initializer())
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        deviation = np.sqrt(ROWS.var(0) + 1e-3)
        factor = np.clip(deviation, 0.5, 1.5)
        shift = np.clip(ROWS.mean(0), -0.3, 0.3)
        expected = normalized(ROWS, (0,)) * factor + shift
        np.testing.assert_allclose(session.run(y), expected, rtol=1e-3, atol=1e-5)
        for _ in range(30):
            session.run(updates)
        np.testing.assert_allclose(session.run(y), normalized(ROWS, (0,)), rtol=1e-3, atol=1e-4)
        assert [v.op.name.rpartition("/")[2] for v in tf.global_variables()][4:] == [
            "moving_stddev",
            "renorm_mean",
            "renorm_stddev",
        ]

    def test_half_precision_keeps_wide_averages(self, session: Any) -> None:
        y = layers.batch_normalization(ROWS.astype(np.float16), training=True)
        assert y.dtype == tf.float16
        assert {v.dtype.base_dtype for v in tf.global_variables()} == {tf.float32}
        session.run(tf.global_variables_initializer())
        np.testing.assert_allclose(session.run(y), normalized(ROWS, (0,)), atol=2e-2)

    def test_frozen_layer_updates_nothing(self) -> None:
        layers.batch_normalization(ROWS, training=True, trainable=False)
        assert tf.trainable_variables() == []
        assert tf.get_collection(tf.GraphKeys.UPDATE_OPS) == []

    def test_reuse(self) -> None:
        layers.batch_normalization(ROWS, name="bn")
        layers.batch_normalization(ROWS, name="bn", reuse=True)
        assert len(tf.global_variables()) == 4

    def test_gradients(self, session: Any) -> None:
        x = tf.constant(ROWS.astype(np.float64))
        y = layers.batch_normalization(x, training=True)
        session.run(tf.global_variables_initializer())
        error = tf.test.compute_gradient_error(
            x, ROWS.shape, y, ROWS.shape, ROWS.astype(np.float64)
        )
        assert error < 1e-6

    @pytest.mark.parametrize(
        ("arguments", "match"),
        [
            ({"axis": 3}, "Invalid axis"),
            ({"axis": [1, -1]}, "Duplicate axis"),
            ({"axis": "channels"}, "axis must be int or list"),
            ({"virtual_batch_size": 0}, "positive integer"),
            ({"renorm": True, "renorm_clipping": {"max": 1}}, "not in"),
        ],
    )
    def test_bad_arguments(self, arguments: Any, match: str) -> None:
        with pytest.raises((ValueError, TypeError), match=match):
            layers.batch_normalization(ROWS, **arguments)


class TestNames:
    """Names of version 1.15 that later versions changed."""

    def test_dense(self) -> None:
        layers.dense(tf.placeholder(tf.float32, [None, 4], name="x"), 3, activation=tf.nn.relu)
        parts = ["kernel", "kernel/Assign", "kernel/read", "bias", "bias/Assign", "bias/read"]
        found = [name for name in names() if name != "x"]
        assert found == [f"dense/{part}" for part in [*parts, "MatMul", "BiasAdd", "Relu"]]

    def test_conv2d(self) -> None:
        layers.conv2d(tf.placeholder(tf.float32, [None, 8, 8, 3]), 4, 3)
        assert names()[-3:] == ["conv2d/dilation_rate", "conv2d/Conv2D", "conv2d/BiasAdd"]

    def test_flatten(self) -> None:
        layers.flatten(tf.placeholder(tf.float32, [None, 2, 3], name="x"))
        tail = ["/stack", "/stack_1", "/stack_2", ""]
        assert names()[1:] == [
            "flatten/Shape",
            *[f"flatten/strided_slice{part}" for part in tail],
            "flatten/Reshape/shape/1",
            "flatten/Reshape/shape",
            "flatten/Reshape",
        ]


class TestLayer:
    def test_inputs_and_outputs(self) -> None:
        layer = layers.Dense(3)
        with pytest.raises(AttributeError, match="not connected"):
            _ = layer.input
        x = tf.ones([2, 4])
        y = layer(x)
        assert layer.input is x
        assert layer.output is y
        assert layer.input_shape.as_list() == [2, 4]
        assert layer.output_shape.as_list() == [2, 3]
        layer(x)
        with pytest.raises(AttributeError, match="called 2 times"):
            _ = layer.output
        assert layer.get_output_at(0) is y

    def test_losses_and_updates_by_inputs(self) -> None:
        class Counting(layers.Layer):  # type: ignore[misc]
            def call(self, inputs: Any) -> Any:
                self.add_loss(tf.reduce_sum(inputs))
                self.add_loss([tf.constant(1.0), None])
                return inputs

        layer = Counting()
        x = tf.placeholder(tf.float32, [2])
        layer(x)
        assert len(layer.losses) == 2
        assert layer.get_losses_for(x) == layer.losses[:1]
        assert layer.get_losses_for(None) == layer.losses[1:]

    def test_arrays_become_constants(self, session: Any) -> None:
        y = layers.dense(np.ones((2, 3), np.float32), 1, kernel_initializer=tf.ones_initializer())
        session.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(session.run(y), [[3.0], [3.0]])

    def test_partitioned_kernel(self, session: Any) -> None:
        with tf.variable_scope("net", partitioner=tf.fixed_size_partitioner(2)):
            y = layers.dense(
                tf.ones([1, 4]), 3, kernel_initializer=tf.ones_initializer(), use_bias=False
            )
        assert len(tf.global_variables()) == 2
        session.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(session.run(y), [[4.0, 4.0, 4.0]])

    def test_sparse_inputs(self, session: Any) -> None:
        x = tf.SparseTensor([[0, 1], [1, 0]], [2.0, 3.0], [2, 3])
        y = layers.dense(x, 2, kernel_initializer=tf.constant_initializer(np.arange(6.0)))
        session.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(session.run(y), [[4.0, 6.0], [0.0, 3.0]])

    def test_call_without_result(self) -> None:
        class Silent(layers.Layer):  # type: ignore[misc]
            def call(self, inputs: Any) -> None:
                return None

        with pytest.raises(ValueError, match="should return a Tensor"):
            Silent()(tf.ones([1]))

    @pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
    def test_channels_may_come_second(self, session: Any, data_format: str) -> None:
        last = data_format == "channels_last"
        x = IMAGES if last else IMAGES.transpose(0, 3, 1, 2)
        start = tf.constant_initializer(np.arange(2 * 2 * 2 * 3) / 7)
        y = layers.conv2d(x, 3, 2, data_format=data_format, kernel_initializer=start)
        y = layers.max_pooling2d(y, 2, 1, data_format=data_format)
        session.run(tf.global_variables_initializer())
        found = session.run(y)
        found = found if last else found.transpose(0, 2, 3, 1)
        with tf.Graph().as_default(), tf.Session() as other:
            y = layers.conv2d(IMAGES, 3, 2, kernel_initializer=start)
            y = layers.max_pooling2d(y, 2, 1)
            other.run(tf.global_variables_initializer())
            np.testing.assert_allclose(found, other.run(y), rtol=1e-5)


def test_a_small_network_learns(session: Any) -> None:
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [None, 6, 6, 1])
    labels = tf.placeholder(tf.int64, [None])
    training = tf.placeholder_with_default(False, [])
    y = layers.conv2d(x, 4, 3, padding="same", use_bias=False)
    y = tf.nn.relu(layers.batch_normalization(y, training=training))
    y = layers.flatten(layers.max_pooling2d(y, 2, 2))
    y = layers.dropout(y, 0.2, training=training)
    logits = layers.dense(y, 2)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        step = tf.train.AdamOptimizer(0.01).minimize(loss)
    rng = np.random.default_rng(3)
    kinds = rng.integers(0, 2, 64)
    images = rng.normal(0, 0.3, (64, 6, 6, 1))
    images[kinds == 1, 2:4] += 2.0
    session.run(tf.global_variables_initializer())
    for _ in range(60):
        session.run(step, {x: images, labels: kinds, training: True})
    assert np.mean(session.run(logits, {x: images}).argmax(1) == kinds) > 0.95
