"""Optimizers, schedules and checkpoints (`tf.train`)."""

from flowgraph.formats.events import read_events as summary_iterator
from flowgraph.library.summary_writers import FileWriter as SummaryWriter
from flowgraph.library.summary_writers import FileWriterCache as SummaryWriterCache
from flowgraph.library.training import queue_runner
from flowgraph.library.training.adadelta import AdadeltaOptimizer
from flowgraph.library.training.adagrad import AdagradDAOptimizer, AdagradOptimizer
from flowgraph.library.training.adam import AdamOptimizer
from flowgraph.library.training.batching import (
    batch,
    batch_join,
    maybe_batch,
    maybe_batch_join,
    maybe_shuffle_batch,
    maybe_shuffle_batch_join,
    shuffle_batch,
    shuffle_batch_join,
)
from flowgraph.library.training.checkpoint_init import init_from_checkpoint
from flowgraph.library.training.checkpoint_reader import (
    NewCheckpointReader,
    list_variables,
    load_checkpoint,
    load_variable,
)
from flowgraph.library.training.checkpoint_state import (
    checkpoint_exists,
    generate_checkpoint_state_proto,
    get_checkpoint_mtimes,
    get_checkpoint_state,
    latest_checkpoint,
    remove_checkpoint,
    update_checkpoint_state,
)
from flowgraph.library.training.coordinator import Coordinator, LooperThread
from flowgraph.library.training.cosine_schedules import (
    cosine_decay,
    cosine_decay_restarts,
    linear_cosine_decay,
    noisy_linear_cosine_decay,
)
from flowgraph.library.training.ftrl import FtrlOptimizer
from flowgraph.library.training.global_step import (
    assert_global_step,
    create_global_step,
    get_global_step,
    get_or_create_global_step,
    global_step,
)
from flowgraph.library.training.gradient_descent import GradientDescentOptimizer
from flowgraph.library.training.input_producers import (
    input_producer,
    limit_epochs,
    match_filenames_once,
    range_input_producer,
    slice_input_producer,
    string_input_producer,
)
from flowgraph.library.training.metagraphs import export_meta_graph, write_graph
from flowgraph.library.training.momentum import MomentumOptimizer
from flowgraph.library.training.moving_averages import ExponentialMovingAverage
from flowgraph.library.training.optimizer import Optimizer
from flowgraph.library.training.proximal import (
    ProximalAdagradOptimizer,
    ProximalGradientDescentOptimizer,
)
from flowgraph.library.training.queue_runner import (
    QueueRunner,
    add_queue_runner,
    start_queue_runners,
)
from flowgraph.library.training.rmsprop import RMSPropOptimizer
from flowgraph.library.training.saver import Saver, import_meta_graph
from flowgraph.library.training.schedules import (
    exponential_decay,
    inverse_time_decay,
    natural_exp_decay,
    piecewise_constant,
    polynomial_decay,
)
from flowgraph.library.training.schedules import piecewise_constant as piecewise_constant_decay
from flowgraph.protos.messages import (
    BytesList,
    CheckpointState,
    ClusterDef,
    Event,
    Example,
    Feature,
    FeatureList,
    FeatureLists,
    Features,
    FloatList,
    Int64List,
    JobDef,
    SaverDef,
    SequenceExample,
)

__all__ = [
    "AdadeltaOptimizer",
    "AdagradDAOptimizer",
    "AdagradOptimizer",
    "AdamOptimizer",
    "BytesList",
    "CheckpointState",
    "ClusterDef",
    "Coordinator",
    "Event",
    "Example",
    "ExponentialMovingAverage",
    "Feature",
    "FeatureList",
    "FeatureLists",
    "Features",
    "FloatList",
    "FtrlOptimizer",
    "GradientDescentOptimizer",
    "Int64List",
    "JobDef",
    "LooperThread",
    "MomentumOptimizer",
    "NewCheckpointReader",
    "Optimizer",
    "ProximalAdagradOptimizer",
    "ProximalGradientDescentOptimizer",
    "QueueRunner",
    "RMSPropOptimizer",
    "Saver",
    "SaverDef",
    "SequenceExample",
    "SummaryWriter",
    "SummaryWriterCache",
    "add_queue_runner",
    "assert_global_step",
    "batch",
    "batch_join",
    "checkpoint_exists",
    "cosine_decay",
    "cosine_decay_restarts",
    "create_global_step",
    "exponential_decay",
    "export_meta_graph",
    "generate_checkpoint_state_proto",
    "get_checkpoint_mtimes",
    "get_checkpoint_state",
    "get_global_step",
    "get_or_create_global_step",
    "global_step",
    "import_meta_graph",
    "init_from_checkpoint",
    "input_producer",
    "inverse_time_decay",
    "latest_checkpoint",
    "limit_epochs",
    "linear_cosine_decay",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "match_filenames_once",
    "maybe_batch",
    "maybe_batch_join",
    "maybe_shuffle_batch",
    "maybe_shuffle_batch_join",
    "natural_exp_decay",
    "noisy_linear_cosine_decay",
    "piecewise_constant",
    "piecewise_constant_decay",
    "polynomial_decay",
    "queue_runner",
    "range_input_producer",
    "remove_checkpoint",
    "shuffle_batch",
    "shuffle_batch_join",
    "slice_input_producer",
    "start_queue_runners",
    "string_input_producer",
    "summary_iterator",
    "update_checkpoint_state",
    "write_graph",
]
