"""What nodes of the graph offer the user but later rooms of the pipeline do.

`Tensor.eval` needs a session, `Operation.node_def` a file format, `Tensor.const_value` a kernel.
Imports run one way, so those rooms put their functions here when they load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

node_def: Callable[[Any], Any]
graph_def: Callable[..., Any]
default_session: Callable[[Any, Any, str], Any]
const_value: Callable[[Any], Any]
const_dims: Callable[[Any], Any]
save_tensors: Callable[..., None]
restore_tensors: Callable[..., list[Any]]
merge_checkpoints: Callable[..., None]
file_errors: Callable[[str], AbstractContextManager[None]]
read_records: Callable[[str, str], Iterator[bytes]]
open_to_read: Callable[[str, str], Any]
tensor_value: Callable[[Any], Any]
