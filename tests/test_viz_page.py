"""The interactive page: what it embeds and, in a real browser, what it shows."""

from __future__ import annotations

import html.parser
import itertools
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowgraph import dtypes, viz
from flowgraph.callsite import Frame
from flowgraph.graph.graph import Graph
from flowgraph.ops import array
from flowgraph.shapes import TensorShape
from flowgraph.viz.html import page_data
from viz_graphs import Sketch, traced, training_sketch

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
BROWSER_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--window-size=1400,900", "--virtual-time-budget=5000", "--dump-dom"),
)


class PageParser(html.parser.HTMLParser):
    """Collects the elements of a page and the text of its scripts and title."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        self._inside = found.get("id") or tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self.texts[self._inside] = self.texts.get(self._inside, "") + data


def parsed(page: str) -> PageParser:
    parser = PageParser()
    parser.feed(page)
    parser.close()
    return parser


def embedded(page: str) -> Any:
    return json.loads(parsed(page).texts["graph-data"])


def paths(row: list[Any]) -> list[str]:
    """The paths of all scopes below a row of the embedded tree."""
    if isinstance(row[0], int):
        return []
    return [row[0], *(path for child in row[4] for path in paths(child))]


def test_page_needs_nothing_else(tmp_path: Path) -> None:
    text = viz.to_html(training_sketch(), tmp_path / "graph.html", title="A <first> & graph")
    assert (tmp_path / "graph.html").read_text(encoding="utf-8") == text
    page = parsed(text)
    for tag, attributes in page.elements:
        assert tag not in ("link", "img", "iframe", "object")
        assert not {"src", "srcset", "data"} & set(attributes)
    assert page.texts["title"] == page.texts["h1"] == "A <first> & graph"
    outside = set(re.findall(r"https?://[^\s\"'<>]+", text))
    assert outside <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\bfetch\(|XMLHttpRequest|import\(|@import", text)


def test_page_embeds_ops_tree_and_variables() -> None:
    graph = training_sketch()
    data = embedded(viz.to_html(graph))
    assert [row[0] for row in data["ops"]] == [op.name for op in graph.ops]
    names = {op.name: index for index, op in enumerate(graph.ops)}
    matmul = data["ops"][names["hidden/MatMul"]]
    assert data["types"][matmul[1]] == "MatMul" and data["kinds"][matmul[2]] == "forward"
    assert matmul[4] == [[names["x"], 0], [names["hidden/weights/read"], 0]]
    assert matmul[6] == [[data["dtypes"].index("float32"), [None, 784]]]
    init = data["ops"][names["init"]]
    assert len(init[5]) == 4 and init[6] == []
    assert {"hidden/", "hidden/weights/", "train/gradients/", "save/"} <= set(paths(data["tree"]))
    weights = next(row for row in data["variables"] if row["op"] == names["hidden/weights"])
    assert weights["shape"] == [784, 784] and weights["count"] == 614_656
    assert len(data["variables"]) == 4


def test_page_shows_what_attributes_hold() -> None:
    graph = Sketch()
    graph.add(
        "conv",
        "Conv2D",
        strides=[1, 2, 2, 1],
        padding=b"SAME",
        T=dtypes.float32,
        kept=TensorShape([None, 3]),
        value=np.zeros([100, 100], np.float32),
        body=training_sketch(),
        note="x" * 1000,
    )
    graph.ops[0].user_frame = Frame("model.py", 12, "build", "y = conv(x)")
    row = page_data(graph.get_operations())["ops"][0]  # type: ignore[index]
    attributes = row[7]
    assert attributes["strides"] == "[1, 2, 2, 1]" and attributes["padding"] == "SAME"
    assert attributes["T"] == "float32" and attributes["value"] == "float32 [100, 100]"
    assert attributes["kept"] == "(?, 3)"
    assert re.fullmatch(r"graph of \d+ ops", attributes["body"])
    assert len(attributes["note"]) < 300
    assert row[8] == "model.py:12\ny = conv(x)"


def test_a_built_graph_tells_where_its_ops_were_created() -> None:
    graph = Graph()
    with graph.as_default(), graph.device("/cpu:0"):
        x = array.placeholder(dtypes.float32, [None, 4], name="x")
        with graph.name_scope("layer"):
            array.identity(x)
    data = embedded(viz.to_html(graph))
    x_row, second = data["ops"]
    assert second[0] == "layer/Identity" and second[4] == [[0, 0]]
    assert second[7] == {"T": "float32"}
    assert re.fullmatch(r".*test_viz_page\.py:\d+\narray\.identity\(x\)", second[8])
    assert x_row[7]["shape"] == "(?, 4)" and data["devices"] == ["/device:CPU:0"]
    assert '"x" -> "layer/Identity" [label="float32 ?×4"' in viz.to_dot(graph)
    assert viz.to_networkx(graph).nodes["x"]["outputs"] == [("float32", [None, 4])]


def test_page_describes_resource_variables_by_what_they_hold() -> None:
    graph = Sketch()
    shape = TensorShape([3, 5])
    graph.add("w", "VarHandleOp", dtype=dtypes.resource)
    graph.ops[0].attrs = {"shape": shape, "dtype": dtypes.float64}
    (row,) = embedded(viz.to_html(graph))["variables"]
    assert row["shape"] == [3, 5] and row["dtype"] == "float64" and row["count"] == 15


@pytest.mark.parametrize(
    "evil", ["</script><b>", "<!--<script>", "a\"b'c", "\\u2028\u2028", "&lt;"]
)
def test_nothing_embedded_ends_its_element(evil: str) -> None:
    graph = Sketch()
    graph.add(f"op{evil}", "Const", text=evil)
    page = viz.to_html(graph, title=evil)
    assert embedded(page)["ops"][0][0] == f"op{evil}"
    assert embedded(page)["ops"][0][7] == {"text": evil}
    assert [tag for tag, _ in parsed(page).elements].count("script") == 2


def test_page_carries_times_memory_and_plan() -> None:
    run = traced({"hidden/MatMul": 500}, total_bytes=2048)
    plan = {"hidden/MatMul": "step 3: matmul with bias"}
    data = embedded(viz.to_html(training_sketch(), run_metadata=run, plan=plan))
    row = next(row for row in data["ops"] if row[0] == "hidden/MatMul")
    assert row[9:] == ["step 3: matmul with bias", 500.0, 2048]


def test_page_of_tensors_has_only_what_they_need() -> None:
    graph = training_sketch()
    product = next(op for op in graph.ops if op.name == "hidden/MatMul").outputs[0]
    names = {row[0] for row in embedded(viz.to_html(product))["ops"]}
    assert names == {"x", "hidden/weights", "hidden/weights/read", "hidden/MatMul"}


def test_notebooks_show_the_page_in_a_frame() -> None:
    shown = viz.show(training_sketch(), height=300)
    ((tag, attributes),) = parsed(shown._repr_html_()).elements
    assert tag == "iframe" and attributes["height"] == "300"
    assert attributes["srcdoc"] == shown.text


def large_sketch() -> Sketch:
    """10 000 ops: nested scopes, then a long run without any."""
    graph = Sketch()
    signal = graph.add("x", "Placeholder", shape=[None, 64])
    for index in range(2000):
        scope = f"block_{index // 100}/unit_{index % 100}"
        scale = graph.add(f"{scope}/scale", "Const", shape=[64])
        signal = graph.add(f"{scope}/Mul", "Mul", signal, scale, shape=[None, 64])
        signal = graph.add(f"{scope}/Relu", "Relu", signal, shape=[None, 64])
    for index in range(4000):
        signal = graph.add(f"Tanh_{index}", "Tanh", signal, shape=[None, 64])
    return graph


def test_page_of_ten_thousand_ops_is_small_and_folded() -> None:
    page = viz.to_html(large_sketch())
    assert len(page) < 3_000_000
    assert len(embedded(page)["tree"][4]) <= 64


class Shown:
    """What a browser made of a page."""

    def __init__(self, dom: str) -> None:
        drawing = re.search(r'<svg id="stage".*?</svg>', dom, re.S)
        assert drawing, "the page holds no drawing"
        self.dom = dom
        self.root = ET.fromstring(drawing[0].replace("<svg ", '<svg xmlns:xlink="x" ', 1))

    def groups(self, kind: str) -> dict[str, ET.Element]:
        found = {}
        for element in self.root.iter():
            if kind in (element.get("class") or "").split() and element.get("data-path"):
                found[str(element.get("data-path"))] = element
        return found

    @property
    def rectangles(self) -> dict[str, tuple[float, float, float, float]]:
        """Left, top, right and bottom of every box and frame."""
        found = {}
        for path, group in {**self.groups("box"), **self.groups("frame")}.items():
            place = re.match(r"translate\(([-\d.]+) ([-\d.]+)\)", group.get("transform") or "")
            rects = [element for element in group if element.tag.endswith("rect")]
            body = next((r for r in rects if r.get("class") == "body"), rects[0])
            left = float(place[1]) if place else float(body.get("x") or 0)
            top = float(place[2]) if place else float(body.get("y") or 0)
            width, height = float(body.get("width") or 0), float(body.get("height") or 0)
            found[path] = (left, top, left + width, top + height)
        return found

    def classes(self, name: str) -> list[ET.Element]:
        return [e for e in self.root.iter() if name in (e.get("class") or "").split()]


def disjoint(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


if BROWSER:

    def browse(tmp_path: Path, page: str, fragment: str = "", then: str = "") -> Shown:
        """Open the page, run some more script in it, and take what it has become."""
        file = tmp_path / "page.html"
        file.write_text(
            page.replace("</body>", f"<script>{then}</script></body>"), encoding="utf-8"
        )
        command = [
            str(BROWSER),
            *BROWSER_OPTIONS,
            f"--user-data-dir={tmp_path / 'profile'}",
            f"{file.as_uri()}#{fragment}",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        return Shown(done.stdout)

    def test_browser_shows_an_empty_graph(tmp_path: Path) -> None:
        shown = browse(tmp_path, viz.to_html(Sketch(), title="Nothing"))
        assert "0 ops" in shown.dom and not shown.groups("box")

    def test_browser_shows_scopes_folded(tmp_path: Path) -> None:
        shown = browse(tmp_path, viz.to_html(training_sketch()))
        assert set(shown.groups("box")) == {
            *("x", "labels", "hidden/", "output/", "loss/", "train/"),
            *("loss_summary", "init", "save/"),
        }
        assert len(shown.classes("aside")) == 3
        labels = {"".join(e.itertext()) for e in shown.classes("edge-label")}
        assert {"?×784", "?×10"} <= labels

    def test_browser_lays_out_open_scopes_without_overlap(tmp_path: Path) -> None:
        opened = "hidden,hidden/weights,output,train,train/gradients,train/Momentum,save"
        shown = browse(tmp_path, viz.to_html(training_sketch()), f"expand={opened}&theme=dark")
        frames, boxes = shown.groups("frame"), shown.groups("box")
        assert set(frames) == {f"{path}/" for path in opened.split(",")}
        assert {"hidden/MatMul", "hidden/weights/read", "save/SaveV2"} < set(boxes)
        places = shown.rectangles
        for (path, place), (other, there) in itertools.permutations(places.items(), 2):
            if other in frames and f"{path}/".startswith(other):
                assert there[0] <= place[0] and place[2] <= there[2], f"{path} leaves {other}"
                assert there[1] <= place[1] and place[3] <= there[3], f"{path} leaves {other}"
            elif not (path in frames and f"{other}/".startswith(path)):
                assert disjoint(place, there), f"{path} lies on {other}"
        matmul, read = places["hidden/MatMul"], places["hidden/weights/read"]
        assert read[3] < matmul[1], "data flows down"
        assert 'data-theme="dark"' in shown.dom

    def test_browser_opens_and_closes_scopes_by_hand(tmp_path: Path) -> None:
        hands = """
            Element.prototype.setPointerCapture = () => {};
            const find = (path) => document.querySelector(`[data-path="${path}"]`);
            const send = (target, type, x, y) => target.dispatchEvent(
                new PointerEvent(type, { bubbles: true, clientX: x, clientY: y }));
            const press = (target) => {
                send(target, "pointerdown", 5, 5);
                send(target, "pointerup", 5, 5);
            };
            const drag = (target) => {
                send(target, "pointerdown", 5, 5);
                send(target, "pointermove", 105, 45);
                send(target, "pointerup", 105, 45);
            };
            press(find("hidden/"));
            press(find("output/"));
            press(find("output/").querySelector(".frame-head"));
            drag(find("loss/"));
            const enter = new KeyboardEvent("keydown", { key: "Enter", bubbles: true });
            find("train/").dispatchEvent(enter);
            press(find("hidden/").querySelector("rect"));
        """
        shown = browse(tmp_path, viz.to_html(training_sketch()), then=hands)
        assert set(shown.groups("frame")) == {"hidden/", "train/"}
        assert set(shown.groups("chosen")) == {"hidden/"}
        assert "<h2>hidden</h2>" in shown.dom

    def test_browser_finds_an_op_and_opens_what_hides_it(tmp_path: Path) -> None:
        search = """
            const box = document.getElementById("search");
            box.value = "grad matmul hidden";
            box.dispatchEvent(new Event("input"));
            document.querySelector("#results [data-reveal]").click();
        """
        shown = browse(tmp_path, viz.to_html(training_sketch()), then=search)
        wanted = "train/gradients/hidden/MatMul_grad/MatMul"
        assert set(shown.groups("chosen")) == {wanted}
        assert f"<h2>{wanted}</h2>" in shown.dom

    def test_browser_paints_times_and_hides_roles(tmp_path: Path) -> None:
        run = traced({"hidden/MatMul": 1500, "output/MatMul": 20})
        page = viz.to_html(training_sketch(), run_metadata=run)
        shown = browse(tmp_path, page, "color=time&hide=optimizer,auxiliary&tab=variables")
        assert set(shown.groups("box")) == {"x", "labels", "hidden/", "output/", "loss/"}
        assert "1.50 ms" in shown.dom and len(shown.classes("painted")) == 5
        assert "Variables (4)" in shown.dom

    def test_browser_opens_a_graph_of_ten_thousand_ops(tmp_path: Path) -> None:
        page = viz.to_html(large_sketch())
        tree = embedded(page)["tree"]
        group = next(row for row in tree[4] if not isinstance(row[0], int))
        shown = browse(tmp_path, page, f"expand={group[0].rstrip('/')}&select=Tanh_3999")
        assert "10,001 ops" in shown.dom
        assert set(shown.groups("chosen")) == {"Tanh_3999"}
        assert 64 < len(shown.groups("box")) < 400
        assert not re.search(r"NaN|Infinity", ET.tostring(shown.root, encoding="unicode"))
