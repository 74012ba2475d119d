"""The names that stand directly in the top namespace, by theme."""
