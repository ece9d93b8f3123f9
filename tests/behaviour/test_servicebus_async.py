"""The asynchronous SDK against the emulator: every kind of operation, and workers that share sessions."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusSubQueue
from azure.servicebus.aio import AutoLockRenewer, ServiceBusClient
from azure.servicebus.exceptions import MessageLockLostError, OperationTimeoutError

from servicebus_bench import Message

pytest_plugins = ["servicebus_fixtures"]


@pytest.fixture
def run(emulator):
    """Run a coroutine that takes a client."""

    def runner(story):
        async def session():
            async with ServiceBusClient.from_connection_string(emulator.connection_string, retry_total=0) as client:
                return await asyncio.wait_for(story(client), 60)

        return asyncio.run(session())

    return runner


async def send(client, queue, *messages):
    async with client.get_queue_sender(queue) as sender:
        for message in messages:
            await sender.send_messages(message)


async def one(receiver, wait=5):
    return (await receiver.receive_messages(1, max_wait_time=wait))[0]


def test_a_message_is_received_and_completed(run):
    """A completed message is gone."""

    async def story(client):
        await send(client, "q", Message("hi"))
        async with client.get_queue_receiver("q") as receiver:
            message = await one(receiver)
            await receiver.complete_message(message)
            return str(message), await receiver.receive_messages(1, max_wait_time=0.5)

    assert run(story) == ("hi", [])


def test_abandon_and_dead_letter(run):
    """An abandoned message comes back counted; a dead letter tells why."""

    async def story(client):
        await send(client, "q", Message("x"))
        async with client.get_queue_receiver("q") as receiver:
            await receiver.abandon_message(await one(receiver))
            again = await one(receiver)
            await receiver.dead_letter_message(again, reason="R", error_description="D")
        async with client.get_queue_receiver("q", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as dead:
            message = await one(dead)
            return again.delivery_count, message.dead_letter_reason, message.dead_letter_error_description

    assert run(story) == (1, "R", "D")


def test_peek_renew_defer(run):
    """What goes over the management node works too."""

    async def story(client):
        await send(client, "q", Message("x"))
        async with client.get_queue_receiver("q") as receiver:
            peeked = await receiver.peek_messages(5)
            message = await one(receiver)
            before = message.locked_until_utc
            await asyncio.sleep(0.5)
            renewed = await receiver.renew_message_lock(message)
            await receiver.defer_message(message)
            (deferred,) = await receiver.receive_deferred_messages(message.sequence_number)
            await receiver.complete_message(deferred)
            return len(peeked), renewed > before, str(deferred)

    assert run(story) == (1, True, "x")


def test_schedule_and_cancel(run):
    """A cancelled message never appears."""

    async def story(client):
        due = datetime.now(UTC) + timedelta(seconds=1)
        async with client.get_queue_sender("q") as sender:
            numbers = await sender.schedule_messages([Message("kept"), Message("cancelled")], due)
            await sender.cancel_scheduled_messages(numbers[1])
        async with client.get_queue_receiver("q") as receiver:
            return [str(message) for message in await receiver.receive_messages(2, max_wait_time=3)]

    assert run(story) == ["kept"]


def test_a_lost_lock(run):
    """After LockDuration (2 s) the next delivery is counted, and the first can be settled no more."""

    async def story(client):
        await send(client, "q", Message("x"))
        async with client.get_queue_receiver("q") as receiver:
            lost = await one(receiver)
            again = await one(receiver)
            with pytest.raises(MessageLockLostError):
                await receiver.complete_message(lost)
            return again.delivery_count

    assert run(story) == 1


def test_a_renewed_lock(run):
    """The renewer keeps a lock for longer than LockDuration (5 s)."""

    async def story(client):
        await send(client, "five", Message("x"))
        async with client.get_queue_receiver("five") as receiver, AutoLockRenewer() as renewer:
            kept = await one(receiver)
            renewer.register(receiver, kept, max_lock_renewal_duration=30)
            await asyncio.sleep(6)
            await receiver.complete_message(kept)
            return await receiver.receive_messages(1, max_wait_time=1)

    assert run(story) == []


def test_session_state(run):
    """Sessions, their order and state."""

    async def story(client):
        await send(client, "sess", *[Message(str(n), session_id="a") for n in range(5)])
        async with client.get_queue_receiver("sess", session_id="a") as receiver:
            await receiver.session.set_state("S")
            state = await receiver.session.get_state()
            await receiver.session.renew_lock()
            found = []
            while len(found) < 5:
                for message in await receiver.receive_messages(5, max_wait_time=2):
                    found.append(str(message))
                    await receiver.complete_message(message)
            return state, found

    assert run(story) == (b"S", list("01234"))


def test_eight_workers_share_sixteen_sessions_in_order(run):
    """Workers that take the next available session see each session in order, and everything once."""
    seen: dict[str, list[int]] = {f"s{n}": [] for n in range(16)}

    async def worker(client):
        while sum(map(len, seen.values())) < 160:
            try:
                async with client.get_queue_receiver(
                    "longsess", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=1
                ) as receiver:
                    async for message in receiver:
                        seen[message.session_id].append(int(str(message)))
                        await receiver.complete_message(message)
            except OperationTimeoutError:
                continue

    async def story(client):
        await send(client, "longsess", *[[Message(str(n), session_id=s) for n in range(10)] for s in seen])
        await asyncio.gather(*(worker(client) for _ in range(8)))

    run(story)

    assert all(numbers == list(range(10)) for numbers in seen.values())


def test_a_topic_with_a_filter(run):
    """A subscription takes what its rule says."""

    async def story(client):
        async with client.get_topic_sender("t") as sender:
            await sender.send_messages(
                [Message("a", subject="order", application_properties={"region": "eu"}), Message("b")]
            )
        async with client.get_subscription_receiver("t", "correlated") as receiver:
            return [str(message) for message in await receiver.receive_messages(5, max_wait_time=1)]

    assert run(story) == ["a"]
