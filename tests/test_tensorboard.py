"""The real TensorBoard reads what flowgraph writes and gives it back over HTTP."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import flowgraph as tf

STEPS = 4
PICTURES = (np.arange(96) * 5 % 256).reshape(2, 4, 4, 3).astype(np.uint8)
SOUND = np.sin(np.arange(50) / 4).astype(np.float32)[None, :, None]
_ADDRESS = re.compile(r"TensorBoard .* at (http://127\.0\.0\.1:\d+)/")


def write_log(folder: Path) -> None:
    """A few steps of a program with every kind of summary."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.set_random_seed(1)
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        with tf.name_scope("model"):
            w = tf.constant([[1.0], [2.0], [3.0]], name="w")
            y = tf.matmul(x, w, name="y")
        loss = tf.reduce_mean(tf.square(y), name="loss_value")
        tf.summary.scalar("loss", loss)
        tf.summary.histogram("outputs", y)
        tf.summary.image("pictures", tf.constant(PICTURES))
        tf.summary.audio("sound", tf.constant(SOUND), 100.0, max_outputs=1)
        tf.summary.text("note", tf.constant("some *words*"))
        merged = tf.summary.merge_all()
        with tf.summary.FileWriter(str(folder), graph) as writer:
            for step in range(STEPS):
                value = session.run(merged, {x: np.full((5, 3), step, np.float32)})
                writer.add_summary(value, step)
            metadata = tf.RunMetadata()
            options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
            session.run(loss, {x: np.ones((5, 3))}, options=options, run_metadata=metadata)
            writer.add_run_metadata(metadata, "traced run", STEPS)


class Client:
    """Asks a TensorBoard."""

    def __init__(self, address: str) -> None:
        self.address = address

    def bytes(self, path: str, **query: Any) -> bytes:
        url = f"{self.address}/data/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=120) as answer:
            content: bytes = answer.read()
        return content

    def json(self, path: str, **query: Any) -> Any:
        return json.loads(self.bytes(path, **query))


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("log")
    write_log(folder)
    # Without the fast loader, a program of its own, all files are read before the first answer.
    options = ["--logdir", str(folder), "--host", "127.0.0.1", "--port", "0"]
    command = [sys.executable, "-m", "tensorboard.main", *options, "--load_fast", "false"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        said = []
        found = None
        while found is None:
            line = server.stderr.readline()
            said.append(line)
            assert line, "TensorBoard ended:\n" + "".join(said)
            found = _ADDRESS.search(line)
        try:
            client = Client(found[1])
            wait_until_read(client)
            yield client
        finally:
            server.terminate()
            server.communicate()


def wait_until_read(client: Client) -> None:
    """TensorBoard reads the files in a thread of its own: ask until the last event is there."""
    for _ in range(600):
        runs = client.json("plugin/graphs/info")
        if "traced run" in runs.get(".", {}).get("tags", {}):
            return
        time.sleep(0.2)
    pytest.fail("TensorBoard has not read the log")


def test_plugins_are_active(board: Client) -> None:
    listed = board.json("plugins_listing")
    active = {name for name, plugin in listed.items() if plugin["enabled"]}
    assert {"scalars", "histograms", "distributions", "images", "audio", "text", "graphs"} <= active


def test_scalars(board: Client) -> None:
    assert list(board.json("plugin/scalars/tags")["."]) == ["loss"]
    points = board.json("plugin/scalars/scalars", tag="loss", run=".")
    assert [point[1:] for point in points] == [[step, 36.0 * step**2] for step in range(STEPS)]


def test_histograms(board: Client) -> None:
    found = board.json("plugin/histograms/histograms", tag="outputs", run=".")
    assert [each[1] for each in found] == list(range(STEPS))
    for _, step, buckets in found:
        counts = [(low, high, count) for low, high, count in buckets if count]
        assert sum(count for *_, count in counts) == pytest.approx(5)
        assert all(low <= 6 * step <= high for low, high, _ in counts)


def test_images(board: Client) -> None:
    assert sorted(board.json("plugin/images/tags")["."]) == ["pictures/image/0", "pictures/image/1"]
    for number, expected in enumerate(PICTURES):
        tag = f"pictures/image/{number}"
        listed = board.json("plugin/images/images", tag=tag, run=".", sample=0)
        assert [each["step"] for each in listed] == list(range(STEPS))
        query = dict(urllib.parse.parse_qsl(listed[-1]["query"]))
        content = board.bytes("plugin/images/individualImage", **query)
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), expected)


def test_audio(board: Client) -> None:
    listed = board.json("plugin/audio/audio", tag="sound/audio", run=".", sample=0)
    assert [each["contentType"] for each in listed] == ["audio/wav"] * STEPS
    query = dict(urllib.parse.parse_qsl(listed[0]["query"]))
    with wave.open(io.BytesIO(board.bytes("plugin/audio/individualAudio", **query))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getnframes()) == (100, 1, 50)
        samples = np.frombuffer(sound.readframes(50), "<i2") / 2**15
    np.testing.assert_allclose(samples, SOUND[0, :, 0], atol=2**-15)


def test_text(board: Client) -> None:
    events = board.json("plugin/text/text", tag="note", run=".")
    assert [each["step"] for each in events] == list(range(STEPS))
    assert "<em>words</em>" in events[0]["text"]


def test_graph(board: Client) -> None:
    content = board.bytes("plugin/graphs/graph", run=".", conceptual="false").decode()
    for name, op in (("model/y", "MatMul"), ("model/w", "Const"), ("loss_value", "Mean")):
        assert re.search(f'name: "{name}"\\s+op: "{op}"', content), f"{name} is missing"
    assert "_output_shapes" in content


def test_run_metadata(board: Client) -> None:
    content = board.bytes("plugin/graphs/run_metadata", run=".", tag="traced run").decode()
    assert 'node_name: "loss_value"' in content
