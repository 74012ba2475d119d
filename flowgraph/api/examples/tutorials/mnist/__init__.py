"""MNIST for the tutorials."""
