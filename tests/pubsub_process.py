"""An emulator in a process of its own, so that a test can kill it."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

PROGRAM = """
import resource, signal, sys, threading
from archwright.emulators.pubsub import PubSubEmulator
port, journal, largest = int(sys.argv[1]), sys.argv[2] or None, int(sys.argv[3])
if largest:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
with PubSubEmulator(journal=journal, port=port) as emulator:
    print(emulator.endpoint, flush=True)
    sys.stdin.read()
"""


class Process:
    """Runs until `kill` or `stop`; `largest_file` limits what the journal may grow to, as a full disk would."""

    def __init__(self, *, port: int = 0, journal: object = "", largest_file: int = 0) -> None:
        command = [sys.executable, "-c", PROGRAM, str(port), str(journal), str(largest_file)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        self.endpoint = self._process.stdout.readline().strip()
        if not self.endpoint:
            raise AssertionError(self._process.communicate()[1])
        self.pid = self._process.pid
        self.port = int(self.endpoint.rpartition(":")[2])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.stop()

    def kill(self) -> None:
        """End it without a goodbye."""
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()

    def stop(self) -> str:
        """End it properly; return what it wrote to standard error."""
        return self._process.communicate(timeout=20)[1]
