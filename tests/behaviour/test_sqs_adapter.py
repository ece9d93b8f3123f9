"""What the adapter to SQS and SNS does beyond the port's contract: what these services do not carry, hold or allow."""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from types import SimpleNamespace

import boto3
import pytest
from botocore.stub import Stubber

from port_desk import Desk, load, write_desk
from port_sqs import EmulatedAws

MODULES = ["port", "channels", "sqs.broker", "sqs.client", "sqs.envelope", "sqs.inbox", "sqs.meanings"]
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    yield (source := write_desk("aws", tmp_path_factory.mktemp("desk")))
    sys.path.remove(str(source)) if str(source) in sys.path else None


@pytest.fixture
def desk(source):
    """The made-up desk on the emulator, with its parts at hand; `wait` lets time pass for both."""
    names = [f"messaging.{name}" for name in MODULES]
    port, channels, broker, client, envelope, inbox, meanings = load(source, "port_aws", *names)
    [errors] = load(source, "port_aws", "errors")
    emulated = EmulatedAws(source.parent / "dev")
    ahead = [0.0]

    def open_broker(topology):
        connected = client.connect(emulated.set_up(topology))
        return broker.SqsBroker(connected, topology, clock=lambda: time.time() + ahead[0])

    def wait(seconds):
        ahead[0] += seconds
        emulated.let_pass(seconds)

    desk = Desk(platform="aws", port=port, channels=channels, open=open_broker, wait=wait, errors=errors)
    desk.parts = SimpleNamespace(client=client, envelope=envelope, inbox=inbox, meanings=meanings, emulated=emulated)
    yield desk
    emulated.close()


def topology(desk, lease=timedelta(seconds=30), **knobs):
    kinds = desk.channels

    def queue(name):
        return kinds.Queue(name=name, lease=lease, max_deliveries=3)

    return {
        "pigeons": kinds.Channel(name="pigeons", queues=(queue("pigeons"),)),
        "carts": kinds.Channel(name="carts", queues=(queue("carts"),), **knobs),
        "heralds": kinds.Channel(name="heralds", queues=(queue("heralds/town"), queue("heralds/farm"))),
    }


@pytest.fixture
def broker(desk):
    broker = desk.open(topology(desk))
    yield broker
    broker.close()


def raw(desk, name):
    """SQS as another program would use it, and the address of one of the queues."""
    sqs = boto3.client("sqs")
    return sqs, sqs.get_queue_url(QueueName=f"{desk.parts.emulated.prefix}{name}")["QueueUrl"]


# What SQS does not carry


@pytest.mark.parametrize("body", [b"", b"=", b"\xff\xfe", b"\x00", "\ufffe".encode(), b"YQ==", "é🐦\r\n\t".encode()])
def test_any_body_arrives_byte_for_byte(desk, broker, body):
    """SQS takes neither nothing, nor bytes that are no text, nor characters that XML has not."""
    broker.send("pigeons", desk.message(body=body))

    [delivery] = broker.lease("pigeons")

    assert delivery.message.body == body


def test_attributes_that_sqs_refuses_travel_in_the_envelope(desk, broker):
    """An empty value, a name of letters that SQS has not, one that it keeps for itself, and one that a header has."""
    attributes = {
        "empty": "",
        "größe": "1",
        "aws.x": "2",
        ".dot": "3",
        "traceparent": "mine",
        "x_envelope": "4",
        "a": "\x01",
    }
    sent = desk.message(attributes=attributes, headers={"traceparent": "00-a-b-01"})
    broker.send("pigeons", sent)

    assert broker.lease("pigeons")[0].message == sent


def test_trace_context_gives_way_to_attributes(desk, broker):
    """Ten attributes in all are carried: eight are the message's, and headers take what room there is."""
    headers = {"traceparent": "p", "tracestate": "s", "baggage": "b"}
    sent = desk.message(attributes={f"a{number}": "x" for number in range(7)}, headers=headers)
    broker.send("pigeons", sent)
    delivery = broker.lease("pigeons")[0]
    delivery.dead_letter("permanent", "with its reason, there are ten")

    assert delivery.message == sent
    assert [letter.message for letter in broker.dead_letters("pigeons")] == [sent]


def test_more_attributes_than_sqs_carries_are_refused(desk, broker):
    """SNS would drop such a message without a word where it delivers it raw."""
    message = desk.message(attributes={f"a{number}": "x" for number in range(9)})

    for channel in ("pigeons", "heralds"):
        with pytest.raises(desk.errors.KnownError, match="9 attributes, and SQS carries 8"):
            broker.send(channel, message)


def test_what_is_larger_than_sqs_takes_is_told(desk, broker):
    """The limit is that of the service, where the channel sets none."""
    with pytest.raises(desk.port.PayloadTooLarge, match="larger than `pigeons` takes"):
        broker.send("pigeons", desk.message(body=b"x" * 1_048_577))

    assert broker.lease("pigeons") == ()


def test_other_programs_see_attributes_and_trace_context(desk, broker):
    """They are attributes of SQS under their own names, so that they can be filtered by and followed."""
    broker.send("pigeons", desk.message(attributes={"place": "mill"}, headers={"traceparent": "00-a-b-01"}))
    sqs, url = raw(desk, "pigeons")

    [received] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]

    seen = {name: value["StringValue"] for name, value in received["MessageAttributes"].items()}
    assert (seen["place"], seen["traceparent"]) == ("mill", "00-a-b-01")


FOREIGN = [
    {},
    {"x_envelope": "not json"},
    {"x_envelope": "[" * 10_000},
    {
        "x_envelope": json.dumps(
            {"sent_at": "2026-11-22T00:00:00", "version": "9" * 5000, "headers": [1], "due": "soon"}
        )
    },
    {"x_envelope": json.dumps({"binary": True, "attributes": 7, "key": None, "deliveries": -1})},
]


@pytest.mark.parametrize("attributes", FOREIGN, ids=range(len(FOREIGN)))
def test_what_another_program_sent_is_read_as_far_as_it_can_be(desk, broker, attributes):
    """It is a message with SQS's own id, its body is as it was sent, and it can be set aside and be looked at."""
    sqs, url = raw(desk, "pigeons")
    listed = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    listed["weight"] = {"DataType": "Number", "StringValue": "3"}
    listed["photo"] = {"DataType": "Binary", "BinaryValue": b"\xff"}
    sent = sqs.send_message(QueueUrl=url, MessageBody="hello", MessageAttributes=listed)

    [delivery] = broker.lease("pigeons")
    delivery.dead_letter("unreadable")

    [letter] = broker.dead_letters("pigeons")
    assert (letter.message.id, letter.message.type, letter.message.body) == (sent["MessageId"], "", b"hello")
    assert letter.message.attributes == {"weight": "3"}


# What SQS does not hold


def test_a_delay_longer_than_sqs_allows_is_held_by_the_consumer(desk, broker):
    """SQS holds back a quarter of an hour; from then on whoever receives it hides it until it is due."""
    broker.send("pigeons", desk.message(), delay=HOUR)

    for seconds in (1_000, 2_500):  # to 3,500 s
        desk.wait(seconds)
        assert broker.lease("pigeons") == ()
    desk.wait(101)
    assert [one.deliveries for one in broker.lease("pigeons")] == [1]


def test_a_topic_holds_a_message_back_by_its_consumers(desk, broker):
    """SNS has no delay at all."""
    broker.send("heralds", desk.message(attributes={"place": "farm"}), delay=timedelta(seconds=50))

    assert broker.lease("heralds/town") == ()
    assert broker.lease("heralds/farm") == ()
    desk.wait(51)
    assert [one.deliveries for one in broker.lease("heralds/town")] == [1]
    assert [one.deliveries for one in broker.lease("heralds/farm")] == [1]


def test_no_message_is_held_longer_than_twelve_hours(desk):
    """The last renewal is as long as SQS allows, and then the lease is lost: SQS would refuse a longer one."""
    broker = desk.open(topology(desk, lease=5 * HOUR))
    broker.send("pigeons", desk.message())
    [delivery] = broker.lease("pigeons")
    began = delivery.leased_until - 5 * HOUR
    for hours in (4, 4, 3):
        desk.wait(hours * 3600)
        delivery.renew()

    assert abs(delivery.leased_until - began - 12 * HOUR) < timedelta(seconds=5)
    desk.wait(3600)
    with pytest.raises(desk.port.LeaseLost):
        delivery.renew()
    broker.close()


def test_who_is_too_late_settles_nothing_although_sqs_would_take_it(desk, broker):
    """As long as nobody else has received a message, SQS takes a handle whose time is over."""
    broker.send("pigeons", desk.message())
    [delivery] = broker.lease("pigeons")
    desk.wait(31)

    with pytest.raises(desk.port.LeaseLost):
        delivery.complete()
    assert [one.deliveries for one in broker.lease("pigeons")] == [2]


def test_what_sqs_itself_sets_aside_is_a_crash(desk, broker):
    """Behind the program's own count stands the redrive policy, for what kills every program that receives it."""
    broker.send("pigeons", sent := desk.message())
    sqs, url = raw(desk, "pigeons")
    while sqs.receive_message(QueueUrl=url, VisibilityTimeout=0).get("Messages"):
        pass

    [letter] = broker.dead_letters("pigeons")
    assert (letter.message, letter.reason, letter.deliveries) == (sent, "crashed", 3)
    assert broker.redrive("pigeons", limit=1)[0].message == sent
    assert [(one.deliveries, one.redrives) for one in broker.lease("pigeons")] == [(1, 1)]


def test_a_batch_is_handed_back_in_part(desk, broker):
    """One handle that is good no longer keeps no other message from coming back; another failure is told."""
    for number in range(12):
        broker.send("pigeons", desk.message(number))
    client = desk.parts.client.connect(desk.parts.emulated.set_up({}))
    inbox = desk.parts.inbox.Inbox(client, "pigeons")
    held = inbox.take(10, lease=HOUR) + inbox.take(10, lease=HOUR)
    held[3] = {**held[3], "ReceiptHandle": "gone"}

    assert inbox.hand_back(held) == ()
    assert len(inbox.take(10)) + len(inbox.take(10)) == 11

    stubbed = Stubber(client.sqs)
    failure = {"Id": "1", "SenderFault": False, "Code": "InternalError", "Message": "later"}
    stubbed.add_response("change_message_visibility_batch", {"Successful": [{"Id": "0"}], "Failed": [failure]})
    with stubbed:
        assert inbox.hand_back(held[:2]) == (f"{held[1]['MessageId']}: later",)


def test_what_was_brought_back_is_not_aside_any_more(desk, broker):
    """Not even when the moment is over for which whoever looks at dead letters holds them."""
    broker.send("pigeons", desk.message())
    broker.lease("pigeons")[0].dead_letter("permanent")

    assert len(broker.redrive("pigeons", limit=1)) == 1
    desk.wait(61)
    assert broker.dead_letters("pigeons") == []


def test_what_a_worker_hands_back_is_no_attempt(desk, broker):
    """SQS counts every receive; a message that was handed back untouched has all its attempts still."""
    broker.send("pigeons", desk.message())
    for _ in range(4):
        broker.lease("pigeons")[0].release()

    assert [one.deliveries for one in broker.lease("pigeons")] == [1]


# FIFO


def test_dead_letters_of_one_key_hold_up_nobody(desk, broker):
    """A FIFO queue gives ten messages of a group at most, until they are gone; all dead letters are to be seen."""
    for number in range(11):
        broker.send("carts", desk.message(number, key="a"))
        broker.lease("carts")[0].dead_letter("permanent")

    assert len(broker.dead_letters("carts")) == 11


def test_a_fifo_queue_deduplicates_for_five_minutes(desk):
    """The second message with an id is dropped; after five minutes the id is new again."""
    broker = desk.open(topology(desk, deduplication_window=timedelta(minutes=5)))
    for number in (1, 2):
        broker.send("carts", desk.message(number, key="a"), deduplication_id="straße " * 40)
    desk.wait(301)
    broker.send("carts", desk.message(3, key="a"), deduplication_id="straße " * 40)

    found = []
    while deliveries := broker.lease("carts"):
        found += [one.message.id for one in deliveries]
        deliveries[0].complete()
    assert found == ["m-1", "m-3"]
    broker.close()


def test_a_window_that_a_fifo_queue_has_not_is_refused(desk):
    """It is five minutes, and cannot be set."""
    with pytest.raises(
        desk.errors.SettingsError, match=r"`carts` asks for a deduplication window.*exactly five minutes"
    ):
        desk.open(topology(desk, deduplication_window=timedelta(minutes=4)))


def test_what_is_brought_back_at_once_is_no_duplicate(desk, broker):
    """A FIFO queue deduplicates always: a message that comes back within five minutes must not be dropped for that."""
    broker.send("carts", desk.message(key="ünï " * 100))
    for _ in range(2):
        broker.lease("carts")[0].dead_letter("permanent")
        assert len(broker.redrive("carts", limit=1)) == 1

    assert [one.redrives for one in broker.lease("carts")] == [2]


def test_a_message_without_a_key_has_none_on_a_fifo_queue_either(desk, broker):
    """SQS wants a message group; what stands for one is no key of the message's."""
    broker.send("carts", sent := desk.message())

    assert broker.lease("carts")[0].message == sent


def test_a_fifo_queue_holds_back_no_single_message(desk, broker):
    """It is said before anything is sent."""
    with pytest.raises(desk.errors.KnownError, match="holds back no single message"):
        broker.send("carts", desk.message(), delay=timedelta(seconds=1))

    assert broker.lease("carts") == ()


# What SQS says


SAID = [
    ("QueueDoesNotExist", "", "BrokerUnavailable", "AWS has no `pigeons`"),
    ("AccessDenied", "", "BrokerUnavailable", "does not let this program use `pigeons`"),
    ("RequestThrottled", "", "Backpressure", "too busy"),
    ("KmsThrottled", "", "Backpressure", "too busy"),
    ("InvalidParameterValue", "Reason: Message must be shorter than 1024 bytes.", "PayloadTooLarge", "larger than"),
    ("InvalidSomething", "strange", "BrokerUnavailable", "strange"),
]


@pytest.mark.parametrize(("code", "text", "kind", "words"), SAID)
def test_what_sqs_refuses_is_told_in_the_ports_words(desk, code, text, kind, words):
    """Each has a meaning to whoever sends; none is a traceback of the SDK."""
    client = desk.parts.client.connect(SimpleNamespace(sqs_prefix=""))
    stubbed = Stubber(client.sqs)
    stubbed.add_response("get_queue_url", {"QueueUrl": "http://127.0.0.1/1/pigeons"})
    stubbed.add_client_error("send_message", code, text, 400)

    with stubbed, pytest.raises(getattr(desk.port, kind), match=words):
        client.put("pigeons", {"MessageBody": "x"}, {})


@pytest.mark.parametrize("code", ["MessageNotInflight", "ReceiptHandleIsInvalid", "InvalidParameterValue"])
def test_a_handle_that_is_good_no_longer_is_a_lost_lease(desk, code):
    """SQS has several words for it."""
    client = desk.parts.client.connect(SimpleNamespace(sqs_prefix=""))
    stubbed = Stubber(client.sqs)
    stubbed.add_response("get_queue_url", {"QueueUrl": "http://127.0.0.1/1/pigeons"})
    stubbed.add_client_error("change_message_visibility", code, "no", 400)

    with stubbed, pytest.raises(desk.port.LeaseLost):
        desk.parts.inbox.Inbox(client, "pigeons").hold({"ReceiptHandle": "x"}, HOUR)


def test_a_topic_without_its_setting_is_told(desk):
    """Only whoever publishes needs it."""
    broker = desk.open(topology(desk))
    broker._client.settings.sns_prefix = ""

    with pytest.raises(desk.errors.SettingsError, match="SNS_PREFIX is not set"):
        broker.send("heralds", desk.message())
    broker.close()
