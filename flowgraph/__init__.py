"""TensorFlow 1's interface: build a graph, run it in a `Session`.

>>> import flowgraph as tf
>>> product = tf.constant(6.0) * tf.constant(7.0)
>>> with tf.Session() as session:
...     print(session.run(product))
42.0
"""

from flowgraph import errors
from flowgraph.api import (
    app,
    bitwise,
    compat,
    contrib,
    debugging,
    flags,
    gfile,
    graph_util,
    image,
    initializers,
    io,
    linalg,
    logging,
    manip,
    math,
    nest,
    nn,
    python_io,
    pywrap_tensorflow,
    random,
    resource_loader,
    sparse,
    strings,
    summary,
    test,
    train,
    version,
)
from flowgraph.api.top import arrays as _arrays
from flowgraph.api.top import control as _control
from flowgraph.api.top import core as _core
from flowgraph.api.top import maths as _maths
from flowgraph.api.top import old_names as _old_names
from flowgraph.api.top import variables as _variables
from flowgraph.api.top.arrays import *  # noqa: F403
from flowgraph.api.top.control import *  # noqa: F403
from flowgraph.api.top.core import *  # noqa: F403
from flowgraph.api.top.maths import *  # noqa: F403
from flowgraph.api.top.old_names import *  # noqa: F403
from flowgraph.api.top.variables import *  # noqa: F403

__version__ = "0.1.0"
newaxis = None

__all__ = [
    *_arrays.__all__,
    *_control.__all__,
    *_core.__all__,
    *_maths.__all__,
    *_old_names.__all__,
    *_variables.__all__,
    "__version__",
    "app",
    "bitwise",
    "compat",
    "contrib",
    "debugging",
    "errors",
    "flags",
    "gfile",
    "graph_util",
    "image",
    "initializers",
    "io",
    "linalg",
    "logging",
    "manip",
    "math",
    "nest",
    "newaxis",
    "nn",
    "python_io",
    "pywrap_tensorflow",
    "random",
    "resource_loader",
    "sparse",
    "strings",
    "summary",
    "test",
    "train",
    "version",
]
