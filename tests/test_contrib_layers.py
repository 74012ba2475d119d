"""`tf.contrib.layers`: its layers, their variables and what they compute."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf

contrib: Any = tf.contrib
layers, slim = contrib.layers, contrib.slim
RNG = np.random.default_rng(0)
ROWS = RNG.normal(1.0, 2.0, (6, 2)).astype(np.float32)
IMAGES = RNG.normal(1.0, 2.0, (2, 4, 4, 6)).astype(np.float32)


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as made:
        yield made


@pytest.fixture
def session(graph: Any) -> Any:
    with tf.Session() as made:
        yield made


def names(variables: Any) -> list[str]:
    return [variable.op.name for variable in variables]


class TestDense:
    def test_names(self) -> None:
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        y = layers.fully_connected(x, 4)
        assert y.op.name == "fully_connected/Relu"
        assert names(tf.global_variables()) == ["fully_connected/weights", "fully_connected/biases"]
        assert names(slim.get_model_variables()) == names(tf.global_variables())
        assert layers.linear(x, 2, scope="out").op.name == "out/BiasAdd"
        layers.fully_connected(x, 4, scope="out2")
        again = layers.fully_connected(x, 4, scope="out2", reuse=True)
        assert again.op.name == "out2_1/Relu"
        assert len(tf.global_variables()) == 6

    def test_values(self, session: Any) -> None:
        start = tf.constant_initializer(np.arange(6.0).reshape(2, 3) - 2)
        y = layers.fully_connected(ROWS, 3, weights_initializer=start)
        session.run(tf.global_variables_initializer())
        expected = np.maximum(ROWS @ (np.arange(6.0).reshape(2, 3) - 2), 0)
        np.testing.assert_allclose(session.run(y), expected, rtol=1e-5)

    def test_normalizer_stands_for_biases(self) -> None:
        layers.fully_connected(ROWS, 3, normalizer_fn=layers.batch_norm, scope="fc")
        assert names(tf.global_variables()) == [
            "fc/weights",
            "fc/BatchNorm/beta",
            "fc/BatchNorm/moving_mean",
            "fc/BatchNorm/moving_variance",
        ]
        layers.fully_connected(ROWS, 3, biases_initializer=None, scope="plain")
        assert names(tf.global_variables())[4:] == ["plain/weights"]

    def test_collections(self) -> None:
        y = layers.fully_connected(
            ROWS,
            3,
            scope="net/fc",
            variables_collections={"weights": ["w"], "biases": ["b"]},
            outputs_collections="ends",
        )
        assert names(tf.get_collection("w")) == ["net/fc/weights"]
        assert names(tf.get_collection("b")) == ["net/fc/biases"]
        assert dict(slim.utils.convert_collection_to_dict("ends", True)) == {"net/fc": y}
        assert tf.get_collection("ends") == []

    def test_units_are_an_int(self) -> None:
        with pytest.raises(ValueError, match="num_outputs"):
            layers.fully_connected(ROWS, 3.0)


class TestConvolutions:
    def test_names_and_shapes(self) -> None:
        x = tf.constant(IMAGES)
        made = {
            "Conv/Relu": (layers.conv2d(x, 5, 3), [2, 4, 4, 5]),
            "Conv_1/Relu": (layers.conv2d(x, 5, [3, 3], 2, "VALID"), [2, 1, 1, 5]),
            "Conv2d_transpose/Relu": (layers.conv2d_transpose(x, 3, 3, 2), [2, 8, 8, 3]),
            "ConvInPlane/Relu": (layers.conv2d_in_plane(x, 3), [2, 4, 4, 6]),
            "SeparableConv2d/Relu": (layers.separable_conv2d(x, 5, 3, 2), [2, 4, 4, 5]),
            "SeparableConv2d_1/Relu": (layers.separable_conv2d(x, None, 3, 2), [2, 4, 4, 12]),
            "MaxPool2D/MaxPool": (layers.max_pool2d(x, 2), [2, 2, 2, 6]),
            "AvgPool2D/AvgPool": (layers.avg_pool2d(x, 3, 1, "SAME"), [2, 4, 4, 6]),
        }
        for name, (y, shape) in made.items():
            assert (y.op.name, y.shape.as_list()) == (name, shape)
        assert names(tf.global_variables())[6:11] == [
            "ConvInPlane/weights",
            "ConvInPlane/biases",
            "SeparableConv2d/depthwise_weights",
            "SeparableConv2d/pointwise_weights",
            "SeparableConv2d/biases",
        ]

    def test_same_as_layers(self, session: Any) -> None:
        start = tf.constant_initializer(RNG.normal(size=(3, 3, 6, 2)))
        ours = layers.conv2d(IMAGES, 2, 3, rate=2, weights_initializer=start)
        theirs = tf.layers.conv2d(
            IMAGES, 2, 3, 1, "same", dilation_rate=2, kernel_initializer=start
        )
        session.run(tf.global_variables_initializer())
        found, expected = session.run([ours, tf.nn.relu(theirs)])
        np.testing.assert_array_equal(found, expected)

    def test_in_plane_is_one_kernel_for_all(self, session: Any) -> None:
        edges = tf.constant_initializer([[-1.0], [1.0]])
        y = layers.conv2d_in_plane(
            IMAGES, [2, 1], padding="VALID", activation_fn=None, weights_initializer=edges
        )
        session.run(tf.global_variables_initializer())
        np.testing.assert_allclose(session.run(y), np.diff(IMAGES, axis=1), rtol=1e-5, atol=1e-5)

    def test_bad_arguments(self) -> None:
        with pytest.raises(ValueError, match="rank 4"):
            layers.conv2d(ROWS, 3, 3)
        with pytest.raises(ValueError, match="data_format"):
            layers.conv2d(IMAGES, 3, 3, data_format="channels_last")
        with pytest.raises(ValueError, match="data_format"):
            layers.max_pool2d(IMAGES, 2, data_format="NDHWC")


class TestBatchNorm:
    def expected(self, x: Any) -> Any:
        axes = tuple(range(x.ndim - 1))
        return (x - x.mean(axes)) / np.sqrt(x.var(axes) + 1e-3)

    @pytest.mark.parametrize("x", [ROWS, IMAGES], ids=["rows", "images"])
    @pytest.mark.parametrize("fused", [None, False])
    @pytest.mark.parametrize("collection", [tf.GraphKeys.UPDATE_OPS, "own"])
    def test_training_and_inference(
        self, session: Any, x: Any, fused: bool | None, collection: str
    ) -> None:
        training = tf.placeholder(tf.bool, [])
        y = layers.batch_norm(
            x, 0.9, is_training=training, fused=fused, updates_collections=collection
        )
        updates = tf.get_collection(collection)
        assert len(updates) == 2
        session.run(tf.global_variables_initializer())
        found = session.run(y, {training: True})
        np.testing.assert_allclose(found, self.expected(x), rtol=1e-3, atol=1e-5)
        session.run(updates, {training: True})
        _, mean, variance = session.run(tf.global_variables())
        np.testing.assert_allclose(mean, 0.1 * x.mean(tuple(range(x.ndim - 1))), rtol=1e-4)
        session.run(updates, {training: False})
        np.testing.assert_array_equal(session.run(tf.global_variables()[1]), mean)
        expected = (x - mean) / np.sqrt(variance + 1e-3)
        np.testing.assert_allclose(session.run(y, {training: False}), expected, rtol=1e-4)

    @pytest.mark.parametrize("fused", [None, False])
    def test_updates_in_place(self, session: Any, fused: bool | None) -> None:
        training = tf.placeholder(tf.bool, [])
        y = layers.batch_norm(
            ROWS, 0.9, is_training=training, fused=fused, updates_collections=None
        )
        session.run(tf.global_variables_initializer())
        session.run(y, {training: False})
        np.testing.assert_array_equal(session.run(tf.global_variables()[1]), [0.0, 0.0])
        session.run(y, {training: True})
        found = session.run(tf.global_variables()[1])
        np.testing.assert_allclose(found, 0.1 * ROWS.mean(0), rtol=1e-5)

    def test_weights_of_examples(self, session: Any) -> None:
        weights = np.array([1, 1, 0, 0, 0, 0], np.float32)
        y = layers.batch_norm(ROWS, batch_weights=weights, updates_collections="own")
        session.run(tf.global_variables_initializer())
        part = ROWS[:2]
        expected = (ROWS - part.mean(0)) / np.sqrt(part.var(0) + 1e-3)
        np.testing.assert_allclose(session.run(y), expected, rtol=1e-3)

    def test_debiased_mean(self, session: Any) -> None:
        layers.batch_norm(ROWS, zero_debias_moving_mean=True)
        session.run(tf.global_variables_initializer())
        session.run(tf.get_collection(tf.GraphKeys.UPDATE_OPS))
        (mean,) = slim.get_variables_by_name("moving_mean")
        np.testing.assert_allclose(session.run(mean), ROWS.mean(0), rtol=1e-4)

    def test_renormalization_needs_the_plain_collection(self) -> None:
        with pytest.raises(ValueError, match="renorm is not supported"):
            layers.batch_norm(ROWS, renorm=True, updates_collections=None)


class TestNormsOfExamples:
    def check(self, session: Any, y: Any, axes: tuple[int, ...]) -> None:
        session.run(tf.global_variables_initializer())
        mean, deviation = IMAGES.mean(axes, keepdims=True), IMAGES.std(axes, keepdims=True)
        np.testing.assert_allclose(session.run(y), (IMAGES - mean) / deviation, atol=1e-4)

    def test_layer_norm(self, session: Any) -> None:
        self.check(session, layers.layer_norm(IMAGES), (1, 2, 3))

    def test_layer_norm_of_the_last_axis(self, session: Any) -> None:
        self.check(session, layers.layer_norm(IMAGES, begin_norm_axis=-1), (3,))

    def test_instance_norm(self, session: Any) -> None:
        self.check(session, layers.instance_norm(IMAGES), (1, 2))

    @pytest.mark.parametrize("close", [False, True])
    def test_group_norm(self, session: Any, close: bool) -> None:
        y = layers.group_norm(IMAGES, groups=3, mean_close_to_zero=close)
        session.run(tf.global_variables_initializer())
        grouped = IMAGES.reshape(2, 4, 4, 3, 2).astype(np.float64)
        axes = (1, 2, 4)
        mean, deviation = grouped.mean(axes, keepdims=True), grouped.std(axes, keepdims=True)
        expected = ((grouped - mean) / deviation).reshape(IMAGES.shape)
        np.testing.assert_allclose(session.run(y), expected, atol=1e-4)

    def test_bad_groups(self) -> None:
        with pytest.raises(ValueError, match="not commensurate"):
            layers.group_norm(IMAGES, groups=4)
        with pytest.raises(ValueError, match="Invalid groups"):
            layers.group_norm(IMAGES)


class TestShaping:
    def test_repeat_and_stack(self) -> None:
        y = layers.repeat(IMAGES, 2, layers.conv2d, 3, [3, 3], scope="conv1")
        assert y.op.name == "conv1/conv1_2/Relu"
        y = layers.stack(layers.flatten(y), layers.fully_connected, [5, (7, None)], scope="fc")
        assert y.op.name == "fc/fc_2/BiasAdd"
        assert layers.repeat(ROWS, 1, layers.linear, 2).op.name.startswith(
            "Repeat/fully_connected_1/"
        )

    def test_values(self, session: Any) -> None:
        made = {
            "maxout": layers.maxout(ROWS, 1),
            "unit": layers.unit_norm(tf.constant(ROWS), 1, epsilon=0.0),
            "softmax": layers.softmax(tf.constant(ROWS)),
            "one hot": layers.one_hot_encoding([1, 0], 3),
            "ball": layers.poincare_normalize(tf.constant([[3.0, 4.0], [0.3, 0.4]])),
        }
        found = session.run(made)
        np.testing.assert_array_equal(found["maxout"], ROWS.max(1, keepdims=True))
        np.testing.assert_allclose(
            found["unit"], ROWS / np.linalg.norm(ROWS, axis=1, keepdims=True), rtol=1e-5
        )
        np.testing.assert_allclose(found["softmax"].sum(1), np.ones(6), rtol=1e-5)
        np.testing.assert_array_equal(found["one hot"], [[0, 1, 0], [1, 0, 0]])
        np.testing.assert_allclose(found["ball"], [[0.6, 0.8], [0.3, 0.4]], rtol=1e-4)

    def test_spatial_softmax_finds_the_peak(self, session: Any) -> None:
        features = np.zeros((1, 3, 5, 2), np.float32)
        features[0, 2, 0, 0] = features[0, 1, 2, 1] = 100.0
        points = layers.spatial_softmax(tf.constant(features))
        session.run(tf.global_variables_initializer())
        np.testing.assert_allclose(session.run(points), [[1.0, -1.0, 0.0, 0.0]], atol=1e-5)

    def test_dropout(self, session: Any) -> None:
        x = np.ones((50, 20), np.float32)
        dropped = session.run(layers.dropout(x, 0.8, seed=1))
        assert set(np.unique(dropped)) == {np.float32(0.0), np.float32(1.25)}
        np.testing.assert_array_equal(session.run(layers.dropout(x, is_training=False)), x)


class TestEmbeddings:
    def test_sequences(self, session: Any) -> None:
        ids = np.array([[1, 2, 1], [3, 0, 1]])
        plain = layers.embed_sequence(ids, 5, 4, scope="table")
        unique = layers.embed_sequence(ids, 5, 4, unique=True, scope="table", reuse=True)
        session.run(tf.global_variables_initializer())
        table = session.run(tf.global_variables()[0])
        for found in session.run([plain, unique]):
            np.testing.assert_array_equal(found, table[ids])
        assert unique.shape.as_list() == [2, 3, 4]
        with pytest.raises(ValueError, match="Must specify vocab size"):
            layers.embed_sequence(ids)

    def test_bags(self, session: Any) -> None:
        ids = np.array([[1, 2, 0], [3, 0, 0]])
        sparse = layers.bow_encoder(ids, 5, 4, scope="table")
        dense = layers.bow_encoder(ids, 5, 4, sparse_lookup=False, scope="table", reuse=True)
        session.run(tf.global_variables_initializer())
        table = session.run(tf.global_variables()[0])
        found, mean = session.run([sparse, dense])
        np.testing.assert_allclose(found, [table[[1, 2]].mean(0), table[3]], rtol=1e-5)
        np.testing.assert_allclose(mean, table[ids].mean(1), rtol=1e-5)


class TestRegularizers:
    def test_values(self, session: Any) -> None:
        w = tf.constant([1.0, -2.0])
        made = [
            layers.l1_regularizer(0.5)(w),
            layers.l2_regularizer(0.5)(w),
            layers.l1_l2_regularizer(1.0, 2.0)(w),
        ]
        np.testing.assert_allclose(session.run(made), [1.5, 1.25, 8.0])
        assert layers.l2_regularizer(0.0)(w) is None
        assert layers.sum_regularizer([None]) is None

    def test_bad_scales(self) -> None:
        for make in (layers.l1_regularizer, layers.l2_regularizer):
            with pytest.raises(ValueError, match="cannot be an integer"):
                make(1)
            with pytest.raises(ValueError, match="less than 0"):
                make(-0.5)

    def test_losses_of_layers(self, session: Any) -> None:
        with slim.arg_scope([slim.fully_connected], weights_regularizer=slim.l2_regularizer(0.1)):
            slim.fully_connected(ROWS, 3, weights_initializer=tf.ones_initializer(), scope="fc")
            slim.fully_connected(ROWS, 3, scope="fc", reuse=True)
        losses = tf.losses.get_regularization_losses()
        assert names(losses) == ["fc/kernel/Regularizer/l2_regularizer"]
        session.run(tf.global_variables_initializer())
        np.testing.assert_allclose(session.run(losses), [0.3], rtol=1e-6)

    def test_applied_to_a_collection(self, session: Any) -> None:
        tf.add_to_collection(tf.GraphKeys.WEIGHTS, tf.constant([2.0]))
        tf.add_to_collection(tf.GraphKeys.WEIGHTS, tf.constant([1.0, 1.0]))
        loss = layers.apply_regularization(layers.l1_regularizer(0.5))
        assert session.run(loss) == 2.0
        assert tf.losses.get_regularization_losses() == [loss]
