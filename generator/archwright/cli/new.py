"""`archwright new`: a blueprint becomes a repository that runs."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archwright.cli.options import BlueprintArgument, CatalogOption, PlatformOption, catalog_of, settings_of
from archwright.cli.terminal import interactive, say
from archwright.resources import DEFAULT_PLATFORM

if TYPE_CHECKING:
    from archwright.catalog import Catalog
    from archwright.write import Plan

_REPOSITORY_OF_A_HOOK = {
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
}


def register(app: typer.Typer) -> None:
    """Add this module's command to `app`."""
    app.command("new")(new)


def new(
    blueprint: BlueprintArgument,
    destination: Annotated[
        Path, typer.Argument(metavar="DEST", help="The folder to make; its name names the starter.")
    ],
    platform: PlatformOption = DEFAULT_PLATFORM,
    setting: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a parameter; may be repeated.")
    ] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", metavar="FILE", help="A YAML file of parameters.")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="List what would be written, and write nothing.")] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what would be written as a diff, and write nothing.")
    ] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="Ask nothing; take defaults.")] = False,
    no_git: Annotated[bool, typer.Option("--no-git", help="Make no git repository.")] = False,
    catalog: CatalogOption = None,
) -> None:
    """Generate a starter: a repository that runs, with its diagram, decisions, tests and documents.

    Parameters are asked for on a terminal; elsewhere, and with --no-input, defaults are taken.

    Examples:
        archwright new work-queue order-desk

        archwright new work-queue order-desk --set lease=1m --set max_deliveries=3 --no-input

        archwright new publish-subscribe order-events --plan
    """
    from archwright.pipeline import generate

    found = catalog_of(catalog)
    found.blueprint(blueprint)
    found.platform(platform)
    destination = _absolute(destination)
    given = {"date": _today(), **_read_answers(answers), **settings_of(setting)}
    if interactive() and not (no_input or plan or diff):
        _check_before_asking(found, blueprint, platform, destination, given)
        given = _ask(found, blueprint, platform, given)
    planned = generate(found, blueprint, destination, platform=platform, answers=given)
    if plan or diff:
        _print_plan(planned, diff=diff)
        _tell_obstacle(destination)
        return
    _apply(planned)
    try:
        history = "" if no_git else _make_repository(destination)
    except KeyboardInterrupt:
        say(f"`{destination}` is whole, but its git repository may not be.", err=True)
        raise
    _print_result(found, planned, blueprint, platform, history)


def _absolute(destination: Path) -> Path:
    from archwright.errors import UsageError

    try:
        return Path(os.path.normpath(destination.expanduser().absolute()))
    except RuntimeError:  # `~` of somebody whom this machine does not know
        raise UsageError(f"`{destination}` names a home folder that is not known.", hint="write it out.") from None


def _today() -> str:
    """Return today's date, or that of SOURCE_DATE_EPOCH where a build has to be reproducible."""
    from archwright.errors import UsageError

    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch:
        return dt.datetime.now(dt.UTC).date().isoformat()
    try:
        return dt.datetime.fromtimestamp(int(epoch), dt.UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"SOURCE_DATE_EPOCH is `{epoch[:40]}`, which is no moment.",
            hint="set it to the seconds since 1970, such as 1795305600, or unset it.",
        ) from None


def _read_answers(file: Path | None) -> dict[str, object]:
    from archwright import yamlfile
    from archwright.errors import CatalogError, UsageError

    if file is None:
        return {}
    folder = os.path.isdir(file)  # noqa: PTH112  # never raises
    if folder or not os.path.exists(file):  # noqa: PTH110  # nor does this; a pipe of the shell is fine
        what = "is a folder" if folder else "does not exist"
        raise UsageError(f"The answers file `{file}` {what}.", hint="give a YAML file of `parameter: value`.")
    try:
        document = yamlfile.load(file, str(file))
    except yamlfile.YamlProblem as problem:
        raise CatalogError(
            "The answers file cannot be read. Nothing was written.", findings=(problem.finding,)
        ) from None
    if document.value is None:
        return {}
    if not isinstance(document.value, dict) or any(isinstance(one, (dict, list)) for one in document.value.values()):
        raise UsageError(
            f"`{file}` is no mapping of parameters to values.", hint="write one `parameter: value` a line."
        )
    return document.value


def _check_before_asking(
    catalog: Catalog, blueprint: str, platform: str, destination: Path, given: dict[str, object]
) -> None:
    """Refuse at once what no answer can mend: nobody should answer six questions for nothing."""
    from archwright import write
    from archwright.parameters import read_answers, starter_named
    from archwright.resolve import parameter_specs

    starter_named(destination.name, read_answers(parameter_specs(catalog, blueprint, platform), given, blueprint))
    write.check_new(destination)


def _ask(catalog: Catalog, blueprint: str, platform: str, given: dict[str, object]) -> dict[str, object]:
    """Ask for each parameter that was not given; an answer that will not do is explained and asked for again."""
    from archwright.errors import UsageError
    from archwright.parameters import read_value
    from archwright.resolve import parameter_specs

    answers = dict(given)
    for name, spec in parameter_specs(catalog, blueprint, platform).items():
        while name not in answers:
            choices = f" ({', '.join(spec.choices)})" if spec.choices else ""
            say(f"{spec.help}{choices}", dim=True)
            typed = typer.prompt(name, default=str(spec.default))
            try:
                read_value(name, spec, typed)
            except UsageError as error:
                say(f"{error}", fg=typer.colors.YELLOW)
                continue
            answers[name] = typed
    return answers


def _apply(planned: Plan) -> None:
    from archwright import write

    total = len(planned.files)
    if not interactive():
        write.apply(planned)
        return
    done = 0

    def tell(path: str) -> None:
        nonlocal done
        done += 1
        width = shutil.get_terminal_size().columns - 1
        typer.echo(f"\r\x1b[K{f'  {done}/{total}  {path}'[:width]}", nl=False)

    try:
        write.apply(planned, each=tell)
    finally:
        typer.echo("\r\x1b[K", nl=False)


def _print_plan(planned: Plan, *, diff: bool) -> None:
    if diff:
        for line in planned.diff():
            say(line, fg={"+": typer.colors.GREEN, "-": typer.colors.RED}.get(line[:1]))
        return
    for one in planned.files:
        say(f"{one.change:7}{one.file.ownership:9}{one.path}")
    say(f"\n{len(planned.files)} files; nothing was written.")


def _tell_obstacle(destination: Path) -> None:
    """Say on standard error why `new` would not write there, if it would not."""
    from archwright import write
    from archwright.errors import DestinationError

    try:
        write.check_new(destination)
    except DestinationError as error:
        say(f"But `archwright new` would refuse it: {error}", err=True)


def _make_repository(folder: Path) -> str:
    """Make a git repository with a first commit; return what was done, in words."""
    git = shutil.which("git")
    if git is None:
        return "git is not installed; no repository was made"
    inside = _git(git, folder.parent, "rev-parse", "--is-inside-work-tree")
    if inside.returncode == 0 and inside.stdout.strip() == "true":
        return "lies in a git repository already; commit it there"
    if _git(git, folder, "init", "--quiet", "--initial-branch", "main").returncode != 0:
        return "`git init` failed; no repository was made"
    _git(git, folder, "add", "--all")
    committed = _git(git, folder, "commit", "--quiet", "--no-verify", "--message", "Start from a blueprint")
    if committed.returncode == 0:
        return "git repository, first commit made"
    if not _git(git, folder, "var", "GIT_AUTHOR_IDENT").returncode:
        return "git repository; its first commit failed and is yours to make"
    return "git repository; commit it once git knows you"


def _git(git: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [git, "-C", str(folder), *arguments]
    # A hook of git names its own repository in these; ours is the one in `folder`.
    around = {name: value for name, value in os.environ.items() if name not in _REPOSITORY_OF_A_HOOK}
    return subprocess.run(  # noqa: S603  # fixed words
        command, capture_output=True, text=True, errors="replace", check=False, stdin=subprocess.DEVNULL, env=around
    )


def _print_result(catalog: Catalog, planned: Plan, blueprint: str, platform: str, history: str) -> None:
    from archwright.filetree import Ownership

    folder = os.path.relpath(planned.destination)
    folder = str(planned.destination) if folder.startswith("..") else folder
    managed, seeded = planned.count(Ownership.MANAGED), planned.count(Ownership.SEEDED)
    records = sum(one.path.startswith("docs/adr/0") for one in planned.files)
    name = catalog.blueprint(blueprint).spec.name
    say(f"{typer.style(folder + '/', bold=True)}  {name}, on {catalog.platform(platform).spec.name}")
    say(f"  {managed + seeded} files: {managed} managed by archwright, {seeded} yours")
    say(f"  docs/adr/  {records} decisions, accepted")
    if history:
        say(f"  {history}")
    here = "" if planned.destination == Path.cwd() else f"cd {folder} && "
    say(f"\nNext:  {here}make demo    (no account, no Docker; then `make test`)")
