"""What the messaging port promises, held against the adapter of each platform.

A platform joins by a function in `ADAPTERS`: it gives a `Desk` whose brokers share one fresh storage.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from datetime import timedelta
from itertools import count
from types import SimpleNamespace

import pytest
from azure.servicebus import ServiceBusClient

from port_desk import Desk, load, write_desk
from port_pubsub import EmulatorWithClock as EmulatedPubSub
from port_servicebus import EmulatorWithClock, with_knobs
from port_sqs import EmulatedAws

SECOND = timedelta(seconds=1)
SOON = timedelta(seconds=5)
FRESH = count()


def local(source, folder):
    """SQLite: every broker opens the file anew, and reads a clock of ours."""
    port, channels, broker = load(
        source, "port_local", "messaging.port", "messaging.channels", "messaging.sqlite.broker"
    )
    now = [time.time()]

    def wait(seconds):
        now[0] += seconds

    def open_broker(topology):
        return broker.SqliteBroker(folder / "broker.db", topology, clock=lambda: now[0])

    return Desk(platform="local", port=port, channels=channels, open=open_broker, wait=wait)


def azure(source, folder):
    """Service Bus: every broker connects anew to one emulator, whose clock is ours, through the official SDK."""
    port, channels, broker = load(
        source, "port_azure", "messaging.port", "messaging.channels", "messaging.servicebus.broker"
    )
    now = [time.time()]
    started = []

    def clock():
        return now[0]

    def open_broker(topology):
        if not started:
            config = json.loads((source.parent / "dev" / "Config.json").read_text())
            started.append(EmulatorWithClock(with_knobs(config, topology), clock))
        return broker.ServiceBusBroker(
            ServiceBusClient.from_connection_string(started[0].connection_string), topology, clock=clock
        )

    def wait(seconds):
        now[0] += seconds
        started[0].ring()

    def close():
        for emulator in started:
            emulator.stop()

    return Desk(platform="azure", port=port, channels=channels, open=open_broker, wait=wait, close=close)


def gcp(source, folder):
    """Pub/Sub: every broker connects anew to one emulator, whose clock is ours, through the official SDK."""
    port, channels, broker, client, errors = load(
        source,
        "port_gcp",
        "messaging.port",
        "messaging.channels",
        "messaging.pubsub.broker",
        "messaging.pubsub.client",
        "errors",
    )
    now = [time.time()]
    started = []

    def clock():
        return now[0]

    def open_broker(topology):
        if not started:
            config = json.loads((source.parent / "dev" / "pubsub.json").read_text())
            config["topics"].append({"name": "port-gcp-rumours"})
            started.append(EmulatedPubSub(config, clock))
        os.environ["PUBSUB_EMULATOR_HOST"] = started[0].endpoint
        settings = SimpleNamespace(google_cloud_project="demo", pubsub_prefix="port-gcp-")
        return broker.PubSubBroker(client.connect(settings), topology, clock=clock)

    def wait(seconds):
        now[0] += seconds
        started[0].ring()

    def close():
        os.environ.pop("PUBSUB_EMULATOR_HOST", None)
        for emulator in started:
            emulator.stop()

    return Desk(
        platform="gcp",
        port=port,
        channels=channels,
        open=open_broker,
        wait=wait,
        close=close,
        deduplicates=False,
        errors=errors,
    )


def aws(source, folder):
    """SQS and SNS: every broker connects anew to one emulator, whose clock goes with ours, through the official SDK."""
    port, channels, broker, client, errors = load(
        source,
        "port_aws",
        "messaging.port",
        "messaging.channels",
        "messaging.sqs.broker",
        "messaging.sqs.client",
        "errors",
    )
    emulated = EmulatedAws(source.parent / "dev")
    ahead = [0.0]

    def open_broker(topology):
        settings = emulated.set_up(topology)
        return broker.SqsBroker(client.connect(settings), topology, clock=lambda: time.time() + ahead[0])

    def wait(seconds):
        ahead[0] += seconds
        emulated.let_pass(seconds)

    return Desk(
        platform="aws",
        port=port,
        channels=channels,
        open=open_broker,
        wait=wait,
        close=emulated.close,
        deduplicates=False,
        errors=errors,
    )


ADAPTERS = {"aws": aws, "azure": azure, "gcp": gcp, "local": local}


@pytest.fixture(scope="module", params=sorted(ADAPTERS))
def rendered(request, tmp_path_factory):
    yield request.param, (source := write_desk(request.param, tmp_path_factory.mktemp("desk")))
    sys.path.remove(str(source)) if str(source) in sys.path else None


@pytest.fixture
def desk(rendered, tmp_path):
    platform, source = rendered
    desk = ADAPTERS[platform](source, tmp_path)
    yield desk
    desk.close()


@pytest.fixture
def brokers(desk):
    """Open brokers on one storage, as several processes would; all are closed at the end."""
    opened = []

    def open_one(**knobs):
        opened.append(desk.open(topology(desk, **knobs)))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def broker(brokers):
    return brokers()


def topology(desk, **knobs):
    """The channels of the made-up desk: a queue, an ordered queue, and a topic with a filter."""
    kinds = desk.channels

    def queue(name):
        return kinds.Queue(name=name, lease=timedelta(seconds=30), max_deliveries=3)

    return {
        "pigeons": kinds.Channel(name="pigeons", queues=(queue("pigeons"),), **knobs),
        "carts": kinds.Channel(name="carts", queues=(queue("carts"),)),
        "heralds": kinds.Channel(name="heralds", queues=(queue("heralds/town"), queue("heralds/farm"))),
    }


def ids(things):
    return [one.message.id for one in things]


# Sending and leasing


def test_a_message_arrives_as_it_was_sent(desk, broker):
    """Body, type, version, key, attributes and headers come out byte for byte."""
    sent = desk.message(
        body=b'{"text": "\xc3\xa9\\u0000"}',
        type="Other",
        version=7,
        key="k",
        attributes={"place": "mühle"},
        headers={"traceparent": "00-a-b-01"},
    )
    broker.send("pigeons", sent)

    [delivery] = broker.lease("pigeons")

    assert delivery.message == sent
    assert (delivery.queue, delivery.deliveries, delivery.redrives) == ("pigeons", 1, 0)


def test_a_message_without_an_id_is_given_one(desk, broker):
    """Whoever goes by the id can tell two messages apart that have none; at a second delivery it is the same."""
    for _ in range(2):
        broker.send("pigeons", desk.message(id=""))
    deliveries = broker.lease("pigeons", limit=2)
    deliveries = [*deliveries, *broker.lease("pigeons", limit=2 - len(deliveries))]
    for delivery in deliveries:
        delivery.retry(after=SECOND)
    desk.wait(2)
    again = [*broker.lease("pigeons", limit=2), *broker.lease("pigeons", limit=2)]

    assert len({*ids(deliveries), *ids(again)} - {""}) == 2
    assert sorted(ids(again)) == sorted(ids(deliveries))


def test_what_was_sent_survives_its_broker(desk, brokers):
    """A message is there for whoever opens the storage later."""
    first = brokers()
    first.send("pigeons", desk.message())
    first.close()

    assert ids(brokers().lease("pigeons")) == ["m-1"]


def test_a_leased_message_is_nobody_elses(desk, brokers):
    """While the lease lasts no other consumer gets the message; when it has ended, another one does."""
    first, second = brokers(), brokers()
    first.send("pigeons", desk.message())
    first.lease("pigeons")

    assert second.lease("pigeons") == ()
    desk.wait(29)
    assert second.lease("pigeons") == ()
    desk.wait(2)
    assert [(one.message.id, one.deliveries) for one in second.lease("pigeons")] == [("m-1", 2)]


def test_a_lease_takes_no_more_than_asked_for(desk, broker):
    """`limit` bounds what one worker holds."""
    for number in range(5):
        broker.send("pigeons", desk.message(number))

    assert len(broker.lease("pigeons", limit=3)) == 3
    assert len(broker.lease("pigeons", limit=3)) == 2


def test_a_wait_ends_when_a_message_comes(desk, brokers):
    """A waiting consumer gets a message that another process sends, well before its wait is over."""
    first, second = brokers(), brokers()
    timer = threading.Timer(0.3, lambda: second.send("pigeons", desk.message()))
    timer.start()
    began = time.monotonic()

    found = first.lease("pigeons", wait=timedelta(seconds=20))

    timer.join()
    assert ids(found) == ["m-1"]
    assert time.monotonic() - began < 10


def test_a_wait_for_nothing_ends_in_time(broker):
    """A wait is as long as it was asked to be, and an empty queue is no error."""
    began = time.monotonic()

    assert broker.lease("pigeons", wait=timedelta(seconds=0.4)) == ()
    assert 0.35 < time.monotonic() - began < 5


def test_a_delayed_message_comes_later(desk, broker):
    """A message sent with a delay is not delivered before."""
    broker.send("pigeons", desk.message(), delay=timedelta(seconds=60))

    assert broker.lease("pigeons") == ()
    desk.wait(59)
    assert broker.lease("pigeons") == ()
    desk.wait(2)
    assert ids(broker.lease("pigeons")) == ["m-1"]


@pytest.mark.parametrize(("size", "fits"), [(999, True), (1000, True), (1001, False)])
def test_the_payload_limit_is_exact(desk, brokers, size, fits):
    """A body of exactly the limit is taken; one byte more is refused, and nothing of it is kept."""
    broker = brokers(payload_limit=1000)
    message = desk.message(body=b"x" * size)

    if fits:
        broker.send("pigeons", message)
    else:
        with pytest.raises(desk.port.PayloadTooLarge, match="1,001 bytes"):
            broker.send("pigeons", message)

    assert len(broker.lease("pigeons")) == int(fits)


def test_a_deduplication_id_is_taken_once_within_its_window(desk, brokers):
    """The second message with an id is dropped; after the window the id is new again. Who cannot says so at once."""
    if not desk.deduplicates:
        with pytest.raises(desk.errors.SettingsError, match="`pigeons` asks for a deduplication window"):
            brokers(deduplication_window=timedelta(seconds=60))
        return
    broker = brokers(deduplication_window=timedelta(seconds=60))
    for number in (1, 2):
        broker.send("pigeons", desk.message(number), deduplication_id="order-7")
    broker.send("pigeons", desk.message(3), deduplication_id="order-8")
    broker.send("pigeons", desk.message(4))
    desk.wait(61)
    broker.send("pigeons", desk.message(5), deduplication_id="order-7")

    assert sorted(ids(broker.lease("pigeons", limit=10))) == ["m-1", "m-3", "m-4", "m-5"]


def test_what_nobody_does_is_dropped_after_its_retention(desk, brokers):
    """Undone messages end with their retention; dead letters do not."""
    broker = brokers(retention=timedelta(seconds=100))
    broker.send("pigeons", desk.message(1))
    broker.send("pigeons", desk.message(2))
    broker.lease("pigeons")[0].dead_letter("permanent")
    desk.wait(101)
    broker.send("pigeons", desk.message(3))

    assert ids(broker.lease("pigeons", limit=10)) == ["m-3"]
    assert ids(broker.dead_letters("pigeons")) == ["m-1"]


@pytest.mark.parametrize("use", ["lease", "dead_letters"])
def test_an_unknown_queue_is_named(desk, broker, use):
    """A mistyped name is told with the names that there are."""
    with pytest.raises(desk.port.UnknownChannel, match=r"`pidgeons`.*pigeons, carts"):
        getattr(broker, use)("pidgeons")
    with pytest.raises(desk.port.UnknownChannel, match="`pidgeons`"):
        broker.send("pidgeons", desk.message())


# Settling


def test_a_completed_message_is_gone(desk, brokers):
    """Done is done: neither time nor another consumer brings it back."""
    broker = brokers()
    broker.send("pigeons", desk.message())
    broker.lease("pigeons")[0].complete()
    desk.wait(1000)

    assert brokers().lease("pigeons") == ()
    assert broker.dead_letters("pigeons") == []


def test_a_retried_message_waits_first(desk, broker):
    """A message handed back for later is delivered again then, and its attempts are counted."""
    broker.send("pigeons", desk.message())
    broker.lease("pigeons")[0].retry(after=timedelta(seconds=10))

    desk.wait(9)
    assert broker.lease("pigeons") == ()
    desk.wait(2)
    assert [one.deliveries for one in broker.lease("pigeons")] == [2]


def test_a_released_message_is_there_at_once(desk, broker):
    """A worker that stops hands back what it holds, and nobody has to wait for a lease to end."""
    broker.send("pigeons", desk.message())
    broker.lease("pigeons")[0].release()

    assert ids(broker.lease("pigeons")) == ["m-1"]


def test_a_renewed_lease_lasts_from_the_renewal(desk, brokers):
    """Renewing holds the message for another whole lease, as often as needed."""
    first, second = brokers(), brokers()
    first.send("pigeons", desk.message())
    [delivery] = first.lease("pigeons")
    until = delivery.leased_until

    for _ in range(3):
        desk.wait(20)
        delivery.renew()
        assert second.lease("pigeons") == ()

    assert delivery.leased_until > until + timedelta(seconds=50)
    delivery.complete()


@pytest.mark.parametrize("settle", ["complete", "retry", "release", "dead_letter", "renew"])
def test_a_lost_lease_settles_nothing(desk, brokers, settle):
    """Whoever lost the lease is told so, and cannot touch the message that another one now holds."""
    first, second = brokers(), brokers()
    first.send("pigeons", desk.message())
    [lost] = first.lease("pigeons")
    desk.wait(31)
    [held] = second.lease("pigeons")

    arguments = {"retry": {"after": SECOND}, "dead_letter": {"reason": "permanent"}}.get(settle, {})
    with pytest.raises(desk.port.LeaseLost):
        getattr(lost, settle)(**arguments)

    assert first.lease("pigeons") == ()
    assert first.dead_letters("pigeons") == []
    held.complete()


@pytest.mark.parametrize("settle", ["complete", "retry", "release", "dead_letter"])
def test_a_message_is_settled_once(desk, broker, settle):
    """A second settlement of the same delivery is refused."""
    broker.send("pigeons", desk.message())
    [delivery] = broker.lease("pigeons")
    arguments = {"retry": {"after": SOON}, "dead_letter": {"reason": "permanent"}}.get(settle, {})
    getattr(delivery, settle)(**arguments)

    with pytest.raises(desk.port.LeaseLost):
        delivery.complete()


# Dead letters


def test_a_dead_letter_says_why(desk, broker):
    """Reason, description, attempts and the message itself are kept."""
    sent = desk.message(attributes={"place": "mill"}, headers={"traceparent": "t"}, key="k")
    broker.send("pigeons", sent)
    broker.lease("pigeons")[0].dead_letter("permanent", "ValueError: the letter is empty")
    desk.wait(1000)

    [letter] = broker.dead_letters("pigeons")

    assert letter.message == sent
    assert (letter.queue, letter.reason, letter.description) == (
        "pigeons",
        "permanent",
        "ValueError: the letter is empty",
    )
    assert (letter.deliveries, letter.redrives) == (1, 0)
    assert letter.sent_at <= letter.dead_lettered_at
    assert broker.lease("pigeons") == ()


def test_leases_that_end_in_silence_are_counted(desk, broker):
    """A message whose workers die is delivered max_deliveries times, then set aside as crashed."""
    broker.send("pigeons", desk.message())
    counted = []
    for _ in range(5):
        counted += [one.deliveries for one in broker.lease("pigeons")]
        desk.wait(31)

    assert counted == [1, 2, 3]
    assert [(one.reason, one.deliveries) for one in broker.dead_letters("pigeons")] == [("crashed", 3)]


def test_a_copy_whose_workers_die_is_told_when_it_is_set_aside(desk, broker, caplog):
    """What the adapter itself sets aside is logged, so that somebody hears of it without looking for it."""
    sent = desk.message()
    broker.send("pigeons", sent)
    broker.lease("pigeons")[0].retry(after=SECOND)
    for _ in range(4):
        desk.wait(31)
        broker.lease("pigeons")

    assert [one.reason for one in broker.dead_letters("pigeons")] == ["crashed"]
    told = [record for record in caplog.records if "crashed" in record.getMessage()]
    assert [record.message_id for record in told] == [sent.id]


def test_dead_letters_come_oldest_first(desk, broker):
    """The one that has waited longest for somebody to look is shown first, and `limit` is kept."""
    for number in range(4):
        broker.send("pigeons", desk.message(number))
    for delivery in broker.lease("pigeons", limit=4):
        delivery.dead_letter("permanent")
        desk.wait(1)

    assert ids(broker.dead_letters("pigeons")) == ["m-0", "m-1", "m-2", "m-3"]
    assert ids(broker.dead_letters("pigeons", limit=2)) == ["m-0", "m-1"]


def test_redrive_starts_again_and_counts(desk, broker):
    """A message that was brought back has all its deliveries again, and says how often it has come back."""
    broker.send("pigeons", desk.message())
    for redrives in range(3):
        [delivery] = broker.lease("pigeons")
        assert (delivery.deliveries, delivery.redrives) == (1, redrives)
        delivery.dead_letter("exhausted", "again")

        [moved] = broker.redrive("pigeons", limit=10)

        assert (moved.message.id, moved.redrives, moved.reason) == ("m-1", redrives, "exhausted")
        assert broker.dead_letters("pigeons") == []


def test_redrive_moves_what_it_is_asked_for(desk, broker):
    """`limit` and `only` choose; the rest stays where it is."""
    for number in range(6):
        broker.send("pigeons", desk.message(number))
    for delivery in broker.lease("pigeons", limit=6):
        delivery.dead_letter("permanent" if delivery.message.id == "m-0" else "exhausted")

    moved = broker.redrive("pigeons", limit=2, only=lambda letter: letter.reason == "exhausted")

    assert ids(moved) == ["m-1", "m-2"]
    assert ids(broker.dead_letters("pigeons")) == ["m-0", "m-3", "m-4", "m-5"]
    assert sorted(ids(broker.lease("pigeons", limit=9))) == ["m-1", "m-2"]


# Order by key


def test_one_key_is_delivered_in_the_order_of_sending(desk, brokers):
    """Of one key one message is at work at a time, whoever asks; other keys go on meanwhile."""
    first, second = brokers(), brokers()
    for number, key in enumerate(["a", "a", "b", "a"]):
        first.send("carts", desk.message(number, key=key))

    at_work = {one.message.id: one for one in first.lease("carts", limit=9)}
    assert sorted(at_work) == ["m-0", "m-2"]
    assert second.lease("carts", limit=9) == ()
    at_work["m-0"].complete()
    [following] = second.lease("carts", limit=9)
    assert following.message.id == "m-1"
    following.complete()
    assert ids(first.lease("carts", limit=9)) == ["m-3"]


def test_a_failing_message_holds_up_its_key(desk, broker):
    """While a message waits for its next attempt, what comes after it under the same key waits too."""
    broker.send("carts", desk.message(1, key="a"))
    broker.send("carts", desk.message(2, key="a"))
    broker.lease("carts")[0].retry(after=timedelta(seconds=10))

    assert broker.lease("carts", limit=9) == ()
    desk.wait(11)
    assert ids(broker.lease("carts", limit=9)) == ["m-1"]


def test_a_message_set_aside_lets_its_key_go_on(desk, broker):
    """A dead letter does not block its key; brought back, it comes after what was sent meanwhile."""
    for number in (1, 2, 3):
        broker.send("carts", desk.message(number, key="a"))
    broker.lease("carts")[0].dead_letter("permanent")
    broker.redrive("carts", limit=1)

    order = []
    while deliveries := broker.lease("carts"):
        order += ids(deliveries)
        deliveries[0].complete()
    assert order == ["m-2", "m-3", "m-1"]


def test_messages_without_a_key_hold_up_nobody(desk, broker):
    """No key means no order."""
    for number in (1, 2):
        broker.send("carts", desk.message(number))

    assert len(broker.lease("carts", limit=9)) == 2


# Topics


def test_each_subscription_has_its_own_copy(desk, broker):
    """Copies are leased, completed and set aside independently of each other."""
    broker.send("heralds", desk.message(attributes={"place": "farm"}))
    [town] = broker.lease("heralds/town")
    [farm] = broker.lease("heralds/farm")
    town.complete()
    farm.dead_letter("permanent", "no")

    assert broker.dead_letters("heralds/town") == []
    assert ids(broker.dead_letters("heralds/farm")) == ["m-1"]
    broker.redrive("heralds/farm", limit=1)
    assert broker.lease("heralds/town") == ()
    assert ids(broker.lease("heralds/farm")) == ["m-1"]


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({"place": "farm"}, True),
        ({"place": "mill"}, True),
        ({"place": "sea"}, False),
        ({}, False),
        ({"x": "farm"}, False),
    ],
)
def test_a_filter_takes_what_it_names(desk, broker, attributes, wanted):
    """A filtered subscription gets messages with an accepted value, and none that lack the attribute."""
    broker.send("heralds", desk.message(attributes=attributes))

    assert len(broker.lease("heralds/farm")) == int(wanted)
    assert len(broker.lease("heralds/town")) == 1


def test_a_topic_without_subscriptions_takes_messages(desk, brokers):
    """Nobody listens: publishing is no error, and nothing is kept."""
    kinds = desk.channels
    broker = desk.open({"rumours": kinds.Channel(name="rumours", queues=())})
    broker.send("rumours", desk.message())
    broker.close()

    assert brokers().lease("heralds/town") == ()


# Many at once


def test_sixteen_consumers_share_without_taking_anything_twice(desk, brokers):
    """Consumers that lease and complete at the same time do each message exactly once."""
    sender = brokers()
    for number in range(160):
        sender.send("pigeons", desk.message(number))
    done, failures, lock = [], [], threading.Lock()

    def consume(broker):
        try:
            while deliveries := broker.lease("pigeons", limit=2):
                for delivery in deliveries:
                    delivery.complete()
                    with lock:
                        done.append(delivery.message.id)
        except Exception as error:  # noqa: BLE001  # a thread's error has to reach the assertion
            failures.append(error)

    threads = [threading.Thread(target=consume, args=(brokers(),)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert sorted(done) == sorted(f"m-{number}" for number in range(160))
