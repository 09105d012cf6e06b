import { z } from 'zod';
import { ROLES } from '../access';
import { email, text, verbatim } from '../http/values';
import { pageOf, pagingShape } from '../http/listing';

const address = email().transform((value) => value.toLowerCase());
const password = verbatim(8, 200);

export const registerSchema = z.strictObject({ email: address, name: text(1, 80), password });
export const loginSchema = z.strictObject({ email: address, password: verbatim(0, 200) });
export const forgotSchema = z.strictObject({ email: address });
export const resetSchema = z.strictObject({ token: verbatim(1, 200), password });
export const profileSchema = z.strictObject({ email: address, name: text(1, 80) }).partial();
export const passwordSchema = z.strictObject({
  currentPassword: verbatim(0, 200),
  newPassword: password,
});
export const roleSchema = z.strictObject({ role: z.enum(ROLES) });
export const usersQuerySchema = z.strictObject(pagingShape);

export const userSchema = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
});
export const sessionSchema = z.object({ accessToken: z.string(), user: userSchema });
export const usersSchema = pageOf(userSchema);

/** The columns of an account that leave the server. */
export const publicColumns = { id: true, email: true, name: true, role: true } as const;
