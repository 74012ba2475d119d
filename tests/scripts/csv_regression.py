"""Rows of text files through a line reader, batched, into a regression."""

import json
import os

import tensorflow as tf

for part in range(2):
    with tf.gfile.GFile("housing%d.csv" % part, "w") as output:
        output.write("rooms,age,kind,price\n")
        for i in range(12):
            rooms, age = i % 5 + 1, (7 * i + part) % 10
            output.write(
                "%d,%s,%s,%.1f\n"
                % (
                    rooms,
                    age if i % 6 else "",
                    "flat" if i % 2 else "house",
                    4.0 * rooms - 0.5 * age + (i % 2),
                )
            )


def read_csv(batch_size, file_name, record_defaults):
    filename_queue = tf.train.string_input_producer(
        tf.train.match_filenames_once(os.path.join(".", file_name)), shuffle=False
    )
    reader = tf.TextLineReader(skip_header_lines=1)
    key, value = reader.read(filename_queue)
    decoded = tf.decode_csv(value, record_defaults=record_defaults)
    return tf.train.batch([key] + decoded, batch_size=batch_size, capacity=batch_size * 4)


def inputs():
    keys, rooms, age, kind, price = read_csv(24, "housing*.csv", [[0.0], [5.0], [""], [0.0]])
    is_flat = tf.to_float(tf.equal(kind, ["flat"]))
    features = tf.transpose(tf.stack([rooms, age, is_flat]))
    return keys, features, tf.reshape(price, [24, 1])


W = tf.Variable(tf.zeros([3, 1]), name="weights")
b = tf.Variable(0.0, name="bias")
keys, X, Y = inputs()
total_loss = tf.reduce_sum(tf.squared_difference(Y, tf.matmul(X, W) + b))
train_op = tf.train.GradientDescentOptimizer(0.0005).minimize(total_loss)

losses = []
with tf.Session() as sess:
    tf.initialize_all_variables().run()
    tf.initialize_local_variables().run()
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess=sess, coord=coord)
    for step in range(60):
        losses.append(float(sess.run(total_loss)))
        sess.run([train_op])
    first_keys, features = sess.run([keys, X])
    coord.request_stop()
    coord.join(threads, stop_grace_period_secs=10)
    weights = W.eval()[:, 0]
print(
    json.dumps(
        {
            "losses": losses,
            "keys": [k.decode() for k in first_keys[:2]],
            "default": float(features[0, 1]),
            "weights": [float(w) for w in weights],
        }
    )
)
