"""Jinja, and the only importer of it: layers become files, in a sandbox that is strict and bounded."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from archwright import resources
from archwright.errors import Location, TemplateError
from archwright.filetree import FileTree, GeneratedFile, Ownership
from archwright.render.sandbox import Telling, environment, rendered, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from archwright.model import Architecture, Layer

MARKER = "Managed by archwright: an update rewrites this file. See .archwright/manifest.json."
_SUFFIX = ".jinja"
_HASH = {".py", ".toml", ".yaml", ".yml", ".lock", ".txt", ".cfg", ".ini", ".sh", ".tf", ".hcl", ".env", ".example"}
_HASH_NAMES = {"Makefile", "Dockerfile", "CODEOWNERS", ".gitignore", ".dockerignore", ".gitattributes", ".editorconfig"}
_ANGLE = {".md", ".html", ".svg", ".xml"}


def render_layers(architecture: Architecture) -> FileTree:
    """Return the files of every layer of `architecture`, stronger layers over weaker ones.

    Raises:
        TemplateError: a template of ours is wrong.
        CollisionError: two layers claim a path, and the stronger does not say that it replaces it.
    """
    tree = FileTree()
    for layer in architecture.layers:
        for source, name in _files_of(Path(layer.folder)):
            path = name.replace("__package__", architecture.starter.package)
            tree.add(path, _file(layer, source, name, architecture), replaces=name in layer.replaces)
    for room in sorted({layer.emulator for layer in architecture.layers if layer.emulator}):
        _add_emulator(room, tree)
    return tree


def _add_emulator(room: str, tree: FileTree) -> None:
    """Add the emulator's own source: there is one, and starters run the one that our tests run."""
    for name, source in resources.emulator_files(room).items():
        path = f"dev/emulators/{name}"
        if path not in tree:  # two emulators share the modules beside them
            text = marked(path, source.read_text(encoding="utf-8"))
            tree.add(path, GeneratedFile.text(text, ownership=Ownership.MANAGED, origin=f"emulators/{room}"))


def render_template(name: str, architecture: Architecture) -> str:
    """Return the template `name`, a path below `templates/`, rendered for `architecture`.

    Raises:
        TemplateError: the template is missing or wrong.
    """
    return _render(str(resources.data_root() / "templates" / name), architecture)


def render_string(source: str, values: Mapping[str, object], *, name: str) -> str:
    """Return a template given as text, rendered with `values`; `name` is how errors call it.

    Raises:
        TemplateError: the template is wrong, or asks for a value that is not there.
    """
    with Telling(name):
        return rendered(environment().from_string(source), values)


def marked(path: str, text: str) -> str:
    """Return `text` with the line that says who keeps it, where the format of `path` has comments."""
    name = path.rsplit("/", 1)[-1]
    suffix = Path(name).suffix
    if suffix in _HASH or name in _HASH_NAMES:
        comment = f"# {MARKER}\n"
    elif suffix in _ANGLE:
        comment = f"<!-- {MARKER} -->\n"
    else:
        return text
    return _insert(comment, text)


def _insert(comment: str, text: str) -> str:
    """Put a comment first, but after a line that has to be the first one: `#!`, `# syntax=`, `<?xml`, front matter."""
    if text.startswith("---\n") and "\n---\n" in text:
        end = text.index("\n---\n", 3) + 5
    elif text.startswith(("#!", "# syntax=", "<?xml", "# yaml-language-server")):
        end = text.index("\n") + 1
    else:
        end = 0
    return text[:end] + comment + text[end:]


def _files_of(root: Path) -> Iterator[tuple[Path, str]]:
    """Give the files of a layer: where each stands, and its path in the starter before names are filled in."""
    _refuse_link(root)
    for folder, folders, names in os.walk(root, onerror=_unreadable):
        folders[:] = sorted(one for one in folders if one != "__pycache__")
        for name in folders:
            _refuse_link(Path(folder, name))
        for name in sorted(names):
            source = Path(folder, name)
            _refuse_link(source)
            if not source.is_file():
                raise TemplateError(
                    "A layer holds something that is no file.", "remove it.", Location(shown(str(source)))
                )
            yield source, source.relative_to(root).as_posix().removesuffix(_SUFFIX)


def _refuse_link(path: Path) -> None:
    if path.is_symlink():  # it would copy what stands outside the catalog into the starter
        raise TemplateError("A layer holds a symbolic link.", "put the file itself there.", Location(shown(str(path))))


def _unreadable(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):  # a layer without files is a layer all the same
        raise TemplateError(f"A layer cannot be read: {error.strerror}.", location=Location(shown(str(error.filename))))


def _file(layer: Layer, source: Path, name: str, architecture: Architecture) -> GeneratedFile:
    seeded = _matches(name, layer.seeded)
    ownership = Ownership.SEEDED if seeded else Ownership.MANAGED
    executable = _matches(name, layer.executable)
    if source.suffix != _SUFFIX:
        with Telling(str(source)):
            content = source.read_bytes()
        return GeneratedFile(content=content, ownership=ownership, origin=layer.id, executable=executable)
    text = _render(str(source), architecture)
    text = text if seeded or not text else marked(name, text)
    return GeneratedFile.text(text, ownership=ownership, origin=layer.id, executable=executable)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _render(path: str, architecture: Architecture) -> str:
    with Telling(path):
        return rendered(environment().get_template(path), {"architecture": architecture})
