"""A program from before TensorFlow 1.0: the names and the order of arguments of that time."""

from __future__ import absolute_import, division, print_function

import json

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
trX = rng.rand(60, 6).astype(np.float32)
trY = np.eye(3)[(trX[:, :3]).argmax(1)].astype(np.float32)


def init_weights(shape, name):
    return tf.Variable(tf.random_normal(shape, stddev=0.3), name=name)


def model(X, w_h, w_o, p_keep):
    with tf.name_scope("hidden"):
        parts = tf.split(1, 2, X)
        X = tf.concat(1, [parts[0], tf.neg(tf.neg(parts[1]))])
        h = tf.nn.relu(tf.matmul(tf.nn.dropout(X, p_keep), w_h))
    return tf.matmul(h, w_o)


tf.set_random_seed(3)
X = tf.placeholder("float", [None, 6], name="X")
Y = tf.placeholder("float", [None, 3], name="Y")
w_h = init_weights([6, 16], "w_h")
w_o = init_weights([16, 3], "w_o")
w_h_hist = tf.histogram_summary("w_h/summaries", w_h)
p_keep = tf.placeholder("float", name="p_keep")
py_x = model(X, w_h, w_o, p_keep)

with tf.name_scope("cost"):
    cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=py_x, labels=Y))
    penalty = tf.mul(0.001, tf.add_n([tf.nn.l2_loss(w) for w in tf.all_variables()]))
    total = tf.add(cost, penalty)
    train_op = tf.train.RMSPropOptimizer(0.01, 0.9).minimize(total)
    tf.scalar_summary("cost", total)
with tf.name_scope("accuracy"):
    correct_pred = tf.equal(tf.arg_max(Y, 1), tf.argmax(py_x, dimension=1))
    acc_op = tf.reduce_mean(tf.cast(correct_pred, "float"))
    tf.scalar_summary(["accuracy"], tf.pack([acc_op]))

losses = []
with tf.Session() as sess:
    writer = tf.train.SummaryWriter("./logs/nn_logs", sess.graph)
    merged = tf.merge_all_summaries()
    tf.initialize_all_variables().run()
    saver = tf.train.Saver(tf.all_variables())
    for i in range(40):
        for start, end in zip(range(0, 60, 20), range(20, 61, 20)):
            _, loss = sess.run(
                [train_op, total], feed_dict={X: trX[start:end], Y: trY[start:end], p_keep: 0.9}
            )
        losses.append(float(loss))
        summary, acc = sess.run([merged, acc_op], feed_dict={X: trX, Y: trY, p_keep: 1.0})
        writer.add_summary(summary, i)
    writer.flush()
    saver.save(sess, "./old-model", global_step=40)

    a = tf.constant(np.arange(6.0).reshape(2, 3), tf.float32)
    b = tf.batch_matmul(tf.ones([2, 2, 3]), tf.ones([2, 4, 3]), adj_y=True)
    packed = tf.pack([a, tf.sub(a, 1.0)])
    rows = tf.unpack(a)
    checks = sess.run(
        {
            "select": tf.select(a > 2, a, tf.zeros_like(a)),
            "sum": tf.reduce_sum(a, reduction_indices=1, keep_dims=True),
            "packed": tf.shape(packed),
            "row": rows[1],
            "batch": b[0],
            "dims": tf.expand_dims(a, dim=-1)[:, 0, 0],
            "joined": tf.concat(0, [a, a])[:, 0],
            "pieces": tf.split(split_dim=0, num_split=2, value=a)[1],
            "joined by name": tf.concat(concat_dim=1, values=[a, a])[0],
            "squeezed": tf.squeeze(tf.ones([1, 3]), squeeze_dims=[0]),
            "inverse": tf.inv(tf.constant([2.0, 4.0])),
            "difference": tf.listdiff([1, 2, 3], [2])[0],
        }
    )
print(
    json.dumps(
        {
            "losses": losses,
            "accuracy": float(acc),
            "checks": {name: np.asarray(v).tolist() for name, v in checks.items()},
        }
    )
)
