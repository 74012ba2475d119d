"""Dropout around a cell."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.structure import flatten, is_sequence, map_structure, pack_sequence_as
from flowgraph.graph.tensor import Tensor
from flowgraph.library.rnn.lstm import LSTMStateTuple
from flowgraph.library.rnn.wrappers import CellWrapper
from flowgraph.ops.dense import dropout
from flowgraph.ops.random import random_uniform
from flowgraph.ops.rounding import floor
from flowgraph.shapes import TensorShape

__all__ = ["DropoutWrapper"]


def _hidden_part_only(substate: Any) -> Any:
    """The default filter: the memory of an LSTM is left as it is."""
    if isinstance(substate, LSTMStateTuple):
        return LSTMStateTuple(c=False, h=True)
    return not hasattr(substate, "write")


def _chosen(visitor: Callable[[Any], Any], state: Any) -> Any:
    """Bools in a structure above `state`: which of its parts `visitor` wants dropped from."""
    answer = visitor(state)
    if not is_sequence(state):
        if not isinstance(answer, bool):
            raise TypeError(f"the filter must answer a bool for a single tensor, not {answer!r}")
        return answer
    if isinstance(answer, bool):
        return [_chosen(visitor, part) for part in _parts(state)] if answer else False
    pairs = zip(_parts(answer), _parts(state), strict=True)
    return [_chosen(visitor, part) if wanted else False for wanted, part in pairs]


def _parts(structure: Any) -> list[Any]:
    if hasattr(structure, "keys"):
        return [structure[key] for key in sorted(structure)]
    return list(structure)


def _probability(name: str, value: Any) -> Any:
    tensor = convert_to_tensor(value)
    known = tensor.const_value()
    if known is None:
        return tensor
    if not 0 <= known <= 1:
        raise ValueError(f"Parameter {name} must be between 0 and 1: {known}")
    return float(known)


def _drops(keep_prob: Any) -> bool:
    return not isinstance(keep_prob, float) or keep_prob < 1


class DropoutWrapper(CellWrapper):
    """Dropout of a cell's inputs, outputs and states.

    Args:
        cell: the cell.
        input_keep_prob, output_keep_prob, state_keep_prob: the probability that an element is
            kept, a number or a scalar tensor; 1 for no dropout.
        variational_recurrent: draw one mask per run and use it in every step (Gal and
            Ghahramani 2015).
        input_size: for a variational mask of the inputs, their size without the batch.
        dtype: for variational masks, the type of inputs, states and outputs.
        seed: an integer from which the seeds of all masks follow.
        dropout_state_filter_visitor: a function of a state or a part of one that says whether to
            drop from it, by a bool or by a structure of bools; the default leaves out the memory
            of an `LSTMStateTuple`.

    Raises:
        TypeError, ValueError: if the arguments are of the wrong kind or out of range.
    """

    def __init__(
        self,
        cell: Any,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: Any = None,
        seed: int | None = None,
        dropout_state_filter_visitor: Callable[[Any], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cell, dtype=dtype, **kwargs)
        visitor = dropout_state_filter_visitor
        if visitor is not None and not callable(visitor):
            raise TypeError("dropout_state_filter_visitor must be callable")
        self._filter = visitor or _hidden_part_only
        with name_scope("DropoutWrapperInit"):
            self._input_keep_prob = _probability("input_keep_prob", input_keep_prob)
            self._state_keep_prob = _probability("state_keep_prob", state_keep_prob)
            self._output_keep_prob = _probability("output_keep_prob", output_keep_prob)
        self._seed = seed
        self._variational = variational_recurrent
        self._noise: dict[str, Any] = {"input": None, "state": None, "output": None}
        if variational_recurrent:
            self._draw_masks(input_size, dtype)

    def _draw_masks(self, input_size: Any, dtype: Any) -> None:
        if dtype is None:
            raise ValueError("When variational_recurrent=True, dtype must be provided")
        sizes = {"state": self.cell.state_size, "output": self.cell.output_size}
        if _drops(self._input_keep_prob):
            if input_size is None:
                raise ValueError(
                    "When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, "
                    "input_size must be provided"
                )
            sizes["input"] = input_size
        for kind in ("input", "state", "output"):
            if kind in sizes:
                self._noise[kind] = self._masks(kind, sizes[kind], dtypes.as_dtype(dtype))

    def _masks(self, kind: str, sizes: Any, dtype: Any) -> Any:
        def drawn(index: int, size: Any) -> Tensor:
            shape = size.as_list() if isinstance(size, TensorShape) else [int(size)]
            return random_uniform([1, *shape], seed=self._seed_of(kind, index), dtype=dtype)

        noise = [drawn(index, size) for index, size in enumerate(flatten(sizes))]
        return pack_sequence_as(sizes, noise)

    def _seed_of(self, kind: str, index: int) -> int | None:
        if self._seed is None:
            return None
        salted = f"{self._seed}{kind}_{index}".encode()
        return int(hashlib.md5(salted, usedforsecurity=False).hexdigest()[:8], 16) & 0x7FFFFFFF

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """One step: see `RNNCell`."""
        if _drops(self._input_keep_prob):
            inputs = self._dropped("input", inputs, self._input_keep_prob)
        output, new_state = self.cell(inputs, state, scope=scope)
        if _drops(self._state_keep_prob):
            chosen = _chosen(self._filter, new_state)
            new_state = self._dropped("state", new_state, self._state_keep_prob, chosen)
        if _drops(self._output_keep_prob):
            output = self._dropped("output", output, self._output_keep_prob)
        return output, new_state

    def _dropped(self, kind: str, values: Any, keep_prob: Any, chosen: Any = None) -> Any:
        """`values` with dropout where `chosen` says so, everywhere if that is None."""
        if chosen is None:
            chosen = map_structure(lambda _: True, values)
        counter = iter(range(len(flatten(values))))

        def walk(wanted: Any, value: Any, noise: Any) -> Any:
            if isinstance(wanted, bool):
                index = next(counter)
                return self._drop(kind, index, value, noise, keep_prob) if wanted else value
            masks = _parts(noise) if self._variational else [None] * len(_parts(value))
            triples = zip(_parts(wanted), _parts(value), masks, strict=True)
            leaves = [leaf for triple in triples for leaf in flatten(walk(*triple))]
            return pack_sequence_as(value, leaves)

        return walk(chosen, values, self._noise[kind])

    def _drop(self, kind: str, index: int, value: Any, noise: Any, keep_prob: Any) -> Any:
        if not self._variational:
            return dropout(value, rate=1.0 - keep_prob, seed=self._seed_of(kind, index))
        kept = value / keep_prob * floor(keep_prob + noise)
        kept.set_shape(value.get_shape())
        return kept
