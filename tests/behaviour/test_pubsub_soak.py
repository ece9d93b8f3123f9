from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import time
from collections import defaultdict

import pytest

from archwright.emulators.pubsub import PubSubEmulator
from pubsub_clients import PROJECT, Bus
from pubsub_process import Process

TOPIC, SUBSCRIPTION = f"{PROJECT}/topics/soak", f"{PROJECT}/subscriptions/soak"

# A consumer that is killed at any moment: it writes down what it is about to acknowledge, one whole line at a time.
CONSUMER = """
import json, os, sys, threading
os.environ["PUBSUB_EMULATOR_HOST"] = sys.argv[1]
from google.cloud import pubsub_v1
from google.cloud.pubsub_v1.types import FlowControl
out = os.open(sys.argv[3], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def take(message):
    os.write(out, (json.dumps([message.ordering_key, int(message.data), os.getpid()]) + "\\n").encode())
    message.ack()
client = pubsub_v1.SubscriberClient()
client.subscribe(sys.argv[2], take, flow_control=FlowControl(max_messages=500))
threading.Event().wait()
"""


def _consumer(endpoint, log):
    return subprocess.Popen([sys.executable, "-c", CONSUMER, endpoint, SUBSCRIPTION, str(log)])


def _soak(  # noqa: PLR0913  # the knobs of a soak
    tmp_path, emulator, *, keys, each, kills, pause, after_kill=lambda: None
):
    """Publish while consumers are killed and replaced; return what was processed, in order, by key."""
    log, chance = tmp_path / "processed", random.Random(1)  # noqa: S311  # the same kills in every run
    consumers = []
    with contextlib.ExitStack() as stack:
        bus = Bus(emulator.endpoint)
        stack.callback(bus.close)
        bus.publisher.create_topic(name=TOPIC)
        request = {"name": SUBSCRIPTION, "topic": TOPIC, "enable_message_ordering": True, "ack_deadline_seconds": 10}
        bus.subscriber.create_subscription(request=request)
        try:
            consumers = [_consumer(emulator.endpoint, log) for _ in range(2)]
            sent = []
            for number in range(each):
                sent += [bus.publisher.publish(TOPIC, b"%d" % number, ordering_key=f"k{key}") for key in range(keys)]
                if number * kills // each != (number + 1) * kills // each:
                    time.sleep(pause)
                    victim = chance.randrange(len(consumers))
                    consumers[victim].kill()
                    consumers[victim].wait()
                    consumers[victim] = _consumer(emulator.endpoint, log)
                    after_kill()
            for future in sent:
                future.result(60)
            _wait_for_the_rest(log, keys * each)
        finally:
            for consumer in consumers:
                consumer.kill()
                consumer.wait()
        assert [] == bus.pull(SUBSCRIPTION, 1, within=1.0)
    return _by_key(log)


def _wait_for_the_rest(log, wanted):
    """Wait until every message was processed; fail when nothing new has come for a minute."""
    seen, since = 0, time.monotonic()
    while seen < wanted:
        time.sleep(0.3)
        now = len({line[: line.rindex(",")] for line in log.read_text().splitlines()})
        if now > seen:
            seen, since = now, time.monotonic()
        assert time.monotonic() - since < 60, f"{wanted - seen} messages were lost"


def _by_key(log):
    processed = defaultdict(list)
    for line in log.read_text().splitlines():
        key, number, _pid = json.loads(line)
        processed[key].append(number)
    return processed


def _assert_complete_and_ordered(processed, keys, each):
    """Nothing is lost, and no message is processed before its predecessor was: a key only ever starts over."""
    assert keys == len(processed)
    for key, numbers in processed.items():
        assert set(range(each)) == set(numbers), key
        reached = -1
        for number in numbers:
            assert number <= reached + 1, f"{key}: {number} was processed before {reached + 1}"
            reached = max(reached, number)


def test_killed_consumers_lose_nothing_and_break_no_order(tmp_path):
    """4,000 messages in 20 keys, two consumers, three of them killed on the way: all processed, each key in order."""
    with PubSubEmulator() as emulator:
        expire = emulator.faults.expire_locks  # rather than wait for what the killed one held
        processed = _soak(tmp_path, emulator, keys=20, each=200, kills=3, pause=1.0, after_kill=expire)

    _assert_complete_and_ordered(processed, 20, 200)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_hundred_thousand_messages_survive_killed_consumers(tmp_path):
    """100,000 messages in 100 keys, consumers killed 20 times at random: nothing lost, order kept, few duplicates."""
    with Process() as emulator:
        processed = _soak(tmp_path, emulator, keys=100, each=1000, kills=20, pause=2.0)
        assert emulator.stop() == "", "the emulator complained"

    _assert_complete_and_ordered(processed, 100, 1000)
    repeated = sum(len(numbers) for numbers in processed.values()) - 100_000
    assert repeated <= 20 * 500 * 4, "more was delivered again than the killed consumers can have held"
