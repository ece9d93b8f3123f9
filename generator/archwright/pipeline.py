"""The whole story: a blueprint, a platform and answers become a plan of files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archwright import (
    __version__,
    decisions,
    diagrams,
    docs,
    render,
    resolve,
    review,
    stepviews,
    views,
    workflows,
    write,
)
from archwright.errors import ResolutionError, Severity, UsageError
from archwright.filetree import FileTree, GeneratedFile, Ownership
from archwright.resources import DEFAULT_PLATFORM

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from archwright.catalog import Catalog
    from archwright.model import Architecture, Starter
    from archwright.write import Plan


def generate(
    catalog: Catalog,
    blueprint: str,
    destination: Path,
    *,
    platform: str = DEFAULT_PLATFORM,
    answers: Mapping[str, object] = {},
) -> Plan:
    """Return what a new starter at `destination` would hold; `write.apply` makes it so.

    Raises:
        UsageError: the blueprint, the platform, an answer or the destination's name will not do.
        ResolutionError: the platform cannot hold what the blueprint asks for; `findings` say what and why.
    """
    architecture = resolve.resolve(catalog, blueprint, platform, destination.name, answers)
    findings = review.located(review.review(architecture), catalog.blueprint(blueprint).document)
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise ResolutionError(f"`{blueprint}` on `{platform}` cannot hold. Nothing was written.", findings=findings)
    tree = render.render_layers(architecture)
    _check_package(architecture.starter, tree)
    tree.merge(_pictures(architecture))
    tree.merge(workflows.export_definitions(architecture))
    tree.merge(decisions.render_decisions(architecture))
    tree.merge(docs.export_documents(architecture))
    return write.plan(write.with_manifest(tree, _about(architecture)), destination)


def _check_package(starter: Starter, tree: FileTree) -> None:
    """Refuse a package that Python would not find, since a script or folder beside it has the same name."""
    for folder in ("dev", "tests"):  # both come before `src` where the starter's tasks run
        taken = f"{folder}/{starter.package}"
        if any(path == f"{taken}.py" or path.startswith(f"{taken}/") for path in tree):
            raise UsageError(
                f"`{starter.name}` would be hidden by the starter's own `{taken}`. Nothing was written.",
                hint=f"choose another name, such as `{starter.name}-service`.",
            )


def _pictures(architecture: Architecture) -> FileTree:
    pictures = {"architecture": views.container_view(architecture)}
    pictures |= {f"workflow-{one.id}": stepviews.workflow_view(one) for one in architecture.workflows}
    return FileTree(
        {
            f"docs/{name}.svg": GeneratedFile(
                content=diagrams.export(view, "svg"), ownership=Ownership.MANAGED, origin=f"view {view.id}"
            )
            for name, view in pictures.items()
        }
    )


def _about(architecture: Architecture) -> dict[str, Any]:
    """Return what the manifest remembers: enough to generate the same starter again."""
    parameters = {name: _plain(one.value) for name, one in architecture.parameters.items()}
    return {
        "archwright": __version__,
        "blueprint": architecture.blueprint.id,
        "platform": architecture.platform.id,
        "name": architecture.starter.name,
        "parameters": parameters,
    }


def _plain(value: Any) -> str | int | float | bool:
    return value if isinstance(value, (str, int, float, bool)) else str(value)
