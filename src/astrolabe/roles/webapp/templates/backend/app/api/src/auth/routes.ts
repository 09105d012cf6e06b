import { Router, type Response } from 'express';
import { prisma, type Transaction } from '../database';
import { env } from '../env';
import { Problem } from '../http/problem';
import { logger } from '../logger';
import { sendMail } from './mail';
import { hashPassword, verifyNothing, verifyPassword } from './password';
import { forgotSchema, loginSchema, publicColumns, registerSchema, resetSchema } from './schema';
import {
  clearCookie,
  cookieOf,
  endAllSessions,
  endSession,
  rotateSession,
  setCookie,
  startSession,
} from './sessions';
import { accessToken, hashSecret, newSecret } from './tokens';

const RESET_MINUTES = 60;

export const authRoutes = Router();

interface PublicUser {
  id: string;
  email: string;
  name: string;
  role: string;
}

function answerSession(res: Response, status: number, user: PublicUser, secret: string): void {
  const { id, email, name, role } = user;
  setCookie(res, secret);
  res.setHeader('Cache-Control', 'no-store');
  res.status(status).json({ accessToken: accessToken(id), user: { id, email, name, role } });
}

authRoutes.post('/register', async (req, res) => {
  const { email, name, password } = registerSchema.parse(req.body);
  const passwordHash = await hashPassword(password);
  const { user, secret } = await prisma.$transaction(async (tx) => {
    const created = await tx.user.create({
      data: { email, name, passwordHash },
      select: publicColumns,
    });
    return { user: created, secret: await startSession(tx, created.id) };
  });
  answerSession(res, 201, user, secret);
});

authRoutes.post('/login', async (req, res) => {
  const { email, password } = loginSchema.parse(req.body);
  const user = await prisma.user.findUnique({ where: { email } });
  const right = user
    ? await verifyPassword(password, user.passwordHash)
    : await verifyNothing(password);
  if (!user || !right) {
    throw new Problem(401, 'wrong_credentials', 'The e-mail address or the password is wrong.');
  }
  answerSession(res, 200, user, await startSession(prisma, user.id));
});

authRoutes.post('/refresh', async (req, res) => {
  const given = cookieOf(req);
  if (!given) throw new Problem(401, 'no_session', 'There is no session to continue.');
  try {
    const { userId, secret } = await rotateSession(given);
    const user = await prisma.user.findUniqueOrThrow({
      where: { id: userId },
      select: publicColumns,
    });
    answerSession(res, 200, user, secret);
  } catch (error) {
    clearCookie(res);
    throw error;
  }
});

authRoutes.post('/logout', async (req, res) => {
  const given = cookieOf(req);
  if (given) await endSession(given);
  clearCookie(res);
  res.status(204).end();
});

authRoutes.post('/forgot', async (req, res) => {
  const { email } = forgotSchema.parse(req.body);
  // Answered before the account is looked for: neither the answer nor its time tells whether there is one.
  res.status(204).end();
  await sendResetLink(email).catch((error: unknown) => {
    logger.error({ err: error }, 'a reset link could not be sent');
  });
});

async function sendResetLink(email: string): Promise<void> {
  const user = await prisma.user.findUnique({ where: { email }, select: { id: true } });
  if (!user) return;
  const secret = newSecret();
  const expiresAt = new Date(Date.now() + RESET_MINUTES * 60 * 1000);
  await prisma.passwordReset.create({
    data: { userId: user.id, tokenHash: hashSecret(secret), expiresAt },
  });
  const link = new URL('/reset', env.APP_URL);
  // Browsers keep what is behind `#` to themselves: the secret stands in no log and no Referer.
  link.hash = `token=${secret}`;
  const text = `Set a new password within ${RESET_MINUTES} minutes: ${link.href}`;
  await sendMail({ to: email, subject: 'Set a new password', text });
}

authRoutes.post('/reset', async (req, res) => {
  const { token, password } = resetSchema.parse(req.body);
  const passwordHash = await hashPassword(password);
  await prisma.$transaction((tx) => resetPassword(tx, hashSecret(token), passwordHash));
  clearCookie(res);
  res.status(204).end();
});

async function resetPassword(tx: Transaction, tokenHash: string, passwordHash: string) {
  const usedAt = new Date();
  const reset = await tx.passwordReset.findUnique({ where: { tokenHash } });
  const used = await tx.passwordReset.updateMany({
    where: { tokenHash, usedAt: null, expiresAt: { gt: usedAt } },
    data: { usedAt },
  });
  if (!reset || used.count !== 1) {
    throw new Problem(400, 'invalid_reset', 'This link was used before or has expired.');
  }
  const { userId } = reset;
  await tx.user.update({ where: { id: userId }, data: { passwordHash } });
  await tx.passwordReset.updateMany({ where: { userId, usedAt: null }, data: { usedAt } });
  await endAllSessions(tx, userId);
}
