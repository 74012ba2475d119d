"""Exponential moving averages of variables and tensors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import colocate_with, control_dependencies, name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.library import initializers
from flowgraph.library.scopes import variable_scope
from flowgraph.library.training import slots
from flowgraph.library.variable_scope import get_variable
from flowgraph.ops import control
from flowgraph.ops.cast import cast

__all__ = ["ExponentialMovingAverage", "assign_moving_average"]

_AVERAGED = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)


def assign_moving_average(
    variable: Any, value: Any, decay: Any, zero_debias: bool = True, name: str | None = None
) -> Tensor:
    """``variable -= (1 - decay) * (variable - value)``.

    Args:
        variable: the average.
        value: what is averaged, a tensor of its shape.
        decay: how much of the average is kept, between 0 and 1.
        zero_debias: correct for the start at zero (Kingma and Ba 2014): keep the raw average and a
            count of updates in variables beside `variable`.

    Returns:
        The variable's reference, after the update.
    """
    with name_scope(name, "AssignMovingAvg", [variable, value, decay]) as scope:
        dtype = variable.dtype.base_dtype
        kept = convert_to_tensor(1.0 - convert_to_tensor(decay, name="decay"))
        change = kept if kept.dtype.base_dtype is dtype else cast(kept, dtype)
        if zero_debias:
            return _assign_debiased(variable, value, change, scope)
        delta = (variable.value() - value) * change
        with colocate_with(variable):
            updated: Tensor = apply("AssignSub", variable, delta, name=scope)
        return updated


def _assign_debiased(variable: Any, value: Any, change: Tensor, scope: str) -> Tensor:
    scope_values = [variable, value, change]
    with (
        variable_scope(variable.op.name, values=scope_values),
        colocate_with(variable),
        control_dependencies(None),
    ):
        raw = _beside("biased", variable.get_shape(), variable.dtype.base_dtype)
        count = _beside("local_step", [], variable.dtype.base_dtype)
    raw_value = apply("AssignSub", raw, (raw.value() - value) * change, name=f"{scope}AssignSub/")
    updates = apply("AssignAdd", count, 1, name=f"{scope}AssignAdd/")
    debiased = raw_value / (1.0 - apply("Pow", 1.0 - change, updates))
    with colocate_with(variable):
        stored: Tensor = apply("Assign", variable, debiased, name=scope)
    return stored


def _beside(name: str, shape: Any, dtype: dtypes.DType) -> Any:
    zeros = initializers.Zeros()
    return get_variable(name, shape=shape, dtype=dtype, initializer=zeros, trainable=False)


class ExponentialMovingAverage:
    """Keeps running averages: ``average = decay * average + (1 - decay) * value``.

    `apply` makes the averages and the op that updates them, to be run after each training step.
    The averages of variables start at the variables' initial values, those of tensors at zero.

    Args:
        decay: how much of the average is kept, between 0 and 1; close to 1.
        num_updates: the number of updates so far; if given, the decay is at most
            ``(1 + num_updates) / (10 + num_updates)``, so that averages move faster at first.
        zero_debias: correct averages of tensors for their start at zero.
        name: suffix of the averages' names.
    """

    def __init__(
        self,
        decay: Any,
        num_updates: Any = None,
        zero_debias: bool = False,
        name: str = "ExponentialMovingAverage",
    ) -> None:
        self._decay = decay
        self._num_updates = num_updates
        self._zero_debias = zero_debias
        self._name = name
        self._averages: dict[Any, Any] = {}
        self._debiased: set[Any] = set()

    @property
    def name(self) -> str:
        return self._name

    def apply(self, var_list: Iterable[Any] | None = None) -> Operation:
        """An op that updates the averages of variables or tensors.

        Args:
            var_list: what to average; all trainable variables if None.

        Raises:
            TypeError: if an element is not of floating point.
            ValueError: if an element is averaged already.
        """
        graph = get_default_graph()
        if var_list is None:
            averaged = graph.get_collection(GraphKeys.TRAINABLE_VARIABLES)
        else:
            averaged = list(var_list)
        for var in averaged:
            self._make_average(var)
        with name_scope(self._name) as scope:
            decay = convert_to_tensor(self._decay, name="decay")
            if self._num_updates is not None:
                count = cast(self._num_updates, dtypes.float32, name="num_updates")
                decay = apply("Minimum", decay, (1.0 + count) / (10.0 + count))
            updates = [
                assign_moving_average(self._averages[var], var, decay, var in self._debiased)
                for var in averaged
            ]
            return control.group(*updates, name=scope)

    def _make_average(self, var: Any) -> None:
        if var.dtype.base_dtype not in _AVERAGED:
            raise TypeError(f"The variables must be half, float, or double: {var.name}")
        if var in self._averages:
            raise ValueError(f"Moving average already computed for: {var.name}")
        graph = get_default_graph()
        # Averages are made once, whatever the update that is being built waits for.
        with graph.control_dependencies(None):
            if isinstance(var, Tensor):
                places = ("Variable", "VariableV2", "VarHandleOp")
                average = slots.create_zeros_slot(
                    var, self._name, colocate_with_primary=var.op.type in places
                )
                if self._zero_debias:
                    self._debiased.add(var)
            else:
                average = slots.create_slot(var, var.initialized_value(), self._name)
                collected = graph.get_collection_ref(GraphKeys.MOVING_AVERAGE_VARIABLES)
                if var not in collected:
                    collected.append(var)
        self._averages[var] = average

    def average(self, var: Any) -> Any:
        """The variable that holds the average of `var`, or None."""
        return self._averages.get(var)

    def average_name(self, var: Any) -> str:
        """The name that the average of `var` has or would have, its key in checkpoints."""
        if var in self._averages:
            name: str = self._averages[var].op.name
            return name
        return get_default_graph().unique_name(f"{var.op.name}/{self._name}", mark_as_used=False)

    def variables_to_restore(self, moving_avg_variables: Iterable[Any] | None = None) -> Any:
        """Variables by the names under which a saver finds the values for evaluation.

        Args:
            moving_avg_variables: those to be restored from their averages; all trainable variables
                and those averaged before if None.

        Returns:
            A dict for `Saver`: averaged variables by the names of their averages, all other global
            variables by their own.
        """
        graph = get_default_graph()
        if moving_avg_variables is None:
            averaged = graph.get_collection(GraphKeys.TRAINABLE_VARIABLES)
            averaged += graph.get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES)
        else:
            averaged = list(moving_avg_variables)
        named = {self.average_name(var): var for var in dict.fromkeys(averaged)}
        names = {var.name for var in averaged}
        for var in graph.get_collection(GraphKeys.GLOBAL_VARIABLES):
            if var.name not in names and var.op.name not in named:
                named[var.op.name] = var
        return named
