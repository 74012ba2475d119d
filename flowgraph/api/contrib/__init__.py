"""What TensorFlow 1 keeps in `tf.contrib`."""

from flowgraph.api.contrib import (
    crf,
    distributions,
    framework,
    layers,
    legacy_seq2seq,
    lookup,
    losses,
    metrics,
    nn,
    rnn,
    seq2seq,
    signal,
    slim,
    stateless,
    training,
    util,
)

__all__ = [
    "crf",
    "distributions",
    "framework",
    "layers",
    "legacy_seq2seq",
    "lookup",
    "losses",
    "metrics",
    "nn",
    "rnn",
    "seq2seq",
    "signal",
    "slim",
    "stateless",
    "training",
    "util",
]
