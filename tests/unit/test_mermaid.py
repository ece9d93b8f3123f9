from __future__ import annotations

import re
from dataclasses import replace

import pytest

from archwright.diagrams import export
from archwright.model import Route
from archwright.views import Kind, container_view
from unit.architectures import ALL, HOSTILE, NINE_NODES, PUBLISH_SUBSCRIBE, WORK_QUEUE

NODE = re.compile(r'^ +(n_\w+)(?:\[\[|\(\[|\[\(|\[/|\{\{|\[)"(.*)"(?:\]\]|\]\)|\)\]|/\]|\}\}|\])$', re.MULTILINE)
ARROW = re.compile(r'^ +(n_\w+) (-->|-\.->)(?:\|"(.*)"\|)? (n_\w+)$', re.MULTILINE)


def source(architecture):
    return export(container_view(architecture), "mermaid").decode()


def read(text):
    """Read a label as Mermaid does."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text)


def plain(text):
    return "".join(text.replace("\x00", "").split())


@pytest.mark.parametrize("name", ALL)
def test_flowchart_holds_what_the_view_holds(name):
    """Same nodes, arrows, labels and groups as the model of the picture."""
    view, text = container_view(ALL[name]), source(ALL[name])

    labels = sorted(plain(read(label)) for _, label in NODE.findall(text))
    assert labels == sorted(plain(f"{node.label}<br/>{node.detail}") for node in view.nodes)
    assert sorted(read(label) for _, _, label, _ in ARROW.findall(text)) == sorted(edge.label for edge in view.edges)
    assert text.count("subgraph group_") == len(view.groups)


def test_arrows_tell_who_waits():
    """A synchronous call is a solid arrow, a message a dotted one."""
    kinds = {label: arrow for _, arrow, label, _ in ARROW.findall(source(NINE_NODES))}

    assert kinds["uploads"] == "-->"
    assert kinds["sends DocumentReceived"] == "-.->"


def test_failure_path_is_marked():
    """Dead letters have a class of their own, and their arrows a colour."""
    view, text = container_view(PUBLISH_SUBSCRIBE), source(PUBLISH_SUBSCRIBE)

    dead = [node for node in view.nodes if node.kind is Kind.DEAD_LETTERS]
    marked = re.search(r"^  class (\S+) failure$", text, re.MULTILINE)[1].split(",")
    coloured = re.search(r"^  linkStyle (\S+) stroke", text, re.MULTILINE)[1].split(",")
    assert len(marked) == len(dead) == 3
    assert [int(number) for number in coloured] == [
        number for number, edge in enumerate(view.edges) if edge.route is Route.FAILURE
    ]


def test_reserved_words_are_no_ids():
    """A container called `end` or `class` does not end the chart."""
    ids = [found[1] for found in NODE.finditer(source(HOSTILE))]

    assert len(ids) == len(set(ids)) == 6
    assert all(one.startswith("n_") for one in ids)


def test_ids_that_differ_only_in_signs_stay_apart():
    """`a-b` and `a_b` are two nodes."""
    twins = tuple(replace(WORK_QUEUE.containers[0], id=one) for one in ("a-b", "a_b"))
    text = source(replace(WORK_QUEUE, containers=twins, relationships=()))

    assert len({found[1] for found in NODE.finditer(text)}) == 4


def test_flowchart_is_described():
    """Screen readers get a title and every arrow in words."""
    text = source(WORK_QUEUE)

    assert "  accTitle: Work queue with competing consumers on this machine\n" in text
    assert "From Order desk to Tasks: sends Task (asynchronous)." in text


def test_long_chains_run_downwards():
    """A row of more nodes than a column of text can hold turns into a column."""
    assert source(WORK_QUEUE).startswith("flowchart LR\n")
    assert source(NINE_NODES).startswith("flowchart TB\n")
