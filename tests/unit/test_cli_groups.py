from __future__ import annotations

from importlib import import_module

import pytest
import typer

from archwright.cli import adr


@pytest.mark.parametrize("name", sorted(adr._MODULES))
def test_each_module_holds_the_commands_that_it_is_loaded_for(name):
    """A command that is typed loads one module; a wrong entry here would make the command unknown."""
    app = typer.Typer()
    import_module(f"archwright.cli.adr.{name}").register(app)

    held = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert set(adr._MODULES[name]) == held
