"""Looking at graphs: pictures, pages, tables and curves."""

from flowgraph.viz.curve import curve
from flowgraph.viz.dot import render, to_dot
from flowgraph.viz.html import Page, show, to_html
from flowgraph.viz.nx import to_networkx
from flowgraph.viz.summary import summary

__all__ = ["Page", "curve", "render", "show", "summary", "to_dot", "to_html", "to_networkx"]
