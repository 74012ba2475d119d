"""Records TensorFlow's own declarations of the ops that flowgraph declares.

``python tests/oracle_tf/record_opdefs.py SAMPLES FOLDER [TOPIC...]`` in an environment with
TensorFlow. With topics, SAMPLES holds only their ops and what is known of others stays.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oracle_tf.environment import load_tensorflow
from oracle_tf.raw_ops import default_of, op_def_of
from support import archive


def describe(tf: Any, op_def: Any) -> dict[str, Any]:
    """An OpDef as JSON values."""
    return {
        "inputs": [_arg(tf, arg) for arg in op_def.input_arg],
        "outputs": [_arg(tf, arg) for arg in op_def.output_arg],
        "attrs": {attr.name: _attr(tf, attr) for attr in op_def.attr},
        "stateful": op_def.is_stateful,
    }


def _arg(tf: Any, arg: Any) -> list[Any]:
    """Name, type, number of tensors, whether it is a reference."""
    dtype = arg.type_attr or arg.type_list_attr or tf.as_dtype(arg.type).name
    count = "[]" if arg.type_list_attr else arg.number_attr
    return [arg.name, dtype, count, arg.is_ref]


def _attr(tf: Any, attr: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": attr.type}
    if attr.HasField("default_value"):
        found["default"] = _named(tf, attr.type, default_of(attr))
    if attr.HasField("allowed_values"):
        allowed = attr.allowed_values.list
        names = [_type_name(tf, each) for each in allowed.type]
        found["allowed"] = names or [each.decode() for each in allowed.s]
    if attr.has_minimum:
        found["minimum"] = attr.minimum
    return found


def _named(tf: Any, kind: str, default: Any) -> Any:
    """A default with type names for type numbers."""
    if kind == "type":
        return _type_name(tf, default)
    if kind == "list(type)":
        return [_type_name(tf, each) for each in default]
    if isinstance(default, list):
        return [each.decode() if isinstance(each, bytes) else each for each in default]
    return default


def _type_name(tf: Any, number: int) -> str:
    return str(tf.as_dtype(number).name)


def main() -> None:
    tf = load_tensorflow()
    path = Path(sys.argv[2]) / "opdefs.json"
    found = json.loads(path.read_text(encoding="utf-8")) if sys.argv[3:] else {}
    found.pop("tensorflow", None)
    for op in archive.load(Path(sys.argv[1])):
        op_def = op_def_of(op["name"])
        if op_def is not None:
            found[op["name"]] = describe(tf, op_def)
    lines = [f"{json.dumps(name)}: {json.dumps(each)}" for name, each in sorted(found.items())]
    head = f'"tensorflow": {json.dumps(tf.__version__)}'
    text = "{\n" + ",\n".join([head, *lines]) + "\n}\n"
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
