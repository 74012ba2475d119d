"""Text (`tf.strings`)."""

from flowgraph.ops.io import string_join as join
from flowgraph.ops.strings import string_length as length
from flowgraph.ops.strings import string_lower as lower
from flowgraph.ops.strings import string_strip as strip
from flowgraph.ops.strings import string_upper as upper
from flowgraph.ops.strings import substr
from flowgraph.ops.strings_format import string_format as format
from flowgraph.ops.strings_format import unsorted_segment_join
from flowgraph.ops.strings_hash import string_to_hash_bucket as to_hash_bucket
from flowgraph.ops.strings_hash import string_to_hash_bucket_fast as to_hash_bucket_fast
from flowgraph.ops.strings_hash import string_to_hash_bucket_strong as to_hash_bucket_strong
from flowgraph.ops.strings_numbers import as_string
from flowgraph.ops.strings_numbers import string_to_number as to_number
from flowgraph.ops.strings_regex import regex_full_match, regex_replace
from flowgraph.ops.strings_split import reduce_join
from flowgraph.ops.strings_split import string_split_v2 as split
from flowgraph.ops.strings_unicode import unicode_transcode

__all__ = [
    "as_string",
    "format",
    "join",
    "length",
    "lower",
    "reduce_join",
    "regex_full_match",
    "regex_replace",
    "split",
    "strip",
    "substr",
    "to_hash_bucket",
    "to_hash_bucket_fast",
    "to_hash_bucket_strong",
    "to_number",
    "unicode_transcode",
    "unsorted_segment_join",
    "upper",
]
