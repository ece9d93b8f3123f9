"""A starter with a workflow engine, rendered for a platform, so that its adapter can be held to the port."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from archwright import resolve
from archwright.catalog import load_catalog
from made_up import BLUEPRINT, write_catalog
from rendered import write_starter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WORKFLOWS = """\
workflows:
  sack:
    name: Deliver a sack of letters
    engine: owl
    queue: errands
    input: [sack, sender]
    timeout: 1h
    start: sort
    steps:
      sort:
        kind: task
        handler: sort_sack
        timeout: 30s
        input: {sack: sack}
        result: sorting
        retry: [{errors: [Fog], attempts: 2, first: 1s, jitter: false, backoff: constant}]
        catch: [{errors: [SackTorn], next: torn}, {errors: [any], next: tell, result: failure}]
        next: any-letters
      any-letters:
        kind: choice
        choices: [{when: sorting.count, above: 0, next: fly-all}]
        otherwise: nothing
      fly-all:
        kind: map
        over: sorting.letters
        item: letter
        most: 40
        concurrency: 2
        input: {sender: sender}
        result: flights
        catch: [{errors: [Hawk], next: tell, result: failure}]
        start: fly
        steps:
          fly:
            kind: task
            handler: fly_letter
            timeout: 30s
            result: flight
            retry: [{errors: [Fog], attempts: 1, first: 1s, jitter: false}]
            next: landed
          landed: {kind: succeed, output: flight}
        next: tell
      tell: {kind: task, handler: tell_sender, timeout: 30s, result: told}
      nothing: {kind: succeed, output: sorting}
      torn: {kind: fail, error: SackTorn, cause: The sack is torn.}
  watch:
    name: Watch one pigeon
    engine: owl
    queue: errands
    input: [pigeon]
    timeout: 1h
    start: rest
    steps:
      rest: {kind: wait, duration: 1s, next: fly-once}
      fly-once:
        kind: task
        handler: fly_letter
        timeout: 6s
        callback: {heartbeat: 2s}
        retry: [{errors: [heartbeat], attempts: 1, first: 1s, jitter: false}]
        catch: [{errors: [timeout], next: lost, result: failure}]
      lost: {kind: succeed, output: failure}
  brief:
    name: Something that has to be quick
    engine: owl
    queue: errands
    input: [letter]
    timeout: 2s
    start: write
    steps:
      write: {kind: task, handler: write_letter, timeout: 1h}
"""
QUEUE = "errands"
PARTS = "  owl: {kind: engine, name: Owl, capability: workflow-engine}\n"
CHANNEL = (
    "  errands: {capability: work-queue, message: StepDue, lease: 30s, max_deliveries: 3, dead_letter: true, "
    "payload: 256KiB}\n"
)
BLUEPRINT_WITH_ENGINE = (
    BLUEPRINT.replace("containers:\n", f"containers:\n{PARTS}")
    .replace("handles: pigeons}", "handles: [pigeons, errands]}")
    .replace("channels:\n", f"channels:\n{CHANNEL}")
    + WORKFLOWS
    + "features: [messaging, workflow, program, drills]\n"
)


def write_nest(platform: str, folder: Path, name: str = "") -> Path:
    """Render a starter that has a workflow engine, and return its source folder."""
    catalog = load_catalog([write_catalog(folder / "catalog", blueprint=BLUEPRINT_WITH_ENGINE, platform="", limits="")])
    architecture = resolve.resolve(catalog, "pigeon-post", platform, name or f"nest-{platform}", {})
    return write_starter(architecture, folder / "starter")


@dataclass
class Nest:
    """What a contract test uses: the port, its engine, the broker of its steps, and what keeps them."""

    port: Any
    engine: Any
    broker: Any
    tick: Callable[[], object] = lambda: None  # let the engine look at the time
    stack: ExitStack = field(default_factory=ExitStack)
    headers: dict[str, str] = field(default_factory=dict)  # those of the message that was taken last

    def take(self, within: float = 15.0) -> dict[str, Any]:
        """Return the next step that waits for a worker, and take it out of the queue."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            self.tick()
            for delivery in self.broker.lease(QUEUE, wait=timedelta(seconds=0.1)):
                delivery.complete()
                self.headers = dict(delivery.message.headers)
                step: dict[str, Any] = json.loads(delivery.message.body)
                return step
        raise TimeoutError(f"no step came within {within:g} s")

    def none(self, within: float = 0.5) -> bool:
        """Whether no step comes."""
        try:
            self.take(within)
        except TimeoutError:
            return True
        return False

    def ended(self, workflow: str, execution: str, within: float = 15.0) -> Any:
        """Return an execution once it has ended."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            self.tick()
            found = self.engine.describe(workflow, execution)
            if found.status != self.port.Status.RUNNING:
                return found
            time.sleep(0.05)
        raise TimeoutError(f"{workflow}/{execution} did not end within {within:g} s")
