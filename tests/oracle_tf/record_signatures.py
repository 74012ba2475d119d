"""Records the signatures of TensorFlow's public functions and classes.

``python tests/oracle_tf/record_signatures.py FOLDER`` in an environment with TensorFlow.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oracle_tf.environment import load_tensorflow

NAMESPACES = (
    "",
    "audio",
    "bitwise",
    "debugging",
    "flags",
    "gfile",
    "graph_util",
    "image",
    "initializers",
    "io",
    "io.gfile",
    "linalg",
    "logging",
    "manip",
    "math",
    "nest",
    "nn",
    "python_io",
    "random",
    "resource_loader",
    "sets",
    "sparse",
    "strings",
    "summary",
    "test",
    "train",
)


def signature_of(function: Any) -> list[str] | None:
    """The parameters as they are written, without annotations; None where Python cannot tell."""
    target = function.__init__ if inspect.isclass(function) else function
    try:
        parameters = list(inspect.signature(target).parameters.values())
    except (TypeError, ValueError):
        return None
    if inspect.isclass(function):
        del parameters[0]
    texts = [str(each.replace(annotation=each.empty)) for each in parameters]
    # A default that is an object shows its address, which differs from run to run.
    return [re.sub(r"=<.*>$", "=<object>", text) for text in texts]


def record(tf: Any) -> dict[str, list[str]]:
    """Public name, without "tf.", to parameters."""
    found = {}
    for namespace in NAMESPACES:
        module = tf
        for part in filter(None, namespace.split(".")):
            module = getattr(module, part)
        for name in dir(module):
            value = getattr(module, name, None)
            if name.startswith("_") or not callable(value):
                continue
            signature = signature_of(value)
            if signature is not None:
                found[f"{namespace}.{name}".lstrip(".")] = signature
    return found


def main(folder: str) -> None:
    """Write the record to a file in `folder`."""
    tf = load_tensorflow()
    lines = [
        f"{json.dumps(name)}: {json.dumps(signature)}"
        for name, signature in sorted(record(tf).items())
    ]
    text = f'{{"version": "{tf.__version__}",\n "signatures": {{\n' + ",\n".join(lines) + "\n}}\n"
    Path(folder, "signatures.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
