"""Skip-gram embeddings with noise-contrastive estimation."""

import collections
import json
import math
import random

import numpy as np
import tensorflow as tf

random.seed(4)
words = ("one two three four five six seven eight nine ten " * 60).split()
vocabulary_size = 11
data_index = 0


def build_dataset(words):
    count = [["UNK", -1]]
    count.extend(collections.Counter(words).most_common(vocabulary_size - 1))
    dictionary = {word: i for i, (word, _) in enumerate(count)}
    data = [dictionary.get(word, 0) for word in words]
    return data, count, dictionary, dict(zip(dictionary.values(), dictionary.keys()))


def generate_batch(batch_size, num_skips, skip_window):
    global data_index
    batch = np.ndarray(shape=(batch_size), dtype=np.int32)
    labels = np.ndarray(shape=(batch_size, 1), dtype=np.int32)
    span = 2 * skip_window + 1
    buffer = collections.deque(maxlen=span)
    for _ in range(span):
        buffer.append(data[data_index])
        data_index = (data_index + 1) % len(data)
    for i in range(batch_size // num_skips):
        context = random.sample([w for w in range(span) if w != skip_window], num_skips)
        for j, word in enumerate(context):
            batch[i * num_skips + j] = buffer[skip_window]
            labels[i * num_skips + j, 0] = buffer[word]
        buffer.append(data[data_index])
        data_index = (data_index + 1) % len(data)
    return batch, labels


data, count, dictionary, reverse_dictionary = build_dataset(words)
batch_size, embedding_size, num_sampled = 32, 16, 5
valid_examples = np.arange(1, 5)

graph = tf.Graph()
with graph.as_default():
    tf.set_random_seed(8)
    train_inputs = tf.placeholder(tf.int32, shape=[batch_size])
    train_labels = tf.placeholder(tf.int32, shape=[batch_size, 1])
    valid_dataset = tf.constant(valid_examples, dtype=tf.int32)
    with tf.device("/cpu:0"):
        embeddings = tf.Variable(tf.random_uniform([vocabulary_size, embedding_size], -1.0, 1.0))
        embed = tf.nn.embedding_lookup(embeddings, train_inputs)
        nce_weights = tf.Variable(
            tf.truncated_normal(
                [vocabulary_size, embedding_size], stddev=1.0 / math.sqrt(embedding_size)
            )
        )
        nce_biases = tf.Variable(tf.zeros([vocabulary_size]))
    loss = tf.reduce_mean(
        tf.nn.nce_loss(
            weights=nce_weights,
            biases=nce_biases,
            labels=train_labels,
            inputs=embed,
            num_sampled=num_sampled,
            num_classes=vocabulary_size,
        )
    )
    optimizer = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    norm = tf.sqrt(tf.reduce_sum(tf.square(embeddings), 1, keep_dims=True))
    normalized_embeddings = embeddings / norm
    valid_embeddings = tf.nn.embedding_lookup(normalized_embeddings, valid_dataset)
    similarity = tf.matmul(valid_embeddings, normalized_embeddings, transpose_b=True)
    init = tf.global_variables_initializer()

losses = []
with tf.Session(graph=graph) as session:
    init.run()
    average_loss = 0
    for step in range(300):
        batch_inputs, batch_labels = generate_batch(batch_size, 2, 1)
        feed_dict = {train_inputs: batch_inputs, train_labels: batch_labels}
        _, loss_val = session.run([optimizer, loss], feed_dict=feed_dict)
        average_loss += loss_val
        if (step + 1) % 50 == 0:
            losses.append(float(average_loss / 50))
            average_loss = 0
    sim = similarity.eval()
    nearest = [[reverse_dictionary[k] for k in (-sim[i, :]).argsort()[1:3]] for i in range(4)]
    final_embeddings = normalized_embeddings.eval()
norms = np.linalg.norm(final_embeddings, axis=1)
print(
    json.dumps(
        {
            "losses": losses,
            "nearest": nearest,
            "normalized": bool(np.allclose(norms, 1.0, atol=1e-5)),
        }
    )
)
