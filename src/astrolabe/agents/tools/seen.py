"""What a conversation has seen of files: it replaces and changes none that are not as it knows them."""

import hashlib

from astrolabe.errors import ConflictError


class Seen:
    """Digests of files as they were shown, or left, last. It follows from recorded steps, so a resumed attempt has the same."""

    def __init__(self) -> None:
        self._digests: dict[str, bytes] = {}

    def note(self, path: str, content: bytes) -> None:
        """Remember what a file holds, for it was shown or written."""
        self._digests[path] = _digest(content)

    def must_be_known(self, path: str, content: bytes) -> None:
        """Hold that a file was shown as it is now; one that holds nothing can lose nothing."""
        if content and path not in self._digests:
            raise ConflictError(
                f"{path!r} exists, and you have not read it",
                hint="Read it first; then change it by edit, or write it anew if all of it is to go.",
            )
        self.must_not_have_changed(path, content)

    def must_not_have_changed(self, path: str, content: bytes) -> None:
        """Hold that a file, if it was shown, is still what was shown."""
        if self._digests.get(path, _digest(content)) != _digest(content):
            raise ConflictError(
                f"{path!r} has changed since you read it", hint="A command did that. Read it again first."
            )


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
