"""Recurrent networks: cells, wrappers of cells, and the functions that unroll them."""
