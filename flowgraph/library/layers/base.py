"""`Layer`: a part of a network that makes its variables when it is first called."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dtypes import DType
from flowgraph.graph.build import graph_of
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.function import lifted
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.structure import flatten, map_structure
from flowgraph.library.initializers import GlorotUniform, Zeros
from flowgraph.library.layers.records import LayerRecords
from flowgraph.library.layers.specs import check_inputs
from flowgraph.library.partitioned import PartitionedVariable
from flowgraph.library.scopes import variable_scope
from flowgraph.library.variable_scope import VariableScope, get_variable
from flowgraph.library.variables import VariableAggregation, VariableSynchronization
from flowgraph.ops import array
from flowgraph.ops.cast import cast

__all__ = ["Layer"]

# Arguments of Keras' layers that change nothing here.
_IGNORED = ("autocast", "batch_input_shape", "batch_size", "dynamic", "input_shape", "weights")


def _snake_case(name: str) -> str:
    text = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    text = re.sub("([a-z])([A-Z])", r"\1_\2", text).lower()
    return "private" + text if text.startswith("_") else text


def _unique_name(base: str) -> str:
    """`base` with a number that no layer of the graph has yet."""
    counts = get_default_graph()._scope_state.setdefault("layer_names", {})
    counts[base] = counts.get(base, 0) + 1
    return f"{base}_{counts[base]}"


class Layer(LayerRecords):
    """A part of a network: its variables, and what it computes from its inputs.

    A subclass makes variables in ``build(input_shape)`` with `add_weight` and computes its outputs
    in ``call(inputs, ...)``. The first call of a layer opens a variable scope, named after the
    layer, for its variables and a name scope for its operations; later calls use both again.

    Args:
        trainable: whether optimizers change the variables by default.
        name: the name; by default that of the class in snake case, made unique.
        dtype: the variables' type; by default that of the first inputs.
        activity_regularizer: a function of the outputs to a loss; divided by the batch size, it
            joins `GraphKeys.REGULARIZATION_LOSSES`.

    Attributes:
        built: whether `build` has run.
        input_spec: an `InputSpec`, or several, that inputs are checked against.
    """

    def __init__(
        self, trainable: bool = True, name: Any = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__()
        scope = kwargs.pop("_scope", None)
        self._reuse = kwargs.pop("_reuse", None)
        self._activity_regularizer = kwargs.pop("activity_regularizer", None)
        for key in kwargs:
            if key not in _IGNORED:
                raise TypeError(f"Keyword argument not understood: {key}")
        self.trainable = trainable
        self.built = False
        self.input_spec: Any = None
        self.stateful = False
        self._dtype: DType | None = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
        self._set_name(name)
        self._scope: VariableScope | None = None
        if scope:
            with variable_scope(scope) as entered:
                self._scope = entered
        self._current_scope: VariableScope | None = None

    def _set_name(self, name: Any) -> None:
        own = _snake_case(type(self).__name__)
        if isinstance(name, VariableScope):
            self._base_name = name.name
            self._name = _unique_name(own)
        elif name:
            self._base_name = self._name = name
        else:
            self._base_name, self._name = own, _unique_name(own)

    @property
    def name(self) -> str:
        """The layer's name; see `scope_name` for that of its scope."""
        return self._name

    @property
    def dtype(self) -> DType | None:
        """The type of the variables; None before the first call decides it."""
        return self._dtype

    @property
    def scope_name(self) -> str:
        """The name of the variable scope. Raises ValueError before the first call opens it."""
        if self._scope is None:
            raise ValueError(
                f'No name available for layer scope because the layer "{self._name}" has not been '
                "used yet. The scope name is determined the first time the layer instance is "
                "called. You must therefore call the layer before querying `scope_name`."
            )
        return self._scope.name

    @property
    def graph(self) -> Any:
        """The graph of the layer's variables, None while it has none."""
        return self.weights[0].graph if self.weights else None

    @property
    def activity_regularizer(self) -> Callable[[Any], Any] | None:
        """The function of the outputs to a loss."""
        return self._activity_regularizer  # type: ignore[no-any-return]

    def build(self, input_shape: Any) -> None:
        """Make the variables for inputs of that shape."""
        self.built = True

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The outputs for `inputs`; called by `__call__` inside the layer's scopes."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the outputs for inputs of that shape.

        Raises:
            NotImplementedError: if the layer does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define compute_output_shape.")

    def _set_scope(self, scope: Any = None) -> None:
        if self._scope is not None:
            return
        if self._reuse:
            entering = variable_scope(self._base_name if scope is None else scope)
        else:
            entering = variable_scope(scope, default_name=self._base_name)
        with entering as entered:
            self._scope = entered

    def _inside(self, reuse: Any) -> AbstractContextManager[VariableScope]:
        return variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False)

    def _name_scope(self) -> str:
        """The name scope in which operations of the layer are built."""
        assert self._current_scope is not None
        return self._current_scope.original_name_scope

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The layer's outputs for `inputs`.

        Args:
            inputs: a tensor, or a nested structure of tensors; arrays become constants.
            args, kwargs: passed on to `call`.
            scope: a name or `VariableScope` for the variables; only the first call heeds it.

        Raises:
            ValueError: if the inputs are not what the layer expects, or `call` returns None.
        """
        scope = kwargs.pop("scope", None)
        with graph_of(flatten(inputs)).as_default() as graph:
            self._set_scope(scope)
            with self._inside(True if self.built else self._reuse) as current:
                self._current_scope = current
                if "scope" in inspect.signature(self.call).parameters:
                    kwargs["scope"] = current
                inputs = map_structure(_as_tensor, inputs)
                with name_scope(self._name_scope()):
                    self._build_for(inputs)
                    outputs = self.call(inputs, *args, **kwargs)
                    if outputs is None:
                        raise ValueError(
                            "A layer's `call` method should return a Tensor or a list of Tensors, "
                            f"not None (layer: {self.name})."
                        )
                    self._add_activity_losses(outputs)
            _collect(graph, GraphKeys.UPDATE_OPS, self.updates)
        self._calls.append((inputs, outputs))
        return outputs

    def apply(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The same as calling the layer."""
        return self(inputs, *args, **kwargs)

    def _build_for(self, inputs: Any) -> None:
        leaves = flatten(inputs)
        check_inputs(self.input_spec, leaves, self.name)
        if self.built:
            return
        if self._dtype is None and leaves and hasattr(leaves[0], "dtype"):
            self._dtype = leaves[0].dtype.base_dtype
        shaped = all(hasattr(leaf, "get_shape") for leaf in leaves)
        self.build(map_structure(lambda leaf: leaf.get_shape(), inputs) if shaped else None)
        self.built = True

    def _add_activity_losses(self, outputs: Any) -> None:
        if self._activity_regularizer is None:
            return
        with name_scope("ActivityRegularizer"):
            for output in flatten(outputs):
                loss = self._activity_regularizer(output)
                batch = cast(array.shape(output)[0], loss.dtype)
                self.add_loss(loss / batch)

    def add_weight(
        self,
        name: str,
        shape: Any,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Callable[[Any], Any] | None = None,
        trainable: bool | None = None,
        constraint: Callable[[Any], Any] | None = None,
        use_resource: bool | None = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
        partitioner: Any = None,
        **kwargs: Any,
    ) -> Any:
        """A variable of the layer, made or, where the scope reuses, found again.

        Args:
            name: its name inside the layer's scope.
            dtype: by default the layer's, else float32.
            initializer: by default the scope's, else Glorot's uniform one, or zeros for types that
                are not floating point.
            regularizer: a function of the variable; its loss joins
                `GraphKeys.REGULARIZATION_LOSSES` once.
            trainable: whether optimizers change it by default, if they do the layer.
            constraint: a function from the updated to the permitted value.

        Raises:
            ValueError: if a variable to be read by sums over replicas is to be trained.
        """
        kwargs.pop("experimental_autocast", None)
        if kwargs:
            raise TypeError(f"Unknown keyword argument: {next(iter(kwargs))}")
        on_read = synchronization is VariableSynchronization.ON_READ
        if on_read and trainable:
            raise ValueError(
                "Synchronization value can be set to VariableSynchronization.ON_READ only for "
                "non-trainable variables. You have specified trainable=True and "
                "synchronization=VariableSynchronization.ON_READ."
            )
        wanted = not on_read if trainable is None else bool(trainable)
        kind = dtypes.as_dtype(dtype or self.dtype or dtypes.float32)
        graph = get_default_graph()
        existing = set(graph.get_collection(GraphKeys.GLOBAL_VARIABLES))
        self._set_scope()
        with self._inside(self.built or self._reuse) as current:
            self._current_scope = current
            with name_scope(self._name_scope()):
                if initializer is None:
                    initializer = current.initializer or _default_initializer(kind)
                variable = get_variable(
                    name,
                    shape=shape,
                    dtype=kind,
                    initializer=initializer,
                    trainable=wanted and self.trainable,
                    constraint=constraint,
                    partitioner=partitioner,
                    use_resource=use_resource,
                    synchronization=synchronization,
                    aggregation=aggregation,
                )
                if regularizer and not existing.intersection(_parts(variable)):
                    for part in _parts(variable):
                        self.add_loss(_named_loss(name, regularizer, part))
        trained = graph.get_collection(GraphKeys.TRAINABLE_VARIABLES)
        kept_fixed = self.trainable and not set(_parts(variable)).intersection(trained)
        self._record_weight(variable, wanted and not kept_fixed)
        return variable

    def add_variable(self, *args: Any, **kwargs: Any) -> Any:
        """The older name of `add_weight`."""
        return self.add_weight(*args, **kwargs)

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Add losses, tensors or functions that build them, to the layer and its graph.

        Args:
            losses: one or a list; None among them is left out.
            inputs: what they depend on; accepted for compatibility.
        """
        for loss in losses if isinstance(losses, list | tuple) else [losses]:
            made = loss() if callable(loss) and not hasattr(loss, "dtype") else loss
            if made is not None:
                made = convert_to_tensor(made)
                self._losses.append(made)
                _collect(get_default_graph(), GraphKeys.REGULARIZATION_LOSSES, [made])

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Add operations to be run with each training step, or functions that build them.

        Args:
            updates: one or a list.
            inputs: what they depend on; accepted for compatibility.
        """
        for update in updates if isinstance(updates, list | tuple) else [updates]:
            built = callable(update) and not hasattr(update, "graph")
            made = update() if built else update
            self._updates.append(getattr(made, "op", made))


def _as_tensor(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic | float | int) and not isinstance(value, bool):
        return convert_to_tensor(value)
    return value


def _default_initializer(dtype: DType) -> Any:
    if dtype.is_floating:
        return GlorotUniform()
    if dtype.is_integer or dtype.is_bool:
        return Zeros()
    raise ValueError(f"An initializer for a variable of type {dtype.base_dtype} is required")


def _parts(variable: Any) -> list[Any]:
    return list(variable) if isinstance(variable, PartitionedVariable) else [variable]


def _named_loss(name: str, regularizer: Callable[[Any], Any], variable: Any) -> Any:
    place = lifted() if get_default_graph().is_function else nullcontext()
    with place, name_scope(f"{name}/Regularizer"):
        return regularizer(variable)


def _collect(graph: Any, key: str, elements: list[Any]) -> None:
    """Add what the collection does not have yet."""
    collection = graph.get_collection_ref(key)
    known = {id(each) for each in collection}
    for element in elements:
        if id(element) not in known:
            collection.append(element)
