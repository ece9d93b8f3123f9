"""How large a message can be by its JSON Schema, counted from below: no rule may refuse what would have fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def least_of_largest(schema: Mapping[str, Any]) -> int:
    """Return bytes that the largest value of `schema` has at least, in plain ASCII; 0 where nothing is certain."""
    if schema.get("type") == "string":
        bounded = "maxLength" in schema and not schema.keys() & {"enum", "const", "format", "pattern"}
        return int(schema["maxLength"]) + 2 if bounded else 0  # two quotation marks
    if schema.get("type") == "array":
        items = schema.get("items")
        each = least_of_largest(items) if isinstance(items, dict) else 0
        return int(schema.get("maxItems", 0)) * (each + 1) + 1 if each else 0  # commas, brackets
    fields = schema.get("properties")
    if schema.get("type") != "object" or not isinstance(fields, dict):
        return 0
    sizes = {name: least_of_largest(field) for name, field in fields.items() if isinstance(field, dict)}
    return sum(len(name) + 4 + size for name, size in sizes.items() if size)  # quotation marks, colon, comma
