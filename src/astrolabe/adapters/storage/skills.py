"""What is kept about skills, in rows that are only added."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, func, select

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.database import Database
from astrolabe.adapters.storage.rows import insert_once
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.skills import SkillUse, Trusted

_trusted, _uses = schema.trusted_skills, schema.skill_uses


class SqlSkills:
    """The records of one tenant."""

    def __init__(self, database: Database, determinism: Determinism, tenant: str) -> None:
        self._database = database
        self._determinism = determinism
        self._tenant = tenant

    async def trust(self, skills: Sequence[Trusted]) -> None:
        def write(connection: Connection) -> None:
            for skill in skills:
                insert_once(connection, _trusted, asdict(skill) | {"tenant": self._tenant})

        await self._database.writer.change(write)

    async def trusted(self) -> frozenset[str]:
        query = select(_trusted.c.digest).where(_trusted.c.tenant == self._tenant)
        found = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return frozenset(found)

    async def used(self, names: Sequence[str], *, run: str, task: str, attempt: int) -> None:
        at = self._determinism.now()
        told = {"tenant": self._tenant, "run": run, "task": task, "attempt": attempt, "at": at}

        def write(connection: Connection) -> None:
            for name in names:
                insert_once(connection, _uses, told | {"name": name})

        await self._database.writer.change(write)

    async def uses(self) -> tuple[SkillUse, ...]:
        query = (
            select(_uses.c.name, func.count(), func.max(_uses.c.at))
            .where(_uses.c.tenant == self._tenant)
            .group_by(_uses.c.name)
            .order_by(_uses.c.name)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return tuple(SkillUse(*row) for row in rows)
