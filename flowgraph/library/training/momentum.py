"""Gradient descent with momentum."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.library.training.optimizer import Optimizer
from flowgraph.library.training.parameters import typed

__all__ = ["MomentumOptimizer"]


class MomentumOptimizer(Optimizer):
    """``accumulation = momentum * accumulation + grad; var -= learning_rate * accumulation``.

    Args:
        learning_rate: a number, tensor, or function without arguments that returns one.
        momentum: likewise.
        use_nesterov: evaluate the gradient after the momentum step (Sutskever et al. 2013).
    """

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._use_nesterov = use_nesterov
        self._learning_rate_tensor: Any = None
        self._momentum_tensor: Any = None

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self) -> None:
        rate = self._call_if_callable(self._learning_rate)
        self._learning_rate_tensor = convert_to_tensor(rate, name="learning_rate")
        momentum = self._call_if_callable(self._momentum)
        self._momentum_tensor = convert_to_tensor(momentum, name="momentum")

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return apply(
            "ApplyMomentum",
            var,
            self.get_slot(var, "momentum"),
            typed(self._learning_rate_tensor, var),
            grad,
            typed(self._momentum_tensor, var),
            use_locking=self._use_locking,
            use_nesterov=self._use_nesterov,
        ).op

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return apply(
            "SparseApplyMomentum",
            var,
            self.get_slot(var, "momentum"),
            typed(self._learning_rate_tensor, var),
            grad.values,
            grad.indices,
            typed(self._momentum_tensor, var),
            use_locking=self._use_locking,
            use_nesterov=self._use_nesterov,
        ).op
