"""Folders that are named on a command line."""

from pathlib import Path

import typer


def folder_named(words: str) -> Path:
    """Return the folder of that name; no name at all would be the current folder."""
    if not words:
        raise typer.BadParameter("an empty text names no folder")
    try:
        Path(words).absolute()
    except FileNotFoundError as error:
        raise typer.BadParameter(
            "the current folder is gone, so only absolute paths lead anywhere"
        ) from error
    return Path(words)
