"""Summaries: their nodes, tags, collections and messages."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp

IMAGES = (np.arange(72) * 7 % 25).reshape(2, 4, 3, 3)


def _values(tf: Any, serialized: bytes) -> list[Any]:
    return list(tf.Summary.FromString(serialized).value)


@program(graph=True)
def nodes_and_tags(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3), name="x")
    step = tf.constant(1.5, name="loss")
    with tf.name_scope("outer"):
        scalar = tf.summary.scalar("loss", step)
        again = tf.summary.scalar("loss", step)
        family = tf.summary.scalar("loss", step, family="train")
        histogram = tf.summary.histogram("weights", x)
    spaced = tf.summary.scalar("my loss: 1", step)
    slashed = tf.summary.histogram("/x/y", x, collections=["mine"])
    text = tf.summary.text("words", tf.constant(["a", "b c"]))
    tensor = tf.summary.tensor_summary(
        "all", x, summary_description="numbers", display_name="All", family="whole"
    )
    sound = tf.summary.audio("tone", tf.constant(ramp(2, 5)), 8000.0, max_outputs=1)
    image = tf.summary.image("picture", tf.constant(IMAGES.astype(np.float32)), family="seen")
    merged = tf.summary.merge_all()
    named = tf.summary.merge([scalar, histogram], name="both of them", collections=["merges"])
    return {
        "scalar": scalar,
        "again": again,
        "family": family,
        "histogram": histogram,
        "spaced": spaced,
        "slashed": slashed,
        "text": text,
        "tensor": tensor,
        "sound": sound,
        "named": named,
        "merged": merged.name,
        "image": image.name,
        "all": [each.name for each in tf.get_collection(tf.GraphKeys.SUMMARIES)],
        "mine": [each.name for each in tf.get_collection("mine")],
        "merges": [each.name for each in tf.get_collection("merges")],
        "nothing": tf.summary.merge_all("empty"),
        "of scope": tf.summary.merge_all(scope="outer"),
    }


@program
def pictures(tf: Any) -> dict[str, Any]:
    spread = IMAGES.astype(np.float32)
    broken = spread.copy()
    broken[0, 1, 1, 0] = np.nan
    broken[1, 0, 2] = np.inf
    made = {
        "bytes": tf.summary.image("a", tf.constant(IMAGES.astype(np.uint8))),
        "positive": tf.summary.image("b", tf.constant(spread)),
        "signed": tf.summary.image("c", tf.constant(spread - 7)),
        "grey": tf.summary.image("d", tf.constant(spread[..., :1] / 100), max_outputs=1),
        "broken": tf.summary.image("e", tf.constant(broken)),
        "zeros": tf.summary.image("f", tf.zeros([1, 2, 2, 1])),
        "doubles": tf.summary.image("g", tf.constant(spread.astype(np.float64) - 3)),
        "limited": tf.summary.image("h", tf.constant(IMAGES.astype(np.uint8)), max_outputs=1),
    }
    found: dict[str, Any] = {}
    with tf.Session() as session:
        for name, summary in made.items():
            for number, value in enumerate(_values(tf, session.run(summary))):
                picture = value.image
                sizes = [picture.height, picture.width, picture.colorspace]
                found[f"{name} {number}"] = [value.tag, *sizes]
                decoded = tf.image.decode_png(picture.encoded_image_string)
                found[f"{name} {number} pixels"] = session.run(decoded)
    return found


@program
def what_cannot_be_shown(tf: Any) -> dict[str, Any]:
    def run(make: Any) -> Any:
        with tf.Session() as session:
            return session.run(make())

    one = tf.summary.scalar("same", 1.0)
    number = tf.constant(1.0)
    return {
        "nan": raised(lambda: run(lambda: tf.summary.histogram("h", [0.5, np.nan])), "nan in"),
        "twice": raised(lambda: run(lambda: tf.summary.merge([one, one])), "duplicate tag same"),
        "channels": raised(
            lambda: run(lambda: tf.summary.image("i", tf.zeros([1, 2, 2, 2]))), "last dim 1, 3"
        ),
        "rate": raised(lambda: run(lambda: tf.summary.audio("s", tf.zeros([1, 4]), 0.0)), "> 0"),
        "text": raised(lambda: tf.summary.text("t", number), "to have dtype string"),
    }
