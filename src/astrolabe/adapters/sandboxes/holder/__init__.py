"""The process that holds one session: its mount namespace, its limits, its commands.

It runs under the interpreter alone (`python -I -S`), imports the standard library only, and is single-threaded: what
starts the commands lives as long as the session, so that "die with your parent" means the session.

Every session waits for its imports: `dataclasses` alone would double them.
"""
