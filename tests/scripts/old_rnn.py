"""Recurrent networks of TensorFlow 0.x: tf.nn.rnn over a list of inputs, tf.nn.seq2seq."""

import json

import numpy as np
import tensorflow as tf
from tensorflow.python.ops import rnn, rnn_cell, seq2seq

STEPS, BATCH, SIZE, SYMBOLS = 4, 8, 12, 9
rng = np.random.RandomState(0)


def RNN(x, weights, biases):
    x = tf.transpose(x, [1, 0, 2])
    x = tf.reshape(x, [-1, 2])
    x = tf.split(0, STEPS, x)
    lstm_cell = rnn_cell.BasicLSTMCell(SIZE, forget_bias=1.0)
    outputs, states = rnn.rnn(lstm_cell, x, dtype=tf.float32)
    return tf.matmul(outputs[-1], weights) + biases


def both_ways(x):
    fw, bw = tf.nn.rnn_cell.GRUCell(5), tf.nn.rnn_cell.GRUCell(5)
    inputs = tf.unpack(tf.transpose(x, [1, 0, 2]))
    outputs, _, _ = tf.nn.bidirectional_rnn(fw, bw, inputs, dtype=tf.float32)
    return outputs[-1]


tf.set_random_seed(2)
x = tf.placeholder(tf.float32, [None, STEPS, 2])
y = tf.placeholder(tf.int32, [None])
with tf.variable_scope("plain"):
    pred = RNN(x, tf.Variable(tf.random_normal([SIZE, 2])), tf.Variable(tf.zeros([2])))
with tf.variable_scope("both"):
    ends = both_ways(x)
cost = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(logits=pred, labels=y))
optimizer = tf.train.AdamOptimizer(learning_rate=0.05).minimize(cost)

# A translator of symbols: embedding, attention, the decoder fed with what it wrote before.
enc_inp = [tf.placeholder(tf.int32, shape=(None,), name="inp%i" % t) for t in range(STEPS)]
labels = [tf.placeholder(tf.int32, shape=(None,), name="labels%i" % t) for t in range(STEPS)]
weights = [tf.ones_like(labels_t, dtype=tf.float32) for labels_t in labels]
dec_inp = [tf.zeros_like(enc_inp[0], dtype=np.int32, name="GO")] + enc_inp[:-1]
cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(16)])
with tf.variable_scope("translator"):
    dec_outputs, dec_memory = tf.nn.seq2seq.embedding_attention_seq2seq(
        enc_inp, dec_inp, cell, SYMBOLS, SYMBOLS, 8
    )
with tf.variable_scope("translator", reuse=True):
    free_outputs, _ = tf.nn.seq2seq.embedding_attention_seq2seq(
        enc_inp, dec_inp, cell, SYMBOLS, SYMBOLS, 8, feed_previous=True
    )
loss = tf.nn.seq2seq.sequence_loss(dec_outputs, labels, weights, SYMBOLS)
assert seq2seq.sequence_loss is tf.nn.seq2seq.sequence_loss
train_op = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss)

losses, translated = [], []
with tf.Session() as sess:
    sess.run(tf.initialize_all_variables())
    for _ in range(30):
        bx = rng.randn(BATCH, STEPS, 2)
        by = (bx[:, -1, 0] > 0).astype(np.int32)
        losses.append(float(sess.run([optimizer, cost], {x: bx, y: by})[1]))
    shape = list(sess.run(ends, {x: bx}).shape)
    X = [rng.choice(SYMBOLS, size=(BATCH,)) for _ in range(STEPS)]
    feed_dict = {enc_inp[t]: X[t] for t in range(STEPS)}
    feed_dict.update({labels[t]: X[t] for t in range(STEPS)})
    for _ in range(60):
        translated.append(float(sess.run([train_op, loss], feed_dict)[1]))
    free = sess.run(free_outputs, {enc_inp[t]: X[t] for t in range(STEPS)})
print(
    json.dumps(
        {
            "losses": losses,
            "translator": translated,
            "shape": shape,
            "outputs": [len(free), list(free[0].shape)],
        }
    )
)
