"""Strings of the embedded Reber grammar, and such as differ from one in a symbol.

A Reber string leads from B to E through the table `_MOVES`. An embedded one is
``B T (Reber) T E`` or ``B P (Reber) P E``: whether it is valid at its end depends on its second
symbol (Géron, chapter 14, exercise 7).
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["SYMBOLS", "encoded", "is_embedded_reber", "is_reber", "samples"]

SYMBOLS = "BEPSTVX"

# From each state, the symbols that may follow and the states they lead to; None is the end.
_MOVES: list[dict[str, int | None]] = [
    {"B": 1},
    {"T": 2, "P": 3},
    {"S": 2, "X": 4},
    {"T": 3, "V": 5},
    {"X": 3, "S": 6},
    {"P": 4, "V": 6},
    {"E": None},
]


def is_reber(string: str) -> bool:
    """Whether the grammar makes that string.

    >>> is_reber("BTSSXXTVVE"), is_reber("BTSSPXSE")
    (True, False)
    """
    state: int | None = 0
    for symbol in string:
        if state is None or symbol not in _MOVES[state]:
            return False
        state = _MOVES[state][symbol]
    return state is None and bool(string)


def is_embedded_reber(string: str) -> bool:
    """Whether the string is a Reber string between equal symbols.

    >>> is_embedded_reber("BPBTSXXVPSEPE"), is_embedded_reber("BPBTSXXVPSETE")
    (True, False)
    """
    inner, ends = string[2:-2], (string[:2], string[-2:])
    return ends in (("BT", "TE"), ("BP", "PE")) and is_reber(inner)


def _reber(random: Any) -> str:
    symbols, state = [], 0
    while True:
        symbol = random.choice(sorted(_MOVES[state]))
        symbols.append(str(symbol))
        following = _MOVES[state][symbol]
        if following is None:
            return "".join(symbols)
        state = following


def _corrupted(random: Any, string: str, embedded_only: bool) -> str:
    """The string with one symbol changed, such that it is not valid."""
    while True:
        place = len(string) - 2 if embedded_only else int(random.integers(len(string)))
        others = "PT".replace(string[1], "") if embedded_only else SYMBOLS
        changed = string[:place] + str(random.choice(list(others))) + string[place + 1 :]
        if not is_embedded_reber(changed):
            return changed


def samples(random: Any, count: int, hard: float = 0.5) -> tuple[list[str], Any]:
    """Strings, about half of them valid, and labels (1 for valid), float32.

    Args:
        random: a generator of NumPy's.
        hard: the part of the invalid ones that are wrong in nothing but the last symbol but one.
    """
    valid = random.random(count) < 0.5
    strings = []
    for good in valid:
        outer = str(random.choice(["T", "P"]))
        string = f"B{outer}{_reber(random)}{outer}E"
        strings.append(string if good else _corrupted(random, string, random.random() < hard))
    return strings, valid.astype(np.float32)


def encoded(strings: list[str]) -> tuple[Any, Any]:
    """The symbols' numbers, int32 [count, longest], and the lengths.

    >>> encoded(["BE", "E"])[0].tolist()
    [[0, 1], [1, 0]]
    """
    lengths = np.array([len(string) for string in strings], np.int32)
    ids = np.zeros([len(strings), lengths.max()], np.int32)
    for row, string in enumerate(strings):
        ids[row, : len(string)] = [SYMBOLS.index(symbol) for symbol in string]
    return ids, lengths
