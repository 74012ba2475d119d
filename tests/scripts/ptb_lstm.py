"""A word-level language model: stacked LSTMs, unrolled, the state carried from batch to batch."""

import json

import numpy as np
import tensorflow as tf

flags = tf.flags
flags.DEFINE_string("model", "test", "A type of model.")
FLAGS = flags.FLAGS


class TestConfig(object):
    init_scale = 0.1
    learning_rate = 1.0
    max_grad_norm = 5
    num_layers = 2
    num_steps = 6
    hidden_size = 16
    max_epoch = 2
    max_max_epoch = 4
    keep_prob = 0.95
    lr_decay = 0.5
    batch_size = 5
    vocab_size = 12


def reader(raw_data, batch_size, num_steps):
    batch_len = len(raw_data) // batch_size
    data = np.array(raw_data[: batch_size * batch_len]).reshape(batch_size, batch_len)
    for i in range((batch_len - 1) // num_steps):
        x = data[:, i * num_steps : (i + 1) * num_steps]
        y = data[:, i * num_steps + 1 : (i + 1) * num_steps + 1]
        yield x, y


class LanguageModel(object):
    def __init__(self, is_training, config):
        self.batch_size = batch_size = config.batch_size
        self.num_steps = num_steps = config.num_steps
        size, vocab_size = config.hidden_size, config.vocab_size
        self._input_data = tf.placeholder(tf.int32, [batch_size, num_steps])
        self._targets = tf.placeholder(tf.int32, [batch_size, num_steps])

        def lstm_cell():
            cell = tf.contrib.rnn.BasicLSTMCell(
                size, forget_bias=0.0, state_is_tuple=True, reuse=tf.get_variable_scope().reuse
            )
            if is_training and config.keep_prob < 1:
                cell = tf.contrib.rnn.DropoutWrapper(cell, output_keep_prob=config.keep_prob)
            return cell

        cell = tf.contrib.rnn.MultiRNNCell(
            [lstm_cell() for _ in range(config.num_layers)], state_is_tuple=True
        )
        self._initial_state = cell.zero_state(batch_size, tf.float32)

        with tf.device("/cpu:0"):
            embedding = tf.get_variable("embedding", [vocab_size, size], dtype=tf.float32)
            inputs = tf.nn.embedding_lookup(embedding, self._input_data)
        if is_training and config.keep_prob < 1:
            inputs = tf.nn.dropout(inputs, config.keep_prob)

        outputs = []
        state = self._initial_state
        with tf.variable_scope("RNN"):
            for time_step in range(num_steps):
                if time_step > 0:
                    tf.get_variable_scope().reuse_variables()
                (cell_output, state) = cell(inputs[:, time_step, :], state)
                outputs.append(cell_output)

        output = tf.reshape(tf.concat(outputs, 1), [-1, size])
        softmax_w = tf.get_variable("softmax_w", [size, vocab_size], dtype=tf.float32)
        softmax_b = tf.get_variable("softmax_b", [vocab_size], dtype=tf.float32)
        logits = tf.matmul(output, softmax_w) + softmax_b
        loss = tf.contrib.legacy_seq2seq.sequence_loss_by_example(
            [logits],
            [tf.reshape(self._targets, [-1])],
            [tf.ones([batch_size * num_steps], dtype=tf.float32)],
        )
        self._cost = cost = tf.reduce_sum(loss) / batch_size
        self._final_state = state
        if not is_training:
            return

        self._lr = tf.Variable(0.0, trainable=False)
        tvars = tf.trainable_variables()
        grads, _ = tf.clip_by_global_norm(tf.gradients(cost, tvars), config.max_grad_norm)
        optimizer = tf.train.GradientDescentOptimizer(self._lr)
        self._train_op = optimizer.apply_gradients(
            zip(grads, tvars), global_step=tf.contrib.framework.get_or_create_global_step()
        )
        self._new_lr = tf.placeholder(tf.float32, shape=[], name="new_learning_rate")
        self._lr_update = tf.assign(self._lr, self._new_lr)

    def assign_lr(self, session, lr_value):
        session.run(self._lr_update, feed_dict={self._new_lr: lr_value})


def run_epoch(session, model, data, eval_op=None):
    costs, iters = 0.0, 0
    state = session.run(model._initial_state)
    fetches = {"cost": model._cost, "final_state": model._final_state}
    if eval_op is not None:
        fetches["eval_op"] = eval_op
    for x, y in reader(data, model.batch_size, model.num_steps):
        feed_dict = {model._input_data: x, model._targets: y}
        for i, (c, h) in enumerate(model._initial_state):
            feed_dict[c] = state[i].c
            feed_dict[h] = state[i].h
        vals = session.run(fetches, feed_dict)
        state = vals["final_state"]
        costs += vals["cost"]
        iters += model.num_steps
    return float(np.exp(costs / iters))


def main(_):
    config = TestConfig()
    data = [(i * i + i // 3) % config.vocab_size for i in range(400)]
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(5)
        initializer = tf.random_uniform_initializer(-config.init_scale, config.init_scale)
        with (
            tf.name_scope("Train"),
            tf.variable_scope("Model", reuse=None, initializer=initializer),
        ):
            m = LanguageModel(True, config)
        with (
            tf.name_scope("Valid"),
            tf.variable_scope("Model", reuse=True, initializer=initializer),
        ):
            mvalid = LanguageModel(False, config)
        tf.global_variables_initializer().run()
        train, valid = [], []
        for i in range(config.max_max_epoch):
            lr_decay = config.lr_decay ** max(i + 1 - config.max_epoch, 0.0)
            m.assign_lr(session, config.learning_rate * lr_decay)
            train.append(run_epoch(session, m, data, eval_op=m._train_op))
            valid.append(run_epoch(session, mvalid, data[:150]))
        names = [v.op.name for v in tf.trainable_variables()]
        print(
            json.dumps(
                {
                    "losses": train,
                    "valid": valid,
                    "variables": names,
                    "step": int(session.run(tf.train.get_global_step())),
                    "lr": float(session.run(m._lr)),
                }
            )
        )


if __name__ == "__main__":
    tf.app.run()
