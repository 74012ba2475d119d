"""Sequence-to-sequence models whose decoders run in a loop."""
