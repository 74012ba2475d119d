"""A convolutional network of tf.layers; whether it trains is fed."""

import json

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(4)
Y = rng.randint(0, 4, 64)
X = rng.rand(64, 12, 12, 1).astype(np.float32)
X[np.arange(64), Y * 3, :] += 1.0


def conv_block(inputs, filters, training, name):
    with tf.variable_scope(name):
        net = tf.layers.conv2d(
            inputs,
            filters=filters,
            kernel_size=[3, 3],
            padding="same",
            use_bias=False,
            kernel_initializer=tf.contrib.layers.xavier_initializer_conv2d(),
            kernel_regularizer=tf.contrib.layers.l2_regularizer(scale=1e-3),
        )
        net = tf.layers.batch_normalization(net, momentum=0.8, training=training, fused=True)
        net = tf.nn.relu(net)
        return tf.layers.max_pooling2d(net, pool_size=[2, 2], strides=2)


def model(features, training, reuse=False):
    with tf.variable_scope("model", reuse=reuse):
        net = conv_block(features, 6, training, "block1")
        net = conv_block(net, 12, training, "block2")
        net = tf.layers.flatten(net)
        net = tf.layers.dense(net, units=32, activation=tf.nn.leaky_relu, name="fc1")
        net = tf.layers.dropout(inputs=net, rate=0.4, training=training)
        return tf.layers.dense(inputs=net, units=4, name="logits")


tf.set_random_seed(12)
tf.logging.set_verbosity(tf.logging.ERROR)
with tf.device("/gpu:0"):
    is_training = tf.placeholder(tf.bool, shape=(), name="is_training")
    x = tf.placeholder(tf.float32, shape=[None, 12, 12, 1])
    y = tf.placeholder(tf.int32, shape=[None])
    logits = model(x, is_training)
    loss = tf.losses.softmax_cross_entropy(onehot_labels=tf.one_hot(y, depth=4), logits=logits)
    loss += tf.losses.get_regularization_loss()
    update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    with tf.control_dependencies(update_ops):
        train_op = tf.train.AdamOptimizer(learning_rate=3e-3).minimize(
            loss=loss, global_step=tf.train.get_or_create_global_step()
        )
    predictions = {
        "classes": tf.argmax(input=logits, axis=1),
        "probabilities": tf.nn.softmax(logits, name="softmax_tensor"),
    }
    accuracy, update_accuracy = tf.metrics.accuracy(labels=y, predictions=predictions["classes"])

config = tf.ConfigProto(allow_soft_placement=True, log_device_placement=False)
config.gpu_options.allow_growth = True
losses = []
with tf.Session(config=config) as sess:
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    for step in range(24):
        part = slice((step % 4) * 16, (step % 4) * 16 + 16)
        _, value = sess.run([train_op, loss], {x: X[part], y: Y[part], is_training: True})
        losses.append(float(value))
    for part in (slice(0, 32), slice(32, 64)):
        sess.run(update_accuracy, {x: X[part], y: Y[part], is_training: False})
    first, second = (sess.run(predictions, {x: X[:3], is_training: False}) for _ in range(2))
    same = np.array_equal(first["probabilities"], second["probabilities"])
    value, step = sess.run([accuracy, tf.train.get_global_step()])
print(
    json.dumps(
        {
            "losses": losses,
            "accuracy": float(value),
            "step": int(step),
            "deterministic when not training": bool(same),
            "variables": [v.op.name for v in tf.trainable_variables()],
        }
    )
)
