"""docs/ops.md, which tools/op_table.py writes, lists the ops there are."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import op_rows
from support.samples import all_ops, cases_of

ROOT = Path(__file__).resolve().parent.parent
HOW_TO_WRITE = "write it again with: python3 tools/op_table.py"
TEXT = (ROOT / "docs" / "ops.md").read_text(encoding="utf-8")


@pytest.fixture(name="table")
def _table(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return importlib.import_module("op_table")


def cells_of(part: str) -> list[list[str]]:
    """The cells of a table, without its head."""
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def test_all_declared_ops_are_listed_and_no_others() -> None:
    first = TEXT.partition("## Not declared")[0]
    assert [row[0].strip("`") for row in cells_of(first)] == sorted(all_ops()), HOW_TO_WRITE
    assert f"{len(all_ops())} ops.\n" in first


def test_modules_are_those_of_the_ops() -> None:
    modules = {row[1] for row in cells_of(TEXT.partition("## Not declared")[0])}
    files = {path.stem for path in (ROOT / "flowgraph" / "ops").glob("*.py")}
    assert modules <= files, HOW_TO_WRITE


def test_what_is_declared_is_not_listed_as_missing() -> None:
    groups = cells_of(TEXT.partition("## Not declared")[2])
    listed = {name for row in groups for name in re.findall(r"`(\w+)`", row[2])}
    assert len(listed) == sum(int(row[1]) for row in groups)
    both = sorted(listed & set(all_ops()))
    assert not both, HOW_TO_WRITE


def test_a_row_tells_what_was_recorded(table: Any) -> None:
    definitions = {name: all_ops()[name] for name in ("Exp", "FloorMod", "NoOp")}
    made = op_rows.rows(definitions)
    found = {name: cells for name, *cells in made}
    assert found["Exp"][:3] == ["transcendental", "2", "yes"]
    assert "e-" in found["Exp"][4] or found["Exp"][4] == "equal"
    assert found["FloorMod"][4] == "equal"
    assert found["NoOp"] == ["control", "none", "", "", "–"]
    lines = table.first_table(made)
    assert cells_of("\n".join(lines))[0] == ["`Exp`", *found["Exp"]]


def test_a_difference_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    original = op_rows.call_kernel

    def shifted(*arguments: Any) -> Any:
        return [each + each.dtype.type(1) for each in original(*arguments)]

    monkeypatch.setattr(op_rows, "call_kernel", shifted)
    found = op_rows.difference(cases_of(all_ops()["Sign"]))
    assert "float32" in found and "inf int32" in found


@pytest.mark.parametrize(
    ("found", "expected", "distance"),
    [
        ([1.0, np.nan, np.inf], [1.0, np.nan, np.inf], 0.0),
        ([3.0], [1.0], 1.0),
        ([0], [1], np.inf),
        ([], [], 0.0),
    ],
)
def test_distances(found: Any, expected: Any, distance: float) -> None:
    assert op_rows.distance(np.array(found), np.array(expected)) == distance


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("ConfigureTPUEmbedding", "TPU"),
        ("MapDataset", "tf.data"),
        ("ResourceApplyAdam", "resource variables"),
        ("QuantizedConv2D", "8 bits"),
        ("RefSwitch", "branches"),
        ("TensorArrayV3", "loops write"),
        ("BatchCholesky", "older names"),
        ("Skipgram", "so far"),
    ],
)
def test_reasons(table: Any, name: str, phrase: str) -> None:
    assert phrase in table.reason_of(name)


def test_reasons_group_the_missing_ops(table: Any) -> None:
    lines = table.second_table(["NcclReduce", "MapDataset", "ZipDataset"])
    assert cells_of("\n".join(lines)) == [
        ["several devices or machines", "1", "`NcclReduce`"],
        ["pipelines of `tf.data`", "2", "`MapDataset` `ZipDataset`"],
    ]
