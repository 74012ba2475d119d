"""Whole files as strings, and the names of files."""

from __future__ import annotations

import glob
import os
from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.graph import hooks
from flowgraph.graph.build import apply
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor

__all__ = ["matching_files", "read_file", "write_file"]


def path_of(name: Any) -> str:
    """The one string of a tensor as a path; a ``file://`` in front is dropped."""
    content = np.asarray(name, np.object_).item()
    text = content if isinstance(content, str) else os.fsdecode(content)
    return text.removeprefix("file://")


def _check_scalar(operand: Operand) -> None:
    if operand.dims:
        raise ValueError(f"Shape must be rank 0 but is rank {len(operand.dims)}")


@op("ReadFile", "filename: string -> contents: string")
class ReadFile:
    """The content of a file."""

    stateful = True
    grad = None

    def shape(filename: Operand) -> Dims:
        _check_scalar(filename)
        return ()

    def numpy(filename: Any) -> Any:
        path = path_of(filename)
        with hooks.file_errors(path), open(path, "rb") as file:
            return np.array(file.read(), np.object_)


@op("WriteFile", "filename: string, contents: string ->")
class WriteFile:
    """Write a string to a file, which is created with its folders, or replaced."""

    stateful = True
    grad = None

    def shape(filename: Operand, contents: Operand) -> Any:
        _check_scalar(filename)
        _check_scalar(contents)
        return []

    def numpy(filename: Any, contents: Any) -> tuple[()]:
        path = path_of(filename)
        with hooks.file_errors(path):
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            with open(path, "wb") as file:
                file.write(np.asarray(contents, np.object_).item())
        return ()


@op("MatchingFiles", "pattern: string -> filenames: string")
class MatchingFiles:
    """The names of the files that match any of the patterns, in order."""

    stateful = True
    grad = None

    def shape(pattern: Operand) -> Dims:
        if pattern.dims is not None and len(pattern.dims) > 1:
            raise ValueError(f"Shape must be at most rank 1 but is rank {len(pattern.dims)}")
        return (None,)

    def numpy(pattern: Any) -> Any:
        found: list[bytes] = []
        for each in np.asarray(pattern, np.object_).reshape(-1):
            found.extend(os.fsencode(path) for path in glob.glob(path_of(each)))
        names = np.empty(len(found), np.object_)
        names[:] = sorted(found)
        return names


def read_file(filename: Any, name: str | None = None) -> Tensor:
    """The content of a file as a string.

    Raises:
        NotFoundError: when run, if there is no such file.
    """
    made: Tensor = apply("ReadFile", filename, name=name)
    return made


def write_file(filename: Any, contents: Any, name: str | None = None) -> Operation:
    """An operation that writes a string to a file, creating folders as needed."""
    made: Operation = apply("WriteFile", filename, contents, name=name)
    return made


def matching_files(pattern: Any, name: str | None = None) -> Tensor:
    """The names of the files that match a pattern, or any of several: a vector of strings."""
    made: Tensor = apply("MatchingFiles", pattern, name=name)
    return made
