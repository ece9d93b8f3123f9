"""An ordered message that kills its worker at every delivery: Service Bus counts none of them, and the adapter does."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from archwright.catalog import load_catalog
from archwright.emulators.servicebus import ServiceBusEmulator
from archwright.resolve import resolve
from rendered import write_starter

OPEN = """
import os
from datetime import timedelta
from order_desk.messages import Movement
from order_desk.messaging.adapter import open_broker
from order_desk.messaging.contract import encode
from order_desk.settings import Settings
from order_desk.topology import CHANNELS
broker = open_broker(Settings.from_environment(), CHANNELS)
"""
SEND = OPEN + "broker.send('movements', encode(Movement.example())); broker.close()"
DIE = (
    OPEN
    + """
print([one.deliveries for one in broker.lease("movements", wait=timedelta(seconds=1))], flush=True)
os._exit(9)
"""
)
LOOK = (
    OPEN
    + """
print([(str(one.reason), one.deliveries) for one in broker.dead_letters("movements")]); broker.close()
"""
)
WORK = (
    OPEN
    + """
for one in broker.lease("movements", wait=timedelta(seconds=1)):
    print(one.deliveries)
    one.complete()
broker.close()
"""
)


def run(folder, emulator, script):
    """What a process of the starter prints."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "SERVICEBUS_CONNECTION_STRING": emulator.connection_string,
    }
    command = [sys.executable, "-c", script]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    ).stdout.strip()


def test_a_message_that_kills_its_worker_is_set_aside(tmp_path):
    """It is delivered as often as others, though its session is freed uncounted each time; the next starts anew."""
    folder = write_starter(resolve(load_catalog(), "ordered-processing", "azure", "order-desk", {}), tmp_path)
    with ServiceBusEmulator(json.loads((tmp_path / "dev" / "Config.json").read_text())) as emulator:
        run(folder, emulator, SEND)

        counted = [run(folder, emulator, DIE) for _ in range(6)]

        assert counted == ["[1]", "[2]", "[3]", "[4]", "[5]", "[]"]
        assert run(folder, emulator, LOOK) == "[('crashed', 5)]"
        run(folder, emulator, SEND)
        assert run(folder, emulator, WORK) == "1"
