"""Repositories as people really have them, each made in a folder that holds nothing yet but a place for planted programs."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

HOOKS = (
    "pre-commit",
    "post-checkout",
    "post-merge",
    "reference-transaction",
    "update",
    "post-index-change",
    "pre-push",
)
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 1048576\n".format("ab" * 32)


class Maker:
    """A person at a shell. `target` is the repository; a program that is `planted` leaves a mark when it runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.target = root / "repository"
        self.mark = root / "ran"
        self.target.mkdir()

    def git(
        self, *words: str, where: Path | None = None, stdin: bytes = b"", accept: tuple[int, ...] = (0,)
    ) -> str:
        """Type a git command."""
        names = {
            f"GIT_{who}_{what}": "p@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        environment = {"HOME": str(self.root), "PATH": os.environ["PATH"], "LC_ALL": "C", **names}
        done = subprocess.run(
            ["git", *words],
            cwd=where or self.target,
            env=environment,
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert done.returncode in accept, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def files(self, files: Mapping[str, str | bytes], where: Path | None = None) -> None:
        for path, content in files.items():
            file = (where or self.target) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def begin(self, files: Mapping[str, str | bytes] | None = None, where: Path | None = None) -> Path:
        """Make a repository with one commit."""
        folder = where or self.target
        folder.mkdir(exist_ok=True)
        self.files({"a.txt": "one\ntwo\n", **(files or {})}, folder)
        self.git("init", "-q", "-b", "main", where=folder)
        self.commit(folder)
        return folder

    def commit(self, where: Path | None = None, *files: str) -> None:
        self.git("add", "-A", *files, where=where)
        self.git("commit", "-qm", "as it was", where=where)

    def planted(self, name: str, where: Path | None = None) -> str:
        """Return the path of a program that leaves a mark."""
        file = (where or self.root / "planted") / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.mark}\ncat\n')
        file.chmod(0o755)
        return str(file)

    def configured(self, settings: Mapping[str, str]) -> None:
        for key, value in settings.items():
            self.git("config", key, value)


def plain(maker: Maker) -> None:
    maker.begin()


def with_everything_uncommitted(maker: Maker) -> None:
    """Staged, changed, untracked, ignored, and a stash."""
    maker.begin({"b.txt": "b\n", "c.txt": "c\n", ".gitignore": "*.log\n"})
    maker.files({"b.txt": "stashed\n"})
    maker.git("stash", "-q")
    maker.files({"b.txt": "staged\n", "new.txt": "staged\n"})
    maker.git("add", "-A")
    maker.files(
        {"b.txt": "and changed\n", "c.txt": "changed\n", "untracked.txt": "mine\n", "x.log": "ignored\n"}
    )


def with_submodule(maker: Maker) -> None:
    inner = maker.begin({"inner.txt": "inner\n"}, maker.root / "inner")
    maker.begin()
    maker.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "lib")
    maker.commit()
    maker.files({"lib/inner.txt": "changed by the person\n"})
    maker.git("config", "core.fsmonitor", maker.planted("submonitor"), where=maker.target / "lib")


def with_absent_submodule(maker: Maker) -> None:
    with_submodule(maker)
    maker.git("submodule", "deinit", "-f", "lib")


def with_large_files(maker: Maker) -> None:
    maker.begin({".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "weights.bin": POINTER})
    for verb in ("clean", "smudge", "process"):
        maker.git("config", f"filter.lfs.{verb}", maker.planted(f"lfs-{verb}"))
    maker.git("config", "filter.lfs.required", "true")


def with_hooks(maker: Maker) -> None:
    maker.begin()
    for hook in HOOKS:
        maker.planted(hook, maker.target / ".git/hooks")


def with_hostile_attributes(maker: Maker) -> None:
    rules = (
        "* filter=evil diff=evil merge=evil ident eol=crlf text export-subst working-tree-encoding=UTF-16\n"
    )
    maker.begin({"crlf.txt": "one\r\ntwo\r\n", "id.txt": "$Id$ $Format:%H$\n"})
    maker.files({".gitattributes": rules})
    tree = maker.git(
        "-c", "core.attributesFile=/dev/null", "hash-object", "-w", "--no-filters", ".gitattributes"
    )
    maker.git("update-index", "--add", "--cacheinfo", f"100644,{tree},.gitattributes")
    maker.git("commit", "-qm", "attributes")
    for verb in ("clean", "smudge", "process"):
        maker.git("config", f"filter.evil.{verb}", maker.planted(verb))
    maker.git("config", "diff.evil.textconv", maker.planted("textconv"))
    maker.git("config", "diff.evil.command", maker.planted("diff"))
    maker.git("config", "merge.evil.driver", maker.planted("merge"))


def with_hostile_configuration(maker: Maker) -> None:
    maker.begin()
    maker.files({".git/more": f"[core]\n\tfsmonitor = {maker.planted('included')}\n"})
    maker.configured(
        {
            "core.fsmonitor": maker.planted("fsmonitor"),
            "core.sshCommand": maker.planted("ssh"),
            "core.hooksPath": str(maker.root / "planted/hooks"),
            "core.pager": maker.planted("pager"),
            "core.alternateRefsCommand": maker.planted("alternates"),
            "include.path": "more",
            f"includeIf.gitdir:{maker.target}/.path": "more",
            "gpg.program": maker.planted("gpg"),
            "log.showSignature": "true",
            "commit.gpgSign": "true",
            "remote.origin.url": f"ext::{maker.planted('remote')}",
            "remote.origin.promisor": "true",
            "blame.ignoreRevsFile": "a.txt",
            "uploadpack.packObjectsHook": maker.planted("packobjects"),
        }
    )
    for hook in HOOKS:
        maker.planted(hook, maker.root / "planted/hooks")


def with_alternates(maker: Maker) -> None:
    """Objects that lie in another repository, named by a path with a space."""
    source = maker.begin(where=maker.root / "the source")
    shutil.rmtree(maker.target)
    maker.git("clone", "-q", "--shared", str(source), str(maker.target), where=maker.root)
    maker.git("remote", "remove", "origin")


def with_links_out(maker: Maker) -> None:
    maker.begin()
    (maker.root / "secret.txt").write_text("outside\n")
    (maker.target / "out").symlink_to("../secret.txt")
    (maker.target / "up").symlink_to("..")
    (maker.target / "passwd").symlink_to("/etc/passwd")
    (maker.target / "circle").symlink_to("circle")
    maker.commit()


def with_odd_names(maker: Maker) -> None:
    names: dict[str, str | bytes] = {
        "new\nline.txt": "e\n",
        "quo\"te's.txt": "e\n",
        "no-utf8-\udcff\udcfe.txt": "e\n",
        "Case.txt": "E\n",
        "case.txt": "e\n",
        "-rf": "e\n",
        "a*b[c]?.txt": "e\n",
        " leading and trailing ": "e\n",
        "ünï/\u202ecod.e": "e\n",
        "back\\slash.txt": "e\n",
        "tab\tand\x1b[31mred": "e\n",
    }
    maker.begin(names)


def with_big_and_binary_files(maker: Maker) -> None:
    maker.begin(
        {
            "big.txt": "".join(f"line {number} of a file that a program wrote\n" for number in range(50_000)),
            "one-line.json": '{"e": "' + "x" * 2_000_000 + '"}',
            "blob.bin": bytes(range(256)) * 8000,
            "utf16.txt": "one\ntwo\n".encode("utf-16"),
            "latin1.txt": "ein Stück\n".encode("latin-1"),
            "empty.txt": "",
        }
    )


def shallow(maker: Maker) -> None:
    source = maker.begin(where=maker.root / "source")
    maker.files({"a.txt": "three\n"}, source)
    maker.commit(source)
    shutil.rmtree(maker.target)
    maker.git("clone", "-q", "--depth=1", f"file://{source}", str(maker.target), where=maker.root)


def without_commit(maker: Maker) -> None:
    maker.git("init", "-q", "-b", "main")
    maker.files({"a.txt": "untracked\n", "staged.txt": "staged\n"})
    maker.git("add", "staged.txt")


def detached(maker: Maker) -> None:
    maker.begin()
    maker.git("checkout", "-q", "--detach")


def on_a_branch_named_as_ours(maker: Maker) -> None:
    """A branch `astrolabe` leaves no room for branches below that name."""
    maker.begin()
    maker.git("checkout", "-q", "-b", "astrolabe")


def on_an_unborn_branch(maker: Maker) -> None:
    maker.begin()
    maker.git("checkout", "-q", "--orphan", "fresh")


def bare(maker: Maker) -> None:
    source = maker.begin(where=maker.root / "source")
    shutil.rmtree(maker.target)
    maker.git("clone", "-q", "--bare", str(source), str(maker.target), where=maker.root)


def work_tree_of_another(maker: Maker) -> None:
    source = maker.begin(where=maker.root / "source")
    shutil.rmtree(maker.target)
    maker.git("worktree", "add", "-q", "-b", "other", str(maker.target), where=source)
    maker.files({"a.txt": "changed and not committed\n"})


def _diverged(maker: Maker) -> None:
    maker.begin()
    maker.git("checkout", "-q", "-b", "theirs")
    maker.files({"a.txt": "theirs\n"})
    maker.commit()
    maker.git("checkout", "-q", "main")
    maker.files({"a.txt": "ours\n"})
    maker.commit()


def in_a_merge(maker: Maker) -> None:
    _diverged(maker)
    maker.git("merge", "theirs", accept=(1,))


def in_a_rebase(maker: Maker) -> None:
    _diverged(maker)
    maker.git("rebase", "theirs", accept=(1,))


def with_line_ends_of_windows(maker: Maker) -> None:
    maker.begin({"crlf.txt": "one\r\ntwo\r\n", ".gitattributes": "*.bat eol=crlf\n", "go.bat": "echo\n"})
    maker.git("config", "core.autocrlf", "true")


def with_very_long_paths(maker: Maker) -> None:
    deep = "/".join(["d" * 200] * 18)
    maker.begin({f"{'n' * 255}": "e\n"})
    blob = maker.git("hash-object", "-w", "--stdin", stdin=b"e\n")
    maker.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{deep}/file.txt")
    maker.git("commit", "-qm", "deep")
    maker.git("update-index", "--skip-worktree", f"{deep}/file.txt")


def with_secrets(maker: Maker) -> None:
    maker.begin(
        {
            ".env": "TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ012345\n",
            "id_rsa": "-----BEGIN RSA PRIVATE KEY-----\n",
        }
    )


REPOSITORIES: tuple[Callable[[Maker], None], ...] = (
    plain,
    with_everything_uncommitted,
    with_submodule,
    with_absent_submodule,
    with_large_files,
    with_hooks,
    with_hostile_attributes,
    with_hostile_configuration,
    with_alternates,
    with_links_out,
    with_odd_names,
    with_very_long_paths,
    with_big_and_binary_files,
    shallow,
    without_commit,
    detached,
    on_a_branch_named_as_ours,
    on_an_unborn_branch,
    bare,
    work_tree_of_another,
    in_a_merge,
    in_a_rebase,
    with_line_ends_of_windows,
    with_secrets,
)
"""Those that can be worked on."""


def folder_inside(maker: Maker) -> Path:
    maker.begin({"below/b.txt": "b\n"})
    return maker.target / "below"


def folder_of_git(maker: Maker) -> Path:
    maker.begin()
    return maker.target / ".git" / "refs"


def a_file(maker: Maker) -> Path:
    maker.begin()
    return maker.target / "a.txt"


def no_repository(maker: Maker) -> Path:
    maker.files({"a.txt": "mine\n"})
    return maker.target


def damaged(maker: Maker) -> Path:
    maker.begin()
    (maker.target / ".git/HEAD").write_text("nonsense\n")
    return maker.target


def without_its_objects(maker: Maker) -> Path:
    maker.begin()
    for name in maker.git("rev-parse", "HEAD^{tree}").split():
        (maker.target / ".git/objects" / name[:2] / name[2:]).unlink()
    return maker.target


REFUSED: tuple[tuple[Callable[[Maker], Path], str], ...] = (
    (folder_inside, "is inside the repository"),
    (folder_of_git, "is inside the repository"),
    (a_file, "is a file"),
    (no_repository, "no git repository"),
    (damaged, "no git repository"),
    (without_its_objects, "git cannot read the repository"),
)
"""Places that cannot be worked on, and what is said of them."""
