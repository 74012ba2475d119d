"""Makes ``import flowgraph.nn`` find the namespace that lies in `flowgraph.api`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from flowgraph import dtypes
from flowgraph.api import compat
from flowgraph.ops.cast import cast, saturate_cast
from flowgraph.ops.complex import complex

__all__ = ["AliasFinder", "install"]

_PUBLIC = "flowgraph."
_HOME = "flowgraph.api."


class _AliasLoader(Loader):
    """Hands out a module that another name has loaded."""

    def __init__(self, target: str) -> None:
        self._target = target

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self._target)
        self._own_spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has put the alias's spec on it; reload() needs the real one.
        module.__spec__ = self._own_spec


class AliasFinder(MetaPathFinder):
    """Finds ``flowgraph.x.y`` as ``flowgraph.api.x.y``, where no module has that name itself.

    It comes before the others: a package of `flowgraph.api` lends its folder to its second name,
    and in that folder they would find each module once more.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if not fullname.startswith(_PUBLIC) or fullname.startswith(_HOME):
            return None
        parent, _, _ = fullname.rpartition(".")
        if parent + "." == _PUBLIC:
            if PathFinder.find_spec(fullname, path) is not None:
                return None
        elif not getattr(sys.modules.get(parent), "__name__", "").startswith(_HOME):
            return None
        home = _HOME + fullname.removeprefix(_PUBLIC)
        try:
            found = importlib.util.find_spec(home)
        except ModuleNotFoundError:
            return None
        if found is None:
            return None
        is_package = found.submodule_search_locations is not None
        return ModuleSpec(fullname, _AliasLoader(home), is_package=is_package)


def install() -> None:
    """Let the finder have its say before the normal ones, and complete two modules.

    `tf.compat.v1` is `tf` itself; `tf.dtypes`, which the ops are built on, also has three of them.
    """
    if not any(isinstance(finder, AliasFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, AliasFinder())
    root = sys.modules["flowgraph"]
    sys.modules["flowgraph.compat.v1"] = root
    vars(compat)["v1"] = root
    vars(dtypes).update(cast=cast, saturate_cast=saturate_cast, complex=complex)


install()
