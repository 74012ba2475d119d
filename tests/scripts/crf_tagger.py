"""A tagger of sequences: words, two LSTMs in opposite directions, a conditional random field."""

import json

import numpy as np
import tensorflow as tf

NUM_WORDS, NUM_TAGS, DIM, HIDDEN = 20, 4, 8, 12
rng = np.random.RandomState(3)


def pad_sequences(sequences, pad_tok=0):
    max_length = max(map(len, sequences))
    padded = [list(seq) + [pad_tok] * (max_length - len(seq)) for seq in sequences]
    return padded, [len(seq) for seq in sequences]


sentences = [rng.randint(1, NUM_WORDS, size=rng.randint(3, 9)) for _ in range(48)]
tags = [[(w + (s[i - 1] if i else 0)) % NUM_TAGS for i, w in enumerate(s)] for s in sentences]

tf.set_random_seed(3)
word_ids = tf.placeholder(tf.int32, shape=[None, None], name="word_ids")
sequence_lengths = tf.placeholder(tf.int32, shape=[None], name="sequence_lengths")
labels = tf.placeholder(tf.int32, shape=[None, None], name="labels")
dropout = tf.placeholder(dtype=tf.float32, shape=[], name="dropout")
lr = tf.placeholder(dtype=tf.float32, shape=[], name="lr")

with tf.variable_scope("words"):
    _embeddings = tf.Variable(
        rng.uniform(-0.5, 0.5, (NUM_WORDS, DIM)).astype(np.float32), name="_word_embeddings"
    )
    embeddings = tf.nn.embedding_lookup(_embeddings, word_ids, name="word_embeddings")
    embeddings = tf.nn.dropout(embeddings, dropout)

with tf.variable_scope("bi-lstm"):
    cell_fw = tf.contrib.rnn.LSTMCell(HIDDEN)
    cell_bw = tf.contrib.rnn.LSTMCell(HIDDEN)
    (output_fw, output_bw), _ = tf.nn.bidirectional_dynamic_rnn(
        cell_fw, cell_bw, embeddings, sequence_length=sequence_lengths, dtype=tf.float32
    )
    output = tf.nn.dropout(tf.concat([output_fw, output_bw], axis=-1), dropout)

with tf.variable_scope("proj"):
    W = tf.get_variable("W", dtype=tf.float32, shape=[2 * HIDDEN, NUM_TAGS])
    b = tf.get_variable("b", shape=[NUM_TAGS], dtype=tf.float32, initializer=tf.zeros_initializer())
    nsteps = tf.shape(output)[1]
    pred = tf.matmul(tf.reshape(output, [-1, 2 * HIDDEN]), W) + b
    logits = tf.reshape(pred, [-1, nsteps, NUM_TAGS])

log_likelihood, trans_params = tf.contrib.crf.crf_log_likelihood(logits, labels, sequence_lengths)
loss = tf.reduce_mean(-log_likelihood)
best, best_score = tf.contrib.crf.crf_decode(logits, trans_params, sequence_lengths)

with tf.variable_scope("train_step"):
    optimizer = tf.train.AdamOptimizer(lr)
    grads, variables = zip(*optimizer.compute_gradients(loss))
    grads, gnorm = tf.clip_by_global_norm(grads, 5.0)
    train_op = optimizer.apply_gradients(zip(grads, variables))

losses = []
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for epoch in range(12):
        for start in range(0, len(sentences), 16):
            ids, lengths = pad_sequences(sentences[start : start + 16])
            tag_ids, _ = pad_sequences(tags[start : start + 16])
            _, value = sess.run(
                [train_op, loss],
                feed_dict={
                    word_ids: ids,
                    labels: tag_ids,
                    sequence_lengths: lengths,
                    dropout: 0.9,
                    lr: 0.03,
                },
            )
        losses.append(float(value))

    ids, lengths = pad_sequences(sentences)
    feed = {word_ids: ids, sequence_lengths: lengths, dropout: 1.0}
    scores, matrix, decoded = sess.run([logits, trans_params, best], feed_dict=feed)
    correct = total = agree = 0
    for i, length in enumerate(lengths):
        viterbi, _ = tf.contrib.crf.viterbi_decode(scores[i][:length], matrix)
        agree += viterbi == list(decoded[i][:length])
        correct += sum(a == b for a, b in zip(viterbi, tags[i]))
        total += length
print(
    json.dumps(
        {
            "losses": losses,
            "accuracy": correct / float(total),
            "decoders agree": bool(agree == len(sentences)),
        }
    )
)
