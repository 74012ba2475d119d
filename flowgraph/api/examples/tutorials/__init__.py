"""The data behind the tutorials."""
