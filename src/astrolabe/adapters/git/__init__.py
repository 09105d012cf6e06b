"""Workspaces on the git command line, 2.38 or newer."""

from astrolabe.adapters.git.clone import Identity, clone_folder
from astrolabe.adapters.git.workspace import GitWorkspace

__all__ = ["GitWorkspace", "Identity", "clone_folder"]
