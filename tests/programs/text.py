"""Strings: their parts, numbers, patterns, hashes and encodings."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised


@program(graph=True)
def parts(tf: Any) -> dict[str, Any]:
    words = tf.constant(["Hello World", "", "Größe"], name="words")
    return {
        "lengths": tf.strings.length(words),
        "characters": tf.strings.length(words, unit="UTF8_CHAR"),
        "lower": tf.strings.lower(words),
        "upper": tf.strings.upper(words, encoding="utf-8"),
        "strip": tf.string_strip([" a ", "b\n"]),
        "strip too": tf.strings.strip([" x"]),
        "part": tf.substr(words[0], 1, 3),
        "parts": tf.strings.substr(["abc", "defg"], [0, -2], [2, 2], name="parts"),
        "letters": tf.strings.substr("Größe", 2, 2, unit="UTF8_CHAR"),
        "joined": tf.string_join([words, "!"], separator="-"),
        "joined too": tf.strings.join(["a", "b"], name="both"),
    }


@program(graph=True)
def numbers(tf: Any) -> dict[str, Any]:
    x = tf.constant([1.5, -0.25, 1e6], name="x")
    return {
        "plain": tf.as_string(x),
        "short": tf.strings.as_string(x, shortest=True),
        "digits": tf.as_string(x, precision=1, width=8, fill="0", name="digits"),
        "ints": tf.as_string([1, -20]),
        "bools": tf.as_string(tf.constant([True, False])),
        "floats": tf.string_to_number(["1.5", "-2"]),
        "longs": tf.strings.to_number(["12", "3"], tf.int64),
        "named": tf.string_to_number(input=["7"], out_type=tf.int32),
        "encoded": tf.encode_base64(["a", "bc"]),
        "padded": tf.io.encode_base64("a", pad=True),
        "decoded": tf.decode_base64(["YQ", "YmM="]),
        "raw": tf.decode_raw(["abcd", "efgh"], tf.uint8),
        "raw halves": tf.io.decode_raw("ab", tf.int16, little_endian=False),
        "older": tf.decode_raw(bytes=["ab"], out_type=tf.int8),
        "bad": raised(lambda: tf.as_string(x, fill="x").eval(session=tf.Session())),
    }


@program(graph=True)
def splits_and_joins(tf: Any) -> dict[str, Any]:
    lines = tf.constant(["a b  c", "", "d"], name="lines")
    table = tf.constant([["a", "b"], ["c", "d"]], name="table")
    return {
        "words": tf.string_split(lines),
        "by letters": tf.string_split(["a,b;c"], ",;"),
        "with empty": tf.string_split(["a,,b"], delimiter=",", skip_empty=False),
        "letters": tf.string_split(["xyz"], ""),
        "split": tf.strings.split(lines),
        "by text": tf.strings.split(["a--b--c", "--"], sep="--"),
        "twice": tf.strings.split(["a b c d"], maxsplit=2),
        "all": tf.reduce_join(table),
        "rows": tf.reduce_join(table, 1, separator="+"),
        "columns": tf.strings.reduce_join(table, [0], keep_dims=True),
        "older": tf.reduce_join(table, reduction_indices=[1, 0], keepdims=False),
        "open": tf.reduce_join(tf.placeholder_with_default(["x", "y"], None)),
        "segments": tf.strings.unsorted_segment_join(["a", "b", "c"], [1, 0, 1], 2, "/"),
    }


@program(graph=True)
def patterns(tf: Any) -> dict[str, Any]:
    words = tf.constant(["a1", "b22", "c"], name="words")
    return {
        "replaced": tf.regex_replace(words, "[0-9]", "#"),
        "first": tf.strings.regex_replace(words, r"(\d)", r"<\1>", replace_global=False),
        "tensor": tf.strings.regex_replace(words, tf.constant("b+"), "B", name="tensor"),
        "matches": tf.strings.regex_full_match(words, r"[a-z]\d+"),
        "tensor match": tf.strings.regex_full_match(words, tf.constant("c")),
    }


@program(graph=True)
def hashes(tf: Any) -> dict[str, Any]:
    words = tf.constant(["apple", "banana", "", "größer"], name="words")
    return {
        "fast": tf.string_to_hash_bucket_fast(words, 1000),
        "fast too": tf.strings.to_hash_bucket_fast(words, 7),
        "strong": tf.string_to_hash_bucket_strong(words, 1000, [3, 4]),
        "strong too": tf.strings.to_hash_bucket_strong(words, 9, [0, 0]),
        "old": tf.string_to_hash_bucket(words, 1000),
        "old named": tf.strings.to_hash_bucket(input=words, num_buckets=50),
    }


@program(graph=True)
def formats(tf: Any) -> dict[str, Any]:
    x = tf.constant(np.arange(10.0).reshape(2, 5), tf.float32, name="x")
    return {
        "one": tf.strings.format("x = {}", x),
        "two": tf.strings.format("{} and {}", [x, tf.constant(["a", "b"])], summarize=1),
        "other": tf.strings.format("<%>", tf.constant(3), placeholder="%"),
        "wrong": raised(lambda: tf.strings.format("{}", [x, x]), "placeholder|template expects"),
        "transcoded": tf.strings.unicode_transcode(["aß", b"\xff"], "UTF-8", "UTF-16-BE"),
    }


@program(graph=True)
def lines_of_values(tf: Any) -> dict[str, Any]:
    defaults = [tf.constant([1], tf.int32), [0.5], ["none"]]
    columns = tf.decode_csv(["3,0.25,x", ',,"a, b"'], defaults)
    chosen = tf.io.decode_csv(
        ["1;2;NA"], [[0], [9]], field_delim=";", na_value="NA", select_cols=[0, 2]
    )
    return {
        "ints": columns[0],
        "floats": columns[1],
        "texts": columns[2],
        "chosen": chosen[0],
        "missing": chosen[1],
        "order": raised(lambda: tf.decode_csv("", [[0], [0]], select_cols=[1, 0]), "increasing"),
        "count": raised(lambda: tf.decode_csv("", [[0]], select_cols=[1, 2]), "do not match"),
    }


@program(graph=True)
def serialized(tf: Any) -> dict[str, Any]:
    x = tf.constant([[1, 2], [3, 4]], name="x")
    content = tf.serialize_tensor(x)
    return {
        "content": content,
        "again": tf.parse_tensor(content, tf.int32),
        "text": tf.io.parse_tensor(tf.io.serialize_tensor(["a"]), tf.string),
        "json": tf.decode_json_example('{"features": {}}'),
    }
