"""The programs of ``tests/programs`` give what was recorded of them with TensorFlow."""

from __future__ import annotations

import re
from typing import Any

import pytest

import flowgraph as tf
from support.oracle import HOW_TO_RECORD, assert_close, is_weaker, program_recordings
from support.programs import Program, all_programs, observe

PROGRAMS = all_programs()


def test_recordings_are_of_these_programs() -> None:
    assert sorted(program_recordings()) == sorted(PROGRAMS), HOW_TO_RECORD


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str) -> None:
    program = PROGRAMS[name]
    expected = program_recordings()[name]
    found = observe(tf, program, tf.Session)
    assert list(found) == list(expected), HOW_TO_RECORD
    problems = [
        f"{key}: {problem}"
        for key in expected
        for problem in differences(program, found[key], expected[key])
    ]
    assert not problems, f"{name}\n" + "\n".join(problems)


def differences(program: Program, found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """What is wrong with one result."""
    if "raised" in expected:
        return _error_differences(found, expected["raised"])
    if found.keys() != expected.keys():
        return [f"{found}, not {expected}"]
    problems = []
    for field in ("plain", "operation", "name", "dtype"):
        if field in expected and found[field] != expected[field]:
            problems.append(_shown_difference(field, found[field], expected[field]))
    if "shape" in expected and is_weaker(found["shape"], expected["shape"]):
        problems.append(f"shape {found['shape']}, TensorFlow infers {expected['shape']}")
    pairs = list(zip(found.get("parts", []), expected.get("parts", []), strict=True))
    if "value" in expected:
        pairs.append((found["value"], expected["value"]))
    for ours, theirs in pairs:
        try:
            assert_close(ours, theirs, "value", 0 if program.exact else program.factor)
        except AssertionError as error:
            problems.append(str(error))
    return problems


def _shown_difference(field: str, found: Any, expected: Any) -> str:
    if isinstance(found, list) and isinstance(expected, list):
        for index, (ours, theirs) in enumerate(zip(found, expected, strict=False)):
            if ours != theirs:
                return f"{field}[{index}]: {ours!r}, not {theirs!r} (of {len(expected)})"
        return f"{field}: {len(found)} entries, not {len(expected)}: {found[-3:]}, {expected[-3:]}"
    return f"{field}: {found!r}, not {expected!r}"


def _error_differences(found: dict[str, Any], expected: list[Any]) -> list[str]:
    kinds, message, phrase = expected
    if "raised" not in found:
        return [f"raised nothing, TensorFlow {kinds[0]}: {message}"]
    our_kinds, our_message, _ = found["raised"]
    problems = []
    # TensorFlow's class may be a private one that derives from the class that programs catch.
    if our_kinds[0] not in kinds and kinds[0] not in our_kinds:
        problems.append(f"raised {our_kinds[0]} ({our_message}), TensorFlow {kinds[0]} ({message})")
    if not re.search(phrase, our_message, re.IGNORECASE | re.DOTALL):
        problems.append(f"raised {our_message!r} without {phrase!r}; TensorFlow: {message!r}")
    return problems


@pytest.mark.parametrize("name", PROGRAMS)
def test_phrases_are_tensorflows(name: str) -> None:
    for key, result in program_recordings()[name].items():
        if "raised" in result:
            kinds, message, phrase = result["raised"]
            assert kinds != ["nothing"], f"{key} raised nothing in TensorFlow"
            assert re.search(phrase, message, re.IGNORECASE | re.DOTALL), f"{key}: {message!r}"
