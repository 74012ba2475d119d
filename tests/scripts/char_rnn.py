"""A character-level model that writes text, one character fed back after the other."""

import collections
import json

import numpy as np
import tensorflow as tf
from tensorflow.contrib import legacy_seq2seq, rnn

TEXT = "the cat sat on the mat. the rat ate the hat. " * 12
counter = collections.Counter(TEXT)
chars, _ = zip(*sorted(counter.items(), key=lambda x: (-x[1], x[0])))
vocab = dict(zip(chars, range(len(chars))))
tensor = np.array(list(map(vocab.get, TEXT)))


class Model:
    def __init__(self, rnn_size, num_layers, batch_size, seq_length, vocab_size, training=True):
        if not training:
            batch_size = seq_length = 1
        cells = [rnn.GRUCell(rnn_size) for _ in range(num_layers)]
        self.cell = cell = rnn.MultiRNNCell(cells, state_is_tuple=True)
        self.input_data = tf.placeholder(tf.int32, [batch_size, seq_length])
        self.targets = tf.placeholder(tf.int32, [batch_size, seq_length])
        self.initial_state = cell.zero_state(batch_size, tf.float32)

        with tf.variable_scope("rnnlm"):
            softmax_w = tf.get_variable("softmax_w", [rnn_size, vocab_size])
            softmax_b = tf.get_variable("softmax_b", [vocab_size])
        embedding = tf.get_variable("embedding", [vocab_size, rnn_size])
        inputs = tf.split(tf.nn.embedding_lookup(embedding, self.input_data), seq_length, 1)
        inputs = [tf.squeeze(input_, [1]) for input_ in inputs]

        def loop(prev, _):
            prev = tf.matmul(prev, softmax_w) + softmax_b
            prev_symbol = tf.stop_gradient(tf.argmax(prev, 1))
            return tf.nn.embedding_lookup(embedding, prev_symbol)

        outputs, last_state = legacy_seq2seq.rnn_decoder(
            inputs,
            self.initial_state,
            cell,
            loop_function=loop if not training else None,
            scope="rnnlm",
        )
        output = tf.reshape(tf.concat(outputs, 1), [-1, rnn_size])
        self.logits = tf.matmul(output, softmax_w) + softmax_b
        self.probs = tf.nn.softmax(self.logits)
        loss = legacy_seq2seq.sequence_loss_by_example(
            [self.logits], [tf.reshape(self.targets, [-1])], [tf.ones([batch_size * seq_length])]
        )
        self.cost = tf.reduce_sum(loss) / batch_size / seq_length
        self.final_state = last_state
        self.lr = tf.Variable(0.0, trainable=False)
        tvars = tf.trainable_variables()
        grads, _ = tf.clip_by_global_norm(tf.gradients(self.cost, tvars), 5.0)
        self.train_op = tf.train.AdamOptimizer(self.lr).apply_gradients(zip(grads, tvars))

    def sample(self, sess, num, prime):
        state = sess.run(self.cell.zero_state(1, tf.float32))
        for char in prime[:-1]:
            feed = {self.input_data: [[vocab[char]]], self.initial_state: state}
            [state] = sess.run([self.final_state], feed)
        ret, char = prime, prime[-1]
        for _ in range(num):
            feed = {self.input_data: [[vocab[char]]], self.initial_state: state}
            [probs, state] = sess.run([self.probs, self.final_state], feed)
            char = chars[int(np.argmax(probs[0]))]
            ret += char
        return ret


BATCH, SEQ = 5, 18
num_batches = int(tensor.size / (BATCH * SEQ))
xdata = tensor[: num_batches * BATCH * SEQ]
ydata = np.roll(xdata, -1)
x_batches = np.split(xdata.reshape(BATCH, -1), num_batches, 1)
y_batches = np.split(ydata.reshape(BATCH, -1), num_batches, 1)

tf.set_random_seed(11)
model = Model(32, 2, BATCH, SEQ, len(chars))
losses = []
with tf.Session() as sess:
    tf.global_variables_initializer().run()
    saver = tf.train.Saver(tf.global_variables())
    for epoch in range(15):
        sess.run(tf.assign(model.lr, 0.01 * (0.97**epoch)))
        state = sess.run(model.initial_state)
        for x, y in zip(x_batches, y_batches):
            feed = {model.input_data: x, model.targets: y}
            for i, cell_state in enumerate(model.initial_state):
                feed[cell_state] = state[i]
            loss, state, _ = sess.run([model.cost, model.final_state, model.train_op], feed)
        losses.append(float(loss))
    saver.save(sess, "./char-model.ckpt", global_step=15)

with tf.Graph().as_default(), tf.Session() as sess:
    sampler = Model(32, 2, BATCH, SEQ, len(chars), training=False)
    tf.global_variables_initializer().run()
    saver = tf.train.Saver(tf.global_variables())
    saver.restore(sess, tf.train.latest_checkpoint("."))
    text = sampler.sample(sess, 30, "the ")
print(json.dumps({"losses": losses, "text": text}))
