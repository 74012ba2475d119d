"""Measures flowgraph against TensorFlow: the same models, in turn, ratios from one run.

    python3 tools/bench.py [--only CASE ...] [--repeat N] [--tf PYTHON] [--json FILE]

TensorFlow is installed into `.venv-bench`, unless --tf names a Python that has it. Each case runs
in processes of its own, the engines taking turns; the best of all turns counts. Where a case
computes something, both engines must compute the same: else the exit status is 1. Run it while
nothing else runs.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import _venv

MEASURE = _venv.ROOT / "benchmarks" / "measure.py"
TF_VENV = _venv.ROOT / ".venv-bench"
TF_PACKAGE = "tensorflow-cpu==2.21.*"
ENGINES = ("flowgraph", "tensorflow")
CASES = (
    "import",
    "chain",
    "trivial_constants",
    "trivial_placeholder",
    "softmax_regression",
    "relu_network",
    "small_network",
    "skip_gram",
    "scalar_loop",
    "lstm_unrolled",
    "lstm_loop",
    "convnet",
    "checkpoint",
)
# Float32 results of different summation orders, after a few training steps.
TOLERANCE = 1e-3

Results = dict[str, dict[str, Any]]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=CASES, metavar="CASE", default=CASES)
    parser.add_argument("--repeat", type=int, default=3, help="turns of each engine (default 3)")
    parser.add_argument("--tf", type=Path, metavar="PYTHON", help="a Python with TensorFlow")
    parser.add_argument("--python", type=Path, help="a Python with flowgraph, instead of .venv's")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures there")
    options = parser.parse_args(arguments)
    pythons = {
        "flowgraph": options.python or _venv.prepare(),
        "tensorflow": options.tf or tensorflow_python(),
    }
    results = compare(pythons, options.only, options.repeat)
    if options.json is not None:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(table(results["best"]))
    differing = different_values(results["values"])
    for line in differing:
        print("DIFFERENT:", line)
    return 1 if differing else 0


def tensorflow_python() -> Path:
    """The Python of `.venv-bench`, made if need be."""
    python = TF_VENV / "bin" / "python"
    if not (TF_VENV / "complete").exists():
        install: list[str | Path] = [python, "-m", "pip", "install", "--quiet", TF_PACKAGE]
        if _venv.run([sys.executable, "-m", "venv", "--clear", TF_VENV]) or _venv.run(install):
            sys.exit(f"Could not install {TF_PACKAGE}; --tf names a Python that has TensorFlow.")
        (TF_VENV / "complete").touch()
    return python


def compare(pythons: dict[str, Path], cases: list[str], repeat: int) -> Results:
    """The best figure per line of the table and engine, and the values computed."""
    best: dict[str, dict[str, float]] = {}
    values: dict[str, dict[str, list[float]]] = {}
    for case in cases:
        for turn in range(repeat):
            for engine in ENGINES:
                print(f"{case}, turn {turn + 1} of {repeat}: {engine}", file=sys.stderr, flush=True)
                found = measured(pythons[engine], engine, case)
                for unit in ("seconds", "MiB"):
                    for name, figure in found.get(unit, {}).items():
                        line = best.setdefault(f"{name} [{unit}]", {})
                        line[engine] = min(figure, line.get(engine, math.inf))
                for name, computed in found["values"].items():
                    values.setdefault(name, {})[engine] = computed
    return {"best": best, "values": values}


def measured(python: Path, engine: str, case: str) -> dict[str, Any]:
    command = [str(python), str(MEASURE), engine, case]
    ended = subprocess.run(command, cwd=_venv.ROOT, capture_output=True, text=True)
    if ended.returncode:
        sys.exit(f"{case} with {engine} failed:\n{ended.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return result


def different_values(values: dict[str, dict[str, list[float]]]) -> list[str]:
    """A line for each case on which the engines disagree."""
    lines = []
    for name, by_engine in values.items():
        one, other = (by_engine[engine] for engine in ENGINES)
        pairs = zip(one, other, strict=True)
        if not all(math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE) for a, b in pairs):
            lines.append(f"{name}: flowgraph {one}, tensorflow {other}")
    return lines


def table(best: dict[str, dict[str, float]]) -> str:
    """The figures as a Markdown table; the ratio says how many times less flowgraph needs."""
    rows = [
        f"{platform.machine()}, Python {platform.python_version()}, peer {TF_PACKAGE}",
        "",
        "| | flowgraph | TensorFlow | ratio |",
        "|---|---:|---:|---:|",
    ]
    for name, figures in best.items():
        own, peer = (figures[engine] for engine in ENGINES)
        label, unit = name.rstrip("]").split(" [")
        if unit == "seconds":
            shown = [duration(own), duration(peer)]
        else:
            shown = [f"{own:.0f} {unit}", f"{peer:.0f} {unit}"]
        rows.append(f"| {label.replace('_', ' ')} | {shown[0]} | {shown[1]} | {peer / own:.1f} |")
    return "\n".join(rows)


def duration(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
