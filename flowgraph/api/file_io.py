"""Files and folders under the names of TensorFlow's own module for them."""

from flowgraph.library.platform.file_io import GFile as FileIO
from flowgraph.library.platform.file_io import (
    copy,
    read_file_to_string,
    rename,
    stat,
    walk,
    write_string_to_file,
)
from flowgraph.library.platform.file_io import exists as file_exists
from flowgraph.library.platform.file_io import glob as get_matching_files
from flowgraph.library.platform.file_io import isdir as is_directory
from flowgraph.library.platform.file_io import listdir as list_directory
from flowgraph.library.platform.file_io import makedirs as recursive_create_dir
from flowgraph.library.platform.file_io import mkdir as create_dir
from flowgraph.library.platform.file_io import remove as delete_file
from flowgraph.library.platform.file_io import rmtree as delete_recursively

__all__ = [
    "FileIO",
    "copy",
    "create_dir",
    "delete_file",
    "delete_recursively",
    "file_exists",
    "get_matching_files",
    "is_directory",
    "list_directory",
    "read_file_to_string",
    "recursive_create_dir",
    "rename",
    "stat",
    "walk",
    "write_string_to_file",
]
