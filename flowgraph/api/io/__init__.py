"""Files and records (`tf.io`)."""

from flowgraph.api.io import gfile
from flowgraph.library.platform.records import (
    TFRecordCompressionType,
    TFRecordOptions,
    TFRecordWriter,
    tf_record_iterator,
)
from flowgraph.library.training.metagraphs import write_graph

__all__ = [
    "TFRecordCompressionType",
    "TFRecordOptions",
    "TFRecordWriter",
    "gfile",
    "tf_record_iterator",
    "write_graph",
]
