"""The input of a language model as a queue: windows of a text and the tokens that follow them."""

from __future__ import annotations

from typing import Any

import flowgraph as tf

__all__ = ["token_queue"]


def token_queue(
    raw_data: Any, batch_size: int, num_steps: int, name: str | None = None
) -> tuple[Any, Any]:
    """The next window of each of `batch_size` parts of a text, and the same one token later.

    The ids, without a remainder, are laid out in `batch_size` rows of equal length L. Run number i
    gives the columns from ``i num_steps``, and after ``(L - 1) // num_steps`` runs begins anew. The
    number of the window comes from a queue, so queue runners must have been started.

    Args:
        raw_data: a vector of ids.
        batch_size: how many parts are read side by side.
        num_steps: the length of a window.

    Returns:
        (x, y), each int32 [batch_size, num_steps]; the targets y are x shifted by one.

    Raises:
        InvalidArgumentError: if the text is too short for one window.
    """
    with tf.name_scope(name, "token_queue", [raw_data]):
        ids = tf.convert_to_tensor(raw_data, tf.int32, name="raw_data")
        length = tf.size(ids) // batch_size
        rows = tf.reshape(ids[: batch_size * length], [batch_size, length])
        windows = (length - 1) // num_steps
        enough = tf.assert_positive(
            windows, message="epoch_size == 0, decrease batch_size or num_steps"
        )
        with tf.control_dependencies([enough]):
            windows = tf.identity(windows, name="epoch_size")
        begin = tf.train.range_input_producer(windows, shuffle=False).dequeue() * num_steps
        x = tf.strided_slice(rows, [0, begin], [batch_size, begin + num_steps])
        y = tf.strided_slice(rows, [0, begin + 1], [batch_size, begin + num_steps + 1])
        x.set_shape([batch_size, num_steps])
        y.set_shape([batch_size, num_steps])
        return x, y
