"""Names that load their modules when first asked for, so that importing flowgraph stays quick."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["load"]


def load(name: str, namespace: dict[str, Any], homes: dict[str, str]) -> Any:
    """The object that ``homes[name]`` ("module:attribute", or a module) names.

    It is put into `namespace`, the globals of a module that calls this from its ``__getattr__``.

    Raises:
        AttributeError: if `homes` has no such name.
    """
    if name not in homes:
        raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
    module, _, attribute = homes[name].partition(":")
    found: Any = importlib.import_module(module)
    if attribute:
        found = getattr(found, attribute)
    namespace[name] = found
    return found
