"""Layers, argument scopes and training operations of `tf.contrib`."""
