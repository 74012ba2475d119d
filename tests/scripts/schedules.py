"""Learning-rate schedules, and the optimizers one after the other."""

import json

import tensorflow as tf

step = tf.placeholder(tf.int32, [])
global_step = tf.Variable(0, name="global_step", trainable=False)
rates = {
    "exponential": tf.train.exponential_decay(0.1, step, 10, 0.96, staircase=True),
    "piecewise": tf.train.piecewise_constant(step, [5, 20], [0.1, 0.01, 0.001]),
    "polynomial": tf.train.polynomial_decay(0.1, step, 30, end_learning_rate=0.01, power=2.0),
    "natural": tf.train.natural_exp_decay(0.1, step, 10, 0.5),
    "inverse": tf.train.inverse_time_decay(0.1, step, 10, 0.5, staircase=False),
    "cosine": tf.train.cosine_decay(0.1, step, 30),
    "noam": 0.5
    * tf.minimum(tf.pow(tf.to_float(step) + 1, -0.5), (tf.to_float(step) + 1) * tf.pow(8.0, -1.5)),
}

optimizers = [
    lambda lr: tf.train.GradientDescentOptimizer(lr),
    lambda lr: tf.train.MomentumOptimizer(learning_rate=lr, momentum=0.9, use_nesterov=True),
    lambda lr: tf.train.AdamOptimizer(lr, beta1=0.9, beta2=0.99),
    lambda lr: tf.train.RMSPropOptimizer(lr, decay=0.9, momentum=0.1, centered=True),
    lambda lr: tf.train.AdagradOptimizer(lr),
    lambda lr: tf.train.AdadeltaOptimizer(learning_rate=50 * lr, rho=0.95),
    lambda lr: tf.train.FtrlOptimizer(lr, l1_regularization_strength=0.001),
    lambda lr: tf.train.ProximalGradientDescentOptimizer(lr),
    lambda lr: tf.train.ProximalAdagradOptimizer(lr),
]

learning_rate = tf.train.exponential_decay(0.2, global_step, 5, 0.9)
finals, names = [], []
with tf.Session() as sess:
    values = {
        name: [float(sess.run(rate, {step: k})) for k in (0, 5, 6, 15, 29, 40)]
        for name, rate in rates.items()
    }
    for make in optimizers:
        optimizer = make(learning_rate)
        with tf.variable_scope("model_%d" % len(finals)):
            w = tf.Variable([2.0, -3.0], name="w")
            loss = tf.reduce_sum(tf.square(w - [0.5, 1.0]) * [1.0, 0.3])
            train = optimizer.minimize(loss, global_step=global_step, var_list=[w])
        sess.run(
            tf.variables_initializer(
                [global_step] + tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, "model_.*")
            )
        )
        uninitialized = sess.run(tf.report_uninitialized_variables())
        sess.run(
            tf.variables_initializer(
                [v for v in tf.global_variables() if v.op.name.encode() in list(uninitialized)]
            )
        )
        for _ in range(20):
            sess.run(train)
        finals.append(float(sess.run(loss)))
        names.append(optimizer.get_name())
    rate = float(sess.run(learning_rate))
print(
    json.dumps(
        {
            "rates": values,
            "finals": finals,
            "names": names,
            "rate": rate,
            "slots": optimizers[2](0.1).get_slot_names(),
        }
    )
)
