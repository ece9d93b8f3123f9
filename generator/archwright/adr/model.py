"""One model for every dialect: a decision log, its records, and where in the file each value stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from archwright.adr.source import Source, Span
from archwright.adr.vocabulary import IN_FORCE, PLAIN, Vocabulary

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = [
    "Argument", "DecisionLog", "DecisionRecord", "FrontMatterEntry", "LeftOut", "Option", "Relation", "Section",
    "Source", "Span", "Status", "Value",
]  # fmt: skip  # names in a few lines

_DECIDERS = ("decision-makers", "deciders", "decision-maker", "decider", "author", "authors", "approvers")


class Value(NamedTuple):
    """Something that a record states: its text, where it was found, and the characters that hold it.

    `source` is one of `front-matter` (or `front-matter:KEY` for an unusual key), `section:HEADING`, `table:LINE`,
    `bullet`, `line`, `attribute`, `tag`, `badge`, `changelog`, `heading`, `file-name`, `git`, `inferred`. `span` is
    None where no characters of the file hold the value.
    """

    text: str
    source: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """Where a decision stands in its life.

    `word` is one of `vocabulary.LIFECYCLE`, or the log's own word in lower case when no synonym is known.
    `stated` holds every place that states it, strongest first; a writer keeps all of them in step. Each span covers
    exactly the phrase to replace: the word, with the target of a supersession.
    """

    word: str
    text: str
    source: str
    stated: tuple[Value, ...] = ()
    known: bool = True

    @property
    def inferred(self) -> bool:
        """Whether no place of the record states it."""
        return not self.stated

    @property
    def in_force(self) -> bool:
        """Whether the decision binds today."""
        return self.word in IN_FORCE


class Relation(NamedTuple):
    """One record's statement about another: `kind` in our words (`supersedes`, `amended by`), `target` as written.

    `words` are the author's own. `span` covers the statement, `target_span` the reference alone (a path, number or id).
    """

    kind: str
    target: str
    source: str
    words: str = ""
    span: Span | None = None
    target_span: Span | None = None


class Section(NamedTuple):  # a tuple, like the others here: ten thousand records make a hundred thousand of them
    """A heading and what stands below it.

    `role` says what the section is for (`context`, `options`, `decision`, ... of `vocabulary.ROLES`), or is empty.
    `own` ends at the next heading of any level, `body` at the next of the same or a higher one.
    """

    level: int
    title: str
    role: str
    heading: Span
    own: Span
    body: Span


class Argument(NamedTuple):
    """One reason for or against an option; `weight` is `good`, `neutral` or `bad`."""

    weight: str
    text: str
    span: Span


class Option(NamedTuple):
    """An option that was weighed, with its arguments; `chosen` is whether the record says so."""

    name: str
    span: Span
    chosen: bool = False
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class FrontMatterEntry:
    """A top-level key of the front matter: `entry` covers its lines, `value` what stands right of the colon and below.

    `values` is the scalar, or each word of a list, with its place; `data` is the structure where it is more than that.
    """

    key: str
    entry: Span
    value: Span
    values: tuple[Value, ...] = ()
    data: object = None


@dataclass(frozen=True, eq=False, kw_only=True)
class DecisionRecord:
    """One decision as its file states it; whatever needs more than a glance at the file is read when asked for.

    `name` is the path relative to the log's folder, with forward slashes. `id` is unique in a sound log and is what
    people type and read: the number as the file name writes it (`0007`, `ADR-7`), else the slug. `day` is `date` as a
    day, or None if it is none. `header` holds all that the front matter, bullets, tables or attributes above the first
    section state, by key in lower case with dashes (`decision-makers`); `front_matter_span` is what stands between
    the two rulers.
    """

    path: Path
    name: str
    id: str
    number: int | None
    title: Value
    status: Status
    date: Value | None
    day: dt.date | None
    source: Source
    markup: str
    slug: str
    header: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    package: str = ""
    title_number: int | None = None
    front_matter_span: Span | None = None
    vocabulary: Vocabulary = PLAIN

    @property
    def text(self) -> str:
        """The whole text of the file, without a byte order mark."""
        return self.source.text

    def line_of(self, place: Value | Span | int | None) -> int:
        """Return the line, from 1, of a value, a span or a character; 0 when it stands nowhere."""
        span = place.span if isinstance(place, Value) else place
        if span is None:
            return 0
        return self.source.line_of(span.start if isinstance(span, Span) else span)

    @cached_property
    def front_matter(self) -> Mapping[str, FrontMatterEntry]:
        """Every top-level key of the front matter that can be read, lower-case, even where the YAML is invalid."""
        from archwright.adr.frontmatter import entries  # noqa: PLC0415  # read only when asked for

        return entries(self.text, self.front_matter_span)

    @cached_property
    def front_matter_problem(self) -> str:
        """What a YAML parser says about the front matter; an empty text when it is sound or absent."""
        from archwright.adr.frontmatter import problem  # noqa: PLC0415  # same

        return problem(self.text, self.front_matter_span)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """Every section in order; headings in code fences and comments are none."""
        from archwright.adr.outline import sections  # noqa: PLC0415  # same

        return sections(self.text, self.markup, self.front_matter_span)

    @cached_property
    def relations(self) -> tuple[Relation, ...]:
        """What the record says about other records, in order."""
        from archwright.adr.relations import relations_of  # noqa: PLC0415  # same

        return relations_of(self)

    @cached_property
    def aliases(self) -> tuple[str, ...]:
        """Numbers and ids that the record was known by before, from `aka`."""
        from archwright.adr.relations import aliases_of  # noqa: PLC0415  # same

        return aliases_of(self)

    def section(self, role: str) -> Section | None:
        """Return the first section with this role."""
        return next((section for section in self.sections if section.role == role), None)

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """The options weighed, each with its arguments."""
        from archwright.adr.options import options_of  # noqa: PLC0415  # same

        return options_of(self)

    @cached_property
    def chosen_option(self) -> Value | None:
        """The option that the record names as chosen, as written."""
        from archwright.adr.options import chosen_of  # noqa: PLC0415  # same

        return chosen_of(self)

    @cached_property
    def deciders(self) -> tuple[str, ...]:
        """Who decided."""
        return self._names(*_DECIDERS)

    @cached_property
    def consulted(self) -> tuple[str, ...]:
        """Whose opinion was sought."""
        return self._names("consulted")

    @cached_property
    def informed(self) -> tuple[str, ...]:
        """Who is kept up to date."""
        return self._names("informed")

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The record's tags or topics."""
        return self._names("tags", "topics", "categories", "labels")

    def stated(self, *keys: str) -> tuple[Value, ...]:
        """Return what the header states for the first of `keys` that it has."""
        return next((self.header[key] for key in keys if self.header.get(key)), ())

    def _names(self, *keys: str) -> tuple[str, ...]:
        parts = (part for value in self.stated(*keys) for part in value.text.split(","))
        return tuple(plain for part in parts if (plain := part.strip(" `*_{}")))


class LeftOut(NamedTuple):
    """A file of the log's folder that is no record of it, and why."""

    path: Path
    name: str
    reason: str
    harmful: bool = False
    """Whether it may hide a record: unreadable, too large, binary under a record's name."""


@dataclass(frozen=True, eq=False)
class DecisionLog:
    """A folder of decision records: what was read, and what was left out and why."""

    folder: Path
    records: tuple[DecisionRecord, ...]
    left_out: tuple[LeftOut, ...] = ()
    found_by: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    """The table `[tool.archwright.adr]` of `pyproject.toml`, or `[adr]` of `.archwright.toml`."""
    vocabulary: Vocabulary = PLAIN

    def __iter__(self) -> Iterator[DecisionRecord]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    @cached_property
    def by_name(self) -> Mapping[str, DecisionRecord]:
        """Each record by its path relative to the folder."""
        return {record.name: record for record in self.records}

    @cached_property
    def by_number(self) -> Mapping[int, tuple[DecisionRecord, ...]]:
        """The records of each number; more than one where numbers collide."""
        found: dict[int, list[DecisionRecord]] = {}
        for record in self.records:
            if record.number is not None:
                found.setdefault(record.number, []).append(record)
        return {number: tuple(records) for number, records in found.items()}

    def find(self, reference: str) -> DecisionRecord:
        """Return the one record that a reference names: number, id, file name, slug or alias; `5` never means 15.

        Raises:
            DecisionLogError: none or several records answer to it; the message names them.
        """
        from archwright.adr.references import find  # noqa: PLC0415  # references know the model, not the other way round

        return find(self, reference)

    def target(self, record: DecisionRecord, relation: Relation) -> DecisionRecord | None:
        """Return the record that a relation points to, or None when none, or more than one, answers to it."""
        from archwright.adr.references import resolve  # noqa: PLC0415  # same

        return resolve(self, record, relation.target)

    def related(self, record: DecisionRecord, kind: str) -> tuple[DecisionRecord, ...]:
        """Return the records that `record` itself names in relations of one kind, each once."""
        found = (self.target(record, relation) for relation in record.relations if relation.kind == kind)
        return tuple(dict.fromkeys(other for other in found if other is not None))
