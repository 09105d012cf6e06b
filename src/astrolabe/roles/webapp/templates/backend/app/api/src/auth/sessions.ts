import { randomUUID } from 'node:crypto';
import { type CookieOptions, type Request, type Response } from 'express';
import { prisma, type Transaction } from '../database';
import { env } from '../env';
import { Problem } from '../http/problem';
import { hashSecret, newSecret } from './tokens';

const COOKIE = 'refresh_token';
const DAY = 24 * 60 * 60 * 1000;

const cookieOptions: CookieOptions = {
  httpOnly: true,
  path: '/api/auth',
  sameSite: 'strict',
  secure: env.COOKIE_SECURE,
};

export function setCookie(res: Response, secret: string): void {
  res.cookie(COOKIE, secret, { ...cookieOptions, maxAge: env.REFRESH_TOKEN_DAYS * DAY });
}

export function clearCookie(res: Response): void {
  res.clearCookie(COOKIE, cookieOptions);
}

export function cookieOf(req: Request): string | null {
  for (const pair of (req.get('cookie') ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === COOKIE && value) return value;
  }
  return null;
}

/** Starts a session, or continues the family of one; returns the secret to hand out. */
export async function startSession(
  tx: Transaction,
  userId: string,
  family: string = randomUUID(),
): Promise<string> {
  const secret = newSecret();
  const expiresAt = new Date(Date.now() + env.REFRESH_TOKEN_DAYS * DAY);
  await tx.session.create({ data: { userId, family, tokenHash: hashSecret(secret), expiresAt } });
  return secret;
}

const ended = () => new Problem(401, 'session_ended', 'Sign in again.');

/**
 * Exchanges a refresh secret for the next one. A secret that comes a second time was copied: its whole family ends.
 * Within a few seconds of the first use it may be the same browser in a second tab, and is answered.
 */
export async function rotateSession(secret: string): Promise<{ userId: string; secret: string }> {
  const session = await prisma.session.findUnique({ where: { tokenHash: hashSecret(secret) } });
  if (!session || session.revokedAt || session.expiresAt <= new Date()) throw ended();
  const { id, family, userId } = session;
  const next = await prisma.$transaction(async (tx) => {
    const used = await tx.session.updateMany({
      where: { id, usedAt: null, revokedAt: null },
      data: { usedAt: new Date() },
    });
    const fresh = used.count === 1 || (await usedJustNow(tx, id));
    return fresh ? startSession(tx, userId, family) : null;
  });
  if (next) return { userId, secret: next };
  await revokeFamily(family);
  throw ended();
}

async function usedJustNow(tx: Transaction, id: string): Promise<boolean> {
  const { usedAt, revokedAt } = await tx.session.findUniqueOrThrow({ where: { id } });
  if (!usedAt || revokedAt) return false;
  return Date.now() - usedAt.getTime() < env.REFRESH_LEEWAY_SECONDS * 1000;
}

async function revokeFamily(family: string): Promise<void> {
  const revokedAt = new Date();
  await prisma.session.updateMany({ where: { family, revokedAt: null }, data: { revokedAt } });
}

/** Ends the session a secret belongs to, in all its continuations. */
export async function endSession(secret: string): Promise<void> {
  const session = await prisma.session.findUnique({ where: { tokenHash: hashSecret(secret) } });
  if (session) await revokeFamily(session.family);
}

/** Ends every session of an account. */
export async function endAllSessions(tx: Transaction, userId: string): Promise<void> {
  const revokedAt = new Date();
  await tx.session.updateMany({ where: { userId, revokedAt: null }, data: { revokedAt } });
}

/** Forgets sessions and reset links that can no longer be used. */
export async function removeExpired(): Promise<void> {
  const where = { expiresAt: { lt: new Date() } };
  await prisma.$transaction([
    prisma.session.deleteMany({ where }),
    prisma.passwordReset.deleteMany({ where }),
  ]);
}
