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
    audio,
    bitwise,
    compat,
    debugging,
    flags,
    gfile,
    graph_util,
    initializers,
    io,
    linalg,
    logging,
    lookup,
    manip,
    math,
    nest,
    nn,
    python_io,
    pywrap_tensorflow,
    queue,
    random,
    resource_loader,
    sparse,
    strings,
    summary,
    test,
    train,
    version,
)
from flowgraph.api import late_namespaces as _late
from flowgraph.api.late_namespaces import __getattr__ as __getattr__
from flowgraph.api.top import arrays as _arrays
from flowgraph.api.top import control as _control
from flowgraph.api.top import core as _core
from flowgraph.api.top import inputs as _inputs
from flowgraph.api.top import maths as _maths
from flowgraph.api.top import old_names as _old_names
from flowgraph.api.top import variables as _variables
from flowgraph.api.top.arrays import *  # noqa: F403
from flowgraph.api.top.control import *  # noqa: F403
from flowgraph.api.top.core import *  # noqa: F403
from flowgraph.api.top.inputs import *  # noqa: F403
from flowgraph.api.top.maths import *  # noqa: F403
from flowgraph.api.top.old_names import *  # noqa: F403
from flowgraph.api.top.variables import *  # noqa: F403

__version__ = "0.1.0"
newaxis = None

__all__ = [
    *_arrays.__all__,
    *_control.__all__,
    *_core.__all__,
    *_late.NAMES,
    *_inputs.__all__,
    *_maths.__all__,
    *_old_names.__all__,
    *_variables.__all__,
    "__version__",
    "app",
    "audio",
    "bitwise",
    "compat",
    "debugging",
    "errors",
    "flags",
    "gfile",
    "graph_util",
    "initializers",
    "io",
    "linalg",
    "logging",
    "lookup",
    "manip",
    "math",
    "nest",
    "newaxis",
    "nn",
    "python_io",
    "queue",
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
