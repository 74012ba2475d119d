"""Networks of layer objects: layers name the layers they read, a `TensorGraph` builds them all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import flowgraph as tf
from flowgraph.models.layer_objects import Input, Layer

__all__ = ["TensorGraph"]


class TensorGraph:
    """Collects layers, sorts them, builds their tensors and trains them.

    Args:
        batch_size: rows that `fit` feeds at a time.
        random_seed: of the graph.
        graph: where to build; a new graph if None.
        learning_rate: of the default optimizer, Adam with epsilon 1e-7.
        model_dir: where checkpoints go; a new temporary folder if None.
    """

    def __init__(
        self,
        batch_size: int = 100,
        random_seed: int | None = None,
        graph: Any = None,
        learning_rate: float = 0.001,
        model_dir: str | None = None,
    ) -> None:
        self.layers: dict[str, Layer] = {}
        self.features: list[Layer] = []
        self.outputs: list[Layer] = []
        self.loss: Layer | None = None
        self.batch_size = batch_size
        self.random_seed = random_seed
        self.graph = tf.Graph() if graph is None else graph
        self.optimizer: Any = None
        self.learning_rate = learning_rate
        self.model_dir = tempfile.mkdtemp() if model_dir is None else model_dir
        self.train_op: Any = None
        self.global_step: Any = None
        self.session: Any = None
        self._saver: Any = None

    def add_layer(self, layer: Layer) -> None:
        """Adds the layer, then those it reads; an unnamed one becomes "Class_n", the n-th added."""
        if layer.name is None:
            layer.name = f"{type(layer).__name__}_{len(self.layers) + 1}"
        if self.layers.get(layer.name) is layer:
            return
        if layer.name in self.layers:
            raise ValueError(f"there is a layer named {layer.name} already")
        self.layers[layer.name] = layer
        if isinstance(layer, Input):
            self.features.append(layer)
        for source in layer.in_layers:
            self.add_layer(source)

    def add_output(self, layer: Layer) -> None:
        """Adds the layer and has `predict` return it."""
        self.add_layer(layer)
        self.outputs.append(layer)

    def set_loss(self, layer: Layer) -> None:
        """Adds the layer and has `fit` minimize it."""
        self.add_layer(layer)
        self.loss = layer

    def set_optimizer(self, optimizer: Any) -> None:
        self.optimizer = optimizer

    def topological_order(self) -> list[Layer]:
        """All layers, each after those it reads: inputs first, then what the outputs need, in the
        order in which they were added, then what the loss needs."""
        order: list[Layer] = []
        entered: set[int] = set()

        def visit(layer: Layer) -> None:
            if layer in order:
                return
            if id(layer) in entered:
                raise ValueError(f"layer {layer.name} reads its own output")
            entered.add(id(layer))
            for source in layer.in_layers:
                visit(source)
            order.append(layer)

        ends = [] if self.loss is None else [self.loss]
        for layer in [*self.features, *self.outputs, *ends]:
            visit(layer)
        return order

    def build(self) -> None:
        """Makes each layer's tensor under a name scope of its own, once, and a session."""
        if self.session is not None:
            return
        with self.graph.as_default():
            if self.random_seed is not None:
                tf.set_random_seed(self.random_seed)
            for layer in self.topological_order():
                with tf.name_scope(layer.name):
                    layer.create_tensor()
            self.global_step = tf.train.get_or_create_global_step()
            if self.loss is not None:
                optimizer = self.optimizer or tf.train.AdamOptimizer(
                    self.learning_rate, beta1=0.9, beta2=0.999, epsilon=1e-7
                )
                self.train_op = optimizer.minimize(self.loss.out_tensor, self.global_step)
            self._saver = tf.train.Saver()
            self.session = tf.Session(graph=self.graph)
            self.session.run(tf.global_variables_initializer())

    @contextmanager
    def _built(self) -> Iterator[Any]:
        self.build()
        with self.graph.as_default():
            yield self.session

    def layer_variables(self, layer: Layer) -> list[Any]:
        """The trainable variables that the layer made."""
        with self._built():
            scope = layer.variable_scope
            keys = tf.GraphKeys.TRAINABLE_VARIABLES
            return list(tf.get_collection(keys, scope=scope)) if scope else []

    def fit(self, values: dict[Layer, Any], epochs: int = 1) -> float:
        """Trains on the rows of `values`, given for input layers; returns the last loss.

        Raises:
            ValueError: if no loss is set.
        """
        if self.loss is None:
            raise ValueError("set_loss() comes before fit()")
        rows = len(next(iter(values.values())))
        loss = float("nan")
        with self._built() as session:
            for _ in range(epochs):
                for start in range(0, rows, self.batch_size):
                    batch = slice(start, start + self.batch_size)
                    feed = {layer.out_tensor: value[batch] for layer, value in values.items()}
                    loss, _ = session.run([self.loss.out_tensor, self.train_op], feed)
        return float(loss)

    def predict(self, values: dict[Layer, Any]) -> list[Any]:
        """The outputs' values for these inputs."""
        with self._built() as session:
            feed = {layer.out_tensor: value for layer, value in values.items()}
            outputs: Sequence[Any] = session.run([layer.out_tensor for layer in self.outputs], feed)
            return list(outputs)

    def save(self) -> str:
        """Writes a checkpoint into `model_dir`; returns its path."""
        with self._built() as session:
            step = session.run(self.global_step)
            return str(self._saver.save(session, f"{self.model_dir}/model", global_step=int(step)))

    def restore(self) -> None:
        """Reads the newest checkpoint of `model_dir`.

        Raises:
            ValueError: if there is none.
        """
        with self._built() as session:
            checkpoint = tf.train.latest_checkpoint(self.model_dir)
            if checkpoint is None:
                raise ValueError("No checkpoint found")
            self._saver.restore(session, checkpoint)
