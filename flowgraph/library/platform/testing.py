"""A test case for graphs."""

from __future__ import annotations

import contextlib
import re
import tempfile
import unittest
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowgraph import errors
from flowgraph.formats.graphdef import graph_def
from flowgraph.graph.graph import Graph, get_default_graph, reset_default_graph
from flowgraph.graph.seeds import set_random_seed
from flowgraph.graph.tensor import Tensor
from flowgraph.library.platform.environment import get_temp_dir
from flowgraph.runtime.session import Session

__all__ = ["TestCase", "assert_equal_graph_def", "main"]

_SEED = 87654321


class TestCase(unittest.TestCase):
    """A test case that starts each test on an empty default graph with a fixed seed.

    Arrays, tensors of the default session and nested structures of them may be compared.
    """

    def setUp(self) -> None:
        super().setUp()
        self._temp_dir: str | None = None
        self._cached: Session | None = None
        np.random.seed(_SEED)
        reset_default_graph()
        set_random_seed(_SEED)

    def tearDown(self) -> None:
        if self._cached is not None:
            self._cached.close()
        super().tearDown()

    def get_temp_dir(self) -> str:
        """An empty folder, the same throughout a test."""
        if self._temp_dir is None:
            self._temp_dir = tempfile.mkdtemp(prefix=self._testMethodName, dir=get_temp_dir())
        return self._temp_dir

    @contextlib.contextmanager
    def session(
        self,
        graph: Graph | None = None,
        config: Any = None,
        use_gpu: bool = True,
        force_gpu: bool = False,
    ) -> Iterator[Session]:
        """A session, the default one inside."""
        with Session(graph=graph, config=config) as session:
            yield session

    @contextlib.contextmanager
    def cached_session(
        self,
        graph: Graph | None = None,
        config: Any = None,
        use_gpu: bool = True,
        force_gpu: bool = False,
    ) -> Iterator[Session]:
        """The session that all blocks of a test share."""
        if self._cached is None:
            self._cached = Session(graph=graph, config=config)
        with self._cached.graph.as_default(), self._cached.as_default():
            yield self._cached

    @property
    def test_session(self) -> Callable[..., Any]:
        """`cached_session`; a property, because test runners call methods of such a name."""
        return self.cached_session

    def evaluate(self, tensors: Any) -> Any:
        """The values of tensors in the default session, or in a new one."""
        if self._cached is not None:
            return self._cached.run(tensors)
        with self.session(graph=get_default_graph()) as session:
            return session.run(tensors)

    def _value(self, a: Any) -> Any:
        return self.evaluate(a) if isinstance(a, Tensor) else a

    def _array(self, a: Any) -> Any:
        return np.asarray(self._value(a))

    def assertAllClose(
        self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: str | None = None
    ) -> None:
        """``|a - b| <= atol + rtol |b|``, in every array of two like structures."""
        a, b = self._value(a), self._value(b)
        if isinstance(a, dict):
            self.assertIsInstance(b, dict, msg)
            self.assertCountEqual(a, b, msg)
            for key in a:
                self.assertAllClose(a[key], b[key], rtol, atol, f"{msg or ''}[{key!r}]")
        elif _is_ragged(a) or _is_ragged(b):
            self.assertEqual(len(a), len(b), msg)
            for one, other in zip(a, b, strict=True):
                self.assertAllClose(one, other, rtol, atol, msg)
        else:
            a, b = self._array(a), self._array(b)
            self.assertEqual(a.shape, b.shape, msg)
            np.testing.assert_allclose(a, b, rtol, atol, err_msg=msg or "")

    def assertAllCloseAccordingToType(
        self,
        a: Any,
        b: Any,
        rtol: float = 1e-6,
        atol: float = 1e-6,
        float_rtol: float = 1e-6,
        float_atol: float = 1e-6,
        half_rtol: float = 1e-3,
        half_atol: float = 1e-3,
        msg: str | None = None,
    ) -> None:
        """`assertAllClose` with the tolerance of the less precise type."""
        a, b = self._array(a), self._array(b)
        if np.float32 in (a.dtype, b.dtype) or np.complex64 in (a.dtype, b.dtype):
            rtol, atol = max(rtol, float_rtol), max(atol, float_atol)
        if np.float16 in (a.dtype, b.dtype):
            rtol, atol = max(rtol, half_rtol), max(atol, half_atol)
        self.assertAllClose(a, b, rtol, atol, msg)

    def assertNotAllClose(self, a: Any, b: Any, **kwargs: Any) -> None:
        """Some elements differ by more than the tolerance."""
        try:
            self.assertAllClose(a, b, **kwargs)
        except AssertionError:
            return
        self.fail("The two values are close at all elements.")

    def assertAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """The same shape and the same elements, NaN equal to NaN."""
        a, b = self._array(a), self._array(b)
        self.assertEqual(a.shape, b.shape, msg)
        np.testing.assert_array_equal(a, b, err_msg=msg or "")

    def assertNotAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Some elements differ."""
        a, b = self._array(a), self._array(b)
        self.assertFalse(np.array_equal(a, b), msg or "The two values are equal.")

    def assertAllGreater(self, a: Any, comparison_target: Any) -> None:
        """Every element is greater."""
        self.assertTrue(np.all(self._array(a) > comparison_target), f"{a} > {comparison_target}")

    def assertAllLess(self, a: Any, comparison_target: Any) -> None:
        """Every element is less."""
        self.assertTrue(np.all(self._array(a) < comparison_target), f"{a} < {comparison_target}")

    def assertAllGreaterEqual(self, a: Any, comparison_target: Any) -> None:
        """No element is less."""
        self.assertTrue(np.all(self._array(a) >= comparison_target), f"{a} >= {comparison_target}")

    def assertAllLessEqual(self, a: Any, comparison_target: Any) -> None:
        """No element is greater."""
        self.assertTrue(np.all(self._array(a) <= comparison_target), f"{a} <= {comparison_target}")

    def assertAllInRange(self, target: Any, lower_bound: Any, upper_bound: Any) -> None:
        """No element is outside the bounds."""
        self.assertAllGreaterEqual(target, lower_bound)
        self.assertAllLessEqual(target, upper_bound)

    def assertAllInSet(self, target: Any, expected_set: Any) -> None:
        """Every element is one of the set."""
        self.assertLessEqual(set(self._array(target).ravel().tolist()), set(expected_set))

    def assertNear(self, f1: Any, f2: Any, err: float, msg: str | None = None) -> None:
        """``|f1 - f2| <= err``, of two numbers."""
        self.assertTrue(
            f1 == f2 or abs(f1 - f2) <= err, f"{f1!r} != {f2!r} +/- {err!r} {msg or ''}"
        )

    def assertArrayNear(self, farray1: Any, farray2: Any, err: float, msg: Any = None) -> None:
        """`assertNear` for the elements of two lists."""
        self.assertEqual(len(farray1), len(farray2), msg)
        for f1, f2 in zip(farray1, farray2, strict=True):
            self.assertNear(float(f1), float(f2), err, msg)

    def assertNDArrayNear(self, ndarray1: Any, ndarray2: Any, err: float, msg: Any = None) -> None:
        """The Euclidean distance of two arrays is less than `err`."""
        self.assertLess(float(np.linalg.norm(np.asarray(ndarray1) - ndarray2)), err, msg)

    def assertShapeEqual(self, np_array: Any, tf_tensor: Any, msg: str | None = None) -> None:
        """The tensor's static shape is that of the array."""
        self.assertEqual(list(np_array.shape), tf_tensor.get_shape().as_list(), msg)

    def assertDTypeEqual(self, target: Any, expected_dtype: Any) -> None:
        """The elements are of that type."""
        self.assertEqual(self._array(target).dtype, expected_dtype)

    def assertStartsWith(self, actual: str, expected_start: str, msg: str | None = None) -> None:
        """The text begins so."""
        self.assertTrue(actual.startswith(expected_start), msg or f"{actual!r}")

    def assertProtoEquals(
        self, expected_message_maybe_ascii: Any, message: Any, msg: str | None = None
    ) -> None:
        """Two messages are equal; the first may be given as text."""
        expected = expected_message_maybe_ascii
        if isinstance(expected, str):
            from google.protobuf import text_format

            expected = text_format.Merge(expected, type(message)())
        self.assertEqual(expected, message, msg)

    @contextlib.contextmanager
    def assertRaisesWithPredicateMatch(
        self, exception_type: Any, expected_err_re_or_predicate: Any
    ) -> Iterator[None]:
        """The block raises; the message matches a regular expression, or the error a predicate."""
        predicate: Callable[[Any], Any] = expected_err_re_or_predicate
        try:
            yield
        except exception_type as error:
            if callable(predicate):
                self.assertTrue(predicate(error), f"Exception of unexpected kind: {error}")
            else:
                text = f"{error} {getattr(getattr(error, 'op', None), 'name', '')}"
                self.assertTrue(re.search(expected_err_re_or_predicate, text), text)
            return
        self.fail(f"{exception_type} not raised")

    def assertRaisesOpError(self, expected_err_re_or_predicate: Any) -> Any:
        """The block raises an OpError; see `assertRaisesWithPredicateMatch`."""
        return self.assertRaisesWithPredicateMatch(errors.OpError, expected_err_re_or_predicate)


def _is_ragged(value: Any) -> bool:
    """A sequence of arrays whose shapes differ, or of structures."""
    if not isinstance(value, list | tuple):
        return False
    if any(isinstance(each, dict | Tensor) for each in value):
        return True
    return len({np.shape(each) for each in value if isinstance(each, np.ndarray)}) > 1


def assert_equal_graph_def(
    actual: Any, expected: Any, checkpoint_v2: bool = False, hash_table_shared_name: bool = False
) -> None:
    """Raises AssertionError unless two GraphDefs have the same nodes, in whatever order."""
    first, second = (
        {node.name: node for node in (graph_def(g) if isinstance(g, Graph) else g).node}
        for g in (actual, expected)
    )
    for name in sorted({*first, *second}):
        if first.get(name) != second.get(name):
            raise AssertionError(f"node {name}: {first.get(name)} is not {second.get(name)}")


def main(argv: Any = None) -> None:
    """Run the tests of the program's own module, and exit."""
    unittest.main(argv=argv)
