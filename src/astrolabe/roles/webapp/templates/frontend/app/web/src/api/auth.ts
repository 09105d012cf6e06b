import { request } from './http';
import { session, type Credentials, type User } from './session';

export async function signIn(email: string, password: string) {
  session.start(await request<Credentials>('POST', '/auth/login', { body: { email, password } }));
}

export async function register(name: string, email: string, password: string) {
  const body = { name, email, password };
  session.start(await request<Credentials>('POST', '/auth/register', { body }));
}

/** Leaves this browser signed out even when the server could not be told. */
export async function signOut() {
  try {
    await request<undefined>('POST', '/auth/logout');
  } finally {
    session.end();
  }
}

export const forgotPassword = (email: string) =>
  request<undefined>('POST', '/auth/forgot', { body: { email } });

export const resetPassword = (token: string, password: string) =>
  request<undefined>('POST', '/auth/reset', { body: { token, password } });

export async function updateProfile(changes: Partial<Pick<User, 'name' | 'email'>>) {
  const user = await request<User>('PATCH', '/me', { body: changes });
  session.updateUser(user);
  return user;
}

export const changePassword = (currentPassword: string, newPassword: string) =>
  request<undefined>('POST', '/me/password', { body: { currentPassword, newPassword } });
