"""`archwright site`: generate the pages of the documentation, build it, serve it while writing."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archwright.cli.terminal import say, stop
from archwright.errors import DestinationError, InstallationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archwright.filetree import FileTree
    from archwright.sitepages.commands import Command

app = typer.Typer(no_args_is_help=True, help="Generate, build and serve the documentation site.")


@app.callback()
def root() -> None:
    """Generate, build and serve the documentation site."""


@app.command("generate")
def generate() -> None:
    """Write the generated pages into site/generated: catalog, limits, prices, decisions, reference.

    Examples:
        archwright site generate
    """
    written, kept, removed = generate_pages(checkout())
    say(f"site/generated  {written} written, {kept} unchanged, {removed} removed")


@app.command("build")
def build(
    into: Annotated[
        Path | None, typer.Option("--into", metavar="DIR", help="Where to build it; build/site if not given.")
    ] = None,
) -> None:
    """Build the site; a broken link or a page that is in no menu stops it.

    Examples:
        archwright site build

        archwright site build --into /tmp/site
    """
    home = checkout()
    generate_pages(home)
    target = into.absolute() if into else home / "build/site"
    done = _mkdocs(home, "build", "--strict", "--site-dir", str(target), capture=True)  # not --quiet: it ends --strict
    if done.returncode:
        say(done.stderr.strip(), err=True)
        raise DestinationError(
            "MkDocs did not build the site.", hint="its messages above name the pages; mend them and build again."
        )
    say(f"{os.path.relpath(target)}  {sum(1 for _ in target.rglob('*.html'))} pages")


@app.command("serve")
def serve(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port on 127.0.0.1.")] = 8000,
) -> None:
    """Serve the site on this machine, and build it again on every change.

    Examples:
        archwright site serve --port 8123
    """
    home = checkout()
    generate_pages(home)
    say(f"http://127.0.0.1:{port}/  (Ctrl-C stops it)")
    stop(_mkdocs(home, "serve", "--quiet", "--dev-addr", f"127.0.0.1:{port}").returncode)


def checkout() -> Path:
    """Return the checkout that holds the site's sources.

    Raises:
        InstallationError: archwright runs from an installed package, which does not carry them.
    """
    from archwright.resources import checkout_root

    found = checkout_root()
    if found is None or not (found / "mkdocs.yml").is_file():
        raise InstallationError(
            "The sources of the documentation site are not in this installation.",
            hint="run the command from a checkout of archwright, with `uv run archwright site build`.",
        )
    return found


def generate_pages(home: Path) -> tuple[int, int, int]:
    """Bring `site/generated` up to date; return how many files were written, were as they should be, were removed."""
    from archwright.catalog import load_catalog
    from archwright.sitepages import render_pages

    tree = render_pages(load_catalog(), tuple(describe_commands()), home)
    folder = home / "site/generated"
    try:
        return _bring_up_to_date(tree, folder)
    except OSError as error:
        raise DestinationError(
            f"`{folder}` cannot be written: {(error.strerror or str(error)).lower()}.",
            hint="free some space, or make the folder writable, and run it again.",
        ) from None


def describe_commands() -> Iterator[Command]:
    """Describe every command of the program, in the order of its help."""
    from archwright.cli import build

    yield from _describe(typer.main.get_command(build()), "archwright", None)


def _describe(command: Any, words: str, parent: Any) -> Iterator[Command]:
    from archwright.sitepages.commands import Command

    context = command.context_class(command, info_name=words.rpartition(" ")[2], parent=parent)
    children = getattr(command, "commands", {})
    if not children:
        yield Command(
            words=words,
            usage=re.sub("[{}]", "", f"{words} {' '.join(command.collect_usage_pieces(context))}"),
            help=_dedented(command.help or ""),
            options=tuple(_options(command, context)),
        )
    for name, child in children.items():
        if not child.hidden:
            yield from _describe(child, f"{words} {name}", context)


def _options(command: Any, context: Any) -> Iterator[Any]:
    from archwright.sitepages.commands import Option

    for one in command.get_params(context):
        argument = one.param_type_name == "argument"
        told = (one.metavar or one.name.upper(),) if argument else one.get_help_record(context)
        if not told or getattr(one, "hidden", False) or one.name == "help":
            continue
        default = one.default if isinstance(one.default, (str, int, float)) and one.default is not False else ""
        yield Option(
            names=told[0],
            help=one.help or "",
            default=str(default),
            is_argument=argument,
        )


def _dedented(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())


def _bring_up_to_date(tree: FileTree, folder: Path) -> tuple[int, int, int]:
    """Write what differs and remove what is no page any more; a server that watches sees only real changes."""
    written = 0
    for path, file in tree.items():
        target = folder / path
        if target.is_file() and target.read_bytes() == file.content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".page.", delete=False) as part:
            part.write(file.content)
        Path(part.name).chmod(0o644)
        Path(part.name).replace(target)
        written += 1
    stale = [one for one in folder.rglob("*") if one.is_file() and one.relative_to(folder).as_posix() not in tree]
    for one in stale:
        one.unlink()
    return written, len(tree) - written, len(stale)


def _mkdocs(home: Path, *arguments: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    if importlib.util.find_spec("mkdocs") is None or importlib.util.find_spec("material") is None:
        raise InstallationError(
            "The site needs MkDocs and its Material theme.", hint="install them with `pip install 'archwright[site]'`."
        )
    quiet = {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}
    command = [sys.executable, "-m", "mkdocs", *arguments]
    environment = {**os.environ, **quiet}
    return subprocess.run(  # noqa: S603  # MkDocs, with arguments of ours
        command, cwd=home, env=environment, check=False, capture_output=capture, text=True
    )
