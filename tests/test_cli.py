"""The command line, and programs run through it."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph import cli, shapes, shim
from flowgraph.formats.bundle import write_bundle
from flowgraph.formats.events import EventWriter
from flowgraph.protos.messages import Event, MetaGraphDef

ROOT = Path(__file__).resolve().parent.parent


def graph_def() -> Any:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        with tf.name_scope("layer"):
            tf.matmul(x, tf.constant(np.ones((2, 3), np.float32), name="w"), name="product")
    return graph.as_graph_def()


UNKNOWN = """
node { name: "a" op: "Unheard" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "b" op: "Unheard" input: "a:1" input: "^a" }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_binary(path: Path) -> None:
    path.write_bytes(graph_def().SerializeToString())


def write_text(path: Path) -> None:
    path.write_text(str(graph_def()))


def write_meta(path: Path) -> None:
    path.write_bytes(MetaGraphDef(graph_def=graph_def()).SerializeToString())


def write_events(path: Path) -> None:
    writer = EventWriter(path)
    writer.write(Event(graph_def=graph_def().SerializeToString()))
    writer.close()


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("graph.pb", write_binary),
        ("graph.pbtxt", write_text),
        ("model.meta", write_meta),
        ("events.out.tfevents.1", write_events),
    ],
)
def test_view_reads_graphs(folder: Path, name: str, write: Any) -> None:
    write(folder / name)
    for path in (name, "."):
        assert cli.main(["view", path, "--out", "page.html"]) == 0
        page = (folder / "page.html").read_text(encoding="utf-8")
        assert "layer/product" in page
        assert "MatMul" in page
        (folder / "page.html").unlink()


def test_view_finds_the_meta_of_a_checkpoint(folder: Path, capsys: Any) -> None:
    write_meta(folder / "model-7.meta")
    assert cli.main(["view", "model-7", "--format", "dot"]) == 0
    assert capsys.readouterr().out == "model-7.dot\n"
    assert "digraph" in (folder / "model-7.dot").read_text()


def test_view_draws_ops_that_are_not_declared(folder: Path) -> None:
    (folder / "graph.pbtxt").write_text(UNKNOWN)
    assert cli.main(["view", "graph.pbtxt", "--out", "graph.dot"]) == 0
    text = (folder / "graph.dot").read_text()
    assert "Unheard" in text
    assert '"a" -> "b"' in text


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("missing", None, "missing: no such file"),
        ("noise.pb", b"\xff\xfe\xfd", "noise.pb: neither a GraphDef nor a MetaGraphDef"),
        ("empty.pb", b"", "empty.pb: neither a GraphDef nor a MetaGraphDef"),
        ("cut.pbtxt", b'node { name: "b" op: "U" input: "a" }', "an input 'a' that is not there"),
        ("events.tfevents", b"", "no graph in this event file"),
    ],
)
def test_view_says_what_is_wrong(
    folder: Path, capsys: Any, path: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (folder / path).write_bytes(content)
    assert cli.main(["view", path, "--out", "page.html"]) == 1
    assert message in capsys.readouterr().err
    assert not (folder / "page.html").exists()


def test_view_of_an_empty_folder(folder: Path, capsys: Any) -> None:
    assert cli.main(["view", "."]) == 1
    assert "no graph here" in capsys.readouterr().err


@pytest.fixture
def saved(folder: Path) -> str:
    """The prefix of a checkpoint of two tensors."""
    tensors = {"layer/w": np.arange(6, dtype=np.float32).reshape(2, 3), "step": np.int64(7)}
    write_bundle(str(folder / "model-7"), {k: np.asarray(v) for k, v in tensors.items()})
    (folder / "checkpoint").write_text('model_checkpoint_path: "model-7"\n')
    return "model-7"


def test_checkpoint_lists_tensors(saved: str, capsys: Any) -> None:
    for path in (saved, f"{saved}.index", "."):
        assert cli.main(["checkpoint", path]) == 0
        lines = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
        assert lines == [["layer/w", "float32", "[2, 3]"], ["step", "int64", "[]"]]


def test_checkpoint_prints_a_tensor(saved: str, capsys: Any) -> None:
    assert cli.main(["checkpoint", saved, "--tensor", "layer/w"]) == 0
    assert capsys.readouterr().out == "[[0. 1. 2.]\n [3. 4. 5.]]\n"


def test_checkpoint_suggests_names(saved: str, capsys: Any) -> None:
    assert cli.main(["checkpoint", saved, "--tensor", "W"]) == 1
    assert "no tensor 'W'; there is layer/w" in capsys.readouterr().err


def test_checkpoint_that_is_not_there(folder: Path, capsys: Any) -> None:
    assert cli.main(["checkpoint", "nothing"]) == 1
    assert "nothing" in capsys.readouterr().err
    assert cli.main(["checkpoint", "."]) == 1
    assert "no checkpoint in this folder" in capsys.readouterr().err


PROGRAM = '''
"""A program."""
import tensorflow as tf
import tensorflow.compat.v1 as tf1
from tensorflow.examples.tutorials.mnist import input_data
from tensorflow.python.framework import ops
from tensorflow.python.ops import array_ops, math_ops
from tensorflow.python.platform import gfile

FLAGS = tf.app.flags.FLAGS
tf.app.flags.DEFINE_integer("times", 2, "How often.")


def main(argv):
    assert tf1.Graph is tf.Graph is ops.Graph
    assert callable(input_data.read_data_sets) and gfile.Exists(__file__)
    x = array_ops.placeholder(tf.float32, [2])
    with tf.Session() as session:
        total = session.run(math_ops.reduce_sum(x * FLAGS.times), {x: [1, 2]})
    print(argv[1:], tf.__version__, total)


if __name__ == "__main__":
    tf.app.run()
'''


def test_run_runs_a_tensorflow_program(folder: Path) -> None:
    (folder / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "flowgraph", "run", folder / "program.py", "--times=5", "rest"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "['rest'] 1.15.0 15.0\n"), done.stderr


def test_run_of_no_program(folder: Path, capsys: Any) -> None:
    assert cli.main(["run", "nothing.py"]) == 1
    assert "nothing.py: no such program" in capsys.readouterr().err


@pytest.fixture
def installed() -> Iterator[None]:
    """The import hook, for one test."""
    present = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_tensorflow(name)}
    shim.install()
    yield
    shim.uninstall()
    sys.modules.update(present)


def _is_tensorflow(name: str) -> bool:
    return name.split(".")[0] == "tensorflow"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("module", "name", "public"),
    [
        ("tensorflow.nn.rnn_cell", "GRUCell", tf.nn.rnn_cell.GRUCell),
        ("tensorflow.python.ops.rnn_cell_impl", "GRUCell", tf.nn.rnn_cell.GRUCell),
        ("tensorflow.python.ops.rnn", "dynamic_rnn", tf.nn.dynamic_rnn),
        ("tensorflow.python.ops.tensor_array_ops", "TensorArray", tf.TensorArray),
        ("tensorflow.contrib.layers", "fully_connected", tf.contrib.layers.fully_connected),
        ("tensorflow.contrib.rnn.python.ops.core_rnn_cell", "LSTMCell", tf.contrib.rnn.LSTMCell),
        (
            "tensorflow.contrib.learn.python.learn.datasets.mnist",
            "read_data_sets",
            tf.contrib.learn.datasets.mnist.read_data_sets,
        ),
        ("tensorflow.contrib.learn.python.learn", "datasets", tf.contrib.learn.datasets),
        ("tensorflow.core.example.feature_pb2", "Feature", tf.train.Feature),
        ("tensorflow.core.framework.graph_pb2", "GraphDef", tf.GraphDef),
        ("tensorflow.core.framework.types_pb2", "DT_INT32", 3),
        ("tensorflow.python.framework.tensor_shape", "as_shape", shapes.as_shape),
        ("tensorflow.python.framework.tensor_util", "constant_value", tf.get_static_value),
        ("tensorflow.python.layers.utils", "smart_cond", tf.contrib.framework.smart_cond),
        ("tensorflow.python.ops.seq2seq", "rnn_decoder", tf.nn.seq2seq.rnn_decoder),
        ("tensorflow.python.ops.rnn_cell", "EmbeddingWrapper", tf.contrib.rnn.EmbeddingWrapper),
        ("tensorflow.python.ops.rnn", "bidirectional_rnn", tf.nn.static_bidirectional_rnn),
        ("tensorflow.python.util.nest", "is_sequence", tf.nest.is_nested),
        ("tensorflow.contrib.util", "make_ndarray", tf.make_ndarray),
    ],
)
def test_modules_that_programs_import_from(module: str, name: str, public: Any) -> None:
    assert getattr(importlib.import_module(module), name) is public


@pytest.mark.usefixtures("installed")
def test_shim_maps_names() -> None:
    import tensorflow
    import tensorflow.compat.v1
    from tensorflow.python.platform import tf_logging

    assert tensorflow.compat.v1 is tensorflow
    assert tensorflow.nn is tf.nn
    assert tensorflow.__version__ == "1.15.0"
    assert tf_logging.info is tf.logging.info
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tensorflow.nothing  # noqa: B018
    with pytest.raises(ModuleNotFoundError, match=r"tensorflow\.nothing"):
        __import__("tensorflow.nothing")
    for nothing in ("tensorflow.python.nothing", "tensorflow.core.nothing"):
        with pytest.raises(ModuleNotFoundError, match=re.escape(nothing)):
            __import__(nothing)


def test_help_names_the_commands(capsys: Any) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert all(command in text for command in ("view", "checkpoint", "run"))
