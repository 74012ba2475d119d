"""What a layer keeps account of: variables, losses, updates and calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowgraph.dims import num_elements
from flowgraph.graph.structure import flatten, map_structure
from flowgraph.graph.tensor import Operation

__all__ = ["LayerRecords"]


def _depends_on(element: Any, sources: set[Operation]) -> bool:
    """Whether any of the operations leads to the tensor or operation."""
    stack = [getattr(element, "op", element)]
    seen: set[Operation] = set()
    while stack:
        op = stack.pop()
        if op in sources:
            return True
        if op not in seen:
            seen.add(op)
            stack.extend(tensor.op for tensor in op.inputs)
            stack.extend(op.control_inputs)
    return False


class LayerRecords:
    """A layer's variables, losses, updates and calls."""

    name: Any
    trainable: bool
    built: bool
    stateful: bool

    def __init__(self) -> None:
        self._trainable_weights: list[Any] = []
        self._non_trainable_weights: list[Any] = []
        self._losses: list[Any] = []
        self._updates: list[Any] = []
        self._calls: list[tuple[Any, Any]] = []

    def _record_weight(self, variable: Any, trained: bool) -> None:
        if not any(variable is each for each in self._trainable_weights):
            kept = self._trainable_weights if trained else self._non_trainable_weights
            if not any(variable is each for each in kept):
                kept.append(variable)

    @property
    def trainable_weights(self) -> list[Any]:
        """The variables that are trained: none if the layer is not `trainable`."""
        return list(self._trainable_weights) if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """All other variables."""
        if self.trainable:
            return list(self._non_trainable_weights)
        return self._trainable_weights + self._non_trainable_weights

    @property
    def weights(self) -> list[Any]:
        """All variables, those that are trained first."""
        return self.trainable_weights + self.non_trainable_weights

    @property
    def variables(self) -> list[Any]:
        """The same as `weights`."""
        return self.weights

    @property
    def trainable_variables(self) -> list[Any]:
        """The same as `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The same as `non_trainable_weights`."""
        return self.non_trainable_weights

    @property
    def losses(self) -> list[Any]:
        """The losses that the layer added."""
        return list(self._losses)

    @property
    def updates(self) -> list[Any]:
        """The operations to be run with each training step: none if the layer is not `trainable`
        (unless it is stateful).
        """
        return list(self._updates) if self.trainable or self.stateful else []

    def get_losses_for(self, inputs: Any) -> list[Any]:
        """The losses that depend on `inputs`, or, for None, on no inputs of the layer."""
        return self._depending(self.losses, inputs)

    def get_updates_for(self, inputs: Any) -> list[Any]:
        """The updates that depend on `inputs`, or, for None, on no inputs of the layer."""
        return self._depending(self.updates, inputs)

    def _depending(self, elements: Iterable[Any], inputs: Any) -> list[Any]:
        if inputs is None:
            sources = {leaf.op for given, _ in self._calls for leaf in flatten(given)}
            return [each for each in elements if not _depends_on(each, sources)]
        sources = {leaf.op for leaf in flatten(inputs)}
        return [each for each in elements if _depends_on(each, sources)]

    def _only_call(self, what: str) -> tuple[Any, Any]:
        if not self._calls:
            raise AttributeError(f"Layer {self.name} is not connected, no {what} to return.")
        if len(self._calls) > 1:
            raise AttributeError(
                f"Layer {self.name} was called {len(self._calls)} times, so it has no single "
                f"{what}; use get_{what}_at(index)."
            )
        return self._calls[0]

    @property
    def input(self) -> Any:
        """What the layer was called with. Raises AttributeError unless that was once."""
        return self._only_call("input")[0]

    @property
    def output(self) -> Any:
        """What the layer returned. Raises AttributeError unless it was called once."""
        return self._only_call("output")[1]

    @property
    def input_shape(self) -> Any:
        """The static shape of `input`."""
        return map_structure(lambda leaf: leaf.get_shape(), self.input)

    @property
    def output_shape(self) -> Any:
        """The static shape of `output`."""
        return map_structure(lambda leaf: leaf.get_shape(), self.output)

    def get_input_at(self, node_index: int) -> Any:
        """What the layer was called with, the first call counting 0."""
        return self._calls[node_index][0]

    def get_output_at(self, node_index: int) -> Any:
        """What the layer returned, the first call counting 0."""
        return self._calls[node_index][1]

    def count_params(self) -> int:
        """The number of elements of all variables.

        Raises:
            ValueError: if the layer is not built.
        """
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on {self.name}, but the layer isn't built. You "
                f"can build it manually via: `{self.name}.build(batch_input_shape)`."
            )
        return sum(num_elements(variable.get_shape()._dims) or 0 for variable in self.weights)
