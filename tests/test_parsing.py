"""Names and corners of parsing that the recorded TensorFlow has changed since 1.15."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf


def content(**features: list[int]) -> bytes:
    example = tf.train.Example()
    for key, values in features.items():
        example.features.feature[key].int64_list.value.extend(values)
    serialized: bytes = example.SerializeToString()
    return serialized


NUMBER = {"x": tf.FixedLenFeature([], tf.int64)}


def test_nodes_are_named_as_in_1_15() -> None:
    with tf.Graph().as_default():
        batch = tf.parse_example([content(x=[1])], NUMBER)["x"]
        one = tf.parse_single_example(content(x=[1]), NUMBER)["x"]
        named = tf.parse_single_example(content(x=[1]), NUMBER, name="mine")["x"]
        context, _ = tf.parse_single_sequence_example("", {"x": tf.VarLenFeature(tf.int64)})
        assert (batch.op.name, batch.op.type) == ("ParseExample/ParseExample", "ParseExample")
        assert (one.op.name, one.op.type) == (
            "ParseSingleExample/ParseSingleExample",
            "ParseSingleExample",
        )
        assert named.op.name == "mine/mine"
        names = "ParseSingleSequenceExample/ParseSingleSequenceExample"
        assert context["x"].op.name == names
        defaults = tf.parse_example([content()], {"a b": tf.FixedLenFeature([2], tf.int64, [1, 2])})
        assert defaults["a b"].op.inputs[-1].name == "ParseExample_1/Reshape:0"
        tf.get_default_graph().get_tensor_by_name("ParseExample_1/key_a_b:0")


def test_error_names_the_example() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        batch = tf.parse_example(
            tf.placeholder_with_default([content(x=[1]), content()], [None]),
            NUMBER,
            example_names=["first", "second"],
        )
        with pytest.raises(tf.errors.InvalidArgumentError, match="Name: second, Feature: x"):
            session.run(batch)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"x": tf.FixedLenFeature(None, tf.int64)}, "Missing shape for feature x"),
        ({"x": tf.FixedLenFeature([], None)}, "Missing type for feature x"),
        ({"x": "int64"}, "Unsupported str"),
        (
            {
                "s": tf.SparseFeature("i", "i", tf.float32, 3),
            },
            "Conflicting type",
        ),
    ],
)
def test_incomplete_features(features: Any, message: str) -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match=message):
        tf.parse_example([content()], features)


def test_sequence_defaults_are_refused() -> None:
    feature = tf.FixedLenSequenceFeature([], tf.int64, allow_missing=True, default_value=1)
    with tf.Graph().as_default(), pytest.raises(ValueError, match="must be None"):
        tf.parse_single_sequence_example("", None, {"x": feature})


def test_images_of_a_pipeline() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (20, 8), np.uint8)
    examples = []
    for label, image in enumerate(images):
        example = tf.train.Example()
        example.features.feature["label"].int64_list.value.append(label)
        example.features.feature["image"].bytes_list.value.append(image.tobytes())
        examples.append(example.SerializeToString())
    with tf.Graph().as_default(), tf.Session() as session:
        queue = tf.train.input_producer(tf.constant(examples), num_epochs=1, shuffle=True, seed=3)
        parsed = tf.parse_single_example(
            queue.dequeue(),
            {
                "label": tf.FixedLenFeature([], tf.int64),
                "image": tf.FixedLenFeature([], tf.string),
            },
        )
        pixels = tf.decode_raw(parsed["image"], tf.uint8)
        pixels.set_shape([8])
        batch = tf.train.batch([pixels, parsed["label"]], 5, num_threads=3)
        session.run(tf.local_variables_initializer())
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coord)
        seen: dict[int, Any] = {}
        with pytest.raises(tf.errors.OutOfRangeError):
            while True:
                seen.update(
                    (int(label), row) for row, label in zip(*session.run(batch), strict=True)
                )
        coord.request_stop()
        coord.join(threads)
    assert sorted(seen) == list(range(20))
    np.testing.assert_array_equal([seen[label] for label in range(20)], images)
