"""Reverses sequences: encoder, attention, teacher forcing to train, beam search to infer."""

import json

import numpy as np
import tensorflow as tf
from tensorflow.python.layers.core import Dense

PAD, GO, EOS, VOCAB, UNITS, BATCH, BEAM = 0, 1, 2, 12, 32, 16, 3
hparams = tf.contrib.training.HParams(units=UNITS, embed=16, learning_rate=0.01)
hparams.parse("learning_rate=0.02")
rng = np.random.RandomState(0)


def make_batch():
    lengths = rng.randint(2, 5, BATCH)
    source = np.zeros((BATCH, 4), np.int32)
    target = np.zeros((BATCH, 5), np.int32)
    for row, n in enumerate(lengths):
        source[row, :n] = rng.randint(3, VOCAB, n)
        target[row, :n] = source[row, :n][::-1]
        target[row, n] = EOS
    return source, lengths, target, lengths + 1


class Seq2SeqModel(object):
    def __init__(self, mode):
        self.mode = mode
        self.source = tf.placeholder(tf.int32, [None, None], name="source")
        self.source_len = tf.placeholder(tf.int32, [None], name="source_len")
        self.embedding = tf.get_variable("embedding", [VOCAB, hparams.embed])
        batch = tf.shape(self.source)[0]

        with tf.variable_scope("encoder"):
            cell = tf.contrib.rnn.GRUCell(hparams.units)
            outputs, state = tf.nn.dynamic_rnn(
                cell,
                tf.nn.embedding_lookup(self.embedding, self.source),
                sequence_length=self.source_len,
                dtype=tf.float32,
            )

        memory, lengths = outputs, self.source_len
        if mode == "infer":
            memory = tf.contrib.seq2seq.tile_batch(outputs, multiplier=BEAM)
            state = tf.contrib.seq2seq.tile_batch(state, multiplier=BEAM)
            lengths = tf.contrib.seq2seq.tile_batch(self.source_len, multiplier=BEAM)

        with tf.variable_scope("decoder"):
            attention = tf.contrib.seq2seq.LuongAttention(
                hparams.units, memory, memory_sequence_length=lengths, scale=True
            )
            cell = tf.contrib.seq2seq.AttentionWrapper(
                tf.contrib.rnn.GRUCell(hparams.units),
                attention,
                attention_layer_size=hparams.units,
                name="attention",
            )
            projection = Dense(VOCAB, use_bias=False, name="output_projection")
            if mode == "train":
                self.build_training(cell, state, projection, batch)
            else:
                self.build_inference(cell, state, projection, batch)

    def build_training(self, cell, state, projection, batch):
        self.target = tf.placeholder(tf.int32, [None, None], name="target")
        self.target_len = tf.placeholder(tf.int32, [None], name="target_len")
        decoder_input = tf.concat([tf.fill([batch, 1], GO), self.target[:, :-1]], 1)
        helper = tf.contrib.seq2seq.TrainingHelper(
            tf.nn.embedding_lookup(self.embedding, decoder_input), self.target_len
        )
        initial = cell.zero_state(batch, tf.float32).clone(cell_state=state)
        decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, initial, output_layer=projection)
        outputs, _, _ = tf.contrib.seq2seq.dynamic_decode(
            decoder, maximum_iterations=tf.reduce_max(self.target_len)
        )
        logits = tf.identity(outputs.rnn_output, "logits")
        masks = tf.sequence_mask(
            self.target_len, tf.reduce_max(self.target_len), dtype=tf.float32, name="masks"
        )
        self.loss = tf.contrib.seq2seq.sequence_loss(
            logits, self.target[:, : tf.reduce_max(self.target_len)], masks
        )
        optimizer = tf.train.AdamOptimizer(hparams.learning_rate)
        gradients = optimizer.compute_gradients(self.loss)
        capped = [(tf.clip_by_value(g, -5.0, 5.0), v) for g, v in gradients if g is not None]
        self.train_op = optimizer.apply_gradients(capped)

    def build_inference(self, cell, state, projection, batch):
        initial = cell.zero_state(batch * BEAM, tf.float32).clone(cell_state=state)
        decoder = tf.contrib.seq2seq.BeamSearchDecoder(
            cell=cell,
            embedding=self.embedding,
            start_tokens=tf.fill([batch], GO),
            end_token=EOS,
            initial_state=initial,
            beam_width=BEAM,
            output_layer=projection,
        )
        outputs, _, _ = tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=6)
        self.predicted = outputs.predicted_ids


tf.set_random_seed(1)
with tf.variable_scope("root"):
    train_model = Seq2SeqModel("train")
with tf.variable_scope("root", reuse=True):
    infer_model = Seq2SeqModel("infer")

losses = []
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in range(150):
        source, source_len, target, target_len = make_batch()
        loss, _ = sess.run(
            [train_model.loss, train_model.train_op],
            {
                train_model.source: source,
                train_model.source_len: source_len,
                train_model.target: target,
                train_model.target_len: target_len,
            },
        )
        losses.append(float(loss))
    source, source_len, target, target_len = make_batch()
    ids = sess.run(
        infer_model.predicted, {infer_model.source: source, infer_model.source_len: source_len}
    )
hits = [list(ids[i, :n, 0]) == list(target[i, :n]) for i, n in enumerate(target_len)]
print(
    json.dumps(
        {
            "losses": losses,
            "exact": float(np.mean(hits)),
            "beam": int(ids.shape[2]),
            "learning_rate": hparams.learning_rate,
        }
    )
)
