"""File formats: checkpoints, record and event files."""
