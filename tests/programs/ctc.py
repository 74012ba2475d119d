"""Connectionist temporal classification."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised

LOGITS = (np.sin(np.arange(60.0) * 1.7).reshape(6, 2, 5) * 2).astype(np.float32)
LENGTHS = np.array([6, 4], np.int32)


def labels_of(tf: Any) -> Any:
    places = [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1]]
    return tf.SparseTensor(places, np.array([0, 1, 1, 2, 0], np.int32), [2, 3])


@program
def losses(tf: Any) -> dict[str, Any]:
    labels, logits = labels_of(tf), tf.constant(LOGITS)
    by_batch = tf.transpose(logits, [1, 0, 2])
    loss = tf.nn.ctc_loss(labels, logits, LENGTHS)
    return {
        "plain": loss,
        "gradient": tf.identity(tf.gradients(loss * [1.0, 2.0], logits)[0], name="gradient"),
        "by batch": tf.nn.ctc_loss(labels, by_batch, LENGTHS, time_major=False),
        "collapsed": tf.nn.ctc_loss(labels, logits, LENGTHS, preprocess_collapse_repeated=True),
        "unmerged": tf.nn.ctc_loss(labels, logits, LENGTHS, ctc_merge_repeated=False),
        "longer": tf.nn.ctc_loss(
            labels=labels,
            logits=logits,
            sequence_length=[2, 6],
            ignore_longer_outputs_than_inputs=True,
        ),
        "dense labels": raised(lambda: tf.nn.ctc_loss([[1]], logits, LENGTHS), "SparseTensor"),
        "second": raised(lambda: tf.hessians(tf.reduce_sum(loss), logits), "Gradient explicitly"),
    }


@program
def dense_labels(tf: Any) -> dict[str, Any]:
    labels = tf.constant([[1, 2, 2], [3, 1, 0]])
    loss = tf.nn.ctc_loss_v2(labels, tf.constant(LOGITS), [3, 2], LENGTHS)
    last = tf.nn.ctc_loss_v2(labels, tf.constant(LOGITS), [3, 2], LENGTHS, blank_index=-1)
    sparse = tf.nn.ctc_loss_v2(labels_of(tf), tf.constant(LOGITS), None, LENGTHS, blank_index=3)
    collapsed, left = tf.nn.collapse_repeated(tf.constant([[1, 1, 2, 2], [3, 3, 3, 1]]), [4, 3])
    return {
        "first": tf.identity(loss, name="first"),
        "last": tf.identity(last, name="last"),
        "sparse": tf.identity(sparse, name="sparse"),
        "collapsed": tf.identity(collapsed, name="collapsed"),
        "left": tf.identity(left, name="left"),
    }


@program
def decoders(tf: Any) -> dict[str, Any]:
    logits = tf.constant(np.repeat(LOGITS, 2, axis=0))
    lengths = [12, 7]
    (greedy,), score = tf.nn.ctc_greedy_decoder(logits, lengths)
    (unmerged,), _ = tf.nn.ctc_greedy_decoder(logits, lengths, merge_repeated=False)
    beams, scores = tf.nn.ctc_beam_search_decoder(logits, lengths, beam_width=20, top_paths=3)
    others, other_scores = tf.nn.ctc_beam_search_decoder_v2(logits, lengths, top_paths=2)
    return {
        "greedy": greedy,
        "score": score,
        "unmerged": unmerged,
        **{f"beam {number}": each for number, each in enumerate(beams)},
        "scores": scores,
        **{f"other {number}": each for number, each in enumerate(others)},
        "other scores": other_scores,
        "error rate": tf.edit_distance(tf.cast(greedy, tf.int32), labels_of(tf)),
    }


@program
def long_beams(tf: Any) -> dict[str, Any]:
    rng = np.random.RandomState(4)
    logits = rng.randn(40, 3, 12).astype(np.float32) * 3
    beams, scores = tf.nn.ctc_beam_search_decoder(
        logits, [40, 25, 33], beam_width=30, top_paths=4, merge_repeated=False
    )
    return {"scores": scores, **{f"beam {number}": each for number, each in enumerate(beams)}}
