"""Recurrent networks and further cells (`tf.contrib.rnn`)."""

from flowgraph.library.rnn.attention_cell import AttentionCellWrapper
from flowgraph.library.rnn.basic import BasicRNNCell, GRUCell
from flowgraph.library.rnn.block_cells import (
    GRUBlockCell,
    GRUBlockCellV2,
    LSTMBlockCell,
    LSTMBlockFusedCell,
    LSTMBlockWrapper,
)
from flowgraph.library.rnn.cell import LayerRNNCell, RNNCell
from flowgraph.library.rnn.conv_lstm import (
    Conv1DLSTMCell,
    Conv2DLSTMCell,
    Conv3DLSTMCell,
    ConvLSTMCell,
)
from flowgraph.library.rnn.dropout import DropoutWrapper
from flowgraph.library.rnn.fused import FusedRNNCell, FusedRNNCellAdaptor, TimeReversedFusedRNN
from flowgraph.library.rnn.gated_variants import (
    IntersectionRNNCell,
    NASCell,
    PhasedLSTMCell,
    UGRNNCell,
)
from flowgraph.library.rnn.lstm import BasicLSTMCell, LSTMCell, LSTMStateTuple
from flowgraph.library.rnn.lstm_variants import (
    CoupledInputForgetGateLSTMCell,
    LayerNormBasicLSTMCell,
)
from flowgraph.library.rnn.multi import MultiRNNCell
from flowgraph.library.rnn.projections import (
    EmbeddingWrapper,
    HighwayWrapper,
    InputProjectionWrapper,
    OutputProjectionWrapper,
)
from flowgraph.library.rnn.stacked import (
    stack_bidirectional_dynamic_rnn,
    stack_bidirectional_rnn,
)
from flowgraph.library.rnn.static import (
    static_bidirectional_rnn,
    static_rnn,
    static_state_saving_rnn,
)
from flowgraph.library.rnn.wrappers import DeviceWrapper, ResidualWrapper

__all__ = [
    "AttentionCellWrapper",
    "BasicLSTMCell",
    "BasicRNNCell",
    "Conv1DLSTMCell",
    "Conv2DLSTMCell",
    "Conv3DLSTMCell",
    "ConvLSTMCell",
    "CoupledInputForgetGateLSTMCell",
    "DeviceWrapper",
    "DropoutWrapper",
    "EmbeddingWrapper",
    "FusedRNNCell",
    "FusedRNNCellAdaptor",
    "GRUBlockCell",
    "GRUBlockCellV2",
    "GRUCell",
    "HighwayWrapper",
    "InputProjectionWrapper",
    "IntersectionRNNCell",
    "LSTMBlockCell",
    "LSTMBlockFusedCell",
    "LSTMBlockWrapper",
    "LSTMCell",
    "LSTMStateTuple",
    "LayerNormBasicLSTMCell",
    "LayerRNNCell",
    "MultiRNNCell",
    "NASCell",
    "OutputProjectionWrapper",
    "PhasedLSTMCell",
    "RNNCell",
    "ResidualWrapper",
    "TimeReversedFusedRNN",
    "UGRNNCell",
    "stack_bidirectional_dynamic_rnn",
    "stack_bidirectional_rnn",
    "static_bidirectional_rnn",
    "static_rnn",
    "static_state_saving_rnn",
]
