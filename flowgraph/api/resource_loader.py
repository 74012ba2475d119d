"""Files beside the source (`tf.resource_loader`)."""

from flowgraph.library.platform.environment import (
    get_data_files_path,
    get_path_to_datafile,
    load_resource,
)

__all__ = ["get_data_files_path", "get_path_to_datafile", "load_resource"]
