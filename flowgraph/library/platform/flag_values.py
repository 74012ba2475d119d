"""Command-line flags: their kinds, and the values that a program reads from `FLAGS`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "FLAGS",
    "DuplicateFlagError",
    "Error",
    "Flag",
    "FlagValues",
    "IllegalFlagValueError",
    "UnparsedFlagAccessError",
    "UnrecognizedFlagError",
    "ValidationError",
]


class Error(Exception):
    """What is wrong with flags; the base of the others."""


class DuplicateFlagError(Error):
    """A flag is defined twice."""


class IllegalFlagValueError(Error):
    """The command line gives a flag a value that it cannot take."""


class UnrecognizedFlagError(Error):
    """The command line has a flag that the program does not define."""

    def __init__(self, flagname: str, flagvalue: str = "", suggestions: Sequence[str] = ()) -> None:
        hint = f". Did you mean: {', '.join(suggestions)} ?" if suggestions else ""
        super().__init__(f"Unknown command line flag {flagname!r}{hint}")
        self.flagname = flagname
        self.flagvalue = flagvalue


class ValidationError(Error):
    """A flag's value fails its check, or a required flag is missing."""


class UnparsedFlagAccessError(Error):
    """A flag is read before the command line was."""


@dataclass
class Flag:
    """One flag.

    Attributes:
        parse: text of the command line, or the default, to the value; raises ValueError.
        is_list: whether each occurrence adds a value.
        is_boolean: whether ``--name`` and ``--noname`` stand alone.
        present: how often the command line has it.
    """

    name: str
    default: Any
    help: str
    parse: Callable[[Any], Any]
    is_list: bool = False
    is_boolean: bool = False
    short_name: str | None = None
    present: int = 0
    required: bool = False
    value: Any = None
    checks: list[tuple[Callable[[Any], Any], str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.default = self._converted_default(self.default)
        self.value = self.default

    def _converted_default(self, default: Any) -> Any:
        if default is None:
            return None
        if self.is_list:
            listed = default if isinstance(default, list | tuple) else [default]
            return [self.convert(each) for each in listed]
        return self.convert(default)

    def convert(self, text: Any) -> Any:
        """The value that `text` stands for. Raises IllegalFlagValueError."""
        try:
            return self.parse(text)
        except (TypeError, ValueError) as error:
            raise IllegalFlagValueError(f"flag --{self.name}={text}: {error}") from None

    def set_text(self, text: Any) -> None:
        """Take a value from the command line."""
        value = self.convert(text)
        if self.is_list:
            self.value = [value] if not self.present else [*self.value, value]
        else:
            self.value = value
        self.present += 1

    def check(self) -> None:
        """Raises ValidationError if the value must not be what it is."""
        if self.required and self.value is None:
            raise ValidationError(
                f"flag --{self.name}=None: Flag --{self.name} must have a value other than None."
            )
        for check, message in self.checks:
            if not check(self.value):
                raise ValidationError(f"flag --{self.name}={self.value}: {message}")


class FlagValues:
    """The flags of a program, whose values are its attributes: ``FLAGS.batch_size``.

    The first look at a value reads the command line, if nobody has called the object with it:
    ``rest = FLAGS(sys.argv)``. Only such a call minds flags that are not defined.
    """

    def __init__(self) -> None:
        self.__dict__["__flags"] = {}
        self.__dict__["__parsed"] = False

    def _flags(self) -> dict[str, Flag]:
        flags: dict[str, Flag] = self.__dict__["__flags"]
        return flags

    def define(self, flag: Flag) -> None:
        """Add a flag. Raises DuplicateFlagError if the name is taken."""
        for name in filter(None, (flag.name, flag.short_name)):
            if name in self._flags():
                raise DuplicateFlagError(f"The flag {name!r} is defined twice.")
            self._flags()[name] = flag

    def is_parsed(self) -> bool:
        """Whether the command line has been read."""
        return bool(self.__dict__["__parsed"])

    def mark_as_parsed(self) -> None:
        """Take the defaults for what the program was called with."""
        self.__dict__["__parsed"] = True

    def unparse_flags(self) -> None:
        """Forget the command line; the next look reads it again."""
        self.__dict__["__parsed"] = False
        for flag in self._flags().values():
            flag.value, flag.present = flag.default, 0

    def _parse_flags(self, args: Sequence[str] | None = None) -> None:
        self(sys.argv if args is None else [sys.argv[0], *args], known_only=True)

    def __call__(self, argv: Sequence[str], known_only: bool = False) -> list[str]:
        """Read a command line, whose first word is the program.

        Returns:
            The program and what is no flag; with `known_only` also the flags nobody defined.

        Raises:
            UnrecognizedFlagError, IllegalFlagValueError, ValidationError: as their names say.
        """
        if isinstance(argv, str | bytes):
            raise TypeError("argv should be a tuple/list of strings, not bytes or string.")
        if not argv:
            raise ValueError("argv cannot be an empty list, and must contain the program name")
        rest = [argv[0]]
        words = iter(argv[1:])
        for word in words:
            if word == "--":
                rest.extend(words)
            elif not word.startswith("-") or word == "-":
                # The first word that is no flag ends them, unless foreign flags may stand between.
                rest.append(word)
                if not known_only:
                    rest.extend(words)
            elif not self._take(word, words):
                if not known_only:
                    raise UnrecognizedFlagError(*self._unknown(word))
                rest.append(word)
        self.mark_as_parsed()
        self.validate_all_flags()
        return rest

    def _take(self, word: str, words: Iterator[str]) -> bool:
        """Give a flag the value in `word` or in the next one; False if there is no such flag."""
        name, has_value, text = word.lstrip("-").partition("=")
        name = name.replace("-", "_") if name.replace("-", "_") in self._flags() else name
        flag = self._flags().get(name)
        if flag is None:
            flag = self._flags().get(name.removeprefix("no"))
            if flag is None or not flag.is_boolean or has_value or not name.startswith("no"):
                return False
            flag.set_text("false")
        elif has_value:
            flag.set_text(text)
        elif flag.is_boolean:
            flag.set_text("true")
        else:
            value = next(words, None)
            if value is None:
                raise IllegalFlagValueError(f"Missing value for flag --{name}")
            flag.set_text(value)
        return True

    def _unknown(self, word: str) -> tuple[str, str, list[str]]:
        name, _, text = word.lstrip("-").partition("=")
        return name, text, [each for each in self._flags() if each.startswith(name[:3])]

    def validate_all_flags(self) -> None:
        """Raises ValidationError for the first value that must not be."""
        for flag in self._flags().values():
            flag.check()

    def __getattr__(self, name: str) -> Any:
        flag = self._flags().get(name)
        if flag is None:
            raise AttributeError(name)
        if not self.is_parsed():
            self(sys.argv or [""], known_only=True)
        return flag.value

    def __setattr__(self, name: str, value: Any) -> None:
        flag = self._flags().get(name)
        if flag is None:
            raise AttributeError(name)
        flag.value = value
        flag.check()

    def __delattr__(self, name: str) -> None:
        if self._flags().pop(name, None) is None:
            raise AttributeError(name)

    def __getitem__(self, name: str) -> Flag:
        return self._flags()[name]

    def __contains__(self, name: object) -> bool:
        return name in self._flags()

    def __iter__(self) -> Iterator[str]:
        return iter(self._flags())

    def __len__(self) -> int:
        return len(self._flags())

    def __dir__(self) -> list[str]:
        return sorted([*self._flags(), *super().__dir__()])

    def flag_values_dict(self) -> dict[str, Any]:
        """Name to value."""
        return {name: flag.value for name, flag in self._flags().items()}

    def set_default(self, name: str, value: Any) -> None:
        """Change a flag's default, and its value if the command line does not have it."""
        flag = self._flags()[name]
        flag.default = flag._converted_default(value)
        if not flag.present:
            flag.value = flag.default

    def get_help(self) -> str:
        """A line per flag: name, help, default."""
        lines = []
        for name, flag in sorted(self._flags().items()):
            shown = f"--[no]{name}" if flag.is_boolean else f"--{name}"
            lines += [f"  {shown}: {flag.help}", f"    (default: {flag.default!r})"]
        return "\n".join(lines)

    def main_module_help(self) -> str:
        """The same as `get_help`."""
        return self.get_help()


FLAGS = FlagValues()
