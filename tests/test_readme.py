"""The README's program prints what the README says, and what it points at is there."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import flowgraph as tf

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PICTURE = ROOT / "docs" / "first_program.svg"


def block(language: str, after: str = "") -> str:
    """The first code block of a language behind the text `after`."""
    match = re.compile(rf"^```{language}\n(.*?)^```$", re.M | re.S).search(
        README, README.index(after)
    )
    assert match is not None, f"no {language} block behind {after!r}"
    return match.group(1)


def test_first_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "first_program.py"
    program.write_text(block("python"), encoding="utf-8")
    with tf.Graph().as_default() as graph:
        runpy.run_path(str(program))
        names = {op.name.split("/")[0] for op in graph.get_operations()}
    assert capsys.readouterr().out == block("text", "```python")
    picture = PICTURE.read_text(encoding="utf-8")
    # Folded scopes and the ops that stand outside of them; initializers are set aside.
    for name in names - {"init"}:
        assert name in picture, f"{PICTURE.name} lacks {name}; render it again"


def test_commands_are_those_of_the_tools_and_of_ci() -> None:
    commands = [line.split("#")[0].strip() for line in block("sh").splitlines()]
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert commands and set(commands) <= set(ci)


@pytest.mark.parametrize(
    "path",
    sorted(set(re.findall(r"`((?:flowgraph|examples|tests|tools|benchmarks)/[^`*]*)`", README))),
)
def test_paths_exist(path: str) -> None:
    assert (ROOT / path).exists()


def test_links_exist() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert {"docs/first_program.svg", "examples", "LICENSE"} <= set(links)
    assert all((ROOT / link).exists() for link in links)
