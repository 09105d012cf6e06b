"""What each kind of lock file names is what the bill of materials lists; what is not known is told as that."""

import pytest
from tests.published import cyclonedx_faults

from astrolabe.projects.bill import bill_of, licences_of
from astrolabe.projects.listing import Listing
from astrolabe.projects.locks import lock_files, parts_of

SHA512 = "sha512-" + "A" * 86 + "=="
POM = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0"><parent><groupId>g</groupId><version>3.1</version></parent>
<version>2.0</version><properties><junit.version>4.13.2</junit.version></properties>
<dependencyManagement><dependencies>
<dependency><groupId>m</groupId><artifactId>managed</artifactId><version>7</version></dependency>
</dependencies></dependencyManagement>
<dependencies>
<dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>${junit.version}</version>
<exclusions><exclusion><groupId>no</groupId><artifactId>no</artifactId></exclusion></exclusions></dependency>
<dependency><groupId>${project.parent.groupId}</groupId><artifactId>same</artifactId><version>${project.version}</version></dependency>
<dependency><groupId>m</groupId><artifactId>managed</artifactId></dependency>
<dependency><groupId>o</groupId><artifactId>elsewhere</artifactId><version>${set.elsewhere}</version></dependency>
</dependencies>
<build><plugins><plugin><dependencies><dependency><groupId>no</groupId><artifactId>tool</artifactId></dependency></dependencies>
</plugin></plugins></build></project>"""

LOCKS: dict[str, tuple[str, str, list[str]]] = {
    "npm 3": (
        "package-lock.json",
        (
            '{"packages": {"": {"name": "x"}, "node_modules/@a/b": {"version": "1.0.0", "license": "MIT"}, '
            '"node_modules/c": {"link": true}, "packages/c": {"version": "1.0.0"}, '
            '"node_modules/d/node_modules/e": {"version": "2.0.0-rc.1"}}}'
        ),
        ["pkg:npm/%40a/b@1.0.0", "pkg:npm/e@2.0.0-rc.1"],
    ),
    "npm 1": (
        "package-lock.json",
        '{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "dependencies": {"b": {"version": "2.0.0"}}}}}',
        ["pkg:npm/a@1.0.0", "pkg:npm/b@2.0.0"],
    ),
    "pnpm 9": (
        "pnpm-lock.yaml",
        (
            "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        version: 1.0.0\npackages:\n\n"
            f"  '@a/b@1.0.0':\n    resolution: {{integrity: {SHA512}}}\n\n  c@2.0.0-rc.1:\n    resolution: {{integrity: {SHA512}}}\n"
            "    engines: {node: '>=18'}\nsnapshots:\n\n  c@9.9.9(d@1.0.0):\n    dependencies: {}\n"
        ),
        ["pkg:npm/%40a/b@1.0.0", "pkg:npm/c@2.0.0-rc.1"],
    ),
    "pnpm 6": (
        "pnpm-lock.yaml",
        "packages:\n\n  /@a/b@1.0.0(c@2.0.0):\n    dev: true\n\n  /c@2.0.0:\n    dev: true\n",
        ["pkg:npm/%40a/b@1.0.0", "pkg:npm/c@2.0.0"],
    ),
    "pnpm 5": (
        "pnpm-lock.yaml",
        "packages:\n\n  /@a/b/1.0.0_c@2.0.0:\n    dev: true\n\n  /c/2.0.0:\n    dev: true\n",
        ["pkg:npm/%40a/b@1.0.0", "pkg:npm/c@2.0.0"],
    ),
    "yarn classic": (
        "yarn.lock",
        (
            '# yarn lockfile v1\n\n\n"@a/b@^1.0.0", "@a/b@^1.1.0":\n  version "1.2.0"\n'
            f'  resolved "https://r/b.tgz#ab"\n  integrity {SHA512}\n  dependencies:\n    c "^2.0.0"\n\n'
            'c@^2.0.0:\n  version "2.0.0"\n\nnick@npm:real@^3.0.0:\n  version "3.0.0"\n'
        ),
        ["pkg:npm/%40a/b@1.2.0", "pkg:npm/c@2.0.0", "pkg:npm/real@3.0.0"],
    ),
    "yarn berry": (
        "yarn.lock",
        (
            '__metadata:\n  version: 8\n\n"@a/b@npm:^1.0.0":\n  version: 1.2.0\n  resolution: "@a/b@npm:1.2.0"\n'
            '  checksum: 10c0/ab\n  languageName: node\n  linkType: hard\n\n"x@workspace:.":\n  version: 0.0.0-use.local\n'
            '  resolution: "x@workspace:."\n  linkType: soft\n'
        ),
        ["pkg:npm/%40a/b@1.2.0"],
    ),
    "requirements with hashes": (
        "requirements.txt",
        "# made\nA_b[x]==1.0 \\\n    --hash=sha256:00\nc==2.0 ; python_version < '3.12' --hash=sha256:00\n    # via a-b\n",
        ["pkg:pypi/a-b@1.0", "pkg:pypi/c@2.0"],
    ),
    "loose requirements": (
        "requirements/dev.txt",
        "-r requirements.txt\n--index-url https://x\nflask>=2,<4\nrich\nclick == 8.1  # why\n./local\nhttps://x/y.whl\ngit+ssh://x\n",
        ["pkg:pypi/click@8.1", "pkg:pypi/flask", "pkg:pypi/git", "pkg:pypi/rich"],
    ),
    "uv": (
        "uv.lock",
        (
            'version = 1\n[[package]]\nname = "me"\nversion = "0.1"\nsource = { editable = "." }\n'
            '[[package]]\nname = "A_b"\nversion = "1.0"\nsource = { registry = "https://pypi.org/simple" }\n'
        ),
        ["pkg:pypi/a-b@1.0"],
    ),
    "poetry": (
        "poetry.lock",
        (
            '[[package]]\nname = "a"\nversion = "1.0"\noptional = false\n[[package]]\nname = "near"\nversion = "1"\n'
            '[package.source]\ntype = "directory"\nurl = "../near"\n[metadata]\nlock-version = "2.1"\n'
        ),
        ["pkg:pypi/a@1.0"],
    ),
    "PEP 751": (
        "pylock.toml",
        'lock-version = "1.0"\n[[packages]]\nname = "a"\nversion = "1.0"\n[[packages]]\nname = "me"\ndirectory = { path = "." }\n',
        ["pkg:pypi/a@1.0"],
    ),
    "Pipenv": (
        "Pipfile.lock",
        '{"default": {"a": {"version": "==1.0", "hashes": []}}, "develop": {"b": {"version": "==2.0"}, "c": {"git": "x"}}}',
        ["pkg:pypi/a@1.0", "pkg:pypi/b@2.0", "pkg:pypi/c"],
    ),
    "go.mod": (
        "go.mod",
        (
            "module example.org/me\n\ngo 1.22\n\nrequire github.com/A/b v1.2.3\n\nrequire (\n\tgolang.org/x/text v0.3.0 // indirect\n)\n\n"
            "replace (\n\tgithub.com/A/b v1.2.3 => ../b\n)\nexclude golang.org/x/no v1.0.0\n"
        ),
        ["pkg:golang/github.com/a/b@v1.2.3", "pkg:golang/golang.org/x/text@v0.3.0"],
    ),
    "go.sum": (
        "go.sum",
        "github.com/a/b v1.2.3 h1:abc=\ngithub.com/a/b v1.2.3/go.mod h1:abc=\ngithub.com/c/d v0.1.0/go.mod h1:abc=\n",
        ["pkg:golang/github.com/a/b@v1.2.3"],
    ),
    "Cargo": (
        "Cargo.lock",
        (
            'version = 4\n[[package]]\nname = "me"\nversion = "0.1.0"\n[[package]]\nname = "serde_json"\nversion = "1.0.0"\n'
            f'source = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = "{"ab" * 32}"\n'
        ),
        ["pkg:cargo/serde_json@1.0.0"],
    ),
    "Maven": (
        "pom.xml",
        POM,
        [
            "pkg:maven/g/same@2.0",
            "pkg:maven/junit/junit@4.13.2",
            "pkg:maven/m/managed@7",
            "pkg:maven/o/elsewhere",
        ],
    ),
    "Gradle": (
        "gradle.lockfile",
        "# by Gradle\norg.x:y:1.0=compileClasspath,testClasspath\nempty=annotationProcessor\n",
        ["pkg:maven/org.x/y@1.0"],
    ),
    "an entity bomb": (
        "pom.xml",
        (
            '<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><project><dependencies><dependency><groupId>&b;</groupId>'
            "<artifactId>x</artifactId></dependency></dependencies></project>"
        ),
        [],
    ),
    "what is installed": (
        "node_modules/x/package-lock.json",
        '{"packages": {"node_modules/a": {"version": "1"}}}',
        [],
    ),
}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_read(name: str) -> None:
    path, text, expected = LOCKS[name]
    parts = parts_of(Listing((path,), {path: text}))
    bill = bill_of(parts)
    assert [part.purl for part in parts] == expected
    assert cyclonedx_faults(bill) == []
    assert {part.origin for part in parts} <= {path}
    unknown = [part.purl for part in parts if not part.version]
    told = [
        one["purl"]
        for one in bill["components"]
        if {"name": "astrolabe:version", "value": "unknown"} in one["properties"]
    ]
    assert told == unknown
    complete = all(part.whole and part.version for part in parts)
    assert bill["compositions"] == [{"aggregate": "unknown" if complete else "incomplete"}]


def test_a_package_that_several_files_name_stands_once_with_all_that_is_known() -> None:
    files = {
        "pyproject.toml": "",
        "requirements.txt": "a>=1\n",
        "uv.lock": '[[package]]\nname = "a"\nversion = "1.0"\n',
        "web/yarn.lock": f'b@^1:\n  version "1.0"\n  integrity {SHA512}\n',
        "web/package-lock.json": '{"packages": {"node_modules/b": {"version": "1.0", "license": "MIT"}}}',
    }
    parts = parts_of(Listing(tuple(files), files))
    assert [part.purl for part in parts] == ["pkg:npm/b@1.0", "pkg:pypi/a@1.0"]
    assert licences_of(parts) == {"MIT": 1, "unknown": 1}
    assert lock_files(files) == ("requirements.txt", "uv.lock", "web/package-lock.json", "web/yarn.lock")


@pytest.mark.parametrize(
    ("stated", "written"),
    [
        ("MIT", {"license": {"id": "MIT"}}),
        ("apache-2.0", {"license": {"id": "Apache-2.0"}}),
        ("(MIT OR Apache-2.0)", {"expression": "(MIT OR Apache-2.0)"}),
        ("SEE LICENSE IN x", {"license": {"name": "SEE LICENSE IN x"}}),
        ("MIT/X11", {"license": {"name": "MIT/X11"}}),
    ],
)
def test_a_licence_is_named_as_spdx_does_where_it_is_one(stated: str, written: dict[str, object]) -> None:
    lock = f'{{"packages": {{"node_modules/a": {{"version": "1", "license": "{stated}"}}}}}}'
    bill = bill_of(parts_of(Listing(("package-lock.json",), {"package-lock.json": lock})))
    assert bill["components"][0]["licenses"] == [written]
    assert cyclonedx_faults(bill) == []
