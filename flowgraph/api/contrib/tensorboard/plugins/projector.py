"""Embeddings in TensorBoard (`tf.contrib.tensorboard.plugins.projector`)."""

from flowgraph.library.projector import (
    EmbeddingInfo,
    ProjectorConfig,
    SpriteMetadata,
    visualize_embeddings,
)

__all__ = ["EmbeddingInfo", "ProjectorConfig", "SpriteMetadata", "visualize_embeddings"]
