"""What nodes of the graph offer the user but later rooms of the pipeline do.

`Tensor.eval` needs a session, `Operation.node_def` a file format, `Tensor.const_value` a kernel.
Imports run one way, so those rooms put their functions here when they load.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

node_def: Callable[[Any], Any]
graph_def: Callable[..., Any]
default_session: Callable[[Any, Any, str], Any]
const_value: Callable[[Any], Any]
const_dims: Callable[[Any], Any]
save_tensors: Callable[..., None]
restore_tensors: Callable[..., list[Any]]
merge_checkpoints: Callable[..., None]
