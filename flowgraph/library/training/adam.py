"""Adam."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import colocate_with, control_dependencies
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.graph import get_default_graph
from flowgraph.library.training.optimizer import Optimizer
from flowgraph.library.training.parameters import typed
from flowgraph.ops import control

__all__ = ["AdamOptimizer"]


class AdamOptimizer(Optimizer):
    """Steps from running means of gradients and of their squares (Kingma and Ba 2014).

    In step t::

        m = beta1 * m + (1 - beta1) * grad
        v = beta2 * v + (1 - beta2) * grad ** 2
        var -= learning_rate * sqrt(1 - beta2 ** t) / (1 - beta1 ** t) * m / (sqrt(v) + epsilon)

    `epsilon` is the paper's "epsilon hat". Under sparse gradients m and v decay, and the variable
    changes, in all rows, as they would under the dense gradient.

    Args:
        learning_rate: a number, tensor, or function without arguments that returns one; likewise
            the others.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
    ) -> None:
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon
        self._lr_t: Any = None
        self._beta1_t: Any = None
        self._beta2_t: Any = None
        self._epsilon_t: Any = None

    def _get_beta_accumulators(self) -> tuple[Any, Any]:
        graph = get_default_graph()
        first = self._get_non_slot_variable("beta1_power", graph=graph)
        return first, self._get_non_slot_variable("beta2_power", graph=graph)

    def _create_slots(self, var_list: list[Any]) -> None:
        # The powers lie beside the first variable, which is the same whatever the list's order.
        first = min(var_list, key=lambda var: str(var.name))
        for name, beta in (("beta1_power", self._beta1), ("beta2_power", self._beta2)):
            initial = self._call_if_callable(beta)
            self._create_non_slot_variable(initial, name=name, colocate_with=first)
        for var in var_list:
            self._zeros_slot(var, "m", self._name)
            self._zeros_slot(var, "v", self._name)

    def _prepare(self) -> None:
        self._lr_t = self._parameter(self._lr, "learning_rate")
        self._beta1_t = self._parameter(self._beta1, "beta1")
        self._beta2_t = self._parameter(self._beta2, "beta2")
        self._epsilon_t = self._parameter(self._epsilon, "epsilon")

    def _parameter(self, value: Any, name: str) -> Any:
        return convert_to_tensor(self._call_if_callable(value), name=name)

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        beta1_power, beta2_power = self._get_beta_accumulators()
        return apply(
            "ApplyAdam",
            var,
            self.get_slot(var, "m"),
            self.get_slot(var, "v"),
            typed(beta1_power.value(), var),
            typed(beta2_power.value(), var),
            typed(self._lr_t, var),
            typed(self._beta1_t, var),
            typed(self._beta2_t, var),
            typed(self._epsilon_t, var),
            grad,
            use_locking=self._use_locking,
        ).op

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        beta1_power, beta2_power = self._get_beta_accumulators()
        power1 = typed(beta1_power.value(), var)
        power2 = typed(beta2_power.value(), var)
        beta1, beta2 = typed(self._beta1_t, var), typed(self._beta2_t, var)
        rate = typed(self._lr_t, var) * apply("Sqrt", 1 - power2) / (1 - power1)
        scaled = grad.values * (1 - beta1)
        m_t = self._decayed(self.get_slot(var, "m"), beta1, grad.indices, scaled)
        scaled = grad.values * grad.values * (1 - beta2)
        v_t = self._decayed(self.get_slot(var, "v"), beta2, grad.indices, scaled)
        root = apply("Sqrt", v_t)
        step = rate * m_t / (root + typed(self._epsilon_t, var))
        update = apply("AssignSub", var, step, use_locking=self._use_locking)
        return control.group(update, m_t, v_t)

    def _decayed(self, slot: Any, beta: Any, indices: Any, added: Any) -> Any:
        """``slot = beta * slot``, then the rows `indices` increased by `added`."""
        decayed = apply("Assign", slot, slot * beta, use_locking=self._use_locking)
        with control_dependencies([decayed]):
            return apply("ScatterAdd", slot, indices, added, use_locking=self._use_locking)

    def _finish(self, update_ops: list[Any], name_scope: str) -> Any:
        beta1_power, beta2_power = self._get_beta_accumulators()
        with control_dependencies(update_ops), colocate_with(beta1_power):
            powers = [
                apply("Assign", power, power * beta, use_locking=self._use_locking)
                for power, beta in ((beta1_power, self._beta1_t), (beta2_power, self._beta2_t))
            ]
        return control.group(*update_ops, *powers, name=name_scope)
