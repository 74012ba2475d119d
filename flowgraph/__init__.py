"""TensorFlow 1's interface: build a graph, run it in a `Session`.

>>> import flowgraph as tf
>>> product = tf.constant(6.0) * tf.constant(7.0)
>>> with tf.Session() as session:
...     print(session.run(product))
42.0
"""

from flowgraph import errors
from flowgraph.api import aliases as _aliases
from flowgraph.api import (
    bitwise,
    debugging,
    flags,
    gfile,
    image,
    io,
    linalg,
    logging,
    manip,
    math,
    nn,
    python_io,
    random,
    sparse,
    strings,
    summary,
    test,
    train,
)
from flowgraph.api.top import arrays as _arrays
from flowgraph.api.top import control as _control
from flowgraph.api.top import core as _core
from flowgraph.api.top import maths as _maths
from flowgraph.api.top import variables as _variables
from flowgraph.api.top.arrays import *  # noqa: F403
from flowgraph.api.top.control import *  # noqa: F403
from flowgraph.api.top.core import *  # noqa: F403
from flowgraph.api.top.maths import *  # noqa: F403
from flowgraph.api.top.variables import *  # noqa: F403

__version__ = "0.1.0"
VERSION = "1.15.0"
GIT_VERSION = "v1.15.0"
COMPILER_VERSION = ""
newaxis = None

__all__ = [
    *_arrays.__all__,
    *_control.__all__,
    *_core.__all__,
    *_maths.__all__,
    *_variables.__all__,
    "COMPILER_VERSION",
    "GIT_VERSION",
    "VERSION",
    "__version__",
    "bitwise",
    "debugging",
    "errors",
    "flags",
    "gfile",
    "image",
    "io",
    "linalg",
    "logging",
    "manip",
    "math",
    "newaxis",
    "nn",
    "python_io",
    "random",
    "sparse",
    "strings",
    "summary",
    "test",
    "train",
]
