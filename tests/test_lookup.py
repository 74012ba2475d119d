"""Lookup tables of `tf.contrib.lookup`, which TensorFlow has no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.ops.hashes import fingerprint64, siphash

lookup = tf.contrib.lookup


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


@pytest.fixture(name="words")
def _words(tmp_path: Path) -> str:
    path = tmp_path / "words.txt"
    path.write_text("emerson\nlake\npalmer\n")
    return str(path)


def test_hash_table(sess: Any) -> None:
    init = lookup.KeyValueTensorInitializer(["a", "b"], [1, 2], tf.string, tf.int32)
    first = lookup.HashTable(init, 0, shared_name="table")
    second = lookup.HashTable(init, 7, shared_name="table", name="other")
    assert (first.name, second.name, first.init) == ("hash_table", "other", first.initializer)
    sess.run(first.init)
    assert sess.run(second.lookup(tf.constant(["b", "c"]))).tolist() == [2, 7]
    assert sess.run(second.size()) == 2


def test_words_to_numbers_and_back(sess: Any, words: str) -> None:
    ids = lookup.index_table_from_file(words, num_oov_buckets=1)
    known = lookup.index_table_from_file(words, vocab_size=2, default_value=9)
    texts = lookup.index_to_string_table_from_file(words, default_value="?")
    asked = tf.constant([["lake", "and"], ["palmer", "emerson"]])
    with pytest.raises(tf.errors.FailedPreconditionError, match="not initialized"):
        sess.run(ids.lookup(asked))
    sess.run(tf.tables_initializer())
    assert sess.run(ids.lookup(asked)).tolist() == [[1, 3], [2, 0]]
    assert sess.run(known.lookup(asked)).tolist() == [[1, 9], [9, 0]]
    assert sess.run([ids.size(), known.size()]) == [4, 2]
    found = sess.run(texts.lookup(tf.constant([2, 5], tf.int64)))
    assert found.tolist() == [b"palmer", b"?"]


def test_tables_of_tensors(sess: Any) -> None:
    ids = lookup.index_table_from_tensor(tf.constant(["x", "y"]), num_oov_buckets=3)
    numbers = lookup.index_table_from_tensor(mapping=[30, 10], dtype=tf.int32)
    texts = lookup.index_to_string_table_from_tensor(mapping=["x", "y"])
    strong = lookup.index_table_from_tensor(
        ["x"], num_oov_buckets=5, hasher_spec=lookup.StrongHashSpec([1, 2])
    )
    sparse = tf.SparseTensor([[0, 0], [1, 2]], ["y", "z"], [2, 3])
    values = [
        ids.lookup(sparse).values,
        numbers.lookup(tf.constant([10, 20], tf.int64)),
        texts.lookup(tf.constant([1, 2], tf.int64)),
        strong.lookup(tf.constant(["x", "w"])),
        lookup.string_to_index(tf.constant(["y"]), tf.constant(["x", "y"])),
        lookup.index_to_string(tf.constant([0], tf.int64), tf.constant(["x", "y"])),
    ]
    sess.run(tf.initialize_all_tables())
    found = [value.tolist() for value in sess.run(values)]
    assert found == [
        [1, 2 + fingerprint64(b"z") % 3],
        [1, -1],
        [b"y", b"UNK"],
        [0, 1 + siphash(b"w", 1, 2) % 5],
        [1],
        [b"x"],
    ]


def test_buckets_alone(sess: Any) -> None:
    table = lookup.IdTableWithHashBuckets(None, 4, name="buckets")
    sess.run(table.init)
    found = sess.run([table.lookup(tf.constant(["a"])), table.size()])
    assert [found[0].tolist(), found[1]] == [[fingerprint64(b"a") % 4], 4]
    assert (table.name, table.resource_handle) == ("buckets", None)


def test_mutable_table(sess: Any) -> None:
    table = lookup.MutableHashTable(tf.string, tf.int64, -1)
    keys = tf.placeholder(tf.string, [None])
    values = tf.placeholder(tf.int64, [None])
    insert, remove = table.insert(keys, values), table.remove(keys)
    find, everything = table.lookup(keys), table.export()
    assert sess.run(find, {keys: ["a"]}).tolist() == [-1]
    sess.run(insert, {keys: ["a", "b"], values: [1, 2]})
    sess.run(insert, {keys: ["b", "c"], values: [3, 4]})
    sess.run(remove, {keys: ["a", "x"]})
    assert sess.run(find, {keys: ["a", "b", "c"]}).tolist() == [-1, 3, 4]
    assert dict(zip(*sess.run(list(everything)), strict=True)) == {b"b": 3, b"c": 4}
    assert sess.run(table.size()) == 2
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected shape"):
        sess.run(insert, {keys: ["a"], values: [1, 2]})


def test_mutable_table_of_vectors(sess: Any) -> None:
    table = lookup.MutableHashTable(tf.int64, tf.float32, [0.0, -1.0])
    keys = tf.constant([3, 1], tf.int64)
    sess.run(table.insert(keys, [[1.0, 2.0], [3.0, 4.0]]))
    found = table.lookup(tf.constant([[1, 2]], tf.int64))
    assert found.shape.as_list() == [1, 2, 2]
    np.testing.assert_array_equal(sess.run(found), [[[3, 4], [0, -1]]])
    assert sess.run(table.export()[1]).shape == (2, 2)


def test_dense_table_of_vector_keys(sess: Any) -> None:
    table = lookup.MutableDenseHashTable(
        tf.int64, tf.string, "none", empty_key=[0, 0], deleted_key=[-1, -1]
    )
    sess.run(table.insert(tf.constant([[1, 2], [3, 4]], tf.int64), ["a", "b"]))
    found = table.lookup(tf.constant([[3, 4], [4, 3]], tf.int64))
    assert found.shape.as_list() == [2]
    assert sess.run(found).tolist() == [b"b", b"none"]
    for key in ([0, 0], [-1, -1]):
        with pytest.raises(tf.errors.InvalidArgumentError, match="_key as a table key"):
            sess.run(table.lookup(tf.constant([key], tf.int64)))
    same = lookup.MutableDenseHashTable(tf.int64, tf.int64, 0, empty_key=1, deleted_key=1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="cannot be equal"):
        sess.run(same.size())


def test_saver_keeps_tables(tmp_path: Path) -> None:
    def build() -> tuple[Any, Any]:
        table = lookup.MutableHashTable(tf.string, tf.int64, -1, name="counts")
        dense = lookup.MutableDenseHashTable(
            tf.int64, tf.float32, [0.0], empty_key=-1, deleted_key=-2, name="dense"
        )
        lookup.MutableHashTable(tf.string, tf.int64, -1, name="not_saved", checkpoint=False)
        return table, dense

    path = str(tmp_path / "model")
    with tf.Graph().as_default(), tf.Session() as session:
        table, dense = build()
        session.run(table.insert(["a", "b"], np.array([1, 2])))
        session.run(dense.insert(np.array([5]), [[0.5]]))
        tf.train.Saver().save(session, path)
        names = sorted(name for name, _ in tf.train.list_variables(path))
        assert names == ["counts-keys", "counts-values", "dense-keys", "dense-values"]
    with tf.Graph().as_default(), tf.Session() as session:
        table, dense = build()
        session.run(table.insert(["z"], np.array([9])))
        tf.train.Saver().restore(session, path)
        assert session.run(table.lookup(["a", "b", "z"])).tolist() == [1, 2, -1]
        assert session.run(dense.lookup(np.array([5, 6]))).tolist() == [[0.5], [0]]


def test_arguments_that_do_not_fit(sess: Any, words: str) -> None:
    init = lookup.KeyValueTensorInitializer(["a"], [1.5])
    table = lookup.HashTable(init, 0.0)
    cases: list[tuple[type[Exception], str, Any]] = [
        (TypeError, "Signature mismatch", lambda: table.lookup(tf.constant([1]))),
        (TypeError, "expected int64", lambda: lookup.IdTableWithHashBuckets(table, 1)),
        (ValueError, "must be > 0", lambda: lookup.IdTableWithHashBuckets(None, 0)),
        (TypeError, "HasherSpec", lambda: lookup.IdTableWithHashBuckets(None, 1, "fasthash")),
        (ValueError, "must be specified", lambda: lookup.index_table_from_file()),
        (ValueError, "greater than 0", lambda: lookup.index_table_from_file(words, vocab_size=0)),
        (ValueError, "greater or equal", lambda: lookup.index_table_from_file(words, -1)),
        (
            TypeError,
            "integer and string",
            lambda: lookup.index_table_from_file(words, key_dtype=tf.float32),
        ),
        (
            ValueError,
            "Expected integer",
            lambda: lookup.index_table_from_tensor(["a"], dtype=tf.int64),
        ),
        (ValueError, "must be specified", lambda: lookup.index_to_string_table_from_tensor(None)),
        (ValueError, "size 2", lambda: lookup.StrongHashSpec([1])),
        (TypeError, "integer", lambda: lookup.StrongHashSpec([1, "b"])),
    ]
    for kind, message, call in cases:
        with pytest.raises(kind, match=message):
            call()


def test_tables_initializer_without_tables(sess: Any) -> None:
    operation = tf.tables_initializer()
    assert (operation.name, operation.type) == ("init_all_tables", "NoOp")
    sess.run(operation)
