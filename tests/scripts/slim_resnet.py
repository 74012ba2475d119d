"""A small residual network and a VGG in slim, with arg_scope and slim's training op."""

import json

import numpy as np
import tensorflow as tf
import tensorflow.contrib.slim as slim

rng = np.random.RandomState(2)
LABELS = rng.randint(0, 3, 24)
IMAGES = (rng.rand(24, 16, 16, 3) + LABELS[:, None, None, None]).astype(np.float32)


def resnet_arg_scope(is_training=True, weight_decay=0.0001):
    batch_norm_params = {
        "is_training": is_training,
        "decay": 0.9,
        "epsilon": 1e-5,
        "scale": True,
        "updates_collections": tf.GraphKeys.UPDATE_OPS,
    }
    with slim.arg_scope(
        [slim.conv2d],
        weights_regularizer=slim.l2_regularizer(weight_decay),
        weights_initializer=slim.variance_scaling_initializer(),
        activation_fn=tf.nn.relu,
        normalizer_fn=slim.batch_norm,
        normalizer_params=batch_norm_params,
    ):
        with slim.arg_scope([slim.batch_norm], **batch_norm_params):
            with slim.arg_scope([slim.max_pool2d], padding="SAME") as arg_sc:
                return arg_sc


@slim.add_arg_scope
def bottleneck(inputs, depth, depth_bottleneck, stride, outputs_collections=None, scope=None):
    with tf.variable_scope(scope, "bottleneck_v2", [inputs]) as sc:
        depth_in = slim.utils.last_dimension(inputs.get_shape(), min_rank=4)
        preact = slim.batch_norm(inputs, activation_fn=tf.nn.relu, scope="preact")
        if depth == depth_in:
            shortcut = (
                slim.max_pool2d(inputs, [1, 1], stride=stride, scope="shortcut")
                if stride > 1
                else inputs
            )
        else:
            shortcut = slim.conv2d(
                preact,
                depth,
                [1, 1],
                stride=stride,
                normalizer_fn=None,
                activation_fn=None,
                scope="shortcut",
            )
        residual = slim.conv2d(preact, depth_bottleneck, [1, 1], stride=1, scope="conv1")
        residual = slim.conv2d(residual, depth_bottleneck, 3, stride=stride, scope="conv2")
        residual = slim.conv2d(
            residual, depth, [1, 1], stride=1, normalizer_fn=None, activation_fn=None, scope="conv3"
        )
        output = shortcut + residual
        return slim.utils.collect_named_outputs(outputs_collections, sc.name, output)


def resnet(inputs, num_classes, reuse=None, scope="resnet_v2"):
    with tf.variable_scope(scope, "resnet_v2", [inputs], reuse=reuse) as sc:
        collection = sc.original_name_scope + "_end_points"
        with slim.arg_scope(
            [slim.conv2d, bottleneck, slim.max_pool2d], outputs_collections=collection
        ):
            net = slim.conv2d(inputs, 8, 3, stride=2, scope="conv1")
            net = slim.repeat(net, 2, bottleneck, 8, 4, 1, scope="block1")
            net = bottleneck(net, 16, 4, 2, scope="block2")
            net = slim.batch_norm(net, activation_fn=tf.nn.relu, scope="postnorm")
            net = tf.reduce_mean(net, [1, 2], name="pool5", keep_dims=True)
            net = slim.conv2d(
                net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None, scope="logits"
            )
            logits = tf.squeeze(net, [1, 2], name="SpatialSqueeze")
            end_points = slim.utils.convert_collection_to_dict(collection)
            end_points["predictions"] = slim.softmax(logits, scope="predictions")
            return logits, end_points


def vgg(inputs, num_classes, is_training=True):
    with (
        tf.variable_scope("vgg"),
        slim.arg_scope(
            [slim.conv2d, slim.fully_connected],
            weights_initializer=tf.truncated_normal_initializer(stddev=0.05),
        ),
    ):
        net = slim.repeat(inputs, 2, slim.conv2d, 4, [3, 3], scope="conv1")
        net = slim.max_pool2d(net, [2, 2], scope="pool1")
        net = slim.stack(slim.flatten(net), slim.fully_connected, [16, 8], scope="fc")
        net = slim.dropout(net, 0.5, is_training=is_training, scope="dropout")
        return slim.fully_connected(net, num_classes, activation_fn=None, scope="fc8")


with tf.Graph().as_default():
    tf.set_random_seed(6)
    tf.logging.set_verbosity(tf.logging.WARN)
    images = tf.placeholder(tf.float32, [None, 16, 16, 3])
    labels = tf.placeholder(tf.int64, [None])
    with slim.arg_scope(resnet_arg_scope()):
        logits, end_points = resnet(images, 3)
    with slim.arg_scope(resnet_arg_scope(is_training=False)):
        test_logits, _ = resnet(images, 3, reuse=True)
    vgg_logits = vgg(images, 3, is_training=False)
    slim.losses.softmax_cross_entropy(logits, slim.one_hot_encoding(labels, 3))
    total_loss = slim.losses.get_total_loss()
    global_step = slim.get_or_create_global_step()
    train_op = slim.learning.create_train_op(
        total_loss, tf.train.AdamOptimizer(0.01), global_step=global_step, summarize_gradients=True
    )
    restored = slim.get_variables_to_restore(exclude=["resnet_v2/logits", "vgg"])
    losses = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(20):
            losses.append(float(sess.run(train_op, {images: IMAGES, labels: LABELS})))
        predicted, other = sess.run([tf.argmax(test_logits, 1), vgg_logits], {images: IMAGES})
        step = sess.run(global_step)
    regularization = len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
    print(
        json.dumps(
            {
                "losses": losses,
                "step": int(step),
                "end_points": sorted(end_points),
                "regularization": regularization,
                "vgg": list(other.shape),
                "restored": len([v for v in restored if v.op.name.startswith("resnet")]),
                "variables": len(slim.get_model_variables()),
                "accuracy": float((predicted == LABELS).mean()),
            }
        )
    )
