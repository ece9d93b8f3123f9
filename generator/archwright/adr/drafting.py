"""Write a new record: what is said about it, in the template that its log uses, under a number that nobody has."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from archwright.adr.actions import superseding
from archwright.adr.names import slugify
from archwright.adr.numbering import taken_numbers
from archwright.adr.read import parse_record
from archwright.adr.shape import NameShape, latest_records, record_names, shape_of, template_like
from archwright.adr.team_template import Template, filled, team_template
from archwright.adr.transaction import Transaction, locked
from archwright.errors import DecisionLogError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from archwright.adr.model import DecisionLog, DecisionRecord

    Render = Callable[[str, Mapping[str, object], str], str]

BUILT_IN = ("madr", "madr-minimal", "nygard", "y-statement")
_UNSAFE_YAML = re.compile(r"^[\s\-?:,\[\]{}#&*!|>'\"%@`]|: | #|:$")


@dataclass(frozen=True, kw_only=True)
class OptionDraft:
    """An option to be weighed, with reasons."""

    name: str
    good: tuple[str, ...] = ()
    neutral: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()

    @property
    def argued(self) -> bool:
        """Whether any reason is given."""
        return bool(self.good or self.neutral or self.bad)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Everything that may be said about a new record; whatever is empty is left to be written."""

    title: str
    day: date
    status: str = "proposed"
    deciders: tuple[str, ...] = ()
    consulted: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    context: str = ""
    drivers: tuple[str, ...] = ()
    options: tuple[OptionDraft, ...] = ()
    chosen: str = ""
    because: str = ""
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    confirmation: str = ""
    more: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Fields that only the team's own template knows."""

    def values(self, number: int | None, identifier: str, metadata: str) -> dict[str, object]:
        """Return what a template may use."""
        quoted = _yaml if metadata == "front-matter" else str
        people = {name: quoted(", ".join(getattr(self, name))) for name in ("deciders", "consulted", "informed")}
        people["tags"] = ", ".join(quoted(tag) for tag in self.tags)
        return {
            **self.extra, **people, "title": self.title, "number": number, "id": identifier, "date": self.day.isoformat(),  # noqa: E501  # one pattern
            "status": self.status, "context": self.context, "drivers": self.drivers, "options": self.options,
            "chosen": self.chosen, "because": self.because.rstrip("."), "good": self.good, "bad": self.bad,
            "confirmation": self.confirmation, "more": self.more, "metadata": metadata,
        }  # fmt: skip  # names in a few lines


@dataclass(frozen=True, kw_only=True)
class Written:
    """What `new` wrote."""

    record: DecisionRecord
    changed: tuple[DecisionRecord, ...] = ()
    warning: str = ""


def _yaml(text: str) -> str:
    """Return a text as a YAML scalar; an empty one stays empty, so that a template can leave it out."""
    if not text:
        return ""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if _UNSAFE_YAML.search(text) else text


def clean_title(title: str) -> str:
    """Return a title on one line, safe in a heading.

    Raises:
        UsageError: nothing is left of it, or it has no letter or digit to name a file by.
    """
    plain = " ".join("".join(each if each.isprintable() or each.isspace() else " " for each in title).split())
    if not plain:
        raise UsageError(
            "the title is empty",
            hint='say in a few words what is decided: archwright adr new "Use one queue per tenant".',
        )
    if not slugify(plain):
        raise UsageError(
            f"the title `{plain}` has no letter or digit to name a file by", hint="say in a few words what is decided."
        )
    return re.sub(r"(?<!\S)(#+)$", r"\\\1", plain.replace("<!--", "&lt;!--"))


def write_new(  # noqa: PLR0913  # each is a thing of its own
    folder: Path,
    draft: Draft,
    render: Render,
    *,
    template: str = "",
    built_in: Callable[[str, str], str],
    settings: Mapping[str, object] | None = None,
    numbering: str = "",
    unnumbered: bool = False,
    supersedes: tuple[DecisionLog, Sequence[DecisionRecord]] | None = None,
) -> Written:
    """Write a record with the next number of its log, or as a draft without one; return it and what else changed.

    `built_in` gives the text of a template of archwright's own by name and markup.

    Raises:
        DecisionLogError: a template cannot be read, or the files cannot be written. Nothing has changed.
        UsageError: a field was given that has no place in the template.
    """
    slug = slugify(draft.title)
    draft = replace(draft, title=clean_title(draft.title))
    names = record_names(folder)
    latest = list(latest_records(folder, names))
    dated = (numbering or str((settings or {}).get("numbering", ""))) == "date"
    shape = shape_of(names) or (NameShape(day="%Y%m%d") if dated else NameShape())
    source, metadata = _template(folder, template, settings or {}, latest, built_in)
    _refuse_unused(draft, source)
    with locked(folder):
        number, warning = None, ""
        if shape.numbered and not unnumbered:
            taken, warning = taken_numbers(folder)
            number = max(taken, default=0) + 1
        name = _free_name(folder, shape, number, draft, slug, unnumbered=unnumbered, suffix=source.suffix)
        record = _rendered(folder, name, draft, number, source, metadata, render, shape)
        transaction = Transaction()
        edited: dict[DecisionRecord, DecisionRecord] = {}
        if supersedes:
            grown = replace(supersedes[0], records=(*supersedes[0].records, record))
            edited, record = superseding(grown, supersedes[1], record)
        transaction.create(record.path, record.source.raw)
        for before, after in edited.items():
            transaction.replace(before.path, before.source.raw, after.source.raw)
        transaction.commit()
    return Written(record=record, changed=tuple(edited.values()), warning=warning)


def _template(
    folder: Path,
    wanted: str,
    settings: Mapping[str, object],
    latest: Sequence[DecisionRecord],
    built_in: Callable[[str, str], str],
) -> tuple[Template, str]:
    """Return the template to use, and where its metadata stand."""
    fitting, metadata = template_like(latest)
    named = wanted or os.environ.get("ADR_TEMPLATE", "") or str(settings.get("template", ""))
    if named in BUILT_IN:
        fits = named.startswith(fitting) and metadata in {"front-matter", "bullets"}
        return Template(
            name=named, source=built_in(named, "markdown"), suffix=".md"
        ), metadata if fits else "front-matter"
    team = team_template(folder, named)
    if team:
        return team, metadata
    markup = metadata if metadata in {"restructuredtext", "asciidoc"} else "markdown"
    suffix = latest[0].path.suffix if latest and latest[0].markup == markup else ".md"
    return Template(name=fitting, source=built_in(fitting, markup), suffix=suffix), metadata


def _refuse_unused(draft: Draft, template: Template) -> None:
    """Refuse a field that the template would drop in silence: most often its name is mistyped."""
    for name in draft.extra:
        if template.name in BUILT_IN or not re.search(rf"\b{re.escape(name)}\b", template.source):
            from difflib import get_close_matches  # noqa: PLC0415  # only when somebody mistyped

            fields = sorted(draft.values(None, "", "").keys() - draft.extra.keys() - {"number", "id", "metadata"})
            near = get_close_matches(name, fields, n=1)
            raise UsageError(
                f"the field `{name}` has no place in the template {template.name}",
                hint=f"did you mean `{near[0]}`?" if near else f"fields are {', '.join(fields)}.",
            )


def _free_name(  # noqa: PLR0913  # each is a thing of its own
    folder: Path, shape: NameShape, number: int | None, draft: Draft, slug: str, *, unnumbered: bool, suffix: str
) -> str:
    """Return a name that no file has; a date and a slug that are taken get `-2`, as log4brains does it."""
    for count in range(1, 1000):
        tail = slug if count == 1 else f"{slug}-{count}"
        name = shape.draft_name(tail, suffix) if unnumbered else shape.name(number, draft.day, tail, suffix)
        if not os.path.lexists(folder / name):
            return name
    raise DecisionLogError(f"{folder} has a thousand records of this name", hint="choose another title.")


def _rendered(  # noqa: PLR0913, PLR0917  # each is a thing of its own
    folder: Path,
    name: str,
    draft: Draft,
    number: int | None,
    source: Template,
    metadata: str,
    render: Render,
    shape: NameShape,
) -> DecisionRecord:
    identifier = f"{shape.prefix}{number:0{shape.width}d}" if number is not None else Path(name).stem
    values = draft.values(number, identifier, metadata)
    text = render(source.source, values, source.name) if source.jinja else filled(source, values)
    text = text.lstrip("\n").rstrip() + "\n"
    return parse_record(text.encode(), folder / name, name)
