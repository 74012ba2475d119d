"""`tf.contrib.framework`, and the training operations of `tf.contrib.layers` and `slim`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as tf

contrib: Any = tf.contrib
layers, slim, framework = contrib.layers, contrib.slim, contrib.framework
ROWS = np.random.default_rng(0).normal(1.0, 2.0, (6, 2)).astype(np.float32)


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as made:
        yield made


@pytest.fixture
def session(graph: Any) -> Any:
    with tf.Session() as made:
        yield made


def names(variables: Any) -> list[str]:
    return [variable.op.name for variable in variables]


class TestArgScope:
    def test_defaults_nest_and_arguments_win(self) -> None:
        @framework.add_arg_scope
        def show(x: Any, a: int = 1, b: int = 2) -> Any:
            return x, a, b

        with framework.arg_scope([show], a=5) as outer:
            assert show(0) == (0, 5, 2)
            with framework.arg_scope([show], b=7):
                assert show(0) == (0, 5, 7)
                assert show(0, a=3) == (0, 3, 7)
        assert show(0) == (0, 1, 2)
        with framework.arg_scope(outer):
            assert show(0) == (0, 5, 2)
        key = framework.arg_scope_func_key(show)
        assert outer[key] == {"a": 5}
        assert framework.current_arg_scope() == {}
        assert framework.arg_scoped_arguments(show) == ("a", "b")

    def test_bad_arguments(self) -> None:
        def plain() -> None: ...

        assert not framework.has_arg_scope(plain)
        with pytest.raises(ValueError, match="not decorated"), framework.arg_scope([plain], a=1):
            pass
        with pytest.raises(TypeError, match="list/tuple"), framework.arg_scope(plain):
            pass
        with pytest.raises(ValueError, match="kwargs must be empty"), framework.arg_scope({}, a=1):
            pass

    def test_scope_ends_with_an_error(self) -> None:
        with pytest.raises(KeyError), framework.arg_scope([slim.conv2d], padding="VALID"):
            raise KeyError
        assert framework.current_arg_scope() == {}


class TestVariables:
    def make(self) -> None:
        with tf.variable_scope("a"):
            framework.model_variable("w", [2], initializer=tf.ones_initializer())
            tf.get_variable("b", [1])
        with tf.variable_scope("c"):
            framework.variable("w", [3], initializer=tf.zeros_initializer(), trainable=False)
        framework.local_variable(0, name="counter")

    def test_listed(self) -> None:
        self.make()
        assert names(framework.get_variables()) == ["a/w", "a/b", "c/w"]
        assert names(framework.get_variables("a/")) == ["a/w", "a/b"]
        assert names(framework.get_variables(suffix="w")) == ["a/w", "c/w"]
        assert names(framework.get_variables_by_name("w", "c")) == ["c/w"]
        assert names(framework.get_model_variables()) == ["a/w"]
        assert names(framework.get_trainable_variables()) == ["a/w", "a/b"]
        assert names(framework.get_local_variables()) == ["counter"]
        assert framework.get_unique_variable("a/b").op.name == "a/b"
        assert names(framework.get_variables_to_restore(exclude=["a/w"])) == ["a/b", "c/w"]
        assert names(framework.get_variables_to_restore(["c"])) == ["c/w"]
        chosen = framework.filter_variables(tf.global_variables(), ["w$"], ["^c/"])
        assert names(chosen) == ["a/w"]
        with pytest.raises(ValueError, match="Couldn't find variable"):
            framework.get_unique_variable("nothing")

    def test_assigned(self, session: Any) -> None:
        self.make()
        operation, feeds = framework.assign_from_values({"a/w": [3.0, 4.0]})
        session.run(operation, feeds)
        np.testing.assert_array_equal(session.run("a/w:0"), [3.0, 4.0])
        framework.assign_from_values_fn({"c/w": np.arange(3)})(session)
        np.testing.assert_array_equal(session.run("c/w:0"), [0.0, 1.0, 2.0])

    def test_restored(self, session: Any, tmp_path: Path) -> None:
        self.make()
        session.run(tf.global_variables_initializer())
        chosen = framework.get_variables("a/")
        path = tf.train.Saver(chosen).save(session, str(tmp_path / "model"))
        operation, feeds = framework.assign_from_checkpoint(path, {"a/w": chosen[0]})
        restore = framework.assign_from_checkpoint_fn(
            path, tf.global_variables(), ignore_missing_vars=True
        )
        session.run([chosen[0].assign([8.0, 9.0]), chosen[1].assign([7.0])])
        session.run(operation, feeds)
        np.testing.assert_array_equal(session.run("a/w:0"), [1.0, 1.0])
        restore(session)
        assert session.run("a/b:0") != 7.0
        with pytest.raises(ValueError, match="missing variable"):
            framework.assign_from_checkpoint(path, framework.get_variables("c"))
        assert framework.list_variables(path) == [("a/b", [1]), ("a/w", [2])]

    def test_analyzed(self, capsys: Any) -> None:
        self.make()
        assert slim.model_analyzer.analyze_vars(tf.global_variables(), print_info=True) == (6, 24)
        assert "c/w:0 (float32_ref 3) [3, bytes: 12]" in capsys.readouterr().out


class TestTraining:
    def loss(self) -> Any:
        y = slim.fully_connected(ROWS, 1, activation_fn=None, scope="fc")
        return tf.losses.mean_squared_error(ROWS.sum(1, keepdims=True), y)

    def test_create_train_op(self, session: Any) -> None:
        self.loss()
        train = slim.learning.create_train_op(
            tf.losses.get_total_loss(), tf.train.GradientDescentOptimizer(0.05)
        )
        session.run(tf.global_variables_initializer())
        values = [session.run(train) for _ in range(200)]
        assert values[-1] < 1e-3 * values[0]
        assert session.run(tf.train.get_global_step()) == 200
        assert train in tf.get_collection(tf.GraphKeys.TRAIN_OP)

    def test_gradients_are_multiplied_and_clipped(self, session: Any) -> None:
        loss = self.loss()
        train = slim.learning.create_train_op(
            loss,
            tf.train.GradientDescentOptimizer(1.0),
            clip_gradient_norm=0.5,
            gradient_multipliers={"fc/biases": 0.0},
        )
        session.run(tf.global_variables_initializer())
        before = session.run(tf.global_variables()[:2])
        session.run(train)
        after = session.run(tf.global_variables()[:2])
        np.testing.assert_allclose(np.linalg.norm(after[0] - before[0]), 0.5, rtol=1e-5)
        np.testing.assert_array_equal(after[1], before[1])

    def test_infinite_losses_are_found(self, session: Any) -> None:
        loss = self.loss() / 0.0
        train = slim.learning.create_train_op(loss, tf.train.GradientDescentOptimizer(1.0))
        session.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="LossTensor is inf or nan"):
            session.run(train)

    @pytest.mark.parametrize(
        "optimizer",
        [
            "SGD",
            "Adam",
            tf.train.MomentumOptimizer(0.05, 0.5),
            tf.train.GradientDescentOptimizer,
            lambda rate: tf.train.AdamOptimizer(rate),
        ],
    )
    def test_optimize_loss(self, session: Any, optimizer: Any) -> None:
        step = tf.train.get_or_create_global_step()
        train = layers.optimize_loss(
            self.loss(),
            step,
            0.05,
            optimizer,
            clip_gradients=10.0,
            learning_rate_decay_fn=lambda rate, step: tf.train.exponential_decay(
                rate, step, 100, 0.96
            ),
            summaries=["loss", "learning_rate", "gradients", "gradient_norm"],
        )
        tags = [op.name for op in tf.get_collection(tf.GraphKeys.SUMMARIES)]
        assert "OptimizeLoss/loss:0" in tags
        assert "OptimizeLoss/gradients/fc/weights_0:0" in tags
        session.run(tf.global_variables_initializer())
        values = [session.run(train) for _ in range(150)]
        assert values[-1] < 0.2 * values[0]
        assert session.run(step) == 150
        assert session.run(tf.summary.merge_all())

    @pytest.mark.parametrize(
        ("arguments", "match"),
        [
            ({"optimizer": "Newton"}, "Optimizer name should be one of"),
            ({"optimizer": 3}, "Unrecognized optimizer"),
            ({"learning_rate": 1}, "0d Tensor or float"),
            ({"learning_rate": -0.5}, "Invalid learning_rate"),
            ({"learning_rate": None}, "Learning rate is None"),
            ({"summaries": ["weights"]}, "Summaries should be one of"),
            ({"clip_gradients": "much"}, "Unknown type"),
        ],
    )
    def test_bad_arguments(self, arguments: Any, match: str) -> None:
        given = {"learning_rate": 0.1, "optimizer": "SGD", **arguments}
        with pytest.raises(ValueError, match=match):
            layers.optimize_loss(self.loss(), None, **given)


class TestSmallHelpers:
    def test_shapes(self, session: Any) -> None:
        free = tf.placeholder(tf.float32, None)
        checked = framework.with_shape(tf.constant([2, 3]), free)
        assert session.run(checked, {free: np.ones((2, 3))}).shape == (2, 3)
        with pytest.raises(tf.errors.InvalidArgumentError, match="Wrong shape"):
            session.run(checked, {free: np.ones((3, 2))})
        with pytest.raises(ValueError, match="Invalid shape"):
            framework.with_shape([2, 3], tf.zeros([3, 2]))
        same = framework.with_same_shape(tf.zeros([2]), tf.ones([2]))
        np.testing.assert_array_equal(session.run(same), [1.0, 1.0])

    def test_sums(self, session: Any) -> None:
        total = framework.reduce_sum_n([tf.constant([1.0, 2.0]), tf.constant(3.0)])
        assert session.run(total) == 6.0
        assert framework.is_tensor(total)
        assert not framework.is_tensor(np.ones(2))

    def test_sizes(self) -> None:
        utils = slim.utils
        assert utils.two_element_tuple(3) == (3, 3)
        assert utils.two_element_tuple([2, 4]) == (2, 4)
        assert utils.n_positive_integers(3, 2) == (2, 2, 2)
        assert utils.last_dimension(tf.TensorShape([None, 7])) == 7
        for bad in ([1, 2, 3], "ab"):
            with pytest.raises(ValueError, match="2 elements"):
                utils.two_element_tuple(bad)
        with pytest.raises(ValueError, match="must be known"):
            utils.last_dimension(tf.TensorShape([7, None]))

    def test_deprecation_is_logged_once(self) -> None:
        @framework.deprecated("2030-01-01", "Use the other one.")
        def old() -> int:
            return 3

        @framework.deprecated_args(None, "Leave it out.", "b")
        def partly(a: int, b: int = 0) -> int:
            return a + b

        texts: list[str] = []
        logger = logging.getLogger("tensorflow")

        def keep(record: logging.LogRecord) -> bool:
            texts.append(record.getMessage())
            return True

        logger.addFilter(keep)
        try:
            assert (old(), old(), partly(1), partly(1, b=2)) == (3, 3, 1, 3)
        finally:
            logger.removeFilter(keep)
        assert len(texts) == 2
        assert "old" in texts[0] and "after 2030-01-01" in texts[0]
        assert "partly with b" in texts[1]
