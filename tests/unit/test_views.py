from __future__ import annotations

from dataclasses import replace

import pytest

from archwright.model import Mode, Route
from archwright.views import Kind, container_view
from unit.architectures import (
    ALL,
    DEAD_LETTER_REDRIVE,
    PUBLISH_SUBSCRIBE,
    SQLITE,
    WORK_QUEUE,
    channel,
    flow,
    queue,
)


def node(view, node_id):
    return next(one for one in view.nodes if one.id == node_id)


def arrows(view, route=Route.MAIN):
    return [(edge.source, edge.target, edge.label) for edge in view.edges if edge.route is route]


def test_queue_shows_its_dead_letters_and_the_way_back():
    """Whoever reads the picture sees where a message goes that fails, and that it can come back."""
    view = container_view(WORK_QUEUE)

    assert node(view, "tasks/dead-letters").beside == "tasks"
    assert arrows(view, Route.FAILURE) == [
        ("tasks", "tasks/dead-letters", "after 5 deliveries"),
        ("tasks/dead-letters", "tasks", "redrive"),
    ]


def test_queue_without_dead_letters_shows_none():
    """The twin of the claim above: nothing is drawn that the model does not have."""
    plain = channel("tasks", "Tasks", SQLITE, queue=queue("tasks", "Tasks", dead_letter=False))

    view = container_view(replace(WORK_QUEUE, channels=(plain,)))

    assert [one.id for one in view.nodes] == ["desk", "tasks", "worker"]
    assert arrows(view, Route.FAILURE) == []


def test_topic_stands_in_one_frame_with_its_subscriptions():
    """A topic, its subscriptions and their dead letters are one group, and each subscription tells its filter."""
    view = container_view(PUBLISH_SUBSCRIBE)

    inside = {one.id for one in view.nodes if one.group == "orders"}
    subscriptions = {one.id: one.detail for one in view.nodes if one.kind is Kind.SUBSCRIPTION}
    assert [group.id for group in view.groups] == ["orders"]
    assert inside == {"orders", *subscriptions, *(f"{one}/dead-letters" for one in subscriptions)}
    assert subscriptions == {
        "orders/billing": "kind: placed or cancelled",
        "orders/shipping": "kind: placed",
        "orders/audit": "every message",
    }
    assert ("orders", "orders/audit", "") in arrows(view)


def test_relationship_that_says_itself_is_not_drawn_twice():
    """A blueprint may give its own words to an arrow that the picture would have added."""
    own = flow("tasks/dead-letters", "tasks", "brings back at 10 a second", route=Route.FAILURE)

    view = container_view(replace(WORK_QUEUE, relationships=(*WORK_QUEUE.relationships, own)))

    assert ("tasks/dead-letters", "tasks", "brings back at 10 a second") in arrows(view, Route.FAILURE)
    assert len(view.edges) == 4


def test_operator_meets_the_dead_letters_not_the_queue():
    """On the failure path, who talks to a queue talks to what was set aside."""
    view = container_view(DEAD_LETTER_REDRIVE)

    assert ("operator", "payments/dead-letters", "reads, redrives") in arrows(view, Route.FAILURE)


def test_sentences_tell_every_arrow():
    """The text alternative has the same arrows as the picture, and says who waits and what is failure."""
    sentences = container_view(DEAD_LETTER_REDRIVE).sentences

    assert sentences == (
        "From Payment gateway to Payments: sends Payment (asynchronous).",
        "From Payments to Settlement worker: leases Payment (asynchronous).",
        "From Settlement worker to Bank: books it (the sender waits for the answer).",
        "From Payments to Dead letters of Payments: after 5 deliveries (asynchronous, failure path).",
        "From Operator to Dead letters of Payments: reads, redrives (asynchronous, failure path).",
        "From Dead letters of Payments to Payments: redrive (asynchronous, failure path).",
    )


@pytest.mark.parametrize("name", ALL)
def test_every_part_of_the_model_is_in_the_picture(name):
    """No container, channel, subscription, dead-letter queue or relationship is lost, and ids are unique."""
    architecture = ALL[name]
    view = container_view(architecture)

    queues = [one for part in architecture.channels for one in part.queues]
    subscriptions = [one for part in architecture.channels for one in part.subscriptions]
    dead = sum(one.dead_letter for one in queues)
    ids = [one.id for one in view.nodes]
    assert len(ids) == len(set(ids))
    assert len(ids) == len(architecture.containers) + len(architecture.channels) + len(subscriptions) + dead
    assert len(view.edges) == len(architecture.relationships) + len(subscriptions) + 2 * dead
    assert {end for edge in view.edges for end in (edge.source, edge.target)} <= set(ids)
    assert {edge.mode for edge in view.edges} <= set(Mode)


@pytest.mark.parametrize("name", ALL)
def test_equal_architectures_give_equal_views(name):
    """A view is a value: exporters may rely on it, caches too."""
    assert container_view(ALL[name]) == container_view(replace(ALL[name]))
