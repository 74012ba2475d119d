"""Sequences and examples of different lengths, written and parsed again."""

import json

import numpy as np
import tensorflow as tf

PATH = "sequences.tfrecords"


def make_example(sequence, labels):
    ex = tf.train.SequenceExample()
    ex.context.feature["length"].int64_list.value.append(len(sequence))
    fl_tokens = ex.feature_lists.feature_list["tokens"]
    fl_labels = ex.feature_lists.feature_list["labels"]
    for token, label in zip(sequence, labels):
        fl_tokens.feature.add().int64_list.value.append(token)
        fl_labels.feature.add().int64_list.value.append(label)
    return ex


sequences = [[1, 2, 3], [4, 5, 1], [1, 2], [7, 7, 7, 7, 7]]
label_sequences = [[0, 1, 0], [1, 0, 0], [1, 1], [0, 1, 0, 1, 0]]
options = tf.python_io.TFRecordOptions(tf.python_io.TFRecordCompressionType.GZIP)
with tf.python_io.TFRecordWriter(PATH, options=options) as writer:
    for sequence, labels in zip(sequences, label_sequences):
        writer.write(make_example(sequence, labels).SerializeToString())

with tf.Session() as sess:
    filename_queue = tf.train.string_input_producer([PATH], num_epochs=1, shuffle=False)
    reader = tf.TFRecordReader(options=options)
    _, serialized = reader.read(filename_queue)
    context, parsed = tf.parse_single_sequence_example(
        serialized=serialized,
        context_features={"length": tf.FixedLenFeature([], dtype=tf.int64)},
        sequence_features={
            "tokens": tf.FixedLenSequenceFeature([], dtype=tf.int64),
            "labels": tf.FixedLenSequenceFeature([], dtype=tf.int64),
        },
    )
    batched = tf.train.batch([context["length"], parsed["tokens"]], batch_size=2, dynamic_pad=True)
    sess.run(tf.local_variables_initializer())
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(coord=coord)
    lengths, tokens = [], []
    try:
        while True:
            length, token = sess.run(batched)
            lengths.append(length.tolist())
            tokens.append(token.tolist())
    except tf.errors.OutOfRangeError:
        pass
    coord.request_stop()
    coord.join(threads)

rows = []
for i in range(3):
    rows.append(
        tf.train.Example(
            features=tf.train.Features(
                feature={
                    "id": tf.train.Feature(int64_list=tf.train.Int64List(value=range(i))),
                    "x": tf.train.Feature(float_list=tf.train.FloatList(value=[i, i + 0.5])),
                    "name": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"row%d" % i])),
                }
            )
        ).SerializeToString()
    )
with tf.Graph().as_default(), tf.Session() as sess:
    serialized = tf.placeholder(tf.string, [None])
    out = tf.parse_example(
        serialized,
        {
            "id": tf.VarLenFeature(tf.int64),
            "x": tf.FixedLenFeature((2,), tf.float32),
            "absent": tf.FixedLenFeature([], tf.float32, default_value=-1.0),
            "name": tf.FixedLenFeature([], tf.string),
        },
    )
    dense_id = tf.sparse_tensor_to_dense(out["id"], default_value=-1)
    values = sess.run(
        [dense_id, out["x"], out["absent"], out["name"], out["id"]], {serialized: rows}
    )
    sparse = values[4]
print(
    json.dumps(
        {
            "lengths": lengths,
            "tokens": tokens,
            "ids": values[0].tolist(),
            "x": values[1].tolist(),
            "absent": values[2].tolist(),
            "names": [str(n.decode()) for n in values[3]],
            "sparse": [
                sparse.indices.tolist(),
                sparse.values.tolist(),
                np.asarray(sparse.dense_shape).tolist(),
            ],
        }
    )
)
