"""A team's own template file: Jinja, adr-tools' placeholders, or a record with gaps as MADR and log4brains ship it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archwright.errors import DecisionLogError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_USUAL = (
    "templates/template.md", "template.md", "adr-template.md", "adr-template.md.jinja",
    "template.md.jinja", "templates/adr.md",
    "0000-adr-template.md", "0000-template.md", "template.rst", "template.adoc",
)  # fmt: skip  # a list
_LARGEST = 1 << 20
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_PLACEHOLDER = re.compile(r"\b(NUMBER|TITLE|DATE|STATUS)\b")
_GAP = r"[ \t]*[\"']?(?:\{[^\n]*\}|\[[^\n]*\]|<[^\n]*>|YYYY-MM-DD[^\n]*|)[\"']?[ \t]*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The text of a template; `name` is how errors call it, `suffix` what the record's file ends in."""

    name: str
    source: str
    suffix: str = ".md"

    @property
    def jinja(self) -> bool:
        """Whether Jinja has to render it."""
        return bool(_JINJA.search(self.source))


def team_template(folder: Path, named: str = "") -> Template | None:
    """Return the template that a team named, or keeps in its log's folder; None where it has none.

    Raises:
        UsageError: the file that was named does not exist.
    """
    if named:
        path = next((each for each in (Path(named), folder / named) if each.is_file()), None)
        if path is None:
            raise UsageError(
                f"the template `{named}` is neither a file nor one of archwright's own",
                hint="use madr, madr-minimal, nygard or y-statement, or give a path.",
            )
        return _read(path)
    found = next((folder / name for name in _USUAL if (folder / name).is_file()), None)
    return _read(found) if found else None


def _read(path: Path) -> Template:
    try:
        if path.stat().st_size > _LARGEST:
            raise DecisionLogError(f"the template {path} is larger than 1 MiB")
        source = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DecisionLogError(f"the template {path} is no UTF-8 text") from error
    except OSError as error:
        raise DecisionLogError(f"the template {path} cannot be read: {error.strerror}") from error
    return Template(name=path.name, source=source, suffix=Path(path.name.removesuffix(".jinja")).suffix or ".md")


def filled(template: Template, values: Mapping[str, object]) -> str:
    """Return a template that is no Jinja with its gaps filled: adr-tools' words, else title, status and date."""
    number = values["number"]
    words = {
        "NUMBER": "" if number is None else str(number),
        "TITLE": str(values["title"]),
        "DATE": str(values["date"]),
        "STATUS": str(values["status"]).capitalize(),
    }
    found = set(_PLACEHOLDER.findall(template.source))
    if {"TITLE"} <= found or {"NUMBER", "DATE"} <= found:
        source = template.source.replace("NUMBER. ", "") if number is None else template.source
        return _PLACEHOLDER.sub(lambda match: words[match[1]], source)
    return _gaps_filled(template.source, values)


def _gaps_filled(source: str, values: Mapping[str, object]) -> str:
    """Fill the title, status and date of a record that serves as a template; the rest is left to the author."""
    text = re.sub(
        r"^(#|=)[ \t]+[^\n]*",
        lambda match: f"{match[1]} {_heading(match[0], values)}",
        source,
        count=1,
        flags=re.MULTILINE,
    )
    for key, value in (("status", values["status"]), ("date", values["date"])):
        text = re.sub(
            rf"^([ \t]*(?:[-*][ \t]+)?\**{key}\**:\**)({_GAP})$",
            lambda match, value=value: f"{match[1]} {_quoted(match[2], str(value))}",  # type: ignore[misc]  # bound in its turn
            text, count=1, flags=re.MULTILINE | re.IGNORECASE,
        )  # fmt: skip  # one call
    section = re.compile(r"^(##[ \t]+Status[^\n]*\n(?:[ \t]*\n)*)([^\n#][^\n]*)", re.MULTILINE | re.IGNORECASE)
    match = section.search(text)
    if match and re.search(r"[|{\[<?]|such as|proposed,", match[2], re.IGNORECASE):
        text = text[: match.start(2)] + str(values["status"]).capitalize() + text[match.end(2) :]
    return text


def _quoted(gap: str, value: str) -> str:
    mark = gap.strip()[:1]
    return f"{mark}{value}{mark}" if mark in {'"', "'"} else value


def _heading(line: str, values: Mapping[str, object]) -> str:
    """Keep the number's form in the heading: `# ADR-000: Title` becomes `# ADR-012: ...`."""
    match = re.match(r"[#=][ \t]+(\[?(?:ADR|RFC|DR)?[-_ #]?)(\d+|N+|X+|x+|n+)(\]?[.:)]?[ \t-]*)", line)
    number = values["number"]
    if match and isinstance(number, int) and (match[1] or match[3].strip()):
        return f"{match[1]}{number:0{max(1, len(match[2]))}d}{match[3]}{values['title']}"
    return str(values["title"])
