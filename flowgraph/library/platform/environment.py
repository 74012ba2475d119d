"""What the program runs on, and where its files lie."""

from __future__ import annotations

import functools
import inspect
import os
import tempfile
from typing import Any

__all__ = [
    "get_data_files_path",
    "get_path_to_datafile",
    "get_temp_dir",
    "gpu_device_name",
    "is_built_with_cuda",
    "is_gpu_available",
    "load_resource",
]


@functools.cache
def get_temp_dir() -> str:
    """A folder for what a test writes, the same throughout the program."""
    return os.environ.get("TEST_TMPDIR") or tempfile.mkdtemp(prefix="flowgraph-")


def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: Any = None) -> bool:
    """False: graphs run on the CPU."""
    return False


def is_built_with_cuda() -> bool:
    """False: graphs run on the CPU."""
    return False


def gpu_device_name() -> str:
    """The empty string: there is no such device."""
    return ""


def _callers_folder() -> str:
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    source = "" if frame is None else frame.f_code.co_filename
    return os.path.dirname(os.path.abspath(source))


def get_data_files_path() -> str:
    """The folder of the calling source file."""
    return _callers_folder()


def get_path_to_datafile(path: str) -> str:
    """`path`, relative to the calling source file."""
    return os.path.join(_callers_folder(), path)


def load_resource(path: str) -> bytes:
    """The content of a file, its path relative to the calling source file."""
    with open(os.path.join(_callers_folder(), path), "rb") as file:
        return file.read()
