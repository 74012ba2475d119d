"""RMSProp."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.library import initializers
from flowgraph.library.training.optimizer import Optimizer
from flowgraph.library.training.parameters import typed

__all__ = ["RMSPropOptimizer"]


class RMSPropOptimizer(Optimizer):
    """Gradients divided by the running root of their mean square (Tieleman and Hinton 2012).

    ::

        rms = decay * rms + (1 - decay) * grad ** 2
        mg = decay * mg + (1 - decay) * grad                        (if centered)
        momentum = momentum * m + learning_rate * grad / sqrt(rms - mg ** 2 + epsilon)
        var -= momentum

    Args:
        learning_rate: a number, tensor, or function without arguments that returns one.
        decay: how much of the running means is kept.
        momentum: a number or tensor.
        epsilon: keeps the divisor from zero.
        centered: divide by the estimated standard deviation in place of the root mean square.
    """

    def __init__(
        self,
        learning_rate: Any,
        decay: Any = 0.9,
        momentum: Any = 0.0,
        epsilon: Any = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._decay = decay
        self._momentum = momentum
        self._epsilon = epsilon
        self._centered = centered
        self._parameters: list[Any] = []

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            ones = initializers.Ones(dtype=var.dtype.base_dtype)
            self._get_or_make_slot_with_initializer(
                var, ones, var.get_shape(), var.dtype.base_dtype, "rms", self._name
            )
            if self._centered:
                self._zeros_slot(var, "mg", self._name)
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self) -> None:
        given = {
            "learning_rate": self._learning_rate,
            "decay": self._decay,
            "momentum": self._momentum,
            "epsilon": self._epsilon,
        }
        self._parameters = [
            convert_to_tensor(self._call_if_callable(value), name=name)
            for name, value in given.items()
        ]

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        op_type = "ApplyCenteredRMSProp" if self._centered else "ApplyRMSProp"
        return apply(op_type, *self._before(var), grad, use_locking=self._use_locking).op

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        op_type = "SparseApplyCenteredRMSProp" if self._centered else "SparseApplyRMSProp"
        return apply(
            op_type,
            *self._before(var),
            grad.values,
            grad.indices,
            use_locking=self._use_locking,
        )

    def _before(self, var: Any) -> list[Any]:
        names = ["mg", "rms", "momentum"] if self._centered else ["rms", "momentum"]
        slots = [self.get_slot(var, name) for name in names]
        return [var, *slots, *[typed(each, var) for each in self._parameters]]
