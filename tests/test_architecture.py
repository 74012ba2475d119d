"""The rules by which the source is laid out, checked on its syntax trees.

The rules are the data below. A failure names file, line and rule.
"""

from __future__ import annotations

import ast
import re
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("flowgraph", "tests", "tools", "examples")

BASE = ("errors", "dtypes", "dims", "shapes", "options", "callsite", "protos")
_DECLARE = ("base", "graph", "ops", "autodiff")
_RUN = ("base", "graph", "compiler", "backends", "runtime")
_LIBRARY = (*_RUN, "ops", "autodiff", "formats", "library")

# Which layers a layer may import besides itself. A layer is a package or module of flowgraph/;
# the modules of BASE are the layer "base", flowgraph/__init__.py is the layer "public".
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "base": (),
    "graph": ("base",),
    "ops": ("base", "graph"),
    "autodiff": _DECLARE,
    "compiler": ("base", "graph"),
    "backends": ("base", "graph", "compiler"),
    "runtime": _RUN,
    "formats": ("base", "graph"),
    "viz": ("base", "graph", "compiler"),
    "datasets": ("base",),
    "library": _LIBRARY,
    "distributed": _LIBRARY,
    "api": (*_LIBRARY, "distributed", "datasets", "viz"),
    "public": ("base", "api"),
    "models": ("public", "api"),
    "shim": ("public", "api"),
    "cli": (*_LIBRARY, "distributed", "datasets", "viz", "api", "public", "models", "shim"),
    "__main__": ("cli",),
}
MAXIMUM_LINES = 399
MAY_PRINT = ("flowgraph/cli.py", "flowgraph/viz/summary.py")
MACHINE_PATH = re.compile(r"(?<![\w.}])(?:/(?:home|root|work|tmp|opt|mnt|Users)/|[A-Z]:\\\\)")

Findings = Iterator[tuple[int, str]]


def layer_of(module: str) -> str:
    """The layer of a dotted name: "base" for "flowgraph.errors", "ops" for "flowgraph.ops.nn"."""
    parts = module.split(".")
    if len(parts) == 1:
        return "public"
    return "base" if parts[1] in BASE else parts[1]


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _absolute(node: ast.ImportFrom, path: str) -> str:
    """The dotted name after `from`, with the leading dots of a relative import resolved."""
    if node.level == 0:
        return node.module or ""
    package = path.removesuffix(".py").split("/")[: -node.level]
    return ".".join([*package, node.module] if node.module else package)


def _imports(tree: ast.AST, path: str) -> Findings:
    """Line and dotted name of what statements, or calls with a literal name, import."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from ((node.lineno, alias.name) for alias in node.names)
            case ast.ImportFrom():
                source = _absolute(node, path)
                members = [_member(alias.name) for alias in node.names]
                names = members if source == "flowgraph" else [source]
                yield from ((node.lineno, name) for name in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name


def _member(name: str) -> str:
    """`from flowgraph import name` imports a layer's module, or else a public name."""
    is_module = name in BASE or name in MAY_IMPORT
    return f"flowgraph.{name}" if is_module else "flowgraph"


def _is_internal(module: str) -> bool:
    return module.split(".")[0] == "flowgraph"


def import_direction(tree: ast.Module, path: str) -> Findings:
    """A layer imports only itself and the layers below it."""
    own = layer_of(module_name(path))
    if own not in MAY_IMPORT:
        yield 1, f"{own} is no layer that MAY_IMPORT knows"
        return
    for line, module in _imports(tree, path):
        layer = layer_of(module)
        if _is_internal(module) and layer != own and layer not in MAY_IMPORT[own]:
            yield line, f"{own} must not import {module} (layer {layer})"


def no_hidden_import(tree: ast.Module, path: str) -> Findings:
    """An import of flowgraph stands at the top of its module, where it can be seen."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for line, module in _imports(function, path):
                if _is_internal(module):
                    yield line, f"{module} is imported inside a function"


def init_holds_no_logic(tree: ast.Module, path: str) -> Findings:
    """A package's __init__ has a docstring, imports and assignments of plain values only."""
    if not path.endswith("/__init__.py"):
        return
    for node in tree.body:
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
                pass
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                if not _is_plain(value):
                    yield node.lineno, "an __init__ assigns plain values only"
            case _:
                yield node.lineno, f"{type(node).__name__} in an __init__"


def _is_plain(value: ast.expr) -> bool:
    """A literal, a dotted name, or a list or tuple of them."""
    match value:
        case ast.Constant() | ast.Name():
            return True
        case ast.Attribute(value=inner) | ast.Starred(value=inner):
            return _is_plain(inner)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return all(_is_plain(item) for item in items)
    return False


def no_print(tree: ast.Module, path: str) -> Findings:
    """The library does not print; the command line and viz.summary do."""
    if path in MAY_PRINT:
        return
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="print")):
                yield node.lineno, "print in the library"


def stdlib_only(tree: ast.Module, path: str) -> Findings:
    """The tools run on a bare Python: they import its library and each other."""
    siblings = {tool.stem for tool in (ROOT / "tools").glob("*.py")}
    for line, module in _imports(tree, path):
        top = module.split(".")[0]
        if top not in sys.stdlib_module_names and top not in siblings:
            yield line, f"a tool imports {module}"


def no_machine_path(tree: ast.Module, path: str) -> Findings:
    """No text names a place on one person's machine."""
    after_brace = {
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values[1:]
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = MACHINE_PATH.search("}" * (node in after_brace) + node.value)
            if found:
                yield node.lineno, f"absolute path beginning with {found.group()}"


Rule = Callable[[ast.Module, str], Findings]

RULES: list[tuple[Rule, tuple[str, ...]]] = [
    (import_direction, ("flowgraph",)),
    (no_hidden_import, ("flowgraph",)),
    (init_holds_no_logic, ("flowgraph",)),
    (no_print, ("flowgraph",)),
    (stdlib_only, ("tools",)),
    (no_machine_path, FOLDERS),
]


def source_files(folders: tuple[str, ...]) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize(("rule", "folders"), RULES, ids=[rule.__name__ for rule, _ in RULES])
def test_rule(rule: Rule, folders: tuple[str, ...]) -> None:
    files = source_files(folders)
    assert files
    findings = []
    for file in files:
        path = file.relative_to(ROOT).as_posix()
        tree = ast.parse(file.read_text(encoding="utf-8"), path)
        findings += [f"{path}:{line}: {why} [{rule.__name__}]" for line, why in rule(tree, path)]
    assert not findings, f"{rule.__doc__}\n" + "\n".join(findings)


def test_files_are_short() -> None:
    lengths = {
        file.relative_to(ROOT).as_posix(): len(file.read_text(encoding="utf-8").splitlines())
        for file in source_files(FOLDERS)
    }
    findings = [
        f"{path}:{lines}: more than {MAXIMUM_LINES} lines"
        for path, lines in lengths.items()
        if lines > MAXIMUM_LINES
    ]
    assert not findings, "\n".join(findings)


BREACHES: list[tuple[Rule, str, str]] = [
    (import_direction, "flowgraph/compiler/a.py", "import flowgraph.ops.nn"),
    (import_direction, "flowgraph/compiler/a.py", "from flowgraph import ops"),
    (import_direction, "flowgraph/compiler/a.py", "from flowgraph import float32"),
    (import_direction, "flowgraph/compiler/a.py", "def f():\n    from ..runtime import plan"),
    (import_direction, "flowgraph/compiler/passes/a.py", "from ...ops import nn"),
    (import_direction, "flowgraph/compiler/__init__.py", "from ..ops import nn"),
    (import_direction, "flowgraph/compiler/a.py", "import_module('flowgraph.ops')"),
    (import_direction, "flowgraph/errors.py", "from flowgraph.graph import graph"),
    (import_direction, "flowgraph/unheard_of.py", ""),
    (no_hidden_import, "flowgraph/graph/a.py", "def f():\n    from . import b"),
    (no_hidden_import, "flowgraph/graph/a.py", "def f():\n    import flowgraph.errors"),
    (init_holds_no_logic, "flowgraph/graph/__init__.py", "def __getattr__(name): ..."),
    (init_holds_no_logic, "flowgraph/graph/__init__.py", "x = f()"),
    (init_holds_no_logic, "flowgraph/graph/__init__.py", "if x:\n    import y"),
    (no_print, "flowgraph/graph/a.py", "print(1)"),
    (stdlib_only, "tools/a.py", "import numpy"),
    (stdlib_only, "tools/a.py", "def f():\n    from flowgraph import ops"),
    (no_machine_path, "tests/a.py", r"'\x2fhome/me/data'"),
    (no_machine_path, "tests/a.py", r"f'see \x2ftmp/{x}'"),
]


@pytest.mark.parametrize(("rule", "path", "source"), BREACHES)
def test_rule_finds_breach(rule: Rule, path: str, source: str) -> None:
    assert list(rule(ast.parse(source), path))


KEPT: list[tuple[Rule, str, str]] = [
    (import_direction, "flowgraph/compiler/a.py", "from flowgraph import dtypes, graph"),
    (import_direction, "flowgraph/compiler/passes/a.py", "from .. import program"),
    (import_direction, "flowgraph/models/a.py", "import flowgraph as tf"),
    (import_direction, "flowgraph/__init__.py", "from flowgraph.api.ops import add"),
    (no_hidden_import, "flowgraph/viz/a.py", "def f():\n    import matplotlib"),
    (init_holds_no_logic, "flowgraph/__init__.py", "'''Doc.'''\nimport a\n__all__ = ['a', *a.b]"),
    (no_print, "flowgraph/cli.py", "print(1)"),
    (stdlib_only, "tools/a.py", "import json, _venv"),
    (no_machine_path, "tests/a.py", "'https://a.org/home/x', '/job:worker', f'{a}/work/b'"),
]


@pytest.mark.parametrize(("rule", "path", "source"), KEPT)
def test_rule_lets_pass(rule: Rule, path: str, source: str) -> None:
    assert not list(rule(ast.parse(source), path))


def test_network_is_out_of_reach() -> None:
    with socket.socket() as client, pytest.raises(OSError, match="must not use the network"):
        client.connect(("192.0.2.1", 80))
