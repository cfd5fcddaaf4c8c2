"""The simulation as pictures: a Mermaid flowchart, drawings, and one HTML file with everything in it."""

from __future__ import annotations

from destmock._pictures.graph import Graph, graph
from destmock._pictures.mermaid import flowchart
from destmock._pictures.report import report
from destmock._pictures.topology import Topology, topology

__all__ = ["Graph", "Topology", "flowchart", "graph", "report", "topology"]
