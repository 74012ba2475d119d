"""The description of embeddings that TensorBoard's projector shows."""

from __future__ import annotations

import os
from typing import Any

from google.protobuf import text_format

from flowgraph import protos

__all__ = ["EmbeddingInfo", "ProjectorConfig", "SpriteMetadata", "visualize_embeddings"]

EmbeddingInfo = protos.EmbeddingInfo
ProjectorConfig = protos.ProjectorConfig
SpriteMetadata = protos.SpriteMetadata

_FILE = "projector_config.pbtxt"


def visualize_embeddings(summary_writer: Any, config: Any) -> None:
    """Writes `config`, a ProjectorConfig, beside the events of a writer, or into a folder.

    Args:
        summary_writer: a `FileWriter`, or the name of a folder that is there.

    Raises:
        ValueError: if the writer has no folder.
    """
    is_writer = hasattr(summary_writer, "get_logdir")
    folder = summary_writer.get_logdir() if is_writer else summary_writer
    if not folder:
        raise ValueError("Summary writer must have a logdir")
    with open(os.path.join(folder, _FILE), "w", encoding="utf-8") as file:
        file.write(text_format.MessageToString(config))
