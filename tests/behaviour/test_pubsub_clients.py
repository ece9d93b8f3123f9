from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.cloud import pubsub_v1
from google.pubsub_v1 import PublisherAsyncClient, SubscriberAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport

import archwright.emulators
from archwright.emulators.pubsub import PubSubEmulator
from pubsub_clients import PROJECT

TOPIC, SUBSCRIPTION = f"{PROJECT}/topics/orders", f"{PROJECT}/subscriptions/billing"


def test_the_fixture_points_an_unmodified_program_at_an_emulator(pubsub_emulator):
    """Clients made without any address find the fixture's emulator, because PUBSUB_EMULATOR_HOST is set."""
    publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
    publisher.create_topic(name=TOPIC)
    subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC)

    publisher.publish(TOPIC, b"hello").result(10)
    response = subscriber.pull(subscription=SUBSCRIPTION, max_messages=1)

    assert [entry.message.data for entry in response.received_messages] == [b"hello"]
    publisher.stop()
    subscriber.close()


@pytest.mark.parametrize(
    "pubsub_emulator",
    [{"project": "demo", "topics": [{"name": "orders"}], "subscriptions": [{"name": "billing", "topic": "orders"}]}],
    indirect=True,
)
def test_the_fixture_takes_a_start_up_configuration(pubsub_emulator):
    """What the test names in its parameter is there when it begins."""
    with pubsub_v1.SubscriberClient() as subscriber:
        assert subscriber.get_subscription(subscription=SUBSCRIPTION).topic == TOPIC


def test_two_emulators_in_one_process_know_nothing_of_each_other():
    """Each has its own port and its own topics."""
    with PubSubEmulator() as one, PubSubEmulator(config={"topics": [{"name": TOPIC}]}) as two:
        assert one.port != two.port
        assert (list(one.broker.topics), list(two.broker.topics)) == ([], [TOPIC])


def test_the_asyncio_clients_publish_pull_and_stream(pubsub_emulator):
    """The generated asyncio clients work as the others do: publish, stream, acknowledge, pull."""

    async def story():
        channel = grpc.aio.insecure_channel(pubsub_emulator.endpoint)
        publisher = PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=channel))
        subscriber = SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=channel))
        await publisher.create_topic(name=TOPIC)
        await subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC)
        await publisher.publish(topic=TOPIC, messages=[{"data": b"%d" % i} for i in range(50)])
        seen = []

        async def requests():
            yield {"subscription": SUBSCRIPTION, "stream_ack_deadline_seconds": 10}
            await asyncio.sleep(60)

        stream = await subscriber.streaming_pull(requests=requests())
        async for response in stream:
            seen += [entry.message.data for entry in response.received_messages]
            if ack_ids := [entry.ack_id for entry in response.received_messages]:
                await subscriber.acknowledge(subscription=SUBSCRIPTION, ack_ids=ack_ids)
            if len(seen) == 50:
                break
        stream.cancel()
        await publisher.publish(topic=TOPIC, messages=[{"data": b"last"}])
        response = await subscriber.pull(subscription=SUBSCRIPTION, max_messages=5, timeout=5)
        await channel.close()
        return seen, [entry.message.data for entry in response.received_messages]

    seen, pulled = asyncio.run(story())

    assert [b"%d" % i for i in range(50)] == seen
    assert [b"last"] == pulled


def test_a_copy_under_another_name_works(tmp_path):
    """Copied out of archwright into a package of its own, the emulator runs without it."""
    source = Path(archwright.emulators.__file__).parent
    (tmp_path / "dev").mkdir()
    shutil.copytree(source, tmp_path / "dev" / "emulators", ignore=shutil.ignore_patterns("__pycache__"))
    program = (
        "import sys\n"
        "from dev.emulators.pubsub import PubSubEmulator\n"
        "with PubSubEmulator(config={'topics': [{'name': 'projects/p/topics/copied'}]}) as emulator:\n"
        "    print(emulator.endpoint, list(emulator.broker.topics))\n"
        "assert not any(name.startswith('archwright') for name in sys.modules)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=30
    )

    assert done.returncode == 0, done.stderr
    assert "projects/p/topics/copied" in done.stdout


def test_a_stream_can_change_its_deadline(pubsub_emulator):
    """What a stream says about its deadline later on counts for what it is sent from then on."""

    async def story():
        channel = grpc.aio.insecure_channel(pubsub_emulator.endpoint)
        publisher = PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=channel))
        subscriber = SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=channel))
        await publisher.create_topic(name=TOPIC)
        await subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC)
        said, lengths = asyncio.Queue(), []

        async def requests():
            yield {"subscription": SUBSCRIPTION, "stream_ack_deadline_seconds": 10}
            while True:
                yield {"stream_ack_deadline_seconds": await said.get()}

        async for response in await subscriber.streaming_pull(requests=requests()):
            lengths += [lease.lease_seconds for lease in _leases(pubsub_emulator) if response.received_messages]
            if len(lengths) == 1:
                said.put_nowait(40)
                await asyncio.sleep(0.3)
            if len(lengths) >= 2:
                break
            await publisher.publish(topic=TOPIC, messages=[{"data": b"x"}])
        await channel.close()
        return lengths[0], lengths[-1]

    assert (10.0, 40.0) == asyncio.run(story())


def _leases(emulator):
    return emulator.broker.subscription(SUBSCRIPTION)._leases
