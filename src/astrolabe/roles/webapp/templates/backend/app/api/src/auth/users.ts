import { Router, type Response } from 'express';
import { prisma } from '../database';
import type { Prisma } from '../generated/prisma/client';
import { contains, given, skipAndTake } from '../http/listing';
import { forbidden, notFound, Problem } from '../http/problem';
import { signedIn } from './actor';
import { publicColumns, roleSchema, usersQuerySchema } from './schema';

/** What admins do with accounts. */
export const userRoutes = Router();

const SERIALIZABLE = { isolationLevel: 'Serializable' } as const;

function demandAdmin(res: Response): void {
  if (signedIn(res).role !== 'admin') throw forbidden();
}

userRoutes.get('/', async (req, res) => {
  demandAdmin(res);
  const query = usersQuerySchema.parse(given(req.query));
  const where: Prisma.UserWhereInput = query.q
    ? { OR: [{ email: contains(query.q) }, { name: contains(query.q) }] }
    : {};
  const [total, items] = await prisma.$transaction([
    prisma.user.count({ where }),
    prisma.user.findMany({
      where,
      select: publicColumns,
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      ...skipAndTake(query),
    }),
  ]);
  res.json({ items, page: query.page, pageSize: query.pageSize, total });
});

userRoutes.patch('/:id', async (req, res) => {
  demandAdmin(res);
  const { role } = roleSchema.parse(req.body);
  const { id } = req.params;
  // One after the other: of two admins who take each other's role at once, one has to stay.
  const user = await prisma.$transaction(async (tx) => {
    const before = await tx.user.findUnique({ where: { id } });
    if (!before) throw notFound('account');
    const after = await tx.user.update({ where: { id }, data: { role }, select: publicColumns });
    if ((await tx.user.count({ where: { role: 'admin' } })) === 0) {
      throw new Problem(409, 'last_admin', 'Somebody else has to be an admin first.');
    }
    return after;
  }, SERIALIZABLE);
  res.json(user);
});
