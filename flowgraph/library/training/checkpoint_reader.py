"""Looking into checkpoints without a graph."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.formats.bundle import BundleReader
from flowgraph.library.training.checkpoint_state import latest_checkpoint

__all__ = [
    "CheckpointReader",
    "NewCheckpointReader",
    "checkpoint_prefix",
    "list_variables",
    "load_checkpoint",
    "load_variable",
]


class CheckpointReader:
    """The tensors of a checkpoint by name.

    Raises:
        NotFoundError: if there is no checkpoint of that prefix.
        DataLossError: if its index is damaged.
    """

    def __init__(self, filepattern: str) -> None:
        self._reader = BundleReader(filepattern)
        self._names = self._reader.keys()

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """The shapes of all tensors by name."""
        return {name: list(self._reader.shape(name)) for name in self._names}

    def get_variable_to_dtype_map(self) -> dict[str, dtypes.DType]:
        """The element types of all tensors by name."""
        return {name: self._reader.dtype(name) for name in self._names}

    def has_tensor(self, tensor_str: str) -> bool:
        return tensor_str in self._reader

    def get_tensor(self, tensor_str: str) -> Any:
        """The value of a tensor; strings are bytes.

        Raises:
            NotFoundError: if the checkpoint has none of that name.
            DataLossError: if its data are damaged.
        """
        value: np.ndarray[Any, Any] = self._reader.read(tensor_str)
        return value if value.ndim else value[()]

    def debug_string(self) -> bytes:
        """Names, element types and shapes, a tensor per line."""
        lines = [
            f"{name} ({self._reader.dtype(name).name}) {list(self._reader.shape(name))}"
            for name in self._names
        ]
        return "\n".join(lines).encode()


def NewCheckpointReader(filepattern: str) -> CheckpointReader:
    """A reader of the checkpoint with the prefix `filepattern`. Raises NotFoundError."""
    return CheckpointReader(filepattern)


def checkpoint_prefix(ckpt_dir_or_file: str) -> str:
    """The prefix itself, or that of the newest checkpoint of a folder.

    Raises:
        ValueError: if a folder has no checkpoint.
    """
    path = os.fspath(ckpt_dir_or_file)
    if not os.path.isdir(path):
        return path
    found = latest_checkpoint(path)
    if found is None:
        raise ValueError(
            "Couldn't find 'checkpoint' file or checkpoints in given directory " + path
        )
    return found


def load_checkpoint(ckpt_dir_or_file: str) -> CheckpointReader:
    """A reader of a checkpoint, or of the newest one of a folder.

    Raises:
        ValueError: if a folder has no checkpoint.
        NotFoundError: if there is no checkpoint of that prefix.
    """
    return CheckpointReader(checkpoint_prefix(ckpt_dir_or_file))


def list_variables(ckpt_dir_or_file: str) -> list[tuple[str, list[int]]]:
    """Names and shapes of a checkpoint's tensors, by name. Raises what `load_checkpoint` does."""
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


def load_variable(ckpt_dir_or_file: str, name: str) -> Any:
    """The value of a tensor of a checkpoint; ``W:0`` stands for ``W``.

    Raises:
        NotFoundError: if the checkpoint has none of that name.
    """
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))
