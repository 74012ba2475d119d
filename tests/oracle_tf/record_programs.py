"""Records what TensorFlow makes of the test programs.

``python tests/oracle_tf/record_programs.py FOLDER [TOPIC...]`` in an environment with TensorFlow.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oracle_tf.environment import load_tensorflow, session
from support import archive
from support.messages import short_message
from support.programs import all_programs, observe


def main() -> None:
    tf = load_tensorflow()
    folder = Path(sys.argv[1])
    only = sys.argv[2:]
    topics: dict[str, dict[str, Any]] = {}
    failures = []
    for name, program in all_programs().items():
        if only and program.topic not in only:
            continue
        recorded = topics.setdefault(program.topic, {})
        try:
            recorded[name] = observe(tf, program, lambda: session(tf))
        except Exception as error:
            failures.append(f"{name}: {type(error).__name__}: {short_message(error)}")
    if not only:
        for old in folder.glob("programs_*.npz"):
            if old.stem.removeprefix("programs_") not in topics:
                old.unlink()
    for topic, recorded in topics.items():
        tree = {"tensorflow": tf.__version__, "cases": recorded}
        archive.save(folder / f"programs_{topic}.npz", tree)
    for line in failures:
        sys.stderr.write(f"not recorded: {line}\n")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
