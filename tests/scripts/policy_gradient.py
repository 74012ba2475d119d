"""The REINFORCE algorithm: gradients gathered over episodes, applied once in a while."""

import json

import numpy as np
import tensorflow as tf

tf.reset_default_graph()
np.random.seed(5)
tf.set_random_seed(5)
gamma, H, D = 0.99, 8, 4


class Balance(object):
    """A position that drifts; pushing it back towards zero keeps the episode going."""

    def reset(self):
        self.state = np.random.uniform(-0.3, 0.3, D)
        return self.state

    def step(self, action):
        push = 0.15 if action == 1 else -0.15
        self.state = np.roll(self.state, 1)
        self.state[0] = 1.15 * self.state[1] + push
        return self.state, 1.0, bool(abs(self.state[0]) > 1.0)


observations = tf.placeholder(tf.float32, [None, D], name="input_x")
W1 = tf.get_variable("W1", shape=[D, H], initializer=tf.glorot_uniform_initializer(seed=1))
layer1 = tf.nn.relu(tf.matmul(observations, W1))
W2 = tf.get_variable("W2", shape=[H, 1], initializer=tf.glorot_uniform_initializer(seed=2))
probability = tf.nn.sigmoid(tf.matmul(layer1, W2))

tvars = tf.trainable_variables()
input_y = tf.placeholder(tf.float32, [None, 1], name="input_y")
advantages = tf.placeholder(tf.float32, name="reward_signal")
loglik = tf.log(input_y * (input_y - probability) + (1 - input_y) * (input_y + probability))
loss = -tf.reduce_mean(loglik * advantages)
newGrads = tf.gradients(loss, tvars)
adam = tf.train.AdamOptimizer(learning_rate=5e-2)
W1Grad = tf.placeholder(tf.float32, name="batch_grad1")
W2Grad = tf.placeholder(tf.float32, name="batch_grad2")
updateGrads = adam.apply_gradients(zip([W1Grad, W2Grad], tvars))


def discount_rewards(r):
    discounted = np.zeros_like(r)
    running = 0
    for t in reversed(range(0, r.size)):
        running = running * gamma + r[t]
        discounted[t] = running
    return discounted


env = Balance()
lengths, losses = [], []
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    gradBuffer = sess.run(tvars)
    for ix, grad in enumerate(gradBuffer):
        gradBuffer[ix] = grad * 0
    for episode in range(1, 101):
        xs, ys, rs = [], [], []
        observation, done = env.reset(), False
        while not done and len(xs) < 30:
            x = np.reshape(observation, [1, D]).copy()
            tfprob = sess.run(probability, feed_dict={observations: x})
            action = 1 if np.random.uniform() < tfprob else 0
            xs.append(x)
            ys.append(1 if action == 0 else 0)
            observation, reward, done = env.step(action)
            rs.append(reward)
        epr = discount_rewards(np.vstack(rs))
        epr -= np.mean(epr)
        epr /= np.std(epr) + 1e-8
        feed = {observations: np.vstack(xs), input_y: np.vstack(ys), advantages: epr}
        tGrad, value = sess.run([newGrads, loss], feed_dict=feed)
        for ix, grad in enumerate(tGrad):
            gradBuffer[ix] += grad
        if episode % 5 == 0:
            sess.run(updateGrads, feed_dict={W1Grad: gradBuffer[0], W2Grad: gradBuffer[1]})
            for ix, grad in enumerate(gradBuffer):
                gradBuffer[ix] = grad * 0
        lengths.append(len(rs))
        losses.append(float(value))
print(json.dumps({"values": losses, "lengths": lengths}))
