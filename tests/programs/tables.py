"""Lookup tables."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from support.programs import program, raised


def _started(tf: Any) -> Any:
    session = tf.Session()
    session.run(tf.tables_initializer())
    return session


@program(graph=True)
def static(tf: Any) -> dict[str, Any]:
    init = tf.lookup.KeyValueTensorInitializer(["a", "b", "c"], np.array([1, 2, 3], np.int64))
    table = tf.lookup.StaticHashTable(init, -1)
    found = table.lookup(tf.constant([["c", "a"], ["x", ""]]))
    sparse = table.lookup(tf.SparseTensor([[0, 1]], ["b"], [1, 2]))
    size = table.size()
    everything = table.export()
    before = raised(lambda: tf.Session().run(found), "Table not initialized")
    with _started(tf) as session:
        session.run(tf.tables_initializer())
        keys, values = session.run(everything)
        order = np.argsort(keys)
        results = {
            "found": session.run(found),
            "sparse": session.run(sparse.values),
            "size": session.run(size),
            "keys": keys[order],
            "values": values[order],
        }
    return {
        **results,
        "before": before,
        "names": [table.name, table.initializer.name, found.name, sparse.values.name],
        "shape": str(found.shape),
        "types": [table.key_dtype.name, table.value_dtype.name],
        "default": table.default_value,
        "initializers": len(tf.get_collection("table_initializer")),
        "wrong keys": raised(lambda: table.lookup(tf.constant([1]))),
    }


@program
def different_values(tf: Any) -> dict[str, Any]:
    init = tf.lookup.KeyValueTensorInitializer([1, 2, 1], [0.5, 1.5, 2.5], tf.int64, tf.float32)
    twice = tf.lookup.StaticHashTable(init, 0.0)
    same = tf.lookup.KeyValueTensorInitializer(
        tf.constant([1, 2], tf.int64), tf.constant([0.5, 1.5])
    )
    table = tf.lookup.StaticHashTable(same, 9.0)
    with tf.Session() as session:
        session.run(table.initializer)
        return {
            "found": session.run(table.lookup(tf.constant([1, 2, 3], tf.int64))),
            "raised": raised(
                lambda: session.run(twice.initializer), "different value for same key"
            ),
        }


@program
def from_files(tf: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "words.txt"))
        Path(path).write_text("one,1,0.5\ntwo,2,1.5\r\nthree,3,2.5\n")
        index = tf.lookup.TextFileIndex

        def table(key: Any, key_index: int, value: Any, value_index: int, **options: Any) -> Any:
            init = tf.lookup.TextFileInitializer(
                path, key, key_index, value, value_index, delimiter=",", **options
            )
            missing = "?" if value == tf.string else -1
            return tf.lookup.StaticHashTable(init, missing)

        whole, number = index.WHOLE_LINE, index.LINE_NUMBER
        first = table(tf.string, 0, tf.int64, 1)
        lines = table(tf.int64, number, tf.string, whole)
        ids = table(tf.string, whole, tf.int64, number, vocab_size=2)
        floats = table(tf.int64, 1, tf.float32, 2)
        short = table(tf.string, 0, tf.int64, number, vocab_size=7)
        narrow = table(tf.string, 0, tf.int64, 5)
        letters = table(tf.int64, 0, tf.int64, number)
        with tf.Session() as session:
            session.run([each.initializer for each in (first, lines, ids, floats)])
            return {
                "first": session.run(first.lookup(tf.constant(["two", "four"]))),
                "lines": session.run(lines.lookup(tf.constant([1, 5], tf.int64))),
                "ids": session.run(ids.lookup(tf.constant(["two,2,1.5", "three,3,2.5"]))),
                "floats": session.run(floats.lookup(tf.constant([3], tf.int64))),
                "sizes": session.run([first.size(), ids.size()]),
                "short": raised(lambda: session.run(short.initializer), "Invalid vocab_size"),
                "narrow": raised(
                    lambda: session.run(narrow.initializer), "Invalid number of columns"
                ),
                "letters": raised(lambda: session.run(letters.initializer), "is not a valid int64"),
                "assets": len(tf.get_collection("asset_filepaths")),
                "line key": raised(lambda: table(tf.string, number, tf.int64, whole)),
                "line float": raised(lambda: table(tf.float32, whole, tf.int64, number)),
                "low": raised(lambda: table(tf.string, -3, tf.int64, number)),
                "size": raised(lambda: table(tf.string, 0, tf.int64, 1, vocab_size=0)),
                "file": raised(
                    lambda: tf.lookup.TextFileInitializer("", tf.string, 0, tf.int64, 1)
                ),
            }


@program(graph=True)
def vocabulary(tf: Any) -> dict[str, Any]:
    init = tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([0, 1], tf.int64))
    table = tf.lookup.StaticVocabularyTable(init, 5)
    words = tf.constant(["b", "what", "is", "this"], name="words")
    return {
        "kind": table.name,
        "shape": str(table.lookup(words).shape),
        "size": table.size().name,
        "none": raised(lambda: tf.lookup.StaticVocabularyTable(init, 0)),
    }


@program
def vocabulary_values(tf: Any) -> dict[str, Any]:
    init = tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([0, 1], tf.int64))
    table = tf.lookup.StaticVocabularyTable(init, 5)
    numbers = tf.lookup.KeyValueTensorInitializer(
        tf.constant([42, 1], tf.int64), tf.constant([0, 1], tf.int64)
    )
    ints = tf.lookup.StaticVocabularyTable(numbers, 3, lookup_key_dtype=tf.int32)
    none = tf.lookup.StaticVocabularyTable(None, 4)
    words = tf.constant(["b", "what", "is", "this"])
    with _started(tf) as session:
        return {
            "ids": session.run(table.lookup(words)),
            "ints": session.run(ints.lookup(tf.constant([1, 2, 42]))),
            "only buckets": session.run(none.lookup(words)),
            "sizes": session.run([table.size(), ints.size(), none.size()]),
        }


@program(graph=True)
def dense(tf: Any) -> dict[str, Any]:
    table = tf.lookup.experimental.DenseHashTable(
        tf.int64, tf.float32, [0.0, 0.0], empty_key=-1, deleted_key=-2
    )
    insert = table.insert(tf.constant([1, 2], tf.int64), [[1.0, 2.0], [3.0, 4.0]])
    remove = table.remove(tf.constant([1, 9], tf.int64))
    lookup = table.lookup(tf.constant([[2], [1]], tf.int64))
    keys, _ = table.export()
    bad = table.insert(tf.constant([-1], tf.int64), [[0.0, 0.0]])
    with tf.Session() as session:
        session.run(insert)
        found = {"both": session.run(lookup)}
        session.run(remove)
        found["one"] = session.run(lookup)
        found["size"] = session.run(table.size())
        found["reserved"] = raised(lambda: session.run(bad), "empty_key as a table key")
    names = [table.name, lookup.name, keys.name, insert.name, remove.name]
    return {**found, "names": names, "shape": str(lookup.shape)}
