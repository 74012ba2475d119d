"""Records in files, read by threads through queues into shuffled batches."""

import json
import os

import numpy as np
import tensorflow as tf

FEATURES = 6


def _int64_feature(value):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))


def _bytes_feature(value):
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))


def _float_feature(values):
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def convert_to(name, first, count):
    filename = os.path.join(".", name + ".tfrecords")
    writer = tf.python_io.TFRecordWriter(filename)
    for index in range(first, first + count):
        raw = (np.arange(FEATURES) + index).astype(np.uint8).tobytes()
        example = tf.train.Example(
            features=tf.train.Features(
                feature={
                    "label": _int64_feature(int(index)),
                    "scale": _float_feature([0.5 * index, 1.0]),
                    "image_raw": _bytes_feature(raw),
                }
            )
        )
        writer.write(example.SerializeToString())
    writer.close()
    return filename


def read_and_decode(filename_queue):
    reader = tf.TFRecordReader()
    _, serialized_example = reader.read(filename_queue)
    features = tf.parse_single_example(
        serialized_example,
        features={
            "image_raw": tf.FixedLenFeature([], tf.string),
            "scale": tf.FixedLenFeature([2], tf.float32),
            "label": tf.FixedLenFeature([], tf.int64),
        },
    )
    image = tf.decode_raw(features["image_raw"], tf.uint8)
    image.set_shape([FEATURES])
    image = tf.cast(image, tf.float32) * (1.0 / 255) - 0.5
    return image, tf.cast(features["label"], tf.int32), features["scale"]


def inputs(filenames, batch_size, num_epochs):
    with tf.name_scope("input"):
        filename_queue = tf.train.string_input_producer(filenames, num_epochs=num_epochs)
        image, label, scale = read_and_decode(filename_queue)
        return tf.train.shuffle_batch(
            [image, label, scale],
            batch_size=batch_size,
            num_threads=2,
            capacity=40 + 3 * batch_size,
            min_after_dequeue=20,
        )


files = [convert_to("train%d" % i, 10 * i, 10) for i in range(3)]
with tf.Graph().as_default():
    images, labels, scales = inputs(files, 5, 2)
    with tf.variable_scope("softmax_linear"):
        weights = tf.get_variable("weights", [FEATURES, 1], initializer=tf.zeros_initializer())
    loss = tf.nn.l2_loss(tf.matmul(images, weights)[:, 0] - scales[:, 0] / 10, name="loss")
    train_op = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
    init_op = tf.group(tf.global_variables_initializer(), tf.local_variables_initializer())
    sess = tf.Session()
    sess.run(init_op)
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess=sess, coord=coord)
    seen, values, ended = [], [], False
    try:
        while not coord.should_stop():
            _, loss_value, batch_labels, batch_scales = sess.run([train_op, loss, labels, scales])
            assert np.allclose(batch_scales[:, 0], 0.5 * batch_labels)
            values.append(float(loss_value))
            seen.extend(int(label) for label in batch_labels)
    except tf.errors.OutOfRangeError:
        ended = True
    finally:
        coord.request_stop()
    coord.join(threads)
    sess.close()

stored = []
for record in tf.python_io.tf_record_iterator(files[0]):
    example = tf.train.Example()
    example.ParseFromString(record)
    stored.append(example.features.feature["label"].int64_list.value[0])
print(
    json.dumps(
        {
            "seen": sorted(seen),
            "shuffled": seen != sorted(seen),
            "ended": ended,
            "stored": [int(label) for label in stored],
            "steps": len(values),
            "values": values,
        }
    )
)
