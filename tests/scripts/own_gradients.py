"""Gradients of one's own: registered, overridden, decorated; and Python inside the graph."""

import json

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import ops


@tf.RegisterGradient("StraightThrough")
def _sign_grad(op, grad):
    return tf.where(tf.less_equal(tf.abs(op.inputs[0]), 1.0), grad, tf.zeros_like(grad))


def binarize(x):
    g = tf.get_default_graph()
    with ops.name_scope("Binarized") as name:
        with g.gradient_override_map({"Sign": "StraightThrough"}):
            return tf.sign(x, name=name)


class FlipGradientBuilder(object):
    def __init__(self):
        self.num_calls = 0

    def __call__(self, x, scale=1.0):
        grad_name = "FlipGradient%d" % self.num_calls

        @ops.RegisterGradient(grad_name)
        def _flip_gradients(op, grad):
            return [tf.negative(grad) * scale]

        g = tf.get_default_graph()
        with g.gradient_override_map({"Identity": grad_name}):
            y = tf.identity(x)
        self.num_calls += 1
        return y


def py_func(func, inp, Tout, stateful=True, name=None, grad=None):
    rnd_name = "PyFuncGrad" + str(np.random.RandomState(0).randint(0, 1000000))
    tf.RegisterGradient(rnd_name)(grad)
    g = tf.get_default_graph()
    with g.gradient_override_map({"PyFunc": rnd_name}):
        return tf.py_func(func, inp, Tout, stateful=stateful, name=name)


def my_square(x, name=None):
    with ops.name_scope(name, "Mysquare", [x]) as name:
        sqr_x = py_func(
            np.square, [x], [tf.float32], name=name, grad=lambda op, grad: grad * 20 * op.inputs[0]
        )
        sqr_x[0].set_shape(x.get_shape())
        return sqr_x[0]


@tf.custom_gradient
def log1pexp(x):
    e = tf.exp(x)

    def grad(dy):
        return dy * (1 - 1 / (1 + e))

    return tf.log(1 + e), grad


with tf.Session() as sess:
    x = tf.constant([-1.5, -0.5, 0.25, 2.0])
    flip = FlipGradientBuilder()
    y, z = binarize(x), flip(x * x, 0.5)
    w = my_square(x)
    big = tf.constant(100.0)
    soft = log1pexp(big)
    blocked = tf.stop_gradient(x) * x
    table = tf.py_func(
        lambda a: (a.sum(), ("%d rows" % len(a)).encode()), [x], [tf.float32, tf.string]
    )
    values = sess.run(
        {
            "sign": y,
            "sign gradient": tf.gradients(y, x)[0],
            "flipped": tf.gradients(z, x)[0],
            "square": w,
            "square gradient": tf.gradients(w, x)[0],
            "softplus gradient": tf.gradients(soft, big)[0],
            "blocked": tf.gradients(blocked, x)[0],
            "weighted": tf.gradients([x * x, x], x, grad_ys=[tf.ones([4]), 3 * tf.ones([4])])[0],
            "second": tf.gradients(tf.gradients(x**3, x)[0], x)[0],
            "sum": table[0],
        }
    )
    text = sess.run(table[1])
    jacobian = tf.stack([tf.gradients(tf.square(x)[i], x)[0] for i in range(4)])
    hessian = tf.hessians(tf.reduce_sum(x**3), x)[0]
    values["jacobian"], values["hessian"] = sess.run(
        [tf.diag_part(jacobian), tf.diag_part(hessian)]
    )
    error = tf.test.compute_gradient_error(x, [4], tf.tanh(x), [4])
answer = {name: np.asarray(value).tolist() for name, value in values.items()}
answer.update({"text": text.decode(), "error": bool(error < 1e-3), "shape": w.shape.as_list()})
print(json.dumps(answer))
