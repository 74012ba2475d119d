"""Example and SequenceExample messages, written and parsed."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised


def _feature(tf: Any, values: list[Any]) -> Any:
    if isinstance(values[0], bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    if isinstance(values[0], float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def _example(tf: Any, **features: list[Any]) -> bytes:
    made = {key: _feature(tf, values) for key, values in features.items()}
    example = tf.train.Example(features=tf.train.Features(feature=made))
    content: bytes = example.SerializeToString(deterministic=True)
    return content


def _named(tf: Any, tensors: dict[str, Any]) -> dict[str, Any]:
    """Dense tensors under names of their own: later versions parse by ops of other names."""
    return {
        key: value if isinstance(value, tf.SparseTensor) else tf.identity(value, key)
        for key, value in tensors.items()
    }


@program
def one_example(tf: Any) -> dict[str, Any]:
    content = _example(tf, label=[3], image=[b"\x01\x02"], scores=[0.5, 1.5], words=[b"a", b"b"])
    parsed = tf.parse_single_example(
        tf.placeholder_with_default(content, []),
        {
            "label": tf.FixedLenFeature([], tf.int64),
            "image": tf.FixedLenFeature([], tf.string, default_value=""),
            "scores": tf.FixedLenFeature([2, 1], tf.float32),
            "more": tf.FixedLenFeature([2], tf.float32, default_value=[7.0, 8.0]),
            "words": tf.VarLenFeature(tf.string),
            "none": tf.io.VarLenFeature(tf.int64),
            "many": tf.FixedLenSequenceFeature([1], tf.float32, allow_missing=True),
        },
    )
    parsed["pixels"] = tf.decode_raw(parsed["image"], tf.uint8)
    shapes = {key: str(value.shape) for key, value in parsed.items()}
    sparse = {key: str(parsed[key].dense_shape.shape) for key in ("words", "none")}
    return {
        **_named(tf, parsed),
        "shapes": sorted(shapes.items()),
        "sparse": sorted(sparse.items()),
    }


@program
def batch_of_examples(tf: Any) -> dict[str, Any]:
    contents = [
        _example(tf, x=[1, 2], y=[0.5], words=[b"a"]),
        _example(tf, x=[3], y=[1.5], words=[b"b", b"c"]),
        _example(tf, y=[2.5]),
    ]
    features = {
        "y": tf.FixedLenFeature([1], tf.float32),
        "z": tf.FixedLenFeature([], tf.string, default_value="none"),
        "words": tf.VarLenFeature(tf.string),
        "x": tf.FixedLenSequenceFeature([], tf.int64, allow_missing=True, default_value=-1),
    }
    serialized = tf.placeholder_with_default(contents, [None])
    parsed = tf.parse_example(serialized, features)
    named = tf.io.parse_example(
        contents[:2], {"x": tf.FixedLenFeature([1], tf.int64)}, example_names=["first", "second"]
    )
    session = tf.Session()
    return {
        **_named(tf, parsed),
        "shapes": [str(parsed[key].shape) for key in ("y", "z", "x")],
        "size": raised(lambda: session.run(named), "Name: first"),
        "missing": raised(
            lambda: session.run(
                tf.parse_example(contents, {"words": tf.FixedLenFeature([], tf.string)})
            )
        ),
        "type": raised(
            lambda: session.run(tf.parse_example(contents, {"x": tf.VarLenFeature(tf.float32)})),
            "Data types don't match",
        ),
        "nothing": raised(lambda: tf.parse_example(contents, {})),
        "open": raised(
            lambda: tf.parse_example(contents, {"x": tf.FixedLenFeature([None], tf.int64)})
        ),
        "required": raised(
            lambda: tf.parse_example(contents, {"x": tf.FixedLenSequenceFeature([], tf.int64)}),
            "allow_missing to be True",
        ),
    }


@program
def sparse_features(tf: Any) -> dict[str, Any]:
    contents = [_example(tf, at=[3, 1], value=[0.5, 1.5]), _example(tf, at=[0], value=[2.5])]
    features = {"sparse": tf.SparseFeature("at", "value", tf.float32, size=5)}
    both = {**features, "at": tf.VarLenFeature(tf.int64)}
    batch = tf.parse_example(contents, features)
    return {
        "batch": batch["sparse"],
        "at": tf.parse_example(contents, both)["at"],
        "one": tf.parse_single_example(contents[0], features)["sparse"],
        "keys": sorted(batch),
    }


@program
def named_example(tf: Any) -> dict[str, Any]:
    content = _example(tf, x=[1, 2], words=[b"a", b"b"])
    features = {"x": tf.FixedLenFeature([2], tf.int64), "words": tf.VarLenFeature(tf.string)}
    parsed = tf.parse_single_example(content, features, example_names="the one")
    wrong = {"y": tf.FixedLenFeature([], tf.int64)}
    return {
        **_named(tf, parsed),
        "missing": raised(
            lambda: tf.Session().run(
                tf.parse_single_example(content, wrong, example_names="the one")
            ),
            "y.*is required but could not be found",
        ),
    }


@program
def sequences(tf: Any) -> dict[str, Any]:
    steps = [_feature(tf, [1, 2]), _feature(tf, [3, 4]), _feature(tf, [5, 6])]
    tokens = [_feature(tf, [b"x"]), _feature(tf, [b"y", b"z"])]
    example = tf.train.SequenceExample(
        context=tf.train.Features(feature={"length": _feature(tf, [3])}),
        feature_lists=tf.train.FeatureLists(
            feature_list={
                "steps": tf.train.FeatureList(feature=steps),
                "tokens": tf.train.FeatureList(feature=tokens),
            }
        ),
    )
    content = tf.placeholder_with_default(example.SerializeToString(deterministic=True), [])
    context, lists = tf.parse_single_sequence_example(
        content,
        {
            "length": tf.FixedLenFeature([], tf.int64),
            "other": tf.FixedLenFeature([1], tf.float32, default_value=[0.5]),
            "words": tf.VarLenFeature(tf.string),
        },
        {
            "steps": tf.FixedLenSequenceFeature([2], tf.int64),
            "none": tf.FixedLenSequenceFeature([], tf.float32, allow_missing=True),
            "tokens": tf.VarLenFeature(tf.string),
        },
    )
    shapes = [str(lists[key].shape) for key in ("steps", "none")]
    return {
        **_named(tf, context),
        **_named(tf, lists),
        "shapes": shapes,
        "nothing": raised(lambda: tf.parse_single_sequence_example(content)),
    }


@program
def through_a_file(tf: Any) -> dict[str, Any]:
    rows = [_example(tf, x=[float(number)] * 3) for number in range(4)]
    parsed = [tf.train.Example.FromString(row) for row in rows]
    values = [list(each.features.feature["x"].float_list.value) for each in parsed]
    return {"values": np.array(values), "text": str(parsed[0]).replace("\n", " ").split()}
