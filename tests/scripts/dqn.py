"""Q-learning with replay and a target network, on a corridor."""

import json
import random
from collections import deque

import numpy as np
import tensorflow as tf


class Corridor(object):
    """Five cells; going right from the last one is the goal."""

    action_space, size = 2, 5

    def reset(self):
        self.at = 0
        return self.observe()

    def observe(self):
        return np.eye(self.size, dtype=np.float32)[self.at]

    def step(self, action):
        self.at = self.at + 1 if action == 1 else max(self.at - 1, 0)
        done = self.at == self.size
        if done:
            self.at = self.size - 1
        return self.observe(), 1.0 if done else -0.01, done


class DeepQNetwork(object):
    def __init__(self, n_actions, n_features, reward_decay=0.9, replace_target_iter=30):
        self.n_actions, self.n_features, self.gamma = n_actions, n_features, reward_decay
        self.replace_target_iter, self.learn_step_counter = replace_target_iter, 0
        self.memory = deque(maxlen=200)
        self._build_net()
        t_params = tf.get_collection("target_net_params")
        e_params = tf.get_collection("eval_net_params")
        self.replace_target_op = [tf.assign(t, e) for t, e in zip(t_params, e_params)]
        self.sess = tf.Session()
        self.sess.run(tf.global_variables_initializer())
        self.cost_his = []

    def _net(self, s, c_names):
        w_initializer = tf.random_normal_initializer(0.0, 0.3)
        b_initializer = tf.constant_initializer(0.1)
        with tf.variable_scope("l1"):
            w1 = tf.get_variable(
                "w1", [self.n_features, 10], initializer=w_initializer, collections=c_names
            )
            b1 = tf.get_variable("b1", [1, 10], initializer=b_initializer, collections=c_names)
            l1 = tf.nn.relu(tf.matmul(s, w1) + b1)
        with tf.variable_scope("l2"):
            w2 = tf.get_variable(
                "w2", [10, self.n_actions], initializer=w_initializer, collections=c_names
            )
            b2 = tf.get_variable(
                "b2", [1, self.n_actions], initializer=b_initializer, collections=c_names
            )
            return tf.matmul(l1, w2) + b2

    def _build_net(self):
        self.s = tf.placeholder(tf.float32, [None, self.n_features], name="s")
        self.s_ = tf.placeholder(tf.float32, [None, self.n_features], name="s_")
        self.action = tf.placeholder(tf.int32, [None], name="action")
        self.reward = tf.placeholder(tf.float32, [None], name="reward")
        self.done = tf.placeholder(tf.float32, [None], name="done")
        with tf.variable_scope("eval_net"):
            self.q_eval = self._net(self.s, ["eval_net_params", tf.GraphKeys.GLOBAL_VARIABLES])
        with tf.variable_scope("target_net"):
            self.q_next = self._net(self.s_, ["target_net_params", tf.GraphKeys.GLOBAL_VARIABLES])
        target = self.reward + self.gamma * (1 - self.done) * tf.reduce_max(self.q_next, axis=1)
        one_hot = tf.one_hot(self.action, self.n_actions, 1.0, 0.0)
        chosen = tf.reduce_sum(self.q_eval * one_hot, reduction_indices=1)
        error = tf.stop_gradient(target) - chosen
        clipped = tf.where(tf.abs(error) < 1.0, 0.5 * tf.square(error), tf.abs(error) - 0.5)
        with tf.variable_scope("loss"):
            self.loss = tf.reduce_mean(clipped)
        with tf.variable_scope("train"):
            params = tf.get_collection("eval_net_params")
            self._train_op = tf.train.RMSPropOptimizer(0.01, momentum=0.5, epsilon=0.01).minimize(
                self.loss, var_list=params
            )

    def choose_action(self, observation, epsilon):
        if np.random.uniform() < epsilon:
            return np.random.randint(0, self.n_actions)
        values = self.sess.run(self.q_eval, feed_dict={self.s: observation[np.newaxis, :]})
        return np.argmax(values)

    def learn(self):
        if self.learn_step_counter % self.replace_target_iter == 0:
            self.sess.run(self.replace_target_op)
        s, a, r, s_, done = map(np.array, zip(*random.sample(self.memory, 32)))
        _, cost = self.sess.run(
            [self._train_op, self.loss],
            feed_dict={self.s: s, self.action: a, self.reward: r, self.s_: s_, self.done: done},
        )
        self.cost_his.append(float(cost))
        self.learn_step_counter += 1


random.seed(1)
np.random.seed(1)
tf.set_random_seed(1)
env = Corridor()
RL = DeepQNetwork(env.action_space, env.size)
for episode in range(30):
    observation, done, steps = env.reset(), False, 0
    while not done and steps < 40:
        action = RL.choose_action(observation, 1.0 / (1 + 0.3 * episode))
        observation_, reward, done = env.step(action)
        RL.memory.append((observation, action, reward, observation_, float(done)))
        if len(RL.memory) >= 64:
            RL.learn()
        observation, steps = observation_, steps + 1
q = RL.sess.run(RL.q_eval, {RL.s: np.eye(env.size)})
print(json.dumps({"losses": RL.cost_his, "policy": [int(a) for a in q.argmax(1)]}))
