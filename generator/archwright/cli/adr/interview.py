"""Ask, on a terminal, what a new record is to say; whatever is left empty is left to be written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from archwright.cli.terminal import say

if TYPE_CHECKING:
    from archwright.adr.drafting import Draft


def ask(question: str, default: str = "") -> str:
    """Ask one question; nothing but Enter is an answer too."""
    answer: str = typer.prompt(question, default=default, show_default=bool(default))
    return answer.strip()


def ask_several(question: str) -> tuple[str, ...]:
    """Ask until an empty answer."""
    found: list[str] = []
    while answer := ask(f"{question}{' (Enter when done)' if not found else ' (another, or Enter)'}"):
        found.append(answer)
    return tuple(found)


def interview(draft: Draft) -> Draft:
    """Return the draft with what a person answered to the questions that it leaves open."""
    from archwright.adr.drafting import OptionDraft

    say("Enter leaves a part for later; Ctrl-C writes nothing.", dim=True)
    if not draft.context:
        draft = replace(draft, context=ask("Context: what is the situation, and what question does it raise?"))
    if not draft.drivers:
        draft = replace(draft, drivers=ask_several("What matters in this decision?"))
    if not draft.options:
        options = []
        for name in ask_several("Option"):
            good = ask_several(f"  {name}: good, because")
            options.append(OptionDraft(name=name, good=good, bad=ask_several(f"  {name}: bad, because")))
        draft = replace(draft, options=tuple(options))
    if not draft.chosen:
        draft = replace(draft, chosen=_outcome(draft))
    if draft.chosen and not draft.because:
        draft = replace(draft, because=ask("Because"))
    if not draft.good:
        draft = replace(draft, good=ask_several("What gets better?"))
    if not draft.bad:
        draft = replace(draft, bad=ask_several("What gets worse or costs more?"))
    return draft


def _outcome(draft: Draft) -> str:
    """Ask for the option that is chosen, by number or name."""
    for number, option in enumerate(draft.options, start=1):
        say(f"  {number}  {option.name}")
    answer = ask("Which option is chosen?" if draft.options else "What is decided?")
    if answer.isdigit() and 0 < int(answer) <= len(draft.options):
        return draft.options[int(answer) - 1].name
    return next((option.name for option in draft.options if option.name.lower() == answer.lower()), answer)
