"""Gradient descent."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.library.training.optimizer import Optimizer
from flowgraph.library.training.parameters import typed

__all__ = ["GradientDescentOptimizer"]


class GradientDescentOptimizer(Optimizer):
    """``var -= learning_rate * grad``.

    Args:
        learning_rate: a number, tensor, or function without arguments that returns one.
    """

    def __init__(
        self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent"
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._learning_rate_tensor: Any = None

    def _prepare(self) -> None:
        rate = self._call_if_callable(self._learning_rate)
        self._learning_rate_tensor = convert_to_tensor(rate, name="learning_rate")

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return apply(
            "ApplyGradientDescent",
            var,
            typed(self._learning_rate_tensor, var),
            grad,
            use_locking=self._use_locking,
        ).op

    def _apply_sparse_duplicate_indices(self, grad: Any, var: Any) -> Any:
        # Subtracting twice from a row is what the sum of both would do.
        delta = grad.values * typed(self._learning_rate_tensor, var)
        return apply("ScatterSub", var, grad.indices, delta, use_locking=self._use_locking).op
