"""The import hook: ``tensorflow``, and what lies in it, found in flowgraph."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import flowgraph
from flowgraph.shim.private import SOURCES

__all__ = ["install", "uninstall"]

_ROOT = "tensorflow"
_PRIVATE = "tensorflow.python"
# The modules behind a contributed namespace: tensorflow.contrib.rnn.python.ops.core_rnn_cell, or
# tensorflow.contrib.learn.python.learn.datasets.mnist, where what follows is public too.
_CONTRIBUTED = re.compile(
    r"tensorflow\.contrib\.(?P<room>\w+)\.python(?:\.(?P=room)(?P<inside>(?:\.\w+)+)|(?:\.\w+)*)"
)
# The modules of messages, tensorflow.core.framework.graph_pb2, and the packages they lie in.
_MESSAGES = re.compile(r"tensorflow\.core(?:\.(?:example|framework|protobuf|util)(\.\w+_pb2)?)?")
_MESSAGE_SOURCES = ("flowgraph.protos", "flowgraph.protos:DataType")
# Programs compare it; flowgraph's own version means nothing to them.
_VERSION = "1.15.0"


class _Facade(ModuleType):
    """A module whose names are those of other modules, the first that has one deciding."""

    def __init__(self, name: str, sources: Sequence[str]) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self._sources = tuple(sources)
        if sources == (flowgraph.__name__,):
            self.__version__ = _VERSION
            self.__all__ = [each for each in flowgraph.__all__ if not each.startswith("__")]

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__"):
            for source in self._sources:
                found = _source(source)
                if hasattr(found, name):
                    return getattr(found, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({name for source in self._sources for name in dir(_source(source))})


def _source(name: str) -> Any:
    """A module, or what "module:attribute" names."""
    module, _, attribute = name.partition(":")
    found = importlib.import_module(module)
    return getattr(found, attribute) if attribute else found


class _Loader(Loader):
    """Hands out a facade, or the module of flowgraph that has the name."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._own_spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has put the new name's spec on a module that may have its own.
        if self._own_spec is not None:
            module.__spec__ = self._own_spec


class TensorFlowFinder(MetaPathFinder):
    """Finds ``tensorflow`` and what lies in it."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname != _ROOT and not fullname.startswith(_ROOT + "."):
            return None
        module = self._module(fullname)
        if module is None:
            return None
        if not hasattr(module, "__path__"):
            # In TensorFlow it is a package: programs import modules below it.
            module.__path__ = []
        return ModuleSpec(fullname, _Loader(module), is_package=True)

    def _module(self, fullname: str) -> ModuleType | None:
        if fullname == _ROOT:
            return _Facade(fullname, (flowgraph.__name__,))
        if fullname == "tensorflow.compat":
            return _Facade(fullname, ("flowgraph.compat",))
        if fullname in ("tensorflow.compat.v1", "tensorflow._api.v1"):
            return sys.modules[_ROOT]
        if fullname == _PRIVATE or fullname.startswith(_PRIVATE + "."):
            return _private(fullname)
        contributed = _CONTRIBUTED.fullmatch(fullname)
        if contributed is not None:
            return _Facade(fullname, _contributed_sources(**contributed.groupdict()))
        messages = _MESSAGES.fullmatch(fullname)
        if messages is not None:
            return _Facade(fullname, _MESSAGE_SOURCES if messages[1] else ())
        public = flowgraph.__name__ + fullname.removeprefix(_ROOT)
        try:
            return importlib.import_module(public)
        except ModuleNotFoundError as error:
            if error.name is not None and public.startswith(error.name):
                return _member_module(public)
            raise


def _member_module(name: str) -> ModuleType | None:
    """A namespace in one that is no package: `flowgraph.nn.rnn_cell`."""
    parent, _, member = name.rpartition(".")
    found = getattr(sys.modules.get(parent), member, None)
    return found if isinstance(found, ModuleType) else None


def _contributed_sources(room: str, inside: str | None) -> tuple[str, ...]:
    public = f"{flowgraph.__name__}.contrib.{room}"
    if inside is not None:
        try:
            if importlib.util.find_spec(public + inside) is not None:
                return (public + inside, public)
        except ModuleNotFoundError:
            pass
    return (public,)


def _private(fullname: str) -> ModuleType | None:
    name = fullname.removeprefix(_PRIVATE).lstrip(".")
    if name in SOURCES:
        return _Facade(fullname, SOURCES[name])
    # The packages between: tensorflow.python.framework and its like.
    if not name or any(known.startswith(name + ".") for known in SOURCES):
        return _Facade(fullname, ())
    return None


def install() -> None:
    """From now on ``import tensorflow`` imports flowgraph, even where TensorFlow is installed.

    Raises:
        RuntimeError: if the real TensorFlow has been imported already.
    """
    present = sys.modules.get(_ROOT)
    if present is not None and not isinstance(present, _Facade):
        raise RuntimeError("TensorFlow itself is imported already: call install() before that")
    if not any(isinstance(finder, TensorFlowFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, TensorFlowFinder())


def uninstall() -> None:
    """Undo `install`; modules that were imported through it are forgotten."""
    sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, TensorFlowFinder)]
    for name in [name for name in sys.modules if name.split(".")[0] == _ROOT]:
        del sys.modules[name]
