"""The words of decision logs: statuses and their synonyms, relations and their other side, names of sections."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LIFECYCLE = ("draft", "proposed", "accepted", "rejected", "deprecated", "superseded")
IN_FORCE = frozenset({"accepted"})
CLOSED = frozenset({"rejected", "deprecated", "superseded"})

SYNONYMS: Mapping[str, str] = {
    **{word: word for word in LIFECYCLE},
    **dict.fromkeys(["wip", "work in progress", "incomplete", "idea", "sketch", "unfinished", "speculative"], "draft"),
    **dict.fromkeys(
        ["pending", "open", "review", "in review", "under review", "in discussion", "under discussion",
            "in consideration",
            "under consideration", "provisional",
         "proposal", "suggested", "request for comments", "rfc", "in progress", "to be decided", "undecided"],
        "proposed",
    ),
    **dict.fromkeys(
        ["approved", "active", "adopted", "agreed", "decided", "final", "implemented", "partially implemented",
         "implementable", "done", "completed", "complete", "current", "in force", "ratified", "confirmed",
         "accepting", "in use", "valid", "resolved", "applied", "live", "stable", "partially accepted",
            "partially superseded",
            "partly superseded"],
        "accepted",
    ),
    **dict.fromkeys(
        ["declined", "withdrawn", "abandoned", "cancelled", "canceled", "dismissed", "not accepted", "denied",
         "dropped",
         "refused", "not approved", "closed", "discarded", "rescinded"],
        "rejected",
    ),
    **dict.fromkeys(
        ["obsolete", "obsoleted", "retired", "removed", "archived", "no longer applicable", "no longer in use",
         "outdated",
         "inactive", "expired", "invalid", "historical", "sunset", "revoked"],
        "deprecated",
    ),
    **dict.fromkeys(["superceded", "superseeded", "superceeded", "replaced", "supplanted"], "superseded"),
}  # fmt: skip  # one group of synonyms a line

SUPERSEDED_BY = re.compile(
    r"(?<![\w-])(?:super[sc]ee?ded|replaced|obsoleted|supplanted)(?:[ \t_-]+(?:by|with|in favou?r of)\b[ \t]*:?|[ \t]*(?::|->|→))",  # noqa: E501  # one pattern
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_][\w']*")
_SPACES = re.compile(r"[\s_-]+")
_FAR, _LONGEST = 8, 4

INVERSES: Mapping[str, str] = {
    "supersedes": "superseded by",
    "amends": "amended by",
    "clarifies": "clarified by",
    "extends": "extended by",
    "refines": "refined by",
    "depends on": "required by",
    "enables": "enabled by",
    "implements": "implemented by",
    "constrains": "constrained by",
    "influences": "influenced by",
    "relates to": "relates to",
    "conflicts with": "conflicts with",
}
"""Each relation's words, and the words that the other record says; both directions are known through `inverse_of`."""

_SPELLINGS: Mapping[str, str] = {
    "supercedes": "supersedes", "superseeds": "supersedes", "supercede": "supersedes", "supersede": "supersedes",
    "replaces": "supersedes", "obsoletes": "supersedes", "supersedes adr": "supersedes",
    "superceded by": "superseded by", "replaced by": "superseded by", "obsoleted by": "superseded by",
    "superseeded by": "superseded by", "superceeded by": "superseded by", "replaced with": "superseded by",
    "superseded with": "superseded by", "superseded-by": "superseded by", "superseded": "superseded by",
    "superseded_by": "superseded by", "supersededby": "superseded by", "replaced-by": "superseded by",
    "amend": "amends", "amended": "amended by", "updates": "amends", "updated by": "amended by", "modifies": "amends",
    "modified by": "amended by", "clarify": "clarifies", "extend": "extends", "builds on": "extends",
    "related to": "relates to", "related": "relates to", "relates": "relates to", "see also": "relates to",
    "see": "relates to",
    "refers to": "relates to", "linked to": "relates to", "references": "relates to", "links to": "relates to",
    "is related to": "relates to", "depends-on": "depends on", "depends": "depends on", "requires": "depends on",
    "conflicts": "conflicts with", "contradicts": "conflicts with", "refine": "refines", "implement": "implements",
    "is refined by": "refined by", "is amended by": "amended by", "is superseded by": "superseded by",
}  # fmt: skip  # spellings met, a few a line

ROLES: Mapping[str, str] = {
    **dict.fromkeys(["status", "state", "decision status", "adr status"], "status"),
    **dict.fromkeys(
        ["context", "context and problem statement", "problem statement", "problem", "background", "motivation",
         "issue", "context and problem", "introduction", "problem description", "question", "summary of the problem"],
        "context",
    ),
    **dict.fromkeys(
        ["decision drivers", "drivers", "forces", "driving factors", "requirements", "goals", "constraints",
         "decision criteria", "criteria", "evaluation criteria"],
        "drivers",
    ),
    **dict.fromkeys(
        ["considered options", "options considered", "options", "alternatives", "alternatives considered",
         "considered alternatives", "other options", "rejected alternatives", "options reviewed", "possible solutions"],
        "options",
    ),
    **dict.fromkeys(
        ["decision outcome", "decision", "decisions", "outcome", "the decision", "resolution", "design",
         "chosen option",
         "solution", "proposed solution", "proposal", "design proposal", "decision result"],
        "decision",
    ),
    **dict.fromkeys(["rationale", "justification", "reasoning", "arguments", "argument"], "rationale"),
    **dict.fromkeys(["consequences", "consequence", "implications", "impact", "results"], "consequences"),
    **dict.fromkeys(["positive consequences", "good consequences", "benefits", "positive"], "good-consequences"),
    **dict.fromkeys(["negative consequences", "bad consequences", "risks", "negative", "drawbacks"],
    "bad-consequences"),
    **dict.fromkeys(["confirmation", "validation", "verification"], "confirmation"),
    **dict.fromkeys(
        ["pros and cons of the options", "pros and cons", "pros and cons of options", "comparison of options",
         "evaluation"],
        "pros-and-cons",
    ),
    **dict.fromkeys(
        ["links", "link", "related decisions", "related adrs", "related", "relations", "related records",
         "see also"], "links"
    ),
    **dict.fromkeys(["more information", "references", "reference", "further reading", "notes",
    "additional information"],
                    "more-information"),
    **dict.fromkeys(["changelog", "change log", "revision history", "revisions", "history", "document history"],
    "changelog"),
    **dict.fromkeys(["amendments", "amendment", "addendum", "addenda"], "amendments"),
    **dict.fromkeys(["date"], "date"),
    **dict.fromkeys(["deciders", "decision makers", "decision-makers", "authors", "participants"], "deciders"),
}  # fmt: skip  # one role a line
"""What a section is for, by its heading; a heading that is not here has no role."""


@dataclass(frozen=True)
class Vocabulary:
    """The status words that a log knows: archwright's own and those that a team adds in its settings."""

    extra: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def statuses(self) -> Mapping[str, str]:
        """Each known word or phrase, lower-case, with the word of the lifecycle that it stands for."""
        return {**SYNONYMS, **{word.lower(): meaning.lower() for word, meaning in self.extra.items()}}

    def first(self, text: str, start: int, end: int) -> tuple[str, int, int] | None:
        """Find the first status phrase of a line: the word that it stands for, and where it starts and ends."""
        known, words = self.statuses, list(_WORD.finditer(text, start, end))[:_FAR]
        for at, word in enumerate(words):
            if at and words[at - 1][0].lower() in {"not", "no", "non", "never", "un"}:
                continue
            for last in reversed(words[at : at + _LONGEST]):
                phrase = _SPACES.sub(" ", text[word.start() : last.end()].lower())
                if phrase in known:
                    return known[phrase], word.start(), last.end()
        return None

    def meaning(self, phrase: str) -> str | None:
        """Return the word of the lifecycle for a status phrase, if it is known."""
        plain = re.sub(r"[\s_-]+", " ", phrase.strip().lower())
        return self.statuses.get(plain) or ("superseded" if SUPERSEDED_BY.match(plain) else None)


PLAIN = Vocabulary()


def relation_kind(phrase: str) -> str | None:
    """Return the relation that a phrase names (`Superceded by` is `superseded by`), or None for no relation of ours."""
    plain = re.sub(r"[\s*_`]+", " ", phrase).strip(" :-").lower()
    if plain in INVERSES or plain in INVERSES.values():
        return plain
    dashed = plain.replace("-", " ")
    return _SPELLINGS.get(plain) or (
        dashed if dashed in INVERSES or dashed in INVERSES.values() else _SPELLINGS.get(dashed)
    )


def inverse_of(kind: str) -> str | None:
    """Return what the other record says of a relation, or None for a relation that is not ours."""
    if kind in INVERSES:
        return INVERSES[kind]
    return next((forward for forward, back in INVERSES.items() if back == kind), None)


_TRIM = re.compile(r"<!--.*?-->|[*_`#]|^\s*\d+(?:\.\d+)*[.)]?\s+")


@lru_cache(maxsize=4096)
def role_of(heading: str) -> str:
    """Return what a section is for, judged by its heading; an empty text when the heading tells nothing."""
    plain = _TRIM.sub("", heading).strip().rstrip(":").strip().lower()
    return ROLES.get(plain) or ROLES.get(re.sub(r"^[^\w]+|[^\w)]+$", "", plain), "")
