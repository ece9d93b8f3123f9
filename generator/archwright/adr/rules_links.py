"""Rules about links from records to files beside them."""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from archwright.adr.dialects import dialect, flat
from archwright.adr.references import resolve_all
from archwright.adr.rules import Problem, record_rule
from archwright.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.adr.model import DecisionRecord
    from archwright.adr.rules import Inspection

_ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]*:|//|#|/|\{|@|<|\$|~|www\.)", re.IGNORECASE)
_MAY_LINK = ("](", "]:", "`_", ":doc:", "link:", "xref:", "][")
_INLINE_CODE = re.compile(r"`[^`\n]+`")


@record_rule("AD140", "broken-link", Severity.ERROR)
def links_lead_somewhere(inspection: Inspection, record: DecisionRecord) -> Iterator[Problem]:
    """Every relative link of a record leads to a file that is there."""
    text = flat(record.text)
    if not any(mark in text for mark in _MAY_LINK):
        return
    reader = dialect(record.markup)
    start = record.front_matter_span.end if record.front_matter_span else 0
    masked = reader.mask(text, start)
    if record.markup == "markdown":
        masked = _INLINE_CODE.sub(lambda match: " " * len(match[0]), masked)
    seen = set()
    for link in reader.links(masked, start, len(masked)):
        target = link.target.of(text)
        if target in seen or not target or _ELSEWHERE.match(target):
            continue
        seen.add(target)
        if (goes := _leads(inspection, record, target)) is not None:
            yield Problem(f"the link to `{target}` leads nowhere", goes, link.target)


def _leads(inspection: Inspection, record: DecisionRecord, target: str) -> str | None:
    """Return None for a link that leads somewhere, or cannot be judged; else what would help."""
    plain = unquote(re.split(r"[#?]", target, maxsplit=1)[0]).strip()
    if not plain or ("/" not in plain and "." not in plain) or record.markup == "asciidoc":
        return None
    here = posixpath.join(inspection.log.folder.as_posix(), posixpath.dirname(record.name))
    path = posixpath.normpath(posixpath.join(here, plain))
    root = inspection.root.resolve().as_posix()
    inside = os.path.abspath(path)  # noqa: PTH100  # no look at the disk
    if not inside.startswith(f"{root.rstrip('/')}/") and inside != root:
        return None  # leaves the repository: nobody here can tell
    if any(os.path.lexists(path + suffix) for suffix in ("", ".md", ".mdx", ".rst", ".adoc")):
        return None
    if path.endswith(".html") and any(
        os.path.lexists(path[:-5] + suffix) for suffix in (".md", ".mdx", ".rst", ".adoc")
    ):
        return None
    meant = [other for other in resolve_all(inspection.log, record, posixpath.basename(plain)) if other is not record]
    if len(meant) == 1:
        return f"`{meant[0].name}` may be what is meant."
    return "correct the path, or take the link out."
