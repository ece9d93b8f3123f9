"""The `archwright` program, also as `python -m archwright`: an interruption while it still loads is quiet too."""

from __future__ import annotations

import sys


def main() -> None:
    """Load the command line and run it."""
    try:
        from archwright.cli import main as run  # noqa: PLC0415  # loading takes long enough to be interrupted

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
