"""TensorFlow's V2 checkpoint format, the tensor bundle: ``prefix.index`` and its data files.

The index is a table (`flowgraph.formats.table`). Its key "" holds a BundleHeaderProto, any other
key a BundleEntryProto: dtype, shape, and where in ``prefix.data-SSSSS-of-NNNNN`` the tensor lies,
with its masked CRC-32C. A tensor's data are its elements in row-major order, little endian;
strings are their lengths as varints, the masked checksum of those, and their bytes. The entry of a
partitioned tensor names its parts, which have entries of their own
(`flowgraph.formats.bundle.slices`).

**Replacing a checkpoint.** Index and data are two files, and only one file at a time can be
replaced atomically. So data never go under a name that the present index reads: they take the
name of another number of shards, and the new index, which counts that many, replaces the old one
in a single step. Afterwards the data get a second name, the usual one of a single shard, and an
index that counts one shard makes it the valid one. Whenever the process or the machine stops,
``prefix.index`` describes data files that are complete, and any reader of the format can read
them.
"""

from flowgraph.formats.bundle.layout import data_path, index_path
from flowgraph.formats.bundle.reader import BundleReader
from flowgraph.formats.bundle.writer import Partitioned, write_bundle

__all__ = ["BundleReader", "Partitioned", "data_path", "index_path", "write_bundle"]
