"""Tests of graphs (`tf.test`). What needs `unittest` is loaded when first asked for."""

from typing import TYPE_CHECKING, Any

from flowgraph.api.late import load
from flowgraph.autodiff.check import compute_gradient, compute_gradient_error
from flowgraph.library.platform.environment import (
    get_temp_dir,
    gpu_device_name,
    is_built_with_cuda,
    is_gpu_available,
)

if TYPE_CHECKING:
    from unittest import mock

    from flowgraph.library.platform.testing import TestCase, assert_equal_graph_def, main

__all__ = [
    "TestCase",
    "assert_equal_graph_def",
    "compute_gradient",
    "compute_gradient_error",
    "get_temp_dir",
    "gpu_device_name",
    "is_built_with_cuda",
    "is_gpu_available",
    "main",
    "mock",
]

_LATE = {
    "TestCase": "flowgraph.library.platform.testing:TestCase",
    "assert_equal_graph_def": "flowgraph.library.platform.testing:assert_equal_graph_def",
    "main": "flowgraph.library.platform.testing:main",
    "mock": "unittest.mock",
}


def __getattr__(name: str) -> Any:
    return load(name, globals(), _LATE)
