"""Files and records (`tf.io`)."""

from flowgraph.api.io import gfile
from flowgraph.library.platform.records import (
    TFRecordCompressionType,
    TFRecordOptions,
    TFRecordWriter,
    tf_record_iterator,
)
from flowgraph.library.training.metagraphs import write_graph
from flowgraph.ops.files import matching_files, read_file, write_file
from flowgraph.ops.image_encoders import encode_jpeg
from flowgraph.ops.image_files import (
    decode_and_crop_jpeg,
    decode_bmp,
    decode_gif,
    decode_image,
    decode_jpeg,
    decode_png,
    extract_jpeg_shape,
    is_jpeg,
)
from flowgraph.ops.parsing_csv import decode_csv
from flowgraph.ops.parsing_features import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    SparseFeature,
    VarLenFeature,
    parse_example,
    parse_single_example,
    parse_single_sequence_example,
)
from flowgraph.ops.parsing_raw import (
    decode_compressed,
    decode_json_example,
    decode_raw,
    parse_tensor,
    serialize_tensor,
)
from flowgraph.ops.queue_base import QueueBase
from flowgraph.ops.queue_classes import PaddingFIFOQueue, PriorityQueue, RandomShuffleQueue
from flowgraph.ops.strings_numbers import decode_base64, encode_base64

__all__ = [
    "FixedLenFeature",
    "FixedLenSequenceFeature",
    "PaddingFIFOQueue",
    "PriorityQueue",
    "QueueBase",
    "RandomShuffleQueue",
    "SparseFeature",
    "TFRecordCompressionType",
    "TFRecordOptions",
    "TFRecordWriter",
    "VarLenFeature",
    "decode_and_crop_jpeg",
    "decode_base64",
    "decode_bmp",
    "decode_compressed",
    "decode_csv",
    "decode_gif",
    "decode_image",
    "decode_jpeg",
    "decode_json_example",
    "decode_png",
    "decode_raw",
    "encode_base64",
    "encode_jpeg",
    "extract_jpeg_shape",
    "gfile",
    "is_jpeg",
    "matching_files",
    "parse_example",
    "parse_single_example",
    "parse_single_sequence_example",
    "parse_tensor",
    "read_file",
    "serialize_tensor",
    "tf_record_iterator",
    "write_file",
    "write_graph",
]
