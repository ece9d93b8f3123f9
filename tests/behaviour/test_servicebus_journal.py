"""With a journal nothing accepted is lost, whenever the emulator is killed."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusSubQueue

from archwright.emulators.servicebus import ServiceBusEmulator
from archwright.emulators.servicebus.emulator import connection_string
from servicebus_bench import CONFIG, Bus, Message, server_process

pytest_plugins = ["servicebus_fixtures"]


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "Config.json"
    path.write_text(json.dumps(CONFIG))
    return path


def test_what_was_accepted_survives_kill_9(tmp_path, config):
    """The emulator is killed three times while a sender sends: all that was confirmed is there, in order, once each.

    Of a send that was not confirmed, the service promises nothing: it may be there or not.
    """
    journal, rng, confirmed, unsure = str(tmp_path / "journal"), random.Random(1), [], set()  # noqa: S311  # a test
    for life in range(3):
        with server_process("--journal", journal, config=config) as (process, port):
            bus = Bus(connection_string(port))
            last = rng.randint(100, 400)
            for n in range(500):
                body = f"{life}-{n}"
                try:
                    bus.send("long", body)
                    confirmed.append(body)
                except Exception:  # noqa: BLE001  # whatever a client sees when its server dies
                    unsure.add(body)
                    break
                if n == last:
                    process.kill()
    bus.close()
    with server_process("--journal", journal, config=config) as (_, port):
        bus = Bus(connection_string(port))
        found = bus.take("long", len(confirmed) + 3, within=10)
        bus.close()

    assert [body for body in found if body not in unsure] == confirmed
    assert len(found) == len(set(found))


def test_what_was_settled_stays_settled(tmp_path, config):
    """Completed, deferred, dead-lettered and scheduled messages, states and counts are as before the kill."""
    journal = str(tmp_path / "journal")
    due = datetime.now(UTC) + timedelta(hours=1)
    with server_process("--journal", journal, config=config) as (process, port):
        bus = Bus(connection_string(port))
        bus.send("long", "done", "deferred", "dead", "abandoned", "untouched")
        receiver = bus.receiver("long")
        done, deferred, dead, abandoned = bus.receive("long", 4)
        receiver.complete_message(done)
        receiver.defer_message(deferred)
        receiver.dead_letter_message(dead, reason="R")
        receiver.abandon_message(abandoned)
        (scheduled,) = bus.sender("long").schedule_messages([Message("later")], due)
        bus.receiver("sess", session_id="a").session.set_state(b"step")
        process.kill()
        bus.close()

    with server_process("--journal", journal, config=config) as (_, port):
        bus = Bus(connection_string(port))
        found = {str(message): message.delivery_count for message in bus.receive("long", 3, within=2)}
        again = bus.receiver("long").receive_deferred_messages(deferred.sequence_number)
        (buried,) = bus.receive("long", sub_queue=ServiceBusSubQueue.DEAD_LETTER)
        state = bus.receiver("sess", session_id="a").session.get_state()
        bus.sender("long").cancel_scheduled_messages(scheduled)
        bus.close()

    assert found == {"abandoned": 1, "untouched": 0}
    assert ([str(message) for message in again], buried.dead_letter_reason, state) == (["deferred"], "R", b"step")


def test_duplicates_are_remembered(tmp_path):
    """The window of duplicate detection survives a restart, also when the message is long gone."""
    config = json.loads(json.dumps(CONFIG).replace("PT2S", "PT1M"))
    for life in range(2):
        with ServiceBusEmulator(config, journal=tmp_path / "journal") as emulator:
            bus = Bus(emulator.connection_string)
            bus.send("dup", Message("x", message_id="1"))
            taken = bus.take("dup", within=1)
            bus.close()
        assert taken == (["x"] if life == 0 else [])


def test_the_journal_does_not_grow_for_ever(tmp_path, monkeypatch):
    """Traffic of many times its size leaves a journal of a few megabytes, and what is in the queue stays."""
    monkeypatch.setattr("archwright.emulators.journal._SMALLEST_OVERGROWN", 1_000_000)
    path = tmp_path / "journal"
    with ServiceBusEmulator(CONFIG, journal=path) as emulator:
        bus = Bus(emulator.connection_string)
        bus.send("sess", Message("stays", session_id="a"))
        for _ in range(40):
            bus.sender("long").send_messages([Message("x" * 10_000) for _ in range(20)])
            assert len(bus.take("long", 20)) == 20
        size = path.stat().st_size
        bus.close()
    with ServiceBusEmulator(CONFIG, journal=path) as emulator:
        bus = Bus(emulator.connection_string)
        assert bus.take("sess", session_id="a") == ["stays"]
        bus.close()

    assert size < 2_000_000
