"""`BasicDecoder`: a cell, and a helper that makes inputs of its outputs."""

from __future__ import annotations

import collections
from typing import Any

from flowgraph.graph.context import name_scope
from flowgraph.graph.structure import flatten, map_structure
from flowgraph.library.layers.base import Layer
from flowgraph.library.rnn.cell import assert_like_rnncell
from flowgraph.library.seq2seq.decoder import Decoder
from flowgraph.library.seq2seq.helpers import Helper
from flowgraph.shapes import TensorShape

__all__ = ["BasicDecoder", "BasicDecoderOutput"]


class BasicDecoderOutput(collections.namedtuple("BasicDecoderOutput", ("rnn_output", "sample_id"))):
    """What a `BasicDecoder` puts out: the cell's outputs, and what the helper chose by them."""


class BasicDecoder(Decoder):
    """A decoder that asks a `Helper` for the cell's next inputs.

    Args:
        cell: an `RNNCell`.
        helper: a `Helper`.
        initial_state: of the cell.
        output_layer: a layer over the cell's outputs, such as a projection to symbols.

    Raises:
        TypeError: if an argument is not of its kind.
    """

    def __init__(
        self, cell: Any, helper: Helper, initial_state: Any, output_layer: Any = None
    ) -> None:
        assert_like_rnncell("cell", cell)
        if not isinstance(helper, Helper):
            raise TypeError(f"helper must be a Helper, received: {type(helper)}")
        if output_layer is not None and not isinstance(output_layer, Layer):
            raise TypeError(f"output_layer must be a Layer, received: {type(output_layer)}")
        self._cell = cell
        self._helper = helper
        self._initial_state = initial_state
        self._output_layer = output_layer

    @property
    def batch_size(self) -> Any:
        return self._helper.batch_size

    def _rnn_output_size(self) -> Any:
        size = self._cell.output_size
        if self._output_layer is None:
            return size
        shapes = map_structure(lambda each: TensorShape([None]).concatenate(_shape(each)), size)
        return map_structure(
            lambda each: TensorShape(each)[1:], self._output_layer.compute_output_shape(shapes)
        )

    @property
    def output_size(self) -> Any:
        return BasicDecoderOutput(self._rnn_output_size(), self._helper.sample_ids_shape)

    @property
    def output_dtype(self) -> Any:
        dtype = flatten(self._initial_state)[0].dtype
        return BasicDecoderOutput(
            map_structure(lambda _: dtype, self._rnn_output_size()), self._helper.sample_ids_dtype
        )

    def initialize(self, name: str | None = None) -> Any:
        """``(finished, inputs, state)`` before the first step."""
        return (*self._helper.initialize(), self._initial_state)

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> Any:
        """``(outputs, next_state, next_inputs, finished)`` of one step."""
        with name_scope(name, "BasicDecoderStep", [time, *flatten(inputs)]):
            outputs, cell_state = self._cell(inputs, state)
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)
            sample_ids = self._helper.sample(time=time, outputs=outputs, state=cell_state)
            finished, next_inputs, next_state = self._helper.next_inputs(
                time=time, outputs=outputs, state=cell_state, sample_ids=sample_ids
            )
        return BasicDecoderOutput(outputs, sample_ids), next_state, next_inputs, finished


def _shape(size: Any) -> TensorShape:
    return size if isinstance(size, TensorShape) else TensorShape([size])
