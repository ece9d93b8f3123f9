"""Start a log and write new records: `init`, `new`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archwright.cli.adr.log_option import Dir, Json, NoInput, find_place, shown
from archwright.cli.adr.relations import today
from archwright.cli.terminal import interactive, say, say_json
from archwright.errors import DecisionLogError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archwright.adr.drafting import Draft, Written
    from archwright.adr.place import LogPlace

Template = Annotated[
    str,
    typer.Option(
        "--template", metavar="NAME|FILE", help="madr, madr-minimal, nygard, y-statement, or a file of your own."
    ),
]
_FIRST = "Record architecture decisions"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(init)
    app.command()(new)


def render(source: str, values: Mapping[str, object], name: str) -> str:
    """Render a template with the project's sandboxed Jinja."""
    from archwright.render import render_string

    return render_string(source, values, name=name)


def built_in(name: str, markup: str) -> str:
    """Return the text of one of archwright's own templates."""
    from archwright.resources import data_root

    suffix = {"restructuredtext": "rst", "asciidoc": "adoc"}.get(markup, "md")
    return (data_root() / "templates" / "adr" / f"{name}.{suffix}.jinja").read_text("utf-8")


def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder of the records.")] = Path(
        "docs/decisions"
    ),
    *,
    template: Template = "madr",
    numbering: Annotated[
        Literal["sequential", "date"], typer.Option(help="0001-slug.md, or 20261122-slug.md, which never collides.")
    ] = "sequential",
) -> None:
    """Start a decision log: the folder, and its first record, which says why there is a log.

    A folder that is not found by its name is written into `.adr-dir`. Later records take after the first one, so
    that template and numbering need no settings file.

    Examples:
        archwright adr init

        archwright adr init docs/adr --template nygard

        archwright adr init doc/decisions --numbering date
    """
    from archwright.adr.place import USUAL
    from archwright.adr.shape import record_names

    if directory.exists() and not directory.is_dir():
        raise DecisionLogError(f"{directory} is a file, not a folder")
    if directory.is_dir() and record_names(directory):
        raise DecisionLogError(
            f"{directory} holds a decision log already. Nothing was written.",
            hint='add to it with `archwright adr new "TITLE"`.',
        )
    pointer = Path(".adr-dir")
    if directory.as_posix() not in USUAL and pointer.exists():
        raise DecisionLogError(
            "`.adr-dir` names another log already. Nothing was written.",
            hint="remove it, or give --dir on each command.",
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DecisionLogError(f"{directory} cannot be made: {error.strerror}") from error
    written = _first_record(directory, template, numbering)
    say(f"{written.record.id}  {written.record.path}")
    if directory.as_posix() not in USUAL:
        pointer.write_text(f"{directory.as_posix()}\n", "utf-8")
        say(f"      {pointer} names the folder")
    say('\nNext:  archwright adr new "What you decided"', dim=True)


def _first_record(directory: Path, template: str, numbering: str) -> Written:
    from archwright.adr.drafting import Draft, OptionDraft, write_new

    draft = Draft(
        title=_FIRST,
        day=today(),
        status="accepted",
        context="Decisions about the architecture are taken all the time. Whoever comes later sees what was built, but "
        "not why, and either repeats the discussion or undoes what had a reason.",
        options=(
            OptionDraft(
                name="Records beside the code",
                good=("they are reviewed and versioned with what they explain",),
                bad=("somebody has to write them",),
            ),
            OptionDraft(
                name="Pages in a wiki",
                good=("anybody can edit them",),
                bad=("they drift from the code, and nobody notices",),
            ),
            OptionDraft(name="No records", good=("nothing to write",), bad=("the reasons leave with the people",)),
        ),
        chosen="Records beside the code",
        because="a reason is worth most where the change is made",
        good=("a newcomer can read why things are as they are",),
        bad=("each significant decision costs a page",),
    )
    return write_new(directory, draft, render, template=template, built_in=built_in, numbering=numbering)


def new(
    title: Annotated[
        str, typer.Argument(metavar="TITLE", help="What is decided, in a few words; asked for on a terminal.")
    ] = "",
    *,
    supersedes: Annotated[
        list[str] | None,
        typer.Option(
            "--supersedes",
            "-s",
            metavar="ID",
            help="A record whose place this one takes; repeatable. Both files say so.",
        ),
    ] = None,
    template: Template = "",
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="context, driver, option, chosen, because, good, bad, decider, tag, status, date, ...; repeatable.",
        ),
    ] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", metavar="FILE", help="The same fields from a YAML or JSON file.")
    ] = None,
    from_blueprint: Annotated[
        str,
        typer.Option(
            "--from-blueprint",
            metavar="BLUEPRINT:DECISION",
            help="Start from a decision of a blueprint: its options, gains and costs.",
        ),
    ] = "",
    draft: Annotated[
        bool, typer.Option("--draft", help="No number yet; `archwright adr number` gives one at merge.")
    ] = False,
    edit: Annotated[bool, typer.Option("--edit/--no-edit", help="Open $VISUAL or $EDITOR on the record.")] = False,
    no_input: NoInput = False,
    folder: Dir = None,
    as_json: Json = False,
) -> None:
    """Write a new record, in the form that its log has, under a number that no branch has taken.

    On a terminal it asks for context, drivers, options with good and bad, outcome and consequences. Elsewhere, or
    with `--no-input`, the parts that nothing was said about are left as gaps to fill.

    A template of the team's own in the log's folder is used when there is one: Jinja, adr-tools' placeholders
    (NUMBER, TITLE, DATE, STATUS) or a record with gaps. `ADR_TEMPLATE` and `ADR_DATE` are honoured.

    Examples:
        archwright adr new "Use one queue per tenant"

        archwright adr new "Use SQS" --supersedes 4 --set option=SQS --set option=RabbitMQ --set chosen=SQS

        archwright adr new "Pick a broker" --from-blueprint work-queue:broker-choice

        archwright adr new --answers decision.yaml --no-input --json

        archwright adr new "An idea for later" --draft --edit
    """
    from archwright.adr.drafting import write_new

    place = find_place(folder)
    if not place.folder.is_dir():
        raise DecisionLogError(f"{place.folder} is no folder", hint="start a log with `archwright adr init`.")
    if edit:
        from archwright.cli.adr.editor import command

        command()
    said = _said(
        title, answers, settings or [], from_blueprint, draft=draft, ask=interactive() and not no_input and not as_json
    )
    log = place.load() if supersedes else None
    written = write_new(
        place.folder,
        said,
        render,
        template=_template_path(template, place),
        built_in=built_in,
        settings=place.settings,
        unnumbered=draft,
        supersedes=(log, [log.find(reference) for reference in supersedes]) if log and supersedes else None,
    )
    _say_written(written, as_json=as_json)
    if edit:
        from archwright.cli.adr.editor import edit as open_editor

        open_editor(written.record.path)


def _template_path(template: str, place: LogPlace) -> str:
    """Return the template's name; a path of the settings file counts from that file's folder."""
    from archwright.adr.drafting import BUILT_IN

    named = place.settings.get("template")
    if template or not isinstance(named, str) or named in BUILT_IN:
        return template
    return str(place.root / named)


def _said(
    title: str, answers: Path | None, settings: list[str], from_blueprint: str, *, draft: bool, ask: bool
) -> Draft:
    """Gather what is said about the record: blueprint, then file, then flags, then a person."""
    from dataclasses import replace

    from archwright.adr.answers import with_answers, with_settings
    from archwright.adr.drafting import Draft, clean_title

    said = Draft(title="", day=today(), status="draft" if draft else "proposed")
    if from_blueprint:
        from archwright.cli.adr.from_blueprint import drafted

        said = drafted(said, from_blueprint)
    if answers:
        said = with_answers(said, answers)
    said = with_settings(said, settings)
    if title:
        said = replace(said, title=title)
    quiet = bool(answers or settings or from_blueprint)
    if ask and not said.title:
        from archwright.cli.adr.interview import ask as ask_for

        said = replace(said, title=ask_for("What is decided? A few words, as a heading"))
    if not said.title.strip() and not title:
        raise UsageError("a record needs a title", hint='archwright adr new "Use one queue per tenant"')
    clean_title(said.title)
    if ask and not quiet:
        from archwright.cli.adr.interview import interview

        said = interview(said)
    return said


def _say_written(written: Written, *, as_json: bool) -> None:
    if written.warning:
        say(f"warning: {written.warning}", err=True)
    record = written.record
    if as_json:
        say_json(
            {
                "id": record.id,
                "number": record.number,
                "title": record.title.text,
                "status": record.status.word,
                "path": str(record.path),
                "changed": [str(each.path) for each in written.changed],
            }
        )
        return
    say(shown(record.path))
    for each in written.changed:
        say(f"{each.id} is superseded by it: {shown(each.path)}", err=True)
