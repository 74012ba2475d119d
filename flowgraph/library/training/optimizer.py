"""`Optimizer`: from a loss to the op that makes one step of training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowgraph import dtypes
from flowgraph.autodiff.gradients import gradients
from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices
from flowgraph.graph.context import colocate_with, control_dependencies, name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.function import root_of
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.structure import flatten
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.library.training import slots
from flowgraph.library.variables import Variable
from flowgraph.ops import control

__all__ = ["Optimizer", "deduplicate_indexed_slices"]

GradientsAndVariables = list[tuple[Any, Any]]


def deduplicate_indexed_slices(values: Any, indices: Any) -> tuple[Tensor, Tensor]:
    """Rows that are named more than once, summed: the sums and the distinct indices."""
    distinct, positions = apply("Unique", indices)[:2]
    count = apply("Shape", distinct)[0]
    return apply("UnsortedSegmentSum", values, positions, count), distinct


class Optimizer:
    """Base class of the optimizers.

    Subclasses override `_apply_dense`, `_apply_sparse`, and where they need them `_create_slots`,
    `_prepare` and `_finish`. An optimizer that gives only `_resource_apply_dense` and
    `_resource_apply_sparse` works as well.

    Args:
        use_locking: accepted for compatibility: updates of a variable never interleave.
        name: name of the training op and of the slots.

    Raises:
        ValueError: if `name` is empty.
    """

    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    def __init__(self, use_locking: bool, name: str) -> None:
        if not name:
            raise ValueError("Must specify the optimizer name")
        self._use_locking = use_locking
        self._name = name
        self._slots: dict[str, dict[Any, Any]] = {}
        self._non_slot_dict: dict[Any, Any] = {}

    def get_name(self) -> str:
        return self._name

    # -- the public face

    def minimize(
        self,
        loss: Any,
        global_step: Any = None,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: int | None = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Operation:
        """An op that changes variables so that `loss` becomes smaller.

        Args:
            loss: a tensor, of floating point.
            global_step: a variable that the op then increments.
            var_list: the variables to train; the collection TRAINABLE_VARIABLES if None.
            gate_gradients: how gradients wait for each other: GATE_NONE, GATE_OP or GATE_GRAPH.
            aggregation_method: see `flowgraph.gradients`.
            colocate_gradients_with_ops: place gradients with the ops they belong to.
            name: name of the op, that of the optimizer if None.
            grad_loss: the gradient of the loss itself.

        Raises:
            ValueError: if there are no variables, or none has a gradient.
        """
        pairs = self.compute_gradients(
            loss,
            var_list=var_list,
            gate_gradients=gate_gradients,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
            grad_loss=grad_loss,
        )
        if all(gradient is None for gradient, _ in pairs):
            names = [str(variable) for _, variable in pairs]
            raise ValueError(
                "No gradients provided for any variable, check your graph for ops that do not "
                f"support gradients, between variables {names} and loss {loss}."
            )
        return self.apply_gradients(pairs, global_step=global_step, name=name)

    def compute_gradients(
        self,
        loss: Any,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: int | None = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> GradientsAndVariables:
        """Pairs of gradient and variable, the first half of `minimize`.

        A gradient is a tensor, `IndexedSlices`, or None where the loss does not depend on it.

        Raises:
            ValueError: if there are no variables, or an argument is of a wrong type or value.
            TypeError: if `var_list` contains something else than variables.
        """
        if gate_gradients not in (self.GATE_NONE, self.GATE_OP, self.GATE_GRAPH):
            raise ValueError(
                "gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, "
                f"Optimizer.GATE_GRAPH.  Not {gate_gradients}"
            )
        loss = loss() if callable(loss) else loss
        self._assert_valid_dtypes([loss])
        if grad_loss is not None:
            self._assert_valid_dtypes([grad_loss])
        variables = _trainable() if var_list is None else flatten(var_list)
        if not variables:
            raise ValueError("No variables to optimize.")
        targets = [_target(variable) for variable in variables]
        found = gradients(
            loss,
            targets,
            grad_ys=grad_loss,
            gate_gradients=gate_gradients == self.GATE_OP,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if gate_gradients == self.GATE_GRAPH:
            found = control.tuple_(found)
        pairs = list(zip(found, variables, strict=True))
        self._assert_valid_dtypes([v for gradient, v in pairs if gradient is not None])
        return pairs

    def apply_gradients(
        self, grads_and_vars: Iterable[Any], global_step: Any = None, name: str | None = None
    ) -> Operation:
        """An op that applies gradients to variables, the second half of `minimize`.

        Args:
            grads_and_vars: pairs as `compute_gradients` returns them.
            global_step: a variable that the op increments after all updates.
            name: name of the op, that of the optimizer if None.

        Raises:
            TypeError: if a gradient is no tensor.
            ValueError: if no variable has a gradient.
        """
        pairs = [(_gradient(gradient), variable) for gradient, variable in grads_and_vars]
        if not pairs:
            raise ValueError("No variables provided.")
        variables = [variable for gradient, variable in pairs if gradient is not None]
        if not variables:
            names = [str(variable) for _, variable in pairs]
            raise ValueError(f"No gradients provided for any variable: {names}.")
        # Slots are made once, whatever the step that is being built waits for.
        with control_dependencies(None):
            self._create_slots(variables)
        with name_scope(name, self.get_name()) as scope:
            self._prepare()
            updates = []
            for gradient, variable in pairs:
                if gradient is not None:
                    with name_scope(f"update_{variable.op.name}"), colocate_with(variable):
                        updates.append(self._update(gradient, variable))
            train_op = self._with_step(updates, global_step, scope)
        collected = get_default_graph().get_collection_ref(GraphKeys.TRAIN_OP)
        if train_op not in collected:
            collected.append(train_op)
        return train_op

    def _with_step(self, updates: list[Any], global_step: Any, scope: str) -> Operation:
        if global_step is None:
            finished = self._finish(updates, scope)
            done: Operation = finished.op if isinstance(finished, Tensor) else finished
            return done
        with control_dependencies([self._finish(updates, "update")]), colocate_with(global_step):
            counted: Tensor = apply("AssignAdd", global_step, 1, name=scope)
            return counted.op

    def _update(self, gradient: Any, variable: Any) -> Any:
        """The op that changes one variable."""
        constraint = getattr(variable, "constraint", None)
        if isinstance(variable, Tensor):
            raise NotImplementedError(f"Trying to update a Tensor {variable}")
        if isinstance(gradient, IndexedSlices):
            if constraint is not None:
                raise RuntimeError("Cannot use a constraint function on a sparse variable.")
            return self._apply_sparse_duplicate_indices(gradient, variable)
        update = self._apply_dense(gradient, variable)
        if constraint is None:
            return update
        with control_dependencies([update]):
            return variable.assign(constraint(variable))

    def get_slot(self, var: Any, name: str) -> Any:
        """The slot `name` that the optimizer keeps for `var`, or None."""
        return self._slots.get(name, {}).get(_key(var))

    def get_slot_names(self) -> list[str]:
        """The names of the slots, such as "momentum"."""
        return sorted(self._slots)

    def variables(self) -> list[Any]:
        """All variables that the optimizer has made in the default graph, by name."""
        graph = root_of(get_default_graph())
        kept = [v for (_, owner), v in self._non_slot_dict.items() if owner is graph]
        for slot in self._slots.values():
            kept.extend(v for (owner, _), v in slot.items() if owner is graph)
        return sorted(kept, key=lambda variable: variable.name)

    # -- what subclasses override

    def _create_slots(self, var_list: list[Any]) -> None:
        """Make the slots of the variables that do not have them yet."""

    def _prepare(self) -> None:
        """Make the tensors that all updates share; called in the name scope of the step."""

    def _finish(self, update_ops: list[Any], name_scope: str) -> Any:
        """The op that runs all updates, and what comes after them."""
        return control.group(*update_ops, name=name_scope)

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        """An op that updates `var` by the tensor `grad`."""
        return self._resource_apply_dense(grad, var)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        """An op that updates rows of `var` by `grad`, IndexedSlices that name no row twice."""
        return self._resource_apply_sparse(grad.values, var, grad.indices)

    def _apply_sparse_duplicate_indices(self, grad: Any, var: Any) -> Any:
        """As `_apply_sparse`, of slices that may name a row more than once: they are summed."""
        values, indices = deduplicate_indexed_slices(grad.values, grad.indices)
        return self._apply_sparse(IndexedSlices(values, indices, grad.dense_shape), var)

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} defines no update by dense gradients.")

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} defines no update by sparse gradients.")

    def _valid_dtypes(self) -> set[dtypes.DType]:
        return {dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64}

    # -- help for subclasses

    def _assert_valid_dtypes(self, tensors: Iterable[Any]) -> None:
        valid = self._valid_dtypes()
        for tensor in tensors:
            dtype = tensor.dtype.base_dtype
            if dtype not in valid:
                names = [each.name for each in sorted(valid, key=lambda each: each.name)]
                raise ValueError(f"Invalid type {dtype!r} for {tensor.name}, expected: {names}.")

    def _call_if_callable(self, param: Any) -> Any:
        return param() if callable(param) else param

    def _slot_dict(self, slot_name: str) -> dict[Any, Any]:
        return self._slots.setdefault(slot_name, {})

    def _get_or_make_slot(self, var: Any, val: Any, slot_name: str, op_name: str) -> Any:
        made = self._slot_dict(slot_name)
        if _key(var) not in made:
            made[_key(var)] = slots.create_slot(var, val, op_name)
        return made[_key(var)]

    def _get_or_make_slot_with_initializer(
        self, var: Any, initializer: Any, shape: Any, dtype: Any, slot_name: str, op_name: str
    ) -> Any:
        made = self._slot_dict(slot_name)
        if _key(var) not in made:
            made[_key(var)] = slots.create_slot_with_initializer(
                var, initializer, shape, dtype, op_name
            )
        return made[_key(var)]

    def _zeros_slot(self, var: Any, slot_name: str, op_name: str) -> Any:
        made = self._slot_dict(slot_name)
        if _key(var) not in made:
            made[_key(var)] = slots.create_zeros_slot(var, op_name)
        return made[_key(var)]

    def _create_non_slot_variable(self, initial_value: Any, name: str, colocate_with: Any) -> Any:
        """A variable of the optimizer that belongs to no single trained variable; made once."""
        graph = colocate_with.graph
        if (name, graph) not in self._non_slot_dict:
            with graph.colocate_with(colocate_with):
                self._non_slot_dict[name, graph] = Variable(
                    initial_value, name=name, trainable=False
                )
        return self._non_slot_dict[name, graph]

    def _get_non_slot_variable(self, name: str, graph: Any = None) -> Any:
        return self._non_slot_dict.get((name, None if graph is None else root_of(graph)))

    def _non_slot_variables(self) -> list[Any]:
        return list(self._non_slot_dict.values())


def _trainable() -> list[Any]:
    return get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES)


def _key(var: Any) -> tuple[Any, str]:
    return var.op.graph, var.op.name


def _target(variable: Any) -> Tensor:
    """The tensor with respect to which the loss is differentiated."""
    if isinstance(variable, Tensor):
        return variable
    reference = getattr(variable, "_ref", None)
    if reference is None:
        raise TypeError(f"Argument is not a variable: {variable!r}")
    tensor: Tensor = reference()
    return tensor


def _gradient(gradient: Any) -> Any:
    if gradient is None or isinstance(gradient, Tensor | IndexedSlices):
        return gradient
    try:
        return convert_to_tensor(gradient)
    except (TypeError, ValueError):
        raise TypeError(
            f"Gradient must be convertible to a Tensor or IndexedSlices, or None: {gradient!r}"
        ) from None
