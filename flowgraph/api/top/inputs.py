"""Queues, readers, files, text and tables, directly under `tf`."""

from flowgraph.library.lookup import initialize_all_tables, tables_initializer
from flowgraph.library.readers import (
    FixedLengthRecordReader,
    IdentityReader,
    ReaderBase,
    TextLineReader,
    TFRecordReader,
    WholeFileReader,
)
from flowgraph.ops.files import matching_files, read_file, write_file
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
from flowgraph.ops.queue_classes import (
    FIFOQueue,
    PaddingFIFOQueue,
    PriorityQueue,
    RandomShuffleQueue,
)
from flowgraph.ops.strings import string_strip, substr
from flowgraph.ops.strings_hash import (
    string_to_hash_bucket,
    string_to_hash_bucket_fast,
    string_to_hash_bucket_strong,
)
from flowgraph.ops.strings_numbers import as_string, decode_base64, encode_base64, string_to_number
from flowgraph.ops.strings_regex import regex_replace
from flowgraph.ops.strings_split import reduce_join, string_split

__all__ = [
    "FIFOQueue",
    "FixedLenFeature",
    "FixedLenSequenceFeature",
    "FixedLengthRecordReader",
    "IdentityReader",
    "PaddingFIFOQueue",
    "PriorityQueue",
    "QueueBase",
    "RandomShuffleQueue",
    "ReaderBase",
    "SparseFeature",
    "TFRecordReader",
    "TextLineReader",
    "VarLenFeature",
    "WholeFileReader",
    "as_string",
    "decode_base64",
    "decode_compressed",
    "decode_csv",
    "decode_json_example",
    "decode_raw",
    "encode_base64",
    "initialize_all_tables",
    "matching_files",
    "parse_example",
    "parse_single_example",
    "parse_single_sequence_example",
    "parse_tensor",
    "read_file",
    "reduce_join",
    "regex_replace",
    "serialize_tensor",
    "string_split",
    "string_strip",
    "string_to_hash_bucket",
    "string_to_hash_bucket_fast",
    "string_to_hash_bucket_strong",
    "string_to_number",
    "substr",
    "tables_initializer",
    "write_file",
]
