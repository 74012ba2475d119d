"""What an error says, without the stacks that TensorFlow writes around it."""

from __future__ import annotations

import re

__all__ = ["short_message"]

_NOISE = ("Graph execution error:", "Detected at node ", "Node: ", "  File ", "    ", "Traceback")
_REST_IS_NOISE = ("Original stack trace", "Errors may have originated", "Input Source operations")
_MAXIMUM = 400


def short_message(error: BaseException) -> str:
    """The message's own lines; places of installed files are left out."""
    text = str(getattr(error, "message", error))
    kept = []
    for line in text.split("\n"):
        if line.startswith(_REST_IS_NOISE):
            break
        if line.strip() and not line.startswith(_NOISE):
            kept.append(re.sub(r"/\S*/", "", line))
    return "\n".join(kept)[:_MAXIMUM]
