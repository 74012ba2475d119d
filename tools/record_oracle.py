"""Records what TensorFlow gives for the ops' samples and the test programs, into tests/oracle.

    python3 tools/record_oracle.py [--tensorflow PYTHON] [--flowgraph PYTHON] [--only TOPIC ...]

Makes `.venv` for flowgraph and `.venv-oracle` for TensorFlow, unless Pythons are given that have
them. Run it after a sample or a program was added or changed; the tests say so when it is needed.
A topic is a module of `flowgraph/ops` or of `tests/programs`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import _venv

REQUIREMENT = "tensorflow-cpu==2.21.*"
TESTS = _venv.ROOT / "tests"
ORACLE = TESTS / "oracle"
VENV = _venv.ROOT / ".venv-oracle"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tensorflow", type=Path, help=f"a Python that has {REQUIREMENT}")
    parser.add_argument("--flowgraph", type=Path, help="a Python that has flowgraph's packages")
    parser.add_argument("--only", nargs="+", metavar="TOPIC", default=[], help="record only these")
    chosen = parser.parse_args(arguments)
    flowgraph_python = chosen.flowgraph or _venv.prepare(["test"])
    tensorflow_python = chosen.tensorflow or oracle_python()
    with tempfile.TemporaryDirectory() as folder:
        samples = Path(folder) / "samples.npz"
        only = chosen.only
        steps: list[list[str | Path]] = [
            [flowgraph_python, TESTS / "support" / "dump_samples.py", samples, *only],
            [tensorflow_python, TESTS / "oracle_tf" / "record_opdefs.py", samples, ORACLE, *only],
            [tensorflow_python, TESTS / "oracle_tf" / "record_ops.py", samples, ORACLE, *only],
            [tensorflow_python, TESTS / "oracle_tf" / "record_programs.py", ORACLE, *only],
        ]
        if not only:
            recorders = ("signatures", "resource_variables", "v1_graphs")
            for name in recorders:
                recorder = TESTS / "oracle_tf" / f"record_{name}.py"
                steps.append([tensorflow_python, recorder, ORACLE])
        failed = [step for step in steps if _venv.run(step)]
    for step in failed:
        sys.stderr.write(f"FAILED: {Path(step[1]).name}; its lines above say why\n")
    return 1 if failed else 0


def oracle_python() -> Path:
    """The Python of `.venv-oracle`, which is made if it does not hold TensorFlow."""
    python = VENV / "bin" / "python"
    if (
        python.exists()
        and _venv.run([python, "-m", "pip", "show", "--quiet", "tensorflow-cpu"]) == 0
    ):
        return python
    if _venv.run([sys.executable, "-m", "venv", "--clear", VENV]):
        sys.exit(f"Could not make {VENV}; the lines above say why.")
    if _venv.run([python, "-m", "pip", "install", "--quiet", REQUIREMENT, "ml_dtypes"]):
        sys.exit(f"Could not install {REQUIREMENT} into {VENV}; the lines above say why.")
    return python


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
