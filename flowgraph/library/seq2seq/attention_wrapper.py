"""`AttentionWrapper`: a cell that sees what an attention mechanism picks from a memory."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.structure import flatten, map_structure
from flowgraph.graph.tensor import Tensor
from flowgraph.library.layers.core import Dense
from flowgraph.library.rnn.cell import RNNCell, assert_like_rnncell
from flowgraph.library.rnn.shapes import known_size, zeros_of_size
from flowgraph.library.seq2seq.attention import AttentionMechanism
from flowgraph.ops.array import identity
from flowgraph.ops.assertions import assert_equal
from flowgraph.ops.constants import zeros
from flowgraph.ops.joining import concat
from flowgraph.ops.layout import expand_dims, squeeze
from flowgraph.ops.linalg import matmul
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.shapes import TensorShape

__all__ = ["AttentionWrapper", "AttentionWrapperState"]


class AttentionWrapperState(
    collections.namedtuple(
        "AttentionWrapperState",
        ("cell_state", "attention", "time", "alignments", "alignment_history", "attention_state"),
    )
):
    """The state of an `AttentionWrapper`.

    Attributes:
        cell_state: the inner cell's state.
        attention: what was picked in the step before.
        time: the number of the step.
        alignments: the weights of that step, a tuple where there are several mechanisms.
        alignment_history: a `TensorArray` of all of them, or ().
        attention_state: the mechanisms' states.
    """

    def clone(self, **kwargs: Any) -> AttentionWrapperState:
        """This state with some parts replaced.

        Raises:
            ValueError: if a part has another shape.
        """

        def checked(old: Any, new: Any) -> Any:
            if isinstance(old, Tensor) and isinstance(new, Tensor):
                if not old.shape.is_compatible_with(new.shape):
                    raise ValueError(
                        "The shape of the AttentionWrapperState is expected to be same as the one "
                        f"to clone. self.shape: {old.shape}, input.shape: {new.shape}"
                    )
                new.set_shape(old.shape)
            return new

        return map_structure(checked, self, super()._replace(**kwargs))  # type: ignore[no-any-return]


def _side_by_side(inputs: Any, attention: Any) -> Any:
    return concat([inputs, attention], -1)


def _pick(
    mechanism: Any, cell_output: Any, attention_state: Any, attention_layer: Any
) -> tuple[Any, Any, Any]:
    """Attention, alignments and next state of one mechanism."""
    alignments, next_state = mechanism(cell_output, state=attention_state)
    context = squeeze(matmul(expand_dims(alignments, 1), mechanism.values), [1])
    if attention_layer is None:
        return context, alignments, next_state
    return attention_layer(concat([cell_output, context], 1)), alignments, next_state


class AttentionWrapper(RNNCell):
    """A cell whose input and output take part in attention to a memory.

    In each step the cell gets ``cell_input_fn(inputs, attention of the step before)``; its output
    is the query; the alignments weigh the memory, and the attention is
    ``attention_layer([output, mean])``, or the weighted mean itself without such a layer.

    Args:
        cell: an `RNNCell`.
        attention_mechanism: an `AttentionMechanism` or a list of them.
        attention_layer_size: the size of a Dense layer "attention_layer" without bias, one size per
            mechanism; None for no layer.
        alignment_history: keep the alignments of all steps in the state.
        cell_input_fn: by default both are put side by side.
        output_attention: the output is the attention; else the cell's output.
        initial_cell_state: what `zero_state` gives for the cell; zeros if None.
        name: the name of its variable scope.
        attention_layer: layers in place of `attention_layer_size`.
        attention_fn: from mechanism, output, attention state and layer to attention, alignments and
            next attention state; the above by default.
        dtype: of its variables.

    Raises:
        TypeError, ValueError: if an argument is not of its kind, or sizes do not fit.
    """

    def __init__(
        self,
        cell: Any,
        attention_mechanism: Any,
        attention_layer_size: Any = None,
        alignment_history: bool = False,
        cell_input_fn: Callable[[Any, Any], Any] | None = None,
        output_attention: bool = True,
        initial_cell_state: Any = None,
        name: str | None = None,
        attention_layer: Any = None,
        attention_fn: Callable[..., Any] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        assert_like_rnncell("cell", cell)
        self._is_multi = isinstance(attention_mechanism, list | tuple)
        self._mechanisms = tuple(attention_mechanism) if self._is_multi else (attention_mechanism,)
        for each in self._mechanisms:
            if not isinstance(each, AttentionMechanism):
                raise TypeError(
                    "attention_mechanism must contain only instances of AttentionMechanism, saw "
                    f"type: {type(each).__name__}"
                )
        if cell_input_fn is not None and not callable(cell_input_fn):
            raise TypeError(
                f"cell_input_fn must be callable, saw type: {type(cell_input_fn).__name__}"
            )
        self._cell = cell
        self._cell_input_fn = cell_input_fn or _side_by_side
        self._attention_fn = attention_fn or _pick
        self._output_attention = output_attention
        self._alignment_history = alignment_history
        self._set_layers(attention_layer_size, attention_layer)
        with name_scope(name, "AttentionWrapperInit"):
            self._initial_cell_state = None
            if initial_cell_state is not None:
                found = known_size(flatten(initial_cell_state)[-1], 0)
                with control_dependencies(self._same_batch(found)):
                    self._initial_cell_state = map_structure(
                        lambda each: identity(each, name="check_initial_cell_state"),
                        initial_cell_state,
                    )

    def _set_layers(self, sizes: Any, layers: Any) -> None:
        if sizes is not None and layers is not None:
            raise ValueError("Only one of attention_layer_size and attention_layer should be set")
        widths = [each.values.get_shape()[-1].value for each in self._mechanisms]
        self._layers: tuple[Any, ...] = (None,) * len(self._mechanisms)
        if sizes is not None:
            sizes = tuple(sizes) if isinstance(sizes, list | tuple) else (sizes,)
            self._check_count("attention_layer_size", "integer", sizes)
            self._layers = tuple(
                Dense(size, name="attention_layer", use_bias=False, dtype=mechanism.dtype)
                for size, mechanism in zip(sizes, self._mechanisms, strict=True)
            )
            self._attention_size = sum(sizes)
        elif layers is not None:
            self._layers = tuple(layers) if isinstance(layers, list | tuple) else (layers,)
            self._check_count("attention_layer", "layer", self._layers)
            self._attention_size = sum(
                layer.compute_output_shape(TensorShape([None, self._cell.output_size + width]))[
                    -1
                ].value
                for layer, width in zip(self._layers, widths, strict=True)
            )
        else:
            self._attention_size = sum(widths)

    def _check_count(self, argument: str, kind: str, values: tuple[Any, ...]) -> None:
        if len(values) != len(self._mechanisms):
            raise ValueError(
                f"If provided, {argument} must contain exactly one {kind} per "
                f"attention_mechanism, saw: {len(values)} vs {len(self._mechanisms)}"
            )

    def _same_batch(self, batch_size: Any) -> list[Any]:
        message = (
            f"When applying AttentionWrapper {self.name}: Non-matching batch sizes between the "
            "memory (encoder output) and the query (decoder output). Are you using the "
            "BeamSearchDecoder? You may need to tile your memory input via the "
            "tf.contrib.seq2seq.tile_batch function with argument multiple=beam_width."
        )
        return [
            assert_equal(batch_size, each.batch_size, message=message) for each in self._mechanisms
        ]

    def _one_or_all(self, values: list[Any]) -> Any:
        return tuple(values) if self._is_multi else values[0]

    def _each(self, value: Any) -> list[Any]:
        return list(value) if self._is_multi else [value]

    def _inner_cells(self) -> list[Any]:
        return [self._cell]

    @property
    def output_size(self) -> Any:
        return self._attention_size if self._output_attention else self._cell.output_size

    @property
    def state_size(self) -> Any:
        lengths = [each.alignments_size for each in self._mechanisms]
        history = lengths if self._alignment_history else [()] * len(lengths)
        return AttentionWrapperState(
            cell_state=self._cell.state_size,
            time=TensorShape([]),
            attention=self._attention_size,
            alignments=self._one_or_all(lengths),
            attention_state=self._one_or_all([each.state_size for each in self._mechanisms]),
            alignment_history=self._one_or_all(history),
        )

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """The state before the first step, for a batch as large as the memory's."""
        with name_scope(None, type(self).__name__ + "ZeroState", [batch_size]):
            cell_state = self._initial_cell_state
            if cell_state is None:
                cell_state = self._cell.zero_state(batch_size, dtype)
            with control_dependencies(self._same_batch(batch_size)):
                cell_state = map_structure(
                    lambda each: identity(each, name="checked_cell_state"), cell_state
                )
            first = [each.initial_alignments(batch_size, dtype) for each in self._mechanisms]
            states = [each.initial_state(batch_size, dtype) for each in self._mechanisms]
            return AttentionWrapperState(
                cell_state=cell_state,
                time=zeros([], dtypes.int32),
                attention=zeros_of_size(self._attention_size, batch_size, dtype),
                alignments=self._one_or_all(first),
                attention_state=self._one_or_all(states),
                alignment_history=self._one_or_all(
                    [self._new_history(dtype, each) for each in first]
                ),
            )

    def _new_history(self, dtype: Any, alignments: Any) -> Any:
        if not self._alignment_history:
            return ()
        return TensorArray(
            dtype=dtype, size=0, dynamic_size=True, element_shape=alignments.get_shape()
        )

    def call(self, inputs: Any, state: Any) -> Any:
        if not isinstance(state, AttentionWrapperState):
            raise TypeError(
                "Expected state to be instance of AttentionWrapperState. Received type "
                f"{type(state)} instead."
            )
        given = self._cell_input_fn(inputs, state.attention)
        output, cell_state = self._cell(given, state.cell_state)
        with control_dependencies(self._same_batch(known_size(output, 0))):
            output = identity(output, name="checked_cell_output")
        picked, alignments, next_states, histories = [], [], [], []
        rows = zip(
            self._mechanisms,
            self._layers,
            self._each(state.attention_state),
            self._each(state.alignment_history),
            strict=True,
        )
        for mechanism, layer, attention_state, history in rows:
            attention, weights, next_state = self._attention_fn(
                mechanism, output, attention_state, layer
            )
            picked.append(attention)
            alignments.append(weights)
            next_states.append(next_state)
            kept = history.write(state.time, weights) if self._alignment_history else ()
            histories.append(kept)
        attention = picked[0] if len(picked) == 1 else concat(picked, 1)
        new_state = AttentionWrapperState(
            time=state.time + 1,
            cell_state=cell_state,
            attention=attention,
            attention_state=self._one_or_all(next_states),
            alignments=self._one_or_all(alignments),
            alignment_history=self._one_or_all(histories),
        )
        return attention if self._output_attention else output, new_state
