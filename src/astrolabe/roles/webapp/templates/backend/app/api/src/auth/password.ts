import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { env } from '../env';

/** Work factor: about 50 ms and 32 MiB a hash, next to nothing in tests. Each hash carries the one it was made with. */
const COST = env.NODE_ENV === 'test' ? 2 ** 8 : 2 ** 15;
const BLOCK = 8;
const HASH_BYTES = 32;
const MAX_MEMORY = 128 * 1024 * 1024;

function derive(password: string, salt: Buffer, cost: number): Promise<Buffer> {
  const options: ScryptOptions = { N: cost, r: BLOCK, p: 1, maxmem: MAX_MEMORY };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, COST);
  return ['scrypt', COST, salt.toString('base64'), hash.toString('base64')].join('$');
}

export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [, cost, salt, hash] = stored.split('$');
  if (!cost || !salt || !hash) return false;
  const expected = Buffer.from(hash, 'base64');
  const actual = await derive(password, Buffer.from(salt, 'base64'), Number(cost));
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

let unknownAccount: Promise<string> | null = null;

/** Takes as long as a real check, so that answers do not tell which accounts exist. */
export async function verifyNothing(password: string): Promise<false> {
  unknownAccount ??= hashPassword(randomBytes(16).toString('hex'));
  await verifyPassword(password, await unknownAccount);
  return false;
}
