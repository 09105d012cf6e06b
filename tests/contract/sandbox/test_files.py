"""What goes into a workspace, what may come out, and what is mounted beside it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astrolabe.adapters.sandboxes import self_test
from astrolabe.domain.egress import Ruling
from astrolabe.domain.policy import MIB, Policy
from astrolabe.errors import PolicyViolationError
from astrolabe.ports.sandbox import FileEntry, Mount, MountKind, Outcome, Setup

FILE, PROGRAM, LINK = 0o100644, 0o100755, 0o120000

_names = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12
).filter(lambda name: name not in {".", ".."} and name.lower() != ".git")
_contents = st.tuples(st.sampled_from([FILE, PROGRAM]), st.binary(max_size=300))
_trees = st.recursive(
    _contents, lambda inner: st.dictionaries(_names, inner, max_size=4), max_leaves=12
).filter(lambda tree: isinstance(tree, dict))


def _entries(tree: Any, prefix: str = "") -> list[FileEntry]:
    out: list[FileEntry] = []
    for name, value in tree.items():
        if isinstance(value, dict):
            out += _entries(value, f"{prefix}{name}/")
        else:
            out.append(FileEntry(prefix + name, value[0], value[1]))
    return out


@settings(max_examples=15, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=_trees)
def test_what_was_put_can_be_taken(run: Any, session: Any, tree: Any) -> None:
    entries = _entries(tree)

    async def scenario() -> Any:
        async with session() as box:
            await box.put(entries)
            return await box.take()

    assert run(scenario()) == tuple(sorted(entries, key=lambda entry: entry.path))


def test_names_may_have_spaces_newlines_and_any_script(run: Any, session: Any) -> None:
    names = ["a b", "line\nbreak", "tab\t'\"\\", "-rf", "ünïcödé/日本語/🧭", "%s", "*", "~", " ", "x" * 255]
    entries = [FileEntry(name, FILE, name.encode()) for name in names]

    async def scenario() -> Any:
        async with session() as box:
            await box.put(entries)
            read = await box.run(["cat", *(f"./{name}" for name in names)])
            return read, await box.take()

    read, taken = run(scenario())
    assert read.stdout == "".join(names).encode()
    assert sorted(entry.path for entry in taken) == sorted(names)


def test_a_link_comes_out_as_it_is_when_it_stays_inside(run: Any, session: Any) -> None:
    links = [
        ("a", "b/c"),
        ("b/up", "../x"),
        ("deep/er/l", "../../b/./c"),
        ("dangling", "not/there"),
        ("b/dot", "."),
    ]
    entries = [FileEntry(path, LINK, target.encode()) for path, target in links]

    async def scenario() -> Any:
        async with session() as box:
            await box.put([FileEntry("b/c", FILE, b"c"), *entries])
            return await box.take(leave_out=["b/c"])

    assert set(run(scenario())) == set(entries)


def test_links_that_were_put_in_come_out_as_they_were_wherever_they_lead(run: Any, session: Any) -> None:
    entries = [
        FileEntry("absolute", LINK, b"/etc/passwd"),
        FileEntry("d/up", LINK, b"../../../x"),
        FileEntry("bytes", LINK, b"evil\377"),
    ]

    async def scenario() -> Any:
        async with session() as box:
            await box.put(entries)
            await box.run(["touch", "a"])
            return await box.take(leave_out=["a"])

    assert set(run(scenario())) == set(entries)


@pytest.mark.parametrize("change", ["ln -sfn /etc/shadow given", "mv given other", "cp -P given other"])
def test_a_link_that_was_put_in_is_trusted_at_its_place_with_its_target_only(
    run: Any, session: Any, change: str
) -> None:
    async def scenario() -> None:
        async with session() as box:
            await box.put([FileEntry("given", LINK, b"/etc/passwd")])
            assert (await box.run(["sh", "-c", change])).exit_code == 0
            await box.take()

    with pytest.raises(PolicyViolationError, match="absolute"):
        run(scenario())


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        ("ln -s /etc/passwd evil", "absolute"),
        ("ln -s ../../etc/passwd evil", "outside"),
        ("mkdir d && ln -s ../../x d/evil", "outside"),
        ("ln -s d/../../x evil", "outside"),
        ("ln -s .. evil", "outside"),
        ("mkdir -p a/b; ln -s ../.. a/b/up; ln -s a/b/up/../x evil", "outside"),
        ("ln -s .GIT/hooks evil", ".git"),
        ("ln -s /workspace/inside evil", "absolute"),
        ("mkfifo evil", "named pipe"),
        ("perl -e 'use IO::Socket::UNIX; IO::Socket::UNIX->new(Local => \"evil\", Listen => 1)'", "socket"),
        ("mkdir -p evil/.git && touch evil/.git/config", ".git"),
        ("mkdir -p .git/hooks && echo evil > .git/hooks/post-checkout", ".git"),
        ("mkdir evil && echo gitdir: /x > evil/.GiT", ".git"),
        ("touch $(printf 'evil\\377')", "UTF-8"),
        ("ln -s $(printf 'evil\\377') evil", "UTF-8"),
        ("for i in 1 2 3 4 5; do truncate -s 2M evil$i; done", "together"),
        ("seq 60 | xargs touch", "files"),
        ("p=evil; for i in $(seq 200); do p=$p/d; done; mkdir -p $p && touch $p/f", "128"),
    ],
)
def test_what_may_not_leave_is_named_and_nothing_is_taken(
    run: Any, session: Any, make: str, shown: str
) -> None:
    policy = Policy(file_bytes=2 * MIB, workspace_bytes=8 * MIB, files=50)

    async def scenario() -> None:
        async with session(Setup(policy=policy)) as box:
            made = await box.run(["sh", "-c", f"echo fine > fine; {make}"])
            assert made.exit_code == 0, made.stderr
            await box.take()

    with pytest.raises(PolicyViolationError) as refused:
        run(scenario())
    assert shown in str(refused.value) + refused.value.hint


def test_hard_links_are_files_of_their_own_once_they_are_out(run: Any, session: Any) -> None:
    async def scenario() -> Any:
        async with session() as box:
            await box.put([FileEntry("one", FILE, b"same")])
            await box.run(["ln", "one", "two"])
            await box.put([FileEntry("one", FILE, b"other")])
            return await box.take()

    assert run(scenario()) == (FileEntry("one", FILE, b"other"), FileEntry("two", FILE, b"same"))


def test_only_what_was_asked_for_is_judged_and_taken(run: Any, session: Any) -> None:
    script = "mkdir -p src/deep dist .git; touch src/a.ts src/deep/b.ts src/c.md dist/d; ln -s / dist/evil; touch .git/x"

    async def scenario() -> Any:
        async with session() as box:
            await box.run(["sh", "-c", script])
            some = await box.take(["src/**/*.ts"])
            rest = await box.take(leave_out=["dist", ".git", "src/deep"])
            return [entry.path for entry in some], [entry.path for entry in rest]

    assert run(scenario()) == (["src/a.ts", "src/deep/b.ts"], ["src/a.ts", "src/c.md"])


def test_files_nobody_may_read_are_taken_all_the_same(run: Any, session: Any) -> None:
    async def scenario() -> Any:
        async with session() as box:
            await box.run(["sh", "-c", "mkdir d; echo x > d/f; chmod 0 d/f; chmod 0 d"])
            await box.put([FileEntry("d/g", FILE, b"g")])
            return await box.take()

    assert run(scenario()) == (FileEntry("d/f", FILE, b"x\n"), FileEntry("d/g", FILE, b"g"))


def test_put_replaces_what_is_there_and_never_goes_through_a_link(run: Any, session: Any) -> None:
    script = "mkdir -p dir/sub elsewhere; touch dir/sub/x file; ln -s elsewhere link; ln -s elsewhere/t target; ln -s /tmp out"

    async def scenario() -> Any:
        async with session() as box:
            await box.run(["sh", "-c", script])
            names = ["dir", "file/below", "link/below", "target", "out/below"]
            await box.put([FileEntry(name, FILE, b"new") for name in names])
            seen = await box.run(["find", ".", "-printf", "%P %y\n"])
            return sorted(seen.stdout.decode().split("\n"))

    assert run(scenario()) == sorted(
        [
            "",
            " d",
            "dir f",
            "elsewhere d",
            "file d",
            "file/below f",
            "link d",
            "link/below f",
            "out d",
            "out/below f",
            "target f",
        ]
    )


@pytest.mark.parametrize(
    "path",
    ["", "/etc/x", "../x", "a/../../x", "a//b", "./a", "a/", ".git/config", "a/.GIT", "a\0b", "x" * 5000],
)
def test_a_path_that_is_not_plainly_inside_does_not_go_in(run: Any, session: Any, path: str) -> None:
    async def scenario() -> None:
        async with session() as box:
            await box.put([FileEntry(path, FILE, b"")])

    with pytest.raises(PolicyViolationError):
        run(scenario())


def test_more_than_the_workspace_holds_is_refused_and_the_session_lives(run: Any, session: Any) -> None:
    async def scenario() -> Outcome:
        async with session(Setup(policy=Policy(workspace_bytes=1 * MIB))) as box:
            with pytest.raises(PolicyViolationError):
                await box.put([FileEntry("big", FILE, b"x" * 3_000_000)])
            await box.put([FileEntry("small", FILE, b"x")])
            return await box.run(["cat", "small"])

    assert run(scenario()).stdout == b"x"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A folder with files, below a parent only its owner may enter."""
    folder = tmp_path / "private" / "image"
    (folder / "bin").mkdir(parents=True)
    (folder / "original").write_text("original")
    (folder / "bin" / "tool").write_text("#!/bin/sh\necho tool")
    (folder / "bin" / "tool").chmod(0o755)
    (tmp_path / "private").chmod(0o700)
    return folder


def _content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_read_only_mount_is_read_and_its_programs_run(run: Any, session: Any, image: Path) -> None:
    setup = Setup(mounts=(Mount(image, "/opt/image"),), path=("/opt/image/bin",))

    async def scenario() -> Any:
        async with session(setup) as box:
            return await box.run(["sh", "-c", "cat /opt/image/original; tool; touch /opt/image/x || echo no"])

    before = _content(image)
    assert run(scenario()).stdout == b"originaltool\nno\n"
    assert _content(image) == before


@pytest.mark.parametrize(
    "target", ["/workspace/node_modules", "/workspace/web/node_modules", "/opt/deps", "/tmp/deps"]
)
def test_what_is_written_to_an_overlay_is_gone_with_the_command(
    run: Any, session: Any, image: Path, target: str
) -> None:
    write = f"cd {target} && touch new && mkdir .vite-temp && cat original > .vite-temp/f && ls -A"
    setup = Setup(mounts=(Mount(image, target, MountKind.OVERLAY),))

    async def scenario() -> Any:
        async with session(setup) as box:
            await box.put([FileEntry("web/main.ts", FILE, b"main")])
            wrote = await box.run(["sh", "-c", write])
            seen = await box.run(["sh", "-c", f"cd {target}; ls -A; cat original; ls bin"])
            return wrote, seen, await box.take()

    before = _content(image)
    wrote, seen, taken = run(scenario())
    assert b".vite-temp" in wrote.stdout
    assert seen.stdout == b"bin\noriginal\noriginaltool\n"
    assert [entry.path for entry in taken] == ["web/main.ts"]
    assert _content(image) == before


def test_mounts_nest_and_the_same_source_may_be_mounted_twice(run: Any, session: Any, image: Path) -> None:
    mounts = (
        Mount(image, "/workspace/a/bin", MountKind.OVERLAY),
        Mount(image, "/workspace/a", MountKind.OVERLAY),
        Mount(image, "/opt/a"),
    )

    async def scenario() -> Any:
        async with session(Setup(mounts=mounts)) as box:
            return await box.run(["cat", "a/original", "a/bin/original", "/opt/a/original"])

    assert run(scenario()).stdout == b"original" * 3


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/proc",
        "/proc/x",
        "/dev",
        "/sys",
        "/workspace",
        "/tmp",
        "relative",
        "/a/../b",
        "/a//b",
        "/output",
    ],
)
def test_nothing_is_mounted_over_what_the_sandbox_needs(
    run: Any, session: Any, image: Path, target: str
) -> None:
    async def scenario() -> None:
        async with session(Setup(mounts=(Mount(image, target),))):
            pass

    with pytest.raises(PolicyViolationError):
        run(scenario())


def test_a_command_cannot_move_a_mount_by_planting_a_link(run: Any, session: Any, image: Path) -> None:
    setup = Setup(mounts=(Mount(image, "/workspace/web/deps", MountKind.OVERLAY),))

    async def scenario() -> Any:
        async with session(setup) as box:
            await box.run(["sh", "-c", "rm -rf web; mkdir trap; ln -s trap web; ln -s /tmp other"])
            return await box.run(["sh", "-c", "cat web/deps/original; test -L web || echo folder; ls trap"])

    assert run(scenario()).stdout == b"originalfolder\n"


def test_an_output_folder_is_filled_and_without_one_there_is_none(
    run: Any, session: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "private" / "output"
    folder.mkdir(parents=True)
    (tmp_path / "private").chmod(0o700)

    async def scenario() -> Any:
        async with session(Setup(output=folder)) as box:
            wrote = await box.run(["sh", "-c", "mkdir /output/d && echo made > /output/d/f"])
        async with session() as box:
            return wrote, await box.run(["sh", "-c", "touch /output/x || mkdir /output || echo none"])

    wrote, none = run(scenario())
    assert wrote.exit_code == 0, wrote.stderr
    assert (folder / "d" / "f").read_text() == "made\n"
    assert none.stdout == b"none\n"
    assert (folder / "d" / "f").stat().st_uid != 0


def test_a_policy_that_names_hosts_has_a_way_out_and_any_other_has_none(run: Any, session: Any) -> None:
    asks = "import socket; s = socket.create_connection(('127.0.0.1', 3128), 5); s.sendall(b'CONNECT other.example:443 HTTP/1.1\\r\\n\\r\\n'); print(s.recv(99)[:12])"

    async def scenario() -> list[Outcome]:
        outcomes: list[Outcome] = []
        for network in (("registry.npmjs.org:443",), ()):
            setup = Setup(policy=Policy(network=network), mounts=self_test.interpreter())
            async with session(setup) as box:
                outcomes += [
                    await box.run([self_test.PYTHON, "-I", "-S", "-c", asks]),
                    await box.run(["env"]),
                ]
        return outcomes

    asked, told, refused, bare = run(scenario())
    assert asked.stdout == b"b'HTTP/1.1 403'\n"
    assert [(one.host, one.ruling) for one in asked.requests] == [("other.example", Ruling.REFUSED)]
    assert b"https_proxy=" in told.stdout
    assert refused.exit_code == 1
    assert b"proxy" not in bare.stdout.lower()
    assert refused.requests == bare.requests == ()
