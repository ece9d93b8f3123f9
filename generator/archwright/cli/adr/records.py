"""Look at a decision log: `list`, `show`, and `init` to start one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from archwright.cli.adr.log_option import Dir, Json, as_json, load, say_left_out
from archwright.cli.terminal import say, say_json

if TYPE_CHECKING:
    from archwright.adr.model import DecisionLog, DecisionRecord

_COLOURS = {
    "accepted": typer.colors.GREEN,
    "proposed": typer.colors.YELLOW,
    "draft": typer.colors.YELLOW,
    "rejected": typer.colors.RED,
}
_WIDEST = 28


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(list_records)
    app.command("show")(show)


def list_records(
    *,
    status: Annotated[
        list[str] | None,
        typer.Option("--status", "-s", metavar="STATUS", help="Only records of this status; repeatable."),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", "-t", metavar="TAG", help="Only records with this tag; repeatable.")
    ] = None,
    folder: Dir = None,
    as_json_: Json = False,
) -> None:
    """List every record: id, status, date and title. A status in brackets is inferred, since the record states none.

    Examples:
        archwright adr list

        archwright adr list --status proposed --status draft

        archwright adr list --tag security --json
    """
    log = load(folder)
    words = {word.lower() for word in status or ()}
    tags = {word.lower() for word in tag or ()}
    chosen = [
        record
        for record in log
        if (not words or record.status.word in words or record.status.text.lower() in words)
        and (not tags or tags & {each.lower() for each in record.tags})
    ]
    if as_json_:
        say_json([as_json(log, record) for record in chosen])
        return
    _say_table(chosen)
    if (words or tags) and log.records:
        say(f"{len(chosen)} of {len(log)} records", err=True)
    say_left_out(log)


def _say_table(records: list[DecisionRecord]) -> None:
    width = min(_WIDEST, max((len(record.id) for record in records), default=0))
    rows = []
    for record in records:
        word = f"({record.status.word})" if record.status.inferred else record.status.word
        coloured = typer.style(f"{word:12}", fg=_COLOURS.get(record.status.word, typer.colors.BRIGHT_BLACK))
        day = record.day.isoformat() if record.day else "-"
        rows.append(f"{record.id:{width}}  {coloured}  {day:10}  {record.title.text}")
    if rows:
        say("\n".join(rows))  # at once: a thousand small writes take as long as the reading


def show(
    reference: Annotated[str, typer.Argument(metavar="ID", help="A number, id, slug or file name.")],
    *,
    folder: Dir = None,
    as_json_: Json = False,
) -> None:
    """Show one record: what it states, where each value was found, and its text.

    Examples:
        archwright adr show 7

        archwright adr show ADR-0007 --json
    """
    log = load(folder)
    record = log.find(reference)
    if as_json_:
        say_json(_details(log, record))
        return
    say(typer.style(f"{record.id}  {record.title.text}", bold=True))
    stated = (
        "inferred: the record states none"
        if record.status.inferred
        else f"from {record.status.source}, line {record.line_of(record.status.stated[0])}"
    )
    rows = [("status", f"{record.status.word} ({stated})")]
    if record.date:
        rows.append(("date", f"{record.day or record.date.text} (from {record.date.source})"))
    people = ((name, ", ".join(getattr(record, name))) for name in ("deciders", "consulted", "informed", "tags"))
    rows += [(name, told) for name, told in people if told]
    if record.chosen_option:
        rows.append(("chosen", record.chosen_option.text))
    rows += [(relation.kind, _told(log, record, relation.target)) for relation in record.relations]
    rows.append(("file", str(record.path)))
    for key, value in dict.fromkeys(rows):
        say(f"  {key:14} {value}")
    say()
    say(record.text.replace("\r\n", "\n").rstrip("\n"))


def _told(log: DecisionLog, record: DecisionRecord, target: str) -> str:
    from archwright.adr.references import resolve

    other = resolve(log, record, target)
    return f"{other.id}  {other.title.text} ({other.status.word})" if other else f"{target} (no such record)"


def _details(log: DecisionLog, record: DecisionRecord) -> dict[str, object]:
    return {
        **as_json(log, record),
        "markup": record.markup,
        "date_source": record.date.source if record.date else None,
        "title_source": record.title.source,
        "deciders": list(record.deciders),
        "consulted": list(record.consulted),
        "informed": list(record.informed),
        "tags": list(record.tags),
        "aliases": list(record.aliases),
        "relations": [
            {
                "kind": relation.kind,
                "target": other.id if (other := log.target(record, relation)) else None,
                "written": relation.target,
                "source": relation.source,
            }
            for relation in record.relations
        ],
        "chosen_option": record.chosen_option.text if record.chosen_option else None,
        "options": [
            {
                "name": option.name,
                "chosen": option.chosen,
                "arguments": [{"weight": each.weight, "text": each.text} for each in option.arguments],
            }
            for option in record.options
        ],
        "sections": [{"level": each.level, "title": each.title, "role": each.role} for each in record.sections],
        "status_stated": [
            {"text": place.text, "source": place.source, "line": record.line_of(place)}
            for place in record.status.stated
        ],
    }
