"""Jinja, and the only importer of it: sandboxed, strict, bounded, its errors told with the template's line."""

from __future__ import annotations

import contextlib
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from archwright.errors import Location, TemplateError
from archwright.render.filters import FILTERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_MOST_CHARACTERS = 10_000_000  # of one file; the longest of ours has some 60,000
_MOST_EXPONENT = 1000


def rendered(template: jinja2.Template, values: Mapping[str, object]) -> str:
    """Render a template, but stop one that never ends before it has filled the memory."""
    parts: list[str] = []
    size = 0
    for part in template.generate(values):
        parts.append(part)
        size += len(part)
        if size > _MOST_CHARACTERS:
            raise OverflowError(f"it gives more than {_MOST_CHARACTERS:,} characters")
    return "".join(parts)


_FAILURES = (
    jinja2.TemplateError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    OSError,
)


class Telling:
    """Turns what Jinja raises into a `TemplateError` with the template's line."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: TracebackType | None) -> None:
        if isinstance(error, jinja2.TemplateNotFound):
            raise TemplateError("The template does not exist.", location=Location(shown(self.name))) from None
        if isinstance(error, jinja2.TemplateSyntaxError):
            location = Location(shown(error.filename or self.name), error.lineno)
            raise TemplateError(f"The template is wrong: {error.message}", location=location) from None
        if isinstance(error, _FAILURES):
            location = Location(shown(self.name), _line(traceback, self.name))
            raise TemplateError(f"The template fails: {error}", location=location) from error
        if isinstance(error, (RecursionError, MemoryError, SyntaxError)):
            location = Location(shown(self.name), _line(traceback, self.name))
            raise TemplateError("The template is nested too deeply, or calls itself.", location=location) from None


def shown(path: str) -> str:
    """Return a template's path as people would type it: relative where it is below this folder."""
    return os.path.relpath(path) if Path(path).is_absolute() and Path(path).is_relative_to(Path.cwd()) else path


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
        except FileNotFoundError:
            raise jinja2.TemplateNotFound(template) from None
        return source, template, lambda: path.stat().st_mtime_ns == stamp


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which a template sees only what it is given, and cannot ask for more memory than there is."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def join_path(self, template: str, parent: str) -> str:  # noqa: ARG002  # Jinja's signature
        """Refuse `include`, `import` and `extends`: they would read any file of this machine into a starter."""
        raise jinja2.TemplateRuntimeError(f"a template stands alone, and may not name `{template}`")

    def call_binop(self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any) -> Any:
        """Refuse the products, powers and formats that would not fit into memory."""
        if operator == "*" and _weight(left) * _weight(right) > _MOST_CHARACTERS:
            raise OverflowError("a product of that size is no part of a file")
        if operator == "**" and _weight(right) > _MOST_EXPONENT:
            raise OverflowError("a power of that size is no part of a file")
        if operator == "%" and isinstance(left, str):
            raise jinja2.TemplateRuntimeError("`%` fills in no text here; write `~` or a filter")
        return super().call_binop(context, operator, left, right)


def _weight(value: object) -> float:
    """How much a value multiplies: a number by itself, text and lists by their length."""
    if isinstance(value, (int, float)):
        return abs(value)
    return len(value) if isinstance(value, (str, bytes, list, tuple)) else 1


class _Cache(jinja2.FileSystemBytecodeCache):
    """A cache that a full disk, a limit or another process may spoil: the templates are compiled again then."""

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Read what was kept, if it can be read."""
        with contextlib.suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Keep the byte code, if there is room."""
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """Return the one environment: compiling templates is most of a cold run, so their byte code is kept."""
    made = _Environment(
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
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
        folder = base / "archwright" / "templates"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except (OSError, RuntimeError):
        return None
    owned = not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)
    return _Cache(str(folder)) if owned and os.access(folder, os.W_OK) else None
