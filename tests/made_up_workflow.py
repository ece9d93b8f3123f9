"""A made-up blueprint with a workflow: letters are sorted, each is flown over the mountain, and one that is lost."""

from __future__ import annotations

from made_up import BLUEPRINT, PLATFORM

WORKFLOW = """\
workflows:
  delivery:
    name: Deliver a sack of letters
    description: Sort a sack, fly each letter, and tell the sender.
    engine: owl
    queue: errands
    input: [sack, sender]
    timeout: 1d
    start: sort
    steps:
      sort:
        kind: task
        name: Sort the sack
        handler: sort_sack
        timeout: 10m
        input: {sack: sack}
        result: sorting
        catch:
          - {errors: [SackTorn], next: torn}
        next: any-letters
      any-letters:
        kind: choice
        choices:
          - {when: sorting.count, above: 0, next: fly-all}
        otherwise: nothing
      fly-all:
        kind: map
        name: Fly each letter
        over: sorting.letters
        item: letter
        most: 40
        concurrency: 3
        input: {sender: sender}
        result: flights
        catch:
          - {errors: [any], next: tell, result: failure}
        start: fly
        steps:
          fly:
            kind: task
            handler: fly_letter
            timeout: 2h
            callback: {heartbeat: "${rest}"}
            result: flight
            retry:
              - {errors: [Fog, heartbeat], attempts: 3, first: 1m, longest: 10m}
              - {errors: [any], attempts: 1, backoff: constant, jitter: false}
            next: landed
          landed: {kind: succeed, output: flight}
        next: dry
      dry: {kind: wait, duration: 5m, next: tell}
      tell: {kind: task, handler: tell_sender, timeout: 1m}
      nothing: {kind: succeed}
      torn: {kind: fail, error: SackTorn, cause: The sack is torn.}
"""

WITH_WORKFLOW = (
    BLUEPRINT.replace("containers:\n", "containers:\n  owl: {kind: engine, name: Owl, capability: workflow-engine}\n")
    .replace("handles: pigeons}", "handles: [pigeons, errands]}")
    .replace(
        "channels:\n",
        "channels:\n  errands: {capability: work-queue, message: StepDue, lease: 10s, max_deliveries: 3, "
        "dead_letter: true, payload: 256KiB}\n",
    )
    + WORKFLOW
)

WITH_ENGINE = PLATFORM.replace(
    "chooses:\n",
    """\
  workflow-engine:
    service: Wise owl
    knobs:
      heartbeat: {limit: mountain.loft.rest}
chooses:
""",
)
