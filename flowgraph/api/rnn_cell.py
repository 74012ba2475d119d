"""Cells of recurrent networks (`tf.nn.rnn_cell`)."""

from flowgraph.library.rnn.basic import BasicRNNCell, GRUCell
from flowgraph.library.rnn.cell import RNNCell
from flowgraph.library.rnn.dropout import DropoutWrapper
from flowgraph.library.rnn.lstm import BasicLSTMCell, LSTMCell, LSTMStateTuple
from flowgraph.library.rnn.multi import MultiRNNCell
from flowgraph.library.rnn.projections import (
    EmbeddingWrapper,
    InputProjectionWrapper,
    OutputProjectionWrapper,
)
from flowgraph.library.rnn.wrappers import DeviceWrapper, ResidualWrapper

__all__ = [
    "BasicLSTMCell",
    "BasicRNNCell",
    "DeviceWrapper",
    "DropoutWrapper",
    "EmbeddingWrapper",
    "GRUCell",
    "InputProjectionWrapper",
    "LSTMCell",
    "LSTMStateTuple",
    "MultiRNNCell",
    "OutputProjectionWrapper",
    "RNNCell",
    "ResidualWrapper",
]
