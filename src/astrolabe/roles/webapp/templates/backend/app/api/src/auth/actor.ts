import type { Request, RequestHandler, Response } from 'express';
import type { Actor } from '../access';
import { prisma } from '../database';
import { Problem, unauthenticated } from '../http/problem';
import { accountOf } from './tokens';

const invalidToken = () =>
  new Problem(401, 'invalid_token', 'The access token is not valid or has expired.');

async function authenticated(req: Request): Promise<Actor | null> {
  const header = req.get('authorization');
  if (!header) return null;
  const token = /^Bearer (\S+)$/i.exec(header)?.[1];
  const id = token ? accountOf(token) : null;
  const found =
    id && (await prisma.user.findUnique({ where: { id }, select: { id: true, role: true } }));
  if (!found) throw invalidToken();
  return found;
}

/** Finds out who sent the request. A bad token is refused, a missing one is not. */
export const identify: RequestHandler = async (req, res, next) => {
  res.locals.actor = await authenticated(req);
  next();
};

/** Who sent the request; null for nobody in particular. */
export const actorOf = (res: Response): Actor | null =>
  (res.locals as { actor?: Actor | null }).actor ?? null;

/** Who sent the request; throws 401 when nobody signed in did. */
export function signedIn(res: Response): Actor {
  const actor = actorOf(res);
  if (!actor) throw unauthenticated();
  return actor;
}
