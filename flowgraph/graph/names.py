"""Unique names of ops and the scopes they are built in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["NameScopes"]

_VALID_OP_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\\-/]*")
_VALID_SCOPE_NAME = re.compile(r"[A-Za-z0-9_.\\\-/]*")
_VALID_ROOT_SCOPE = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\\-/]*")


class NameScopes:
    """The names a graph has given out, and the scope that new ones are prefixed with."""

    def __init__(self) -> None:
        super().__init__()
        self._names_in_use: dict[str, int] = {}
        self._name_scope = ""

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """`name` inside the current name scope, with ``_1``, ``_2``, ... if it is taken.

        Names that differ only in case are taken as the same.
        """
        full = self._name_scope + name
        key = full.lower()
        count = self._names_in_use.get(key, 0)
        if mark_as_used:
            self._names_in_use[key] = count + 1
        if count == 0:
            return full
        base_key = key
        while key in self._names_in_use:
            key = f"{base_key}_{count}"
            count += 1
        if mark_as_used:
            self._names_in_use[key] = 1
        return f"{full}_{count - 1}"

    def _op_name(self, name: str) -> str:
        """The full name of a new op; a trailing slash means that the name is final already."""
        if name[-1:] == "/":
            return name[:-1]
        if not (_VALID_SCOPE_NAME if self._name_scope else _VALID_OP_NAME).fullmatch(name):
            raise ValueError(f"'{name}' is not a valid node name")
        return self.unique_name(name)

    @contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        """Prefix the names of ops built inside with ``name/``; yields the prefix.

        A name that ends with a slash re-enters that scope; None or "" returns to the top.
        """
        if name:
            if isinstance(name, bytes):
                name = name.decode()
            pattern = _VALID_SCOPE_NAME if self._name_scope else _VALID_ROOT_SCOPE
            if not isinstance(name, str) or not pattern.fullmatch(name):
                raise ValueError(f"'{name}' is not a valid scope name")
        previous = self._name_scope
        if not name:
            new = ""
        elif name[-1] == "/":
            new = name
        else:
            new = self.unique_name(name) + "/"
        self._name_scope = new
        try:
            yield new
        finally:
            self._name_scope = previous

    def get_name_scope(self) -> str:
        return self._name_scope[:-1]
