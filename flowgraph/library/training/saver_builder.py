"""The nodes through which a `Saver` saves and restores, named and shaped as TensorFlow's."""

from __future__ import annotations

import uuid
from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import control_dependencies, device, name_scope
from flowgraph.graph.convert import constant
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.library.training.saveables import SaveableObject as Saveable
from flowgraph.library.training.saveables import SaveSpec as Spec
from flowgraph.library.training.saveables import saveables_of
from flowgraph.ops import control, io
from flowgraph.protos import SaverDef

__all__ = ["BaseSaverBuilder"]


class BaseSaverBuilder:
    """Builds the nodes of a saver.

    Args:
        write_version: the format of the checkpoints; the V2 format is the one there is.
    """

    SaveSpec = Spec
    SaveableObject = Saveable

    def __init__(self, write_version: int = SaverDef.V2) -> None:
        self._write_version = write_version

    def build(
        self,
        names_to_saveables: Any,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        filename: str = "model",
    ) -> Any:
        """Add the nodes, and return the SaverDef that names them.

        Args:
            names_to_saveables: a list of variables, or a dict of them by name.
            reshape: restore tensors into the shapes of the variables.
            sharded: save per device, and merge.
            filename: the prefix when none is fed.

        Raises:
            TypeError, ValueError: if `names_to_saveables` is not as it must be.
        """
        members = saveables_of(names_to_saveables)
        with name_scope(name, "save", [saveable.op for saveable in members]):
            prefix = apply("PlaceholderWithDefault", filename or "model", shape=(), name="filename")
            prefix = apply("PlaceholderWithDefault", prefix, shape=(), name="Const")
            if sharded:
                groups = _by_device(members)
                saved = self._save_shards(prefix, groups)
                restored = self._restore(prefix, groups, reshape, "restore_shard")
            else:
                written = self._save(prefix, members)
                saved = control.with_dependencies([written], prefix)
                restored = self._restore(prefix, [members], reshape, "")
        return SaverDef(
            filename_tensor_name=prefix.name,
            save_tensor_name=saved.name,
            restore_op_name=restored.name,
            max_to_keep=max_to_keep or 0,
            sharded=sharded,
            keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
            version=self._write_version,
        )

    def _save(self, prefix: Any, members: list[Saveable]) -> Operation:
        specs = [spec for saveable in members for spec in saveable.specs]
        return io.save_v2(
            prefix,
            [spec.name for spec in specs],
            [spec.slice_spec for spec in specs],
            [spec.tensor for spec in specs],
        )

    def _save_shards(self, prefix: Tensor, groups: list[list[Saveable]]) -> Tensor:
        # The shards' names must differ from those of any other save that runs at this time.
        part = io.string_join([prefix, f"_temp_{uuid.uuid4().hex}/part"])
        count = constant(len(groups), name="num_shards")
        written = []
        for index, group in enumerate(groups):
            with device(group[0].device or None):
                shard = io.sharded_filename(part, index, count)
                written.append(control.with_dependencies([self._save(shard, group)], shard))
        with control_dependencies([shard.op for shard in written]):
            merged = io.merge_v2_checkpoints(written, prefix, delete_old_dirs=True)
        with control_dependencies([*[shard.op for shard in written], merged]):
            saved: Tensor = apply("Identity", prefix)
        return saved

    def _restore(
        self,
        prefix: Tensor,
        groups: list[list[Saveable]],
        reshape: bool,
        group_name: str,
    ) -> Operation:
        # Everything is read before anything is assigned: nodes run in the order of their creation.
        read = [self._read(prefix, group) for group in groups]
        restored = []
        for group, tensors in zip(groups, read, strict=True):
            assigned = self._assign(group, tensors, reshape)
            if group_name:
                assigned = [control.group(*assigned, name=group_name)]
            restored.extend(assigned)
        return control.group(*restored, name="restore_all")

    def _read(self, prefix: Tensor, members: list[Saveable]) -> list[Tensor]:
        specs = [spec for saveable in members for spec in saveable.specs]
        return io.restore_v2(
            prefix,
            [spec.name for spec in specs],
            [spec.slice_spec for spec in specs],
            [spec.dtype for spec in specs],
        )

    def _assign(self, members: list[Saveable], tensors: list[Tensor], reshape: bool) -> list[Any]:
        assigned = []
        start = 0
        for saveable in members:
            count = len(saveable.specs)
            shapes = None
            if reshape:
                shapes = [_target_shape(spec) for spec in saveable.specs]
            with device(saveable.device or None):
                assigned.append(saveable.restore(tensors[start : start + count], shapes))
            start += count
        return assigned


def _target_shape(spec: Spec) -> Any:
    shape = spec.tensor.get_shape()
    return shape.as_list() if shape.is_fully_defined() else apply("Shape", spec.tensor)


def _by_device(members: list[Saveable]) -> list[list[Saveable]]:
    groups: dict[str, list[Saveable]] = {}
    for saveable in members:
        groups.setdefault(saveable.device, []).append(saveable)
    return [groups[name] for name in sorted(groups)]
