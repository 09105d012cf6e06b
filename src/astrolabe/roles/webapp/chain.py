"""The chain of checks that proves a web application: each part by itself, then the whole.

What several checks need (the database client, the built application, the description of the API) one check makes and
the others use, so that each is made once and all judge the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote

from astrolabe.roles.webapp.devops import devops_checks
from astrolabe.roles.webapp.documentation import documentation_checks
from astrolabe.sdk import Check, Environment

NODE = Environment(toolchains=("node",), lockfiles=("package-lock.json",))
HTTP = Environment(
    toolchains=("node", "python"), lockfiles=("package-lock.json", "tests/api/requirements.txt")
)
BROWSER = Environment(toolchains=("node", "chromium"), lockfiles=("package-lock.json",))

NOT_RUN = 75
"""Exit code of a check that could not look: EX_TEMPFAIL of sysexits.h."""

CLIENT, BUILD, OPENAPI = "Database client", "Build", "OpenAPI"
"""Checks whose output others use."""

_ENTITIES = 10
"""As many entities as the limits of the checks, and a task's own hour, are made for."""

_PRETTIER = "node node_modules/prettier/bin/prettier.cjs --check --ignore-unknown"
_MANIFESTS = ("package.json", "package-lock.json", "api/package.json", "web/package.json", ".npmrc")
_FORMAT = (".prettierrc.json", ".prettierignore", ".editorconfig")
_API = (*_MANIFESTS, "tsconfig.base.json", "scripts", "api")
_WEB = (*_MANIFESTS, "tsconfig.base.json", "web")


def formatted(name: str, writes: Sequence[str]) -> Check:
    """Return the check that a part is formatted; it refuses what is no valid code at all."""
    paths = " ".join(quote(path) for path in writes)
    return Check(
        name=f"Format of {name}",
        run=f"{_PRETTIER} {paths}",
        inputs=(*_MANIFESTS, *_FORMAT, *(path for path in writes if path not in {*_MANIFESTS, *_FORMAT})),
        timeout_seconds=120,
    )


def format_of_the_whole(parts: Mapping[str, Sequence[str]]) -> tuple[Check, ...]:
    """Return the checks of each part's format, answered already where nobody edited it, and of what belongs to none."""
    others = " ".join(
        quote(pattern)
        for paths in parts.values()
        for path in paths
        for pattern in (f"!{path}", f"!{path}/**")
    )
    rest = Check(name="Format of the rest", run=f"{_PRETTIER} --no-error-on-unmatched-pattern . {others}")
    return (*(formatted(name, writes) for name, writes in parts.items()), rest)


def room(entities: int) -> float:
    """Return how many times a limit a model needs: what is generated, compiled and driven grows with its entities."""
    return max(1.0, entities / _ENTITIES)


def fitted(checks: Sequence[Check], entities: int) -> tuple[Check, ...]:
    """Return the checks with limits that fit a model of so many entities."""
    times = room(entities)
    return tuple(
        check.model_copy(update={"timeout_seconds": check.timeout_seconds * times}) for check in checks
    )


def checks(parts: Mapping[str, Sequence[str]]) -> tuple[Check, ...]:
    """Return the whole chain; `parts` are the paths of each. Each starts from source and what it uses; the longest come first."""
    return (
        Check(
            name=CLIENT,
            run="npm run generate",
            inputs=(
                *_MANIFESTS,
                "scripts/prisma.mjs",
                "scripts/schema-engine.mjs",
                "scripts/wasm-engine.mjs",
                "api/prisma",
                "api/prisma.config.ts",
            ),
            produces=("api/src/generated/**",),
        ),
        Check(
            name=BUILD,
            run="npm run build --workspace api && npm run build --workspace web",
            inputs=(*_API, *_WEB),
            uses=(CLIENT,),
            produces=("api/dist/*.js", "web/dist/**"),
        ),
        Check(
            name="Browser",
            run="npm run e2e",
            uses=(BUILD,),
            produces=("e2e/results/**",),
            environment=BROWSER,
            required=False,
            not_run_exit_code=NOT_RUN,
        ),
        Check(
            name="API over HTTP",
            run='"$ASTROLABE_PYTHON" -S -m pytest tests/api',
            inputs=(*_API, "tests", "e2e/model.json"),
            uses=(BUILD,),
            environment=HTTP,
        ),
        Check(
            name="Lint",
            run="npm run lint",
            inputs=(*_API, "web", "e2e", "eslint.config.mjs"),
            uses=(CLIENT,),
        ),
        Check(
            name="Web tests",
            run="npm run coverage --workspace web",
            inputs=_WEB,
            produces=("web/coverage/coverage-summary.json", "web/coverage/lcov.info"),
        ),
        Check(
            name="API tests",
            run="npm run coverage --workspace api",
            inputs=_API,
            uses=(CLIENT,),
            produces=("api/coverage/coverage-summary.json", "api/coverage/lcov.info"),
        ),
        Check(name="API types", run="npm run typecheck --workspace api", inputs=_API, uses=(CLIENT,)),
        Check(name="Web types", run="npm run typecheck --workspace web", inputs=_WEB),
        Check(name="Migrations", run="npm run db:check", inputs=_API),
        Check(
            name=OPENAPI,
            run="npm run openapi:check",
            inputs=_API,
            uses=(CLIENT,),
            produces=("openapi.json",),
        ),
        *format_of_the_whole(parts),
        Check(name="Secrets", run="npm run secrets"),
        *devops_checks(),
        *documentation_checks(OPENAPI),
    )
