"""Sequences of different lengths, classified by the last relevant output of an LSTM."""

import json
import random

import numpy as np
import tensorflow as tf


class ToySequenceData(object):
    """Linear sequences against random ones, padded with zeros."""

    def __init__(self, n_samples, max_seq_len=10, min_seq_len=3):
        self.data, self.labels, self.seqlen = [], [], []
        for _ in range(n_samples):
            length = random.randint(min_seq_len, max_seq_len)
            self.seqlen.append(length)
            if random.random() < 0.5:
                start = random.randint(0, 20)
                s = [[float(i) / 30] for i in range(start, start + length)]
                self.labels.append([1.0, 0.0])
            else:
                s = [[float(random.randint(0, 30)) / 30] for _ in range(length)]
                self.labels.append([0.0, 1.0])
            self.data.append(s + [[0.0]] * (max_seq_len - length))
        self.batch_id = 0

    def next(self, batch_size):
        if self.batch_id == len(self.data):
            self.batch_id = 0
        end = min(self.batch_id + batch_size, len(self.data))
        part = slice(self.batch_id, end)
        self.batch_id = end
        return self.data[part], self.labels[part], self.seqlen[part]


random.seed(0)
tf.set_random_seed(0)
trainset, testset = ToySequenceData(160), ToySequenceData(80)
x = tf.placeholder("float", [None, 10, 1])
y = tf.placeholder("float", [None, 2])
seqlen = tf.placeholder(tf.int32, [None])

cell = tf.nn.rnn_cell.LSTMCell(24, initializer=tf.orthogonal_initializer(seed=1))
outputs, states = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, sequence_length=seqlen)

# The output at the last step of each row.
batch_size = tf.shape(outputs)[0]
index = tf.range(0, batch_size) * 10 + (seqlen - 1)
last = tf.gather(tf.reshape(outputs, [-1, 24]), index)
weights = tf.Variable(tf.random_normal([24, 2]))
biases = tf.Variable(tf.random_normal([2]))
pred = tf.matmul(last, weights) + biases

cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=pred, labels=y))
optimizer = tf.train.RMSPropOptimizer(learning_rate=0.01)
gvs = optimizer.compute_gradients(cost)
capped = [(tf.clip_by_value(grad, -1.0, 1.0), var) for grad, var in gvs if grad is not None]
train = optimizer.apply_gradients(capped)
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(pred, 1), tf.argmax(y, 1)), tf.float32))

losses = []
with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as sess:
    sess.run(tf.global_variables_initializer())
    for _ in range(60):
        bx, by, bs = trainset.next(40)
        _, loss = sess.run([train, cost], feed_dict={x: bx, y: by, seqlen: bs})
        losses.append(float(loss))
    everything = {x: testset.data, y: testset.labels, seqlen: testset.seqlen}
    acc, last_output, final = sess.run([accuracy, last, states.h], everything)
print(
    json.dumps(
        {
            "losses": losses,
            "accuracy": float(acc),
            "state is output": bool(np.allclose(last_output, final)),
        }
    )
)
