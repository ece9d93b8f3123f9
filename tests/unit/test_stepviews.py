from __future__ import annotations

import pytest

from archwright.catalog import read_catalog
from archwright.diagrams import export
from archwright.model import Route
from archwright.resolve import resolve
from archwright.stepviews import workflow_view
from archwright.views import Kind
from made_up import LIMITS, write_catalog
from made_up_workflow import WITH_ENGINE, WITH_WORKFLOW


@pytest.fixture(scope="module")
def view(tmp_path_factory):
    folder = write_catalog(
        tmp_path_factory.mktemp("catalog"), blueprint=WITH_WORKFLOW, platform=WITH_ENGINE, limits=LIMITS
    )
    return workflow_view(resolve(read_catalog([folder]), "pigeon-post", "mountain", "my-post", {}).workflows[0])


def test_every_step_stands_in_the_order_of_an_execution(view):
    """Steps come as an execution meets them, those of a map in its frame, and the end is drawn."""
    assert [node.id for node in view.nodes][:4] == ["sort", "any-letters", "fly-all", "dry"]
    assert {node.id for node in view.nodes if node.group == "fly-all"} == {"fly", "landed"}
    assert [group.label for group in view.groups] == ["for each letter of sorting.letters, 3 at a time"]
    assert next(node for node in view.nodes if node.id == "end").kind is Kind.SUCCEED


def test_arrows_say_when_they_are_taken(view):
    """A choice's arrows bear their conditions, and those of a failure bear its name on the failure path."""
    labels = {(edge.source, edge.target): (edge.label, edge.route) for edge in view.edges}

    assert labels["any-letters", "fly-all"] == ("sorting.count above 0", Route.MAIN)
    assert labels["any-letters", "nothing"] == ("otherwise", Route.MAIN)
    assert labels["sort", "torn"] == ("on SackTorn", Route.FAILURE)
    assert labels["fly-all", "tell"] == ("on any error", Route.FAILURE)


def test_the_picture_speaks_of_steps_and_not_of_messages(view):
    """Whoever cannot see the picture is told what follows what; nothing waits for an answer here."""
    assert "After Sort the sack comes any-letters." in view.sentences
    assert "Where Sort the sack has failed comes torn (on SackTorn)." in view.sentences
    assert "asynchronous" not in export(view, "svg").decode()
    assert 'n_any_letters{"any-letters' in export(view, "mermaid").decode()
