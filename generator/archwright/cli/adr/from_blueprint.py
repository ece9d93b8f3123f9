"""Draft a record from a decision of a blueprint."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archwright.errors import UsageError

if TYPE_CHECKING:
    from archwright.adr.drafting import Draft


def drafted(draft: Draft, reference: str) -> Draft:
    """Return the draft with a blueprint's decision in it: question, drivers, options with gains and costs.

    The blueprint's own default is told as a suggestion; choosing is left to the team.

    Raises:
        UsageError: there is no such blueprint or decision; the message says which there are.
    """
    from archwright.adr.drafting import OptionDraft
    from archwright.catalog import load_catalog

    blueprint_id, colon, decision_id = reference.partition(":")
    if not colon or not decision_id:
        raise UsageError(
            f"`{reference}` is no BLUEPRINT:DECISION", hint="for example --from-blueprint work-queue:broker-choice."
        )
    blueprint = load_catalog().blueprint(blueprint_id).spec
    decision = next((each for each in blueprint.decisions if each.id == decision_id), None)
    if decision is None:
        known = ", ".join(each.id for each in blueprint.decisions)
        raise UsageError(
            f"the blueprint `{blueprint_id}` has no decision `{decision_id}`",
            hint=f"it has {known}." if known else "it has none.",
        )
    options = tuple(
        OptionDraft(name=each.name, good=tuple(each.gains), bad=tuple(each.costs)) for each in decision.options.values()
    )
    default = decision.options[decision.default].name
    return replace(
        draft,
        title=decision.title,
        context=f"{decision.question}\n\n{decision.context}",
        drivers=tuple(decision.drivers),
        options=options,
        more=f"Drafted from the blueprint {blueprint.name}, which takes {default} where nothing speaks against it.",
    )
