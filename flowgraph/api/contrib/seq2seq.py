"""Decoders, attention and beam search (`tf.contrib.seq2seq`)."""

from flowgraph.library.seq2seq.attention import (
    AttentionMechanism,
    BahdanauAttention,
    LuongAttention,
    hardmax,
)
from flowgraph.library.seq2seq.attention_wrapper import AttentionWrapper, AttentionWrapperState
from flowgraph.library.seq2seq.basic_decoder import BasicDecoder, BasicDecoderOutput
from flowgraph.library.seq2seq.beam_search import BeamSearchDecoder, FinalBeamSearchDecoderOutput
from flowgraph.library.seq2seq.beam_steps import (
    BeamSearchDecoderOutput,
    BeamSearchDecoderState,
    gather_tree_from_array,
    tile_batch,
)
from flowgraph.library.seq2seq.decoder import Decoder, dynamic_decode
from flowgraph.library.seq2seq.helpers import (
    CustomHelper,
    GreedyEmbeddingHelper,
    Helper,
    InferenceHelper,
    TrainingHelper,
)
from flowgraph.library.seq2seq.loss import sequence_loss
from flowgraph.library.seq2seq.monotonic import (
    BahdanauMonotonicAttention,
    LuongMonotonicAttention,
    monotonic_attention,
    safe_cumprod,
)
from flowgraph.library.seq2seq.sampling_helpers import (
    SampleEmbeddingHelper,
    ScheduledEmbeddingTrainingHelper,
    ScheduledOutputTrainingHelper,
)
from flowgraph.ops.beam import gather_tree

__all__ = [
    "AttentionMechanism",
    "AttentionWrapper",
    "AttentionWrapperState",
    "BahdanauAttention",
    "BahdanauMonotonicAttention",
    "BasicDecoder",
    "BasicDecoderOutput",
    "BeamSearchDecoder",
    "BeamSearchDecoderOutput",
    "BeamSearchDecoderState",
    "CustomHelper",
    "Decoder",
    "FinalBeamSearchDecoderOutput",
    "GreedyEmbeddingHelper",
    "Helper",
    "InferenceHelper",
    "LuongAttention",
    "LuongMonotonicAttention",
    "SampleEmbeddingHelper",
    "ScheduledEmbeddingTrainingHelper",
    "ScheduledOutputTrainingHelper",
    "TrainingHelper",
    "dynamic_decode",
    "gather_tree",
    "gather_tree_from_array",
    "hardmax",
    "monotonic_attention",
    "safe_cumprod",
    "sequence_loss",
    "tile_batch",
]
