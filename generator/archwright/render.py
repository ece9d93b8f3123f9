"""Jinja, and the only importer of it: sandboxed, strict, filters, layer stacking."""

from __future__ import annotations

import json
import os
import pprint
import re
import textwrap
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from archwright import resources
from archwright.errors import Location, TemplateError
from archwright.filetree import FileTree, GeneratedFile, Ownership

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

    from archwright.model import Architecture, Layer
    from archwright.quantities import Duration, Size

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
        for source, name in _files_of(layer):
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
    with _Telling(name):
        return environment().from_string(source).render(values)


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


def _files_of(layer: Layer) -> Iterator[tuple[Path, str]]:
    """Give the files of a layer: where each stands, and its path in the starter before names are filled in."""
    for folder, folders, names in os.walk(layer.folder):
        folders[:] = sorted(one for one in folders if one != "__pycache__")
        for name in sorted(names):
            source = Path(folder, name)
            if source.is_symlink():
                raise TemplateError(
                    "A layer holds a symbolic link.", "put the file itself there.", Location(str(source))
                )
            yield source, source.relative_to(layer.folder).as_posix().removesuffix(_SUFFIX)


def _file(layer: Layer, source: Path, name: str, architecture: Architecture) -> GeneratedFile:
    seeded = _matches(name, layer.seeded)
    ownership = Ownership.SEEDED if seeded else Ownership.MANAGED
    executable = _matches(name, layer.executable)
    if source.suffix != _SUFFIX:
        return GeneratedFile(content=source.read_bytes(), ownership=ownership, origin=layer.id, executable=executable)
    text = _render(str(source), architecture)
    text = text if seeded or not text else marked(name, text)
    return GeneratedFile.text(text, ownership=ownership, origin=layer.id, executable=executable)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _render(path: str, architecture: Architecture) -> str:
    with _Telling(path):
        return environment().get_template(path).render(architecture=architecture)


class _Telling:
    """Turns what Jinja raises into a `TemplateError` with the template's line."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: TracebackType | None) -> None:
        if isinstance(error, jinja2.TemplateNotFound):
            raise TemplateError("The template does not exist.", location=Location(self.name)) from None
        if isinstance(error, jinja2.TemplateSyntaxError):
            location = Location(error.filename or self.name, error.lineno)
            raise TemplateError(f"The template is wrong: {error.message}", location=location) from None
        if isinstance(
            error, (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)
        ):
            location = Location(self.name, _line(traceback, self.name))
            raise TemplateError(f"The template fails: {error}", location=location) from error


def _line(traceback: TracebackType | None, name: str) -> int:
    """Return the line of the template that a traceback passes through last."""
    line = 0
    while traceback:
        if traceback.tb_frame.f_code.co_filename in {name, "<template>"}:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


class _FileLoader(jinja2.BaseLoader):
    """Loads templates by absolute path; which paths there are is the catalog's business, not a template's."""

    def get_source(self, _environment: jinja2.Environment, template: str) -> tuple[str, str, Any]:
        path = Path(template)
        try:
            source = path.read_text(encoding="utf-8")
            stamp = path.stat().st_mtime_ns
        except OSError:
            raise jinja2.TemplateNotFound(template) from None
        return source, template, lambda: path.stat().st_mtime_ns == stamp


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """Return the one environment: compiling templates is most of a cold run, so their byte code is kept."""
    made = ImmutableSandboxedEnvironment(
        loader=_FileLoader(),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # what is written is code and text, not a page of a browser
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_bytecode_cache(),
        auto_reload=False,
        cache_size=2000,
    )
    made.filters.update(FILTERS)
    return made


def _bytecode_cache() -> jinja2.BytecodeCache | None:
    """Return a cache in a folder that only this user can write, or none: byte code is run when it is read."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "archwright" / "templates"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except (OSError, RuntimeError):
        return None
    owned = not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)
    return jinja2.FileSystemBytecodeCache(str(folder)) if owned and os.access(folder, os.W_OK) else None


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", text).lower()).strip("-")


def _snake(text: str) -> str:
    return _slug(text).replace("-", "_")


def _pascal(text: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", text))


def _python(value: object) -> str:
    """Write a Python literal as the formatter would: double quotes."""
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        return text if "\\u" not in text else repr(value)
    if isinstance(value, (dict, list, tuple)):
        return pprint.pformat(value, sort_dicts=False, width=90)
    return repr(value)


def _json(value: object, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False, default=dict)


def _seconds(duration: Duration) -> float | int:
    return int(duration.seconds) if duration.seconds == int(duration.seconds) else duration.seconds


def _bytes(size: Size) -> int:
    return size.bytes


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", ":")) else ".")


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def _wrap(text: str, width: int = 100, indent: str = "", first: str | None = None) -> str:
    return textwrap.fill(
        text,
        width=width,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _blocks(value: object) -> str:
    """Write YAML in block style."""
    from archwright import yamlfile  # noqa: PLC0415  # a quarter of this room's start-up, and few templates ask for it

    return yamlfile.dump(value)


FILTERS = {
    "slug": _slug,
    "snake": _snake,
    "pascal": _pascal,
    "py": _python,
    "json": _json,
    "yaml": _json,  # a JSON scalar is a YAML flow scalar
    "toml": lambda value: _json(str(value)),
    "seconds": _seconds,
    "bytes": _bytes,
    "sentence": _sentence,
    "blocks": _blocks,
    "cell": _cell,
    "wrap": _wrap,
}
