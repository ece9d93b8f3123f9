"""Workflows become what an engine reads: one exporter per format, each of which returns text and writes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from archwright.filetree import FileTree, GeneratedFile, Ownership
from archwright.workflows.asl import export_asl
from archwright.workflows.machine import export_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from archwright.model import Architecture, Workflow

# adr: 0017
FORMATS: Mapping[str, Callable[[Workflow], dict[str, Any]]] = {"asl": export_asl, "machine": export_machine}


def export(workflow: Workflow, format: str) -> str:  # noqa: A002  # the word that the YAML uses
    """Return `workflow` in one of `FORMATS`, as JSON; equal workflows give equal text."""
    return json.dumps(FORMATS[format](workflow), indent=2, ensure_ascii=False) + "\n"


def export_definitions(architecture: Architecture) -> FileTree:
    """Return every workflow as its engine's service reads it, where that service reads any."""
    tree = FileTree()
    for workflow in architecture.workflows:
        service = workflow.engine.service
        if service and service.definition:
            folder = service.definition.folder.replace("__package__", architecture.starter.package)
            text = export(workflow, service.definition.format)
            file = GeneratedFile.text(text, ownership=Ownership.MANAGED, origin=f"workflow {workflow.id}")
            tree.add(f"{folder}/{workflow.id}.{service.definition.format}.json", file)
    return tree
