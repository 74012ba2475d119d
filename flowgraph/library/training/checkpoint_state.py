"""The file ``checkpoint`` that names the newest checkpoints of a folder, and files by prefix."""

from __future__ import annotations

import contextlib
import glob
import logging
import os
import re
from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf import text_format

from flowgraph.formats.bundle import index_path
from flowgraph.formats.files import typed_errors
from flowgraph.formats.metagraph import write_message
from flowgraph.protos import CheckpointState, SaverDef

__all__ = [
    "checkpoint_exists",
    "generate_checkpoint_state_proto",
    "get_checkpoint_mtimes",
    "get_checkpoint_state",
    "latest_checkpoint",
    "meta_graph_filename",
    "remove_checkpoint",
    "update_checkpoint_state",
]

_log = logging.getLogger("flowgraph")
_DEFAULT_NAME = "checkpoint"


def _state_path(folder: str, latest_filename: str | None) -> str:
    return os.path.join(folder, latest_filename or _DEFAULT_NAME)


def generate_checkpoint_state_proto(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> Any:
    """A CheckpointState message.

    Args:
        save_dir: the folder of the checkpoints; if relative, relative paths are stored relative
            to it.
        model_checkpoint_path: prefix of the newest checkpoint.
        all_model_checkpoint_paths: prefixes of all, oldest first.
        all_model_checkpoint_timestamps: when they were made, in seconds.
        last_preserved_timestamp: when the newest checkpoint was made that is kept for good.

    Raises:
        ValueError: if the numbers of paths and of timestamps differ.
    """
    paths = list(all_model_checkpoint_paths or [])
    if not paths or paths[-1] != model_checkpoint_path:
        paths.append(model_checkpoint_path)
    times = all_model_checkpoint_timestamps
    if times and len(times) != len(paths):
        raise ValueError(
            "Number of timestamps, if provided, must match checkpoint paths (given "
            f"{list(times)}, and {paths})"
        )
    newest = model_checkpoint_path
    if not os.path.isabs(save_dir):
        newest = _relative(newest, save_dir)
        paths = [_relative(path, save_dir) for path in paths]
    return CheckpointState(
        model_checkpoint_path=newest,
        all_model_checkpoint_paths=paths,
        all_model_checkpoint_timestamps=list(times or []),
        last_preserved_timestamp=last_preserved_timestamp,
    )


def _relative(path: str, folder: str) -> str:
    return path if os.path.isabs(path) else os.path.relpath(path, folder)


def update_checkpoint_state(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
    save_relative_paths: bool = False,
) -> None:
    """Write the file ``checkpoint`` of a folder; it changes in one step.

    Args:
        latest_filename: another name for it.
        save_relative_paths: store all paths relative to the folder.

    Raises:
        RuntimeError: if the file would replace the checkpoint itself.
    """
    newest, paths = model_checkpoint_path, list(all_model_checkpoint_paths or [])
    if save_relative_paths:
        newest = os.path.relpath(newest, save_dir)
        paths = [os.path.relpath(path, save_dir) for path in paths]
        state = CheckpointState(
            model_checkpoint_path=newest,
            all_model_checkpoint_paths=paths if paths and paths[-1] == newest else [*paths, newest],
            all_model_checkpoint_timestamps=list(all_model_checkpoint_timestamps or []),
            last_preserved_timestamp=last_preserved_timestamp,
        )
    else:
        state = generate_checkpoint_state_proto(
            save_dir, newest, paths, all_model_checkpoint_timestamps, last_preserved_timestamp
        )
    path = _state_path(save_dir, latest_filename)
    if path == model_checkpoint_path:
        raise RuntimeError(
            f"Save path '{model_checkpoint_path}' conflicts with path used for checkpoint state.  "
            "Please use a different save path."
        )
    write_message(state, path, as_text=True)


def get_checkpoint_state(checkpoint_dir: str, latest_filename: str | None = None) -> Any:
    """The CheckpointState of a folder, its paths made absolute or relative to the present folder.

    Returns:
        The message; None if there is no such file, or it cannot be parsed.

    Raises:
        ValueError: if the file names no checkpoint.
    """
    folder = os.fspath(checkpoint_dir)
    path = _state_path(folder, latest_filename)
    if not os.path.exists(path):
        return None
    try:
        with typed_errors(path), open(path, encoding="utf-8") as file:
            state = text_format.Parse(file.read(), CheckpointState())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        _log.warning("%s: %s; checkpoint ignored", path, error)
        return None
    if not state.model_checkpoint_path:
        raise ValueError(f"Invalid checkpoint state loaded from {folder}")
    state.model_checkpoint_path = os.path.join(folder, state.model_checkpoint_path)
    paths = [os.path.join(folder, each) for each in state.all_model_checkpoint_paths]
    del state.all_model_checkpoint_paths[:]
    state.all_model_checkpoint_paths.extend(paths)
    return state


def latest_checkpoint(checkpoint_dir: str, latest_filename: str | None = None) -> str | None:
    """The prefix of the newest checkpoint of a folder, or None if there is none."""
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is None:
        return None
    path: str = state.model_checkpoint_path
    if checkpoint_exists(path):
        return path
    _log.error("Couldn't match files for checkpoint %s", path)
    return None


def checkpoint_exists(checkpoint_prefix: str) -> bool:
    """True if there is a checkpoint of this prefix; wildcards are allowed."""
    prefix = os.fspath(checkpoint_prefix)
    return os.path.exists(index_path(prefix)) or bool(glob.glob(index_path(prefix)))


def get_checkpoint_mtimes(checkpoint_prefixes: Iterable[str]) -> list[float]:
    """When the checkpoints were written, in seconds; those that do not exist are left out."""
    found = []
    for prefix in checkpoint_prefixes:
        with contextlib.suppress(OSError):
            found.append(os.path.getmtime(index_path(prefix)))
    return found


def meta_graph_filename(checkpoint_filename: str, meta_graph_suffix: str = "meta") -> str:
    """The name of the file with the graph of a checkpoint.

    >>> meta_graph_filename("model.ckpt-7-?????-of-00002")
    'model.ckpt-7.meta'
    """
    basename = re.sub(r"-[\d\?]+-of-\d+$", "", checkpoint_filename)
    return f"{basename}.{meta_graph_suffix}"


def remove_checkpoint(
    checkpoint_prefix: str,
    checkpoint_format_version: int = SaverDef.V2,
    meta_graph_suffix: str = "meta",
) -> None:
    """Delete the files of a checkpoint; the index first, so that no half of it looks whole."""
    prefix = os.fspath(checkpoint_prefix)
    data = sorted(glob.glob(glob.escape(prefix) + ".data-?????-of-?????"))
    for path in (meta_graph_filename(prefix, meta_graph_suffix), index_path(prefix), *data):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
