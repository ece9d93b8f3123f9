from __future__ import annotations

import base64
import contextlib
import http.server
import json
import threading
import time
from dataclasses import dataclass, field

import pytest
from google.api_core import exceptions

from pubsub_clients import duration, until

pytest_plugins = ["pubsub_fixtures"]


@dataclass
class Endpoint:
    """An HTTP endpoint that answers with the given statuses, then always with 200."""

    url: str
    statuses: list[int]
    hits: list[tuple[float, dict[str, str], bytes]] = field(default_factory=list)


@contextlib.contextmanager
def _endpoint(*statuses):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            endpoint.hits.append((time.monotonic(), dict(self.headers), body))
            self.send_response(endpoint.statuses.pop(0) if endpoint.statuses else 200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}/push?token=1", list(statuses))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def subscribe(bus):
    """Make subscriptions that push, and delete them at the end of the test."""
    made = []

    def make(topic, url, **settings):
        made.append(bus.subscription(topic, push_config={"push_endpoint": url}, **settings))
        return made[-1]

    yield make
    for subscription in made:
        with contextlib.suppress(exceptions.NotFound):
            bus.subscriber.delete_subscription(subscription=subscription)


def test_push_posts_the_documented_envelope(bus, subscribe):
    """The endpoint gets the message as the service's JSON, once; a 2xx answer acknowledges it."""
    with _endpoint() as endpoint:
        topic = bus.topic()
        subscription = subscribe(topic, endpoint.url)
        (message_id,) = bus.publish(topic, b"hello", kind="greeting")
        until(lambda: endpoint.hits)
        time.sleep(0.5)

    assert 1 == len(endpoint.hits)
    body = json.loads(endpoint.hits[0][2])
    assert subscription == body["subscription"]
    assert message_id == body["message"]["messageId"]
    assert b"hello" == base64.b64decode(body["message"]["data"])
    assert {"kind": "greeting"} == body["message"]["attributes"]


def test_push_backs_off_and_gets_through(bus, subscribe):
    """After two failures the message is posted a third time, at the intervals of the retry policy."""
    with _endpoint(500, 503) as endpoint:
        topic = bus.topic()
        subscribe(topic, endpoint.url, retry_policy={"minimum_backoff": duration(0.5), "maximum_backoff": duration(5)})
        bus.publish(topic, b"x")
        until(lambda: len(endpoint.hits) == 3)

    first, second, third = (moment for moment, _, _ in endpoint.hits)
    assert [0.5, 1.0] == pytest.approx([second - first, third - second], abs=0.3)


def test_push_that_always_fails_ends_in_the_dead_letters(bus, subscribe):
    """After five refused posts the message moves to the dead-letter topic."""
    with _endpoint(*[500] * 20) as endpoint:
        dead = bus.topic()
        graveyard = bus.subscription(dead)
        topic = bus.topic()
        subscribe(
            topic,
            endpoint.url,
            retry_policy={"minimum_backoff": duration(0.1), "maximum_backoff": duration(0.2)},
            dead_letter_policy={"dead_letter_topic": dead, "max_delivery_attempts": 5},
        )
        bus.publish(topic, b"poison")

        assert [b"poison"] == bus.bodies(graveyard, 1, within=10)

    assert [json.loads(body)["deliveryAttempt"] for _, _, body in endpoint.hits] == [1, 2, 3, 4, 5]


def test_push_keeps_the_order_of_a_key(bus, subscribe):
    """Messages of one ordering key are posted one after the other, also when one fails first."""
    with _endpoint(200, 500) as endpoint:
        topic = bus.topic()
        subscribe(
            topic,
            endpoint.url,
            enable_message_ordering=True,
            retry_policy={"minimum_backoff": duration(0.1), "maximum_backoff": duration(0.2)},
        )
        bus.publish(topic, b"1", key="k")
        until(lambda: len(endpoint.hits) == 1)
        bus.publish(topic, b"2", key="k")
        until(lambda: len(endpoint.hits) == 3)
        bus.publish(topic, b"3", key="k")
        until(lambda: len(endpoint.hits) == 4)

    posted = [base64.b64decode(json.loads(body)["message"]["data"]) for _, _, body in endpoint.hits]
    assert [b"1", b"2", b"2", b"3"] == posted


def test_an_unwrapped_push_carries_the_bare_data(bus):
    """Without the wrapper the body is the message's data, and metadata stands in headers if asked for."""
    with _endpoint() as endpoint:
        topic = bus.topic()
        subscription = bus.subscription(
            topic, push_config={"push_endpoint": endpoint.url, "no_wrapper": {"write_metadata": True}}
        )
        (message_id,) = bus.publish(topic, b"bare", kind="greeting")
        until(lambda: endpoint.hits)
        bus.subscriber.delete_subscription(subscription=subscription)

    _, headers, body = endpoint.hits[0]
    lower = {name.lower(): value for name, value in headers.items()}
    assert b"bare" == body
    assert message_id == lower["x-goog-pubsub-message-id"]
    assert "greeting" == lower["x-goog-pubsub-kind"]


def test_push_can_be_turned_into_pull_and_back(bus, subscribe):
    """ModifyPushConfig stops the posts, and pull gets what comes next; another change starts them again."""
    with _endpoint() as endpoint:
        topic = bus.topic()
        subscription = subscribe(topic, endpoint.url)
        bus.subscriber.modify_push_config(request={"subscription": subscription, "push_config": {}})

        bus.publish(topic, b"pulled")
        assert [b"pulled"] == bus.bodies(subscription, 1)
        assert not endpoint.hits

        config = {"push_endpoint": endpoint.url}
        bus.subscriber.modify_push_config(request={"subscription": subscription, "push_config": config})
        bus.publish(topic, b"pushed")
        until(lambda: endpoint.hits)


def test_an_endpoint_that_is_not_there_loses_nothing(bus, subscribe):
    """Posts to a closed port fail and are tried again; once something listens the message arrives."""
    with _endpoint() as gone:
        pass
    topic = bus.topic()
    subscription = subscribe(topic, gone.url)
    bus.publish(topic, b"x")
    time.sleep(0.5)

    with _endpoint() as endpoint:
        config = {"push_endpoint": endpoint.url}
        bus.subscriber.modify_push_config(request={"subscription": subscription, "push_config": config})
        until(lambda: endpoint.hits)
