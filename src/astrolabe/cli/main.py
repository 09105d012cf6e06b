"""Where the program starts: what needs no command is answered before any command's module is imported."""

import sys

from astrolabe import __version__


def main() -> None:
    """Run the command line and exit with one of the codes of `Exit`."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"{__version__}\n")
        return
    if sys.argv[1:] == ["--help"]:
        from astrolabe.cli.overview import overview

        sys.stdout.write(f"{overview()}\n")
        return
    from astrolabe.cli.running import run_command_line

    run_command_line()
