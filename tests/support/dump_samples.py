"""Writes every op's samples to a file, for the recorder that runs in another Python.

``python tests/support/dump_samples.py FILE [TOPIC...]``
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[level]) for level in (1, 2)]

from flowgraph.graph.opdef import OpDef  # noqa: E402
from support import archive  # noqa: E402
from support.samples import Case, all_ops, cases_of, plain_attrs, topic_of  # noqa: E402


def describe(definition: OpDef) -> dict[str, Any]:
    """An op as plain values: what TensorFlow must be asked about it."""
    return {
        "name": definition.name,
        "topic": topic_of(definition),
        "inputs": [arg.name for arg in definition.inputs],
        "lists": [arg.is_list for arg in definition.inputs],
        "refs": [arg.is_ref for arg in definition.inputs],
        "cases": [_describe_case(case) for case in cases_of(definition)],
    }


def _describe_case(case: Case) -> dict[str, Any]:
    return {
        "key": case.key,
        "inputs": case.inputs,
        "attrs": plain_attrs(case.definition, case.attrs),
        "grad": case.sample.grad,
        "raises": case.sample.raises,
    }


def main() -> None:
    only = sys.argv[2:]
    chosen = [each for _, each in sorted(all_ops().items()) if not only or topic_of(each) in only]
    archive.save(Path(sys.argv[1]), [describe(each) for each in chosen])


if __name__ == "__main__":
    main()
