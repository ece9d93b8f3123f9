"""The pages of limits and prices: every figure with its source, its day and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archwright.sitepages.markdown import anchor, cell, linked, page, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archwright.catalog import Catalog
    from archwright.facts import Price
    from archwright.model import Fact

_CONFIDENCE = (
    "Confidence: **A** read in a primary source that machines read (an SDK's model, an official package), **B** in a "
    "stored copy of the provider's own page or price list, **C** in somebody else's account, **D** not read: verify it."
)
_WIDE = "hide:\n  - toc\n  - navigation"
_FAMILIES = {
    "aws": "Amazon Web Services",  # a family of facts, not a platform
    "gcp": "Google Cloud",  # a family of facts, not a platform
    "azure": "Microsoft Azure",  # a family of facts, not a platform
}


def limits_page(catalog: Catalog) -> str:
    """Return the table of what providers allow."""
    limits = catalog.facts.limits
    rows = {
        family: [
            [*_what(fact), cell(fact.value), *_origin(fact)] for fact in limits.values() if _family(fact.id) == family
        ]
        for family in _families(limits)
    }
    return page(
        "# Limits",
        f"What the providers allow: {len(limits)} limits. Rules hold every knob of a blueprint against them.",
        _CONFIDENCE,
        *_sections(rows, ["Service", "Limit", "Value", "Source", "Sure"]),
        front=_WIDE,
    )


def prices_page(catalog: Catalog) -> str:
    """Return the table of list prices."""
    prices = catalog.facts.prices
    rows = {
        family: [
            [*_what(price), *_amount(price), *_origin(price)]
            for price in prices.values()
            if _family(price.id) == family
        ]
        for family in _families(prices)
    }
    return page(
        "# Prices",
        f"List prices in US dollars, without discounts: {len(prices)} of them. Each says when it was read.",
        _CONFIDENCE,
        *_sections(rows, ["Service", "What", "US dollars", "For", "Source", "Sure"]),
        front=_WIDE,
    )


def _family(fact_id: str) -> str:
    return fact_id.partition(".")[0]


def _families(ids: Iterable[str]) -> list[str]:
    found = dict.fromkeys(map(_family, ids))
    return sorted(found, key=lambda family: (list(_FAMILIES).index(family) if family in _FAMILIES else 99, family))


def _sections(rows: dict[str, list[list[str]]], heads: list[str]) -> list[str]:
    big = {family: found for family, found in rows.items() if family in _FAMILIES}
    rest = [row for family, found in rows.items() if family not in _FAMILIES for row in found]
    parts = []
    for title, found in [
        *((_FAMILIES[family], found) for family, found in big.items()),
        ("Brokers and databases", rest),
    ]:
        if found:
            parts += [f"## {title}", '<div class="filterable dense" markdown>', table(heads, found), "</div>"]
    return parts


def _what(fact: Fact | Price) -> list[str]:
    note = f"<br><small>{cell(fact.note)}</small>" if fact.note else ""
    return [f'<span id="{anchor(fact.id)}"></span>{cell(fact.service)}', cell(fact.what) + note]


def _amount(price: Price) -> list[str]:
    amounts = [f"{amount:g}" if kind == "usd" else f"{cell(kind)} {amount:g}" for kind, amount in price.usd.items()]
    free = f"<br><small>free: {cell(price.free_tier)}</small>" if price.free_tier else ""
    return ["<br>".join(amounts) + free, f"{cell(price.unit)}<br><small>{cell(price.region)}</small>"]


def _origin(fact: Fact | Price) -> list[str]:
    return [f"<small>{linked(fact.source)}, read {fact.read}</small>", fact.confidence]
