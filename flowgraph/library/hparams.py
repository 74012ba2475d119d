"""Hyperparameters by name, which a text of settings can change."""

from __future__ import annotations

import json
import numbers
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["HParams", "parse_values"]

_ASSIGNMENT = re.compile(
    r"(?P<name>[A-Za-z][\w.]*)(?P<index>\[\s*\d+\s*\])?\s*=\s*"
    r"(?:\[(?P<list>[^\]]*)\]|(?P<single>[^,\[]*))\s*(?:,|$)"
)
_WORDS = {"true": True, "True": True, "false": False, "False": False}


def _cannot(name: str, kind: type, text: str, all_values: str) -> ValueError:
    return ValueError(
        f"Could not parse hparam '{name}' of type '{kind.__name__}' with value '{text}' in "
        f"{all_values}"
    )


def _parsed(name: str, kind: type, text: str, all_values: str) -> Any:
    if kind is type(None):
        return text
    try:
        if kind is bool:
            return _WORDS[text] if text in _WORDS else bool(int(text))
        return kind(text)
    except ValueError:
        raise _cannot(name, kind, text, all_values) from None


def parse_values(
    values: str, type_map: Mapping[str, type], ignore_unknown: bool = False
) -> dict[str, Any]:
    """The settings in a text such as ``rate=0.1,units=[64,32],units[1]=16``.

    Args:
        values: settings with commas between them: ``name=value``, a list in brackets, or one
            element of a list.
        type_map: the type of each name, of a list's elements if it is one.
        ignore_unknown: pass over names that `type_map` lacks.

    Returns:
        for each name its value, a list, or a dict from index to value.

    Raises:
        ValueError: for text of another form, an unknown name, a value that is not of its type, or
            a name that is set twice.
    """
    found: dict[str, Any] = {}
    position = 0
    values = values.strip()
    while position < len(values):
        match = _ASSIGNMENT.match(values, position)
        if match is None:
            raise ValueError(f"Malformed hyperparameter value: {values[position:]}")
        position = match.end()
        while position < len(values) and values[position].isspace():
            position += 1
        name, index = match["name"], match["index"]
        if name not in type_map:
            if ignore_unknown:
                continue
            raise ValueError(f"Unknown hyperparameter type for {name}")
        kind = type_map[name]
        if match["list"] is not None:
            if index is not None:
                raise ValueError(f"Assignment of a list to a list index: {match[0]}")
            parts = [part.strip() for part in match["list"].split(",") if part.strip()]
            value: Any = [_parsed(name, kind, part, values) for part in parts]
        else:
            value = _parsed(name, kind, match["single"].strip(), values)
        if index is not None:
            place = int(index.strip("[] "))
            elements = found.setdefault(name, {})
            if not isinstance(elements, dict) or place in elements:
                raise ValueError(f"Multiple assignments to variable '{name}' in {values}")
            elements[place] = value
        elif name in found:
            raise ValueError(f"Multiple assignments to variable '{name}' in {values}")
        else:
            found[name] = value
    return found


def _cast(name: str, kind: type, value: Any) -> Any:
    """`value` as one of `kind`, if nothing is lost by it."""
    wrong = (
        (issubclass(kind, str | bytes) and not isinstance(value, str | bytes))
        or issubclass(kind, bool) != isinstance(value, bool)
        or (issubclass(kind, numbers.Integral) and not isinstance(value, numbers.Integral))
        or (issubclass(kind, numbers.Number) and not isinstance(value, numbers.Number))
    )
    if kind is type(None):
        return value
    if wrong:
        raise ValueError(
            f"Could not cast hparam '{name}' of type '{kind.__name__}' from value {value!r}"
        )
    convert: Any = kind
    if issubclass(kind, str) and isinstance(value, bytes):
        return value.decode()
    if issubclass(kind, bytes) and isinstance(value, str):
        return value.encode()
    return convert(value)


class HParams:
    """Hyperparameters, each an attribute whose type stays that of its first value.

    >>> hparams = HParams(rate=0.1, units=[64, 32])
    >>> hparams.parse("rate=0.5,units[1]=16").values()
    {'rate': 0.5, 'units': [64, 16]}

    Args:
        hparam_def: a message of TensorFlow's type HParamDef in place of `kwargs`.
        model_structure: any object, kept for the program.
        kwargs: names and first values: numbers, strings, bools, or lists of one of those types.
    """

    def __init__(self, hparam_def: Any = None, model_structure: Any = None, **kwargs: Any) -> None:
        self._hparam_types: dict[str, tuple[type, bool]] = {}
        self._model_structure = model_structure
        if hparam_def is not None:
            kwargs = {name: _of_message(value) for name, value in hparam_def.hparam.items()}
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def add_hparam(self, name: str, value: Any) -> None:
        """Add one. Raises ValueError if it is there, or for an empty list."""
        if getattr(self, name, None) is not None:
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        if isinstance(value, list | tuple):
            if not value:
                raise ValueError(f"Multi-valued hyperparameters cannot be empty: {name}")
            self._hparam_types[name] = (type(value[0]), True)
        else:
            self._hparam_types[name] = (type(value), False)
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Set one that is there. Raises ValueError if a list meets a single value, or the type."""
        kind, is_list = self._hparam_types[name]
        if isinstance(value, list):
            if not is_list:
                raise ValueError(f"Must not pass a list for single-valued parameter: {name}")
            setattr(self, name, [_cast(name, kind, each) for each in value])
            return
        if is_list:
            raise ValueError(f"Must pass a list for multi-valued parameter: {name}.")
        setattr(self, name, _cast(name, kind, value))

    def del_hparam(self, name: str) -> None:
        """Remove one, if it is there."""
        if hasattr(self, name):
            delattr(self, name)
            del self._hparam_types[name]

    def parse(self, values: str) -> HParams:
        """Set what a text says; see `parse_values`. Returns these hyperparameters."""
        types = {name: kind for name, (kind, _) in self._hparam_types.items()}
        found = parse_values(values, types)
        for name, value in found.items():
            if isinstance(value, dict):
                elements = list(getattr(self, name))
                for index, each in value.items():
                    elements[index] = each
                found[name] = elements
        return self.override_from_dict(found)

    def override_from_dict(self, values_dict: Mapping[str, Any]) -> HParams:
        """Set each. Raises KeyError for a name that is not there."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    set_from_map = override_from_dict

    def set_model_structure(self, model_structure: Any) -> None:
        self._model_structure = model_structure

    def get_model_structure(self) -> Any:
        return self._model_structure

    def values(self) -> dict[str, Any]:
        """Names and values."""
        return {name: getattr(self, name) for name in self._hparam_types}

    def get(self, key: str, default: Any = None) -> Any:
        """The value of one, or `default`, whose type must fit. Raises ValueError otherwise."""
        if key not in self._hparam_types:
            return default
        if default is not None:
            kind, is_list = self._hparam_types[key]
            if is_list != isinstance(default, list):
                raise ValueError(f"Hparam '{key}' and its default {default} do not agree.")
            for each in default if is_list else [default]:
                _cast(key, kind, each)
        return getattr(self, key)

    def to_json(
        self,
        indent: Any = None,
        separators: tuple[str, str] | None = None,
        sort_keys: bool = False,
    ) -> str:
        """Names and values as JSON; functions are left out."""
        kept = {name: value for name, value in self.values().items() if not callable(value)}
        return json.dumps(kept, indent=indent, separators=separators, sort_keys=sort_keys)

    def parse_json(self, values_json: str) -> HParams:
        """Set what a JSON object says."""
        return self.override_from_dict(json.loads(values_json))

    def __contains__(self, key: str) -> bool:
        return key in self._hparam_types

    def __str__(self) -> str:
        return str(sorted(self.values().items()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


def _of_message(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    found = getattr(value, kind)
    elements = list(found.value) if kind.endswith("_list") else [found]
    if kind.startswith("bytes"):
        elements = [each.decode() for each in elements]
    return elements if kind.endswith("_list") else elements[0]
