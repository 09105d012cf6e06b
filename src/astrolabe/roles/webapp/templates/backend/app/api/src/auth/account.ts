import { Router } from 'express';
import { prisma } from '../database';
import { invalid } from '../http/problem';
import { signedIn } from './actor';
import { hashPassword, verifyPassword } from './password';
import { passwordSchema, profileSchema, publicColumns } from './schema';
import { endAllSessions, setCookie, startSession } from './sessions';

/** What people do with their own account. */
export const accountRoutes = Router();

accountRoutes.get('/', async (_req, res) => {
  const { id } = signedIn(res);
  res.json(await prisma.user.findUniqueOrThrow({ where: { id }, select: publicColumns }));
});

accountRoutes.patch('/', async (req, res) => {
  const { id } = signedIn(res);
  const data = profileSchema.parse(req.body);
  res.json(await prisma.user.update({ where: { id }, data, select: publicColumns }));
});

accountRoutes.post('/password', async (req, res) => {
  const { id } = signedIn(res);
  const { currentPassword, newPassword } = passwordSchema.parse(req.body);
  const user = await prisma.user.findUniqueOrThrow({ where: { id } });
  if (!(await verifyPassword(currentPassword, user.passwordHash))) {
    throw invalid([{ path: 'currentPassword', message: 'This is not your password.' }]);
  }
  const passwordHash = await hashPassword(newPassword);
  // Everything signed in elsewhere ends; this browser goes on with a new session.
  const secret = await prisma.$transaction(async (tx) => {
    await tx.user.update({ where: { id }, data: { passwordHash } });
    await endAllSessions(tx, id);
    return startSession(tx, id);
  });
  setCookie(res, secret);
  res.status(204).end();
});
