"""Workers in threads that train one shared network, each through a copy of its own."""

import json
import threading

import numpy as np
import tensorflow as tf

GLOBAL_NET_SCOPE = "Global_Net"
N_S, N_A, N_WORKERS, MAX_UPDATES = 3, 2, 3, 90
GLOBAL_UPDATES = 0
losses = []


class ACNet(object):
    def __init__(self, scope, globalAC=None):
        if scope == GLOBAL_NET_SCOPE:
            with tf.variable_scope(scope):
                self.s = tf.placeholder(tf.float32, [None, N_S], "S")
                self.a_params, self.c_params = self._build_net(scope)[-2:]
            return
        with tf.variable_scope(scope):
            self.s = tf.placeholder(tf.float32, [None, N_S], "S")
            self.a_his = tf.placeholder(tf.int32, [None], "A")
            self.v_target = tf.placeholder(tf.float32, [None, 1], "Vtarget")
            self.a_prob, self.v, self.a_params, self.c_params = self._build_net(scope)
            td = tf.subtract(self.v_target, self.v, name="TD_error")
            with tf.name_scope("c_loss"):
                self.c_loss = tf.reduce_mean(tf.square(td))
            with tf.name_scope("a_loss"):
                log_prob = tf.reduce_sum(
                    tf.log(self.a_prob + 1e-5) * tf.one_hot(self.a_his, N_A, dtype=tf.float32),
                    axis=1,
                    keep_dims=True,
                )
                exp_v = log_prob * tf.stop_gradient(td)
                entropy = -tf.reduce_sum(
                    self.a_prob * tf.log(self.a_prob + 1e-5), axis=1, keep_dims=True
                )
                self.a_loss = tf.reduce_mean(-(0.01 * entropy + exp_v))
            with tf.name_scope("local_grad"):
                self.a_grads = tf.gradients(self.a_loss, self.a_params)
                self.c_grads = tf.gradients(self.c_loss, self.c_params)
        with tf.name_scope("sync"):
            with tf.name_scope("pull"):
                pairs = zip(self.a_params + self.c_params, globalAC.a_params + globalAC.c_params)
                self.pull_params_op = [l_p.assign(g_p) for l_p, g_p in pairs]
            with tf.name_scope("push"):
                self.update_a_op = OPT_A.apply_gradients(zip(self.a_grads, globalAC.a_params))
                self.update_c_op = OPT_C.apply_gradients(zip(self.c_grads, globalAC.c_params))

    def _build_net(self, scope):
        w_init = tf.random_normal_initializer(0.0, 0.1)
        with tf.variable_scope("actor"):
            l_a = tf.layers.dense(self.s, 16, tf.nn.relu6, kernel_initializer=w_init, name="la")
            a_prob = tf.layers.dense(l_a, N_A, tf.nn.softmax, kernel_initializer=w_init, name="ap")
        with tf.variable_scope("critic"):
            l_c = tf.layers.dense(self.s, 16, tf.nn.relu6, kernel_initializer=w_init, name="lc")
            v = tf.layers.dense(l_c, 1, kernel_initializer=w_init, name="v")
        a_params = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope=scope + "/actor")
        c_params = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope=scope + "/critic")
        return a_prob, v, a_params, c_params


class Worker(object):
    def __init__(self, name, globalAC, seed):
        self.name = name
        self.AC = ACNet(name, globalAC)
        self.rng = np.random.RandomState(seed)

    def work(self):
        global GLOBAL_UPDATES
        while not COORD.should_stop() and GLOBAL_UPDATES < MAX_UPDATES:
            SESS.run(self.AC.pull_params_op)
            s = self.rng.uniform(-1, 1, (16, N_S))
            prob = SESS.run(self.AC.a_prob, {self.AC.s: s})
            a = (self.rng.rand(16) < prob[:, 1]).astype(np.int32)
            reward = np.where(a == (s[:, 0] > 0), 1.0, 0.0)[:, None]
            feed = {self.AC.s: s, self.AC.a_his: a, self.AC.v_target: reward}
            _, _, loss = SESS.run([self.AC.update_a_op, self.AC.update_c_op, self.AC.c_loss], feed)
            with LOCK:
                losses.append(float(loss))
                GLOBAL_UPDATES += 1


tf.set_random_seed(2)
SESS, LOCK = tf.Session(), threading.Lock()
with tf.device("/cpu:0"):
    OPT_A = tf.train.RMSPropOptimizer(0.01, name="RMSPropA")
    OPT_C = tf.train.RMSPropOptimizer(0.01, name="RMSPropC")
    GLOBAL_AC = ACNet(GLOBAL_NET_SCOPE)
    workers = [Worker("W_%i" % i, GLOBAL_AC, i) for i in range(N_WORKERS)]
COORD = tf.train.Coordinator()
SESS.run(tf.global_variables_initializer())
start = SESS.run(GLOBAL_AC.a_params + GLOBAL_AC.c_params)
worker_threads = []
for worker in workers:
    t = threading.Thread(target=lambda worker=worker: worker.work())
    t.start()
    worker_threads.append(t)
COORD.join(worker_threads)
end = SESS.run(GLOBAL_AC.a_params + GLOBAL_AC.c_params)
print(
    json.dumps(
        {
            "values": losses,
            "updates": GLOBAL_UPDATES,
            "moved": [bool(np.abs(a - b).max() > 0) for a, b in zip(start, end)],
        }
    )
)
