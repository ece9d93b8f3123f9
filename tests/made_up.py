"""A made-up catalog, as small as one can be: a blueprint and a platform that no code has ever heard of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BLUEPRINT = """\
schema: 1
id: pigeon-post
name: Pigeon post
category: messaging
ring: assess
last_reviewed: 2026-11-22
summary: Carry letters by pigeon.
problem:
  question: How does a letter cross a mountain?
  forces:
    - Roads end at the foot.
use_when:
  - There is a loft at the other end.
avoid_when:
  - text: The letter is heavy.
parameters:
  rest:
    type: duration
    default: 30s
    minimum: 1s
    maximum: 1h
    help: How long a pigeon rests between flights.
  flights:
    type: integer
    default: 3
    minimum: 1
    help: How often a letter is sent before it is set aside.
messages:
  Letter:
    description: A letter.
    schema:
      type: object
      required: [letter_id]
      properties:
        letter_id: {type: string}
    example: {letter_id: a}
    key: letter_id
containers:
  sender: {kind: producer, name: Sender}
  loft: {kind: worker, name: Loft, handles: pigeons}
channels:
  pigeons:
    capability: work-queue
    message: Letter
    lease: ${rest}
    max_deliveries: ${flights}
    dead_letter: true
    retry: {first: 1s, longest: 1m}
flows:
  - {from: sender, to: pigeons, says: sends Letter}
  - {from: pigeons, to: loft, says: brings Letter}
guarantees:
  - {hop: sender → pigeons, delivery: at-least-once, ordering: none, deduplication: none, drill: test_letter_arrives}
failure_modes:
  - mode: A hawk takes the pigeon.
    shows_as: {metric: letters_missing, above: 0}
    handled_by: The letter is sent again.
    drill: test_letter_arrives
decisions:
  - id: carrier
    title: Carry letters by pigeon
    question: Who carries letters?
    context: The mountain is high.
    drivers: [speed]
    options:
      pigeon: {name: A pigeon, gains: [fast], costs: [hawks], because: Pigeons are fast.}
      mule: {name: A mule, gains: [strong], costs: [slow]}
    default: pigeon
    consequences: [Someone feeds the pigeons.]
    confirmed_by: test_letter_arrives
"""

PLATFORM = """\
schema: 1
id: mountain
name: The mountain
summary: Where pigeons fly.
bindings:
  work-queue:
    service: Pigeon loft
    icon: onprem.queue.RabbitMQ
    knobs:
      lease: {limit: mountain.loft.rest}
chooses:
  broker-choice: {option: embedded, because: There is nothing else up here.}
"""

LIMITS = """\
mountain.loft.rest:
  service: Loft
  what: rest
  value: at most 10 minutes
  maximum: 10m
  source: the loft's keeper
  read: 2026-11-22
  confidence: A
"""

ADAPTER = '''"""Pigeons, where others have a broker."""
'''


def write_catalog(folder: Path, *, blueprint: str = BLUEPRINT, platform: str = PLATFORM, limits: str = LIMITS) -> Path:
    """Write the catalog into `folder` and return it; a part given as "" is left out."""
    files = {
        "blueprints/pigeon-post/blueprint.yaml": blueprint,
        "templates/platforms/mountain/platform.yaml": platform,
        "blueprints/facts/limits.yaml": limits,
    }
    for name, text in files.items():
        if text:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    return folder
