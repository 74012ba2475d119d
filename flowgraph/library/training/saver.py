"""`Saver`: variables to checkpoints, and back."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Any

from flowgraph import errors
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.library.training import checkpoint_state, global_step, metagraphs
from flowgraph.library.training.restore_check import check_restorable, restore_ops
from flowgraph.library.training.saveables import all_saveable_objects
from flowgraph.library.training.saver_builder import BaseSaverBuilder
from flowgraph.protos import SaverDef

__all__ = ["Saver", "import_meta_graph"]

_SECONDS_PER_HOUR = 3600.0


class Saver:
    """Saves variables to checkpoints in TensorFlow's V2 format, and restores them.

    A save is complete or did not happen; a restore reads and verifies everything before it changes
    any variable.

    Args:
        var_list: the variables: a list, or a dict by their names in the checkpoint; all global
            variables if None.
        reshape: let a variable of another shape take a tensor of as many elements.
        sharded: save per device.
        max_to_keep: how many recent checkpoints are kept; all if None or 0.
        keep_checkpoint_every_n_hours: one checkpoint per this many hours is kept for good.
        name: name scope of the nodes, "save" if None.
        restore_sequentially: accepted for compatibility: restoring is sequential.
        saver_def: a SaverDef whose nodes are in the graph already; none are built then.
        builder: what builds the nodes; a `BaseSaverBuilder` if None.
        defer_build: build the nodes at the first `build()` or `save()`'s need, not here.
        allow_empty: be content without any variable.
        write_version: the format; only SaverDef.V2 can be written.
        pad_step_number: write steps with eight digits, so that names sort as they follow.
        save_relative_paths: store relative paths in the file ``checkpoint``.
        filename: prefix of checkpoints when none is given.

    Raises:
        TypeError: if `var_list` contains something else than variables.
        ValueError: if there are no variables, or two of one name.
    """

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: Any = None,
        builder: Any = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: int = SaverDef.V2,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: str | None = None,
    ) -> None:
        if defer_build and var_list:
            raise ValueError(
                "If `var_list` is provided then build cannot be deferred. "
                "Either set defer_build=False or var_list=None."
            )
        if write_version != SaverDef.V2:
            raise ValueError(f"Checkpoints are written in format V2 (2), not {write_version}.")
        self._var_list = var_list
        self._options: dict[str, Any] = {
            "reshape": reshape,
            "sharded": sharded,
            "max_to_keep": max_to_keep,
            "keep_checkpoint_every_n_hours": keep_checkpoint_every_n_hours,
            "restore_sequentially": restore_sequentially,
            "filename": filename or "model",
        }
        self._name = name
        self._builder = builder
        self._allow_empty = allow_empty
        self._is_empty = False
        self._pad_step_number = pad_step_number
        self._save_relative_paths = save_relative_paths
        self._last_checkpoints: list[tuple[str, float]] = []
        self._to_delete: list[tuple[str, float]] = []
        self._next_checkpoint_time = 0.0
        self.saver_def: Any = None
        if saver_def is not None:
            self._adopt(saver_def)
        elif not defer_build:
            self.build()

    def build(self) -> None:
        """Build the nodes, unless they are there."""
        if self.saver_def is not None or self._is_empty:
            return
        variables = all_saveable_objects() if self._var_list is None else self._var_list
        if not variables:
            if not self._allow_empty:
                raise ValueError("No variables to save")
            self._is_empty = True
            return
        builder = BaseSaverBuilder() if self._builder is None else self._builder
        self._adopt(builder.build(variables, name=self._name, **self._options), named=True)

    def _adopt(self, saver_def: Any, named: bool = False) -> None:
        if not isinstance(saver_def, SaverDef):
            raise ValueError(f"saver_def must be a saver_pb2.SaverDef: {saver_def}")
        for field in ("save_tensor_name", "restore_op_name"):
            if not getattr(saver_def, field):
                raise ValueError(f"saver_def must specify the {field}: {saver_def}")
        own = SaverDef.FromString(saver_def.SerializeToString())
        if self._name and not named:
            for field in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
                setattr(own, field, f"{self._name}/{getattr(own, field)}")
        self.saver_def = own
        hours = own.keep_checkpoint_every_n_hours
        self._next_checkpoint_time = time.time() + hours * _SECONDS_PER_HOUR

    def _built(self) -> Any:
        if self.saver_def is None and not self._is_empty:
            raise RuntimeError("`build()` should be called before save if defer_build==True")
        return self.saver_def

    # -- saving and restoring

    def save(
        self,
        sess: Any,
        save_path: str,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> str | None:
        """Save the variables' values in a session.

        Args:
            sess: the session.
            save_path: prefix of the checkpoint's files.
            global_step: a number, tensor or variable; appended to the prefix: ``model-100``.
            latest_filename: name of the file that names the newest checkpoint, "checkpoint".
            meta_graph_suffix: suffix of the file with the graph.
            write_meta_graph: write that file.
            write_state: write the file ``checkpoint``, and delete old checkpoints.
            strip_default_attrs: leave attributes with default values out of the graph.
            save_debug_info: accepted for compatibility.

        Returns:
            The checkpoint's prefix, for `restore`; None if there is nothing to save.

        Raises:
            TypeError: if `sess` is no session.
            ValueError: if the folder does not exist, or names collide.
            OpError: if the files cannot be written, or a variable is uninitialized.
        """
        saver_def = self._built()
        latest_filename = latest_filename or "checkpoint"
        if os.path.split(latest_filename)[0]:
            raise ValueError("'latest_filename' must not contain path components")
        save_path = os.fspath(save_path)
        _check_session(sess)
        prefix = self._prefix(sess, save_path, global_step, latest_filename)
        if self._is_empty:
            return None
        try:
            written = sess.run(saver_def.save_tensor_name, {saver_def.filename_tensor_name: prefix})
        except (errors.FailedPreconditionError, errors.NotFoundError) as error:
            parent = os.path.dirname(save_path)
            if parent and not os.path.isdir(parent):
                raise ValueError(
                    f"Parent directory of {save_path} doesn't exist, can't save."
                ) from error
            raise
        path = _as_text(written)
        if write_state:
            self._record(path)
            checkpoint_state.update_checkpoint_state(
                os.path.dirname(save_path),
                path,
                self.last_checkpoints,
                latest_filename,
                save_relative_paths=self._save_relative_paths,
            )
            self._delete_old(meta_graph_suffix)
        if write_meta_graph:
            with sess.graph.as_default():
                self.export_meta_graph(
                    checkpoint_state.meta_graph_filename(prefix, meta_graph_suffix),
                    strip_default_attrs=strip_default_attrs,
                )
        return path

    def _prefix(self, sess: Any, save_path: str, step: Any, latest_filename: str) -> str:
        if step is not None:
            number = step if isinstance(step, int) else global_step.global_step(sess, step)
            return f"{save_path}-{number:08d}" if self._pad_step_number else f"{save_path}-{number}"
        if os.path.basename(save_path) == latest_filename and not self._options["sharded"]:
            raise ValueError(
                f"'latest_filename' collides with 'save_path': '{latest_filename}' and "
                f"'{save_path}'"
            )
        return save_path

    def restore(self, sess: Any, save_path: str | None) -> None:
        """Give the variables the values of a checkpoint; they need no initializer before.

        If anything is wrong with the checkpoint, all variables keep their values.

        Args:
            sess: the session.
            save_path: a checkpoint's prefix, as `save` or `latest_checkpoint` return it.

        Raises:
            ValueError: if there is no such checkpoint.
            NotFoundError: if it lacks a variable; the text lists what is missing.
            InvalidArgumentError: if shapes or element types differ.
            DataLossError: if a file is truncated or damaged.
        """
        if self._is_empty:
            return
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        prefix = os.fspath(save_path)
        if not checkpoint_state.checkpoint_exists(prefix):
            raise ValueError(f"The passed save_path is not a valid checkpoint: {prefix}")
        _check_session(sess)
        saver_def = self._built()
        reading = restore_ops(sess.graph, saver_def.restore_op_name)
        check_restorable(prefix, reading)
        feed = {saver_def.filename_tensor_name: prefix}
        if len(reading) > 1:
            # Where several ops read, one may find damage after another's values are assigned.
            sess.run([op.outputs[0] for op in reading], feed)
        sess.run(saver_def.restore_op_name, feed)

    # -- which checkpoints there are

    @property
    def last_checkpoints(self) -> list[str]:
        """The prefixes of the checkpoints that are kept as recent ones, oldest first."""
        return [path for path, _ in self._last_checkpoints]

    def set_last_checkpoints(self, last_checkpoints: list[str]) -> None:
        """Set that list; the checkpoints count as made at an unknown time."""
        if not isinstance(last_checkpoints, list):
            raise AssertionError(f"A list of prefixes is expected, not {last_checkpoints!r}.")
        self._last_checkpoints = [(path, float("inf")) for path in last_checkpoints]

    def set_last_checkpoints_with_time(
        self, last_checkpoints_with_time: list[tuple[str, float]]
    ) -> None:
        """Set that list from pairs of prefix and time in seconds."""
        if not isinstance(last_checkpoints_with_time, list):
            raise AssertionError(
                f"A list of pairs is expected, not {last_checkpoints_with_time!r}."
            )
        self._last_checkpoints = [(path, moment) for path, moment in last_checkpoints_with_time]

    def recover_last_checkpoints(self, checkpoint_paths: Iterable[str]) -> None:
        """Set that list to those of the given checkpoints that exist."""
        existing = [path for path in checkpoint_paths if checkpoint_state.checkpoint_exists(path)]
        times = checkpoint_state.get_checkpoint_mtimes(existing)
        self.set_last_checkpoints_with_time(list(zip(existing, times, strict=True)))

    def _record(self, path: str) -> None:
        if not self.saver_def.max_to_keep:
            return
        kept = [entry for entry in self._last_checkpoints if entry[0] != path]
        self._last_checkpoints = [*kept, (path, time.time())]
        if len(self._last_checkpoints) > self.saver_def.max_to_keep:
            self._to_delete.append(self._last_checkpoints.pop(0))

    def _delete_old(self, meta_graph_suffix: str) -> None:
        while self._to_delete:
            path, moment = self._to_delete.pop(0)
            if moment > self._next_checkpoint_time:
                hours = self.saver_def.keep_checkpoint_every_n_hours
                self._next_checkpoint_time += hours * _SECONDS_PER_HOUR
            else:
                checkpoint_state.remove_checkpoint(path, meta_graph_suffix=meta_graph_suffix)

    # -- as messages

    def as_saver_def(self) -> Any:
        """The SaverDef that names the saver's nodes."""
        return self.saver_def

    def to_proto(self, export_scope: str | None = None) -> Any:
        """The SaverDef with names relative to a scope; None if the nodes are not in it."""
        if not export_scope:
            return self.saver_def
        prefix = export_scope.rstrip("/") + "/"
        if not self.saver_def.filename_tensor_name.startswith(prefix):
            return None
        found = SaverDef.FromString(self.saver_def.SerializeToString())
        for field in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
            setattr(found, field, getattr(found, field).removeprefix(prefix))
        return found

    @staticmethod
    def from_proto(saver_def: Any, import_scope: str | None = None) -> Saver:
        """The saver of nodes that are in the graph, imported into a scope."""
        return Saver(saver_def=saver_def, name=import_scope)

    def export_meta_graph(
        self,
        filename: str | None = None,
        collection_list: Iterable[str] | None = None,
        as_text: bool = False,
        export_scope: str | None = None,
        clear_devices: bool = False,
        clear_extraneous_savers: bool = False,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> Any:
        """The default graph with this saver as a MetaGraphDef; see `export_meta_graph`."""
        return metagraphs.export_meta_graph(
            filename=filename,
            saver_def=self.saver_def,
            collection_list=collection_list,
            as_text=as_text,
            export_scope=export_scope,
            clear_devices=clear_devices,
            clear_extraneous_savers=clear_extraneous_savers,
            strip_default_attrs=strip_default_attrs,
        )


def _check_session(sess: Any) -> None:
    if not hasattr(sess, "run") or not hasattr(sess, "graph"):
        raise TypeError(f"'sess' must be a Session; {sess}")


def _as_text(value: Any) -> str:
    content = value.item() if hasattr(value, "item") else value
    return content.decode("utf-8", "surrogateescape") if isinstance(content, bytes) else content


def import_meta_graph(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    **kwargs: Any,
) -> Any:
    """Add the graph of a ``.meta`` file, with its collections, to the default graph.

    Args:
        meta_graph_or_file: a file's name or a MetaGraphDef.
        clear_devices: forget where ops were placed.
        import_scope: a name scope to put the nodes into.
        kwargs: `input_map`, `return_elements` and `restore_collections_predicate`.

    Returns:
        The saver that the file describes; a new one for the graph's variables if it describes
        none; None if there are no variables.

    Raises:
        OSError: if there is no such file.
        DataLossError: if it cannot be parsed.
        ValueError: if a node does not fit.
    """
    meta, prefix, _ = metagraphs.import_meta_graph_with_elements(
        meta_graph_or_file, clear_devices, import_scope, **kwargs
    )
    if meta.HasField("saver_def"):
        return Saver(saver_def=meta.saver_def, name=prefix.rstrip("/"))
    if all_saveable_objects(scope=import_scope):
        with get_default_graph().name_scope(None):
            return Saver()
    return None


metagraphs.register_proto_function(
    GraphKeys.SAVERS, proto_type=SaverDef, to_proto=Saver.to_proto, from_proto=Saver.from_proto
)
