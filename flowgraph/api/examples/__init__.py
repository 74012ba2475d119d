"""Where TensorFlow 1 keeps its example code."""
