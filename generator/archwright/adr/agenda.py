"""Revisit triggers as an iCalendar file: one all-day event for each that falls on a day."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archwright.adr.revisits import Trigger

_WIDEST = 75


def icalendar(triggers: Iterable[Trigger]) -> str:
    """Return the triggers that have a day; the same triggers give the same bytes, and each keeps its identity."""
    out = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//archwright//decision log//EN", "CALSCALE:GREGORIAN"]
    for trigger in triggers:
        if trigger.on is None:
            continue
        record = trigger.record
        identity = hashlib.sha256(f"{record.name}\0{trigger.kind}\0{trigger.text}".encode()).hexdigest()[:32]
        day = trigger.on.strftime("%Y%m%d")
        out += [
            "BEGIN:VEVENT",
            f"UID:{identity}@archwright",
            f"DTSTAMP:{day}T000000Z",
            f"DTSTART;VALUE=DATE:{day}",
            f"DTEND;VALUE=DATE:{(trigger.on + timedelta(days=1)).strftime('%Y%m%d')}",
            f"SUMMARY:{_escaped(f'Revisit {record.id}: {record.title.text}')}",
            f"DESCRIPTION:{_escaped(f'{record.name}: {trigger.kind} {trigger.text}')}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return "".join(f"{_folded(line)}\r\n" for line in [*out, "END:VCALENDAR"])


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> str:
    """Break a line so that none has more than 75 octets, and none ends within a character."""
    parts, size = [""], 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > _WIDEST:
            parts.append(" ")
            size = 1
        parts[-1] += letter
        size += octets
    return "\r\n".join(parts)
