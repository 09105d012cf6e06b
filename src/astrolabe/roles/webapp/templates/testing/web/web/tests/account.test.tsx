import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { session } from '../src/api/session';
import { localPath } from '../src/auth/guards';
import { ADA, open, signInAs } from './open';
import { problem, serve } from './server';

const credentials = { body: { accessToken: 'token-1', user: ADA } };

test('a guest is sent to the login page and brought back', async () => {
  const sent = serve({ 'POST /auth/login': credentials });
  const router = open('/profile');
  await userEvent.type(await screen.findByLabelText('E-mail'), 'ada@example.org');
  await userEvent.type(screen.getByLabelText('Password'), 'secret words');
  await userEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  await screen.findByRole('heading', { name: 'Your profile' });
  expect(router.state.location.pathname).toBe('/profile');
  expect(sent[0]?.body).toEqual({ email: 'ada@example.org', password: 'secret words' });
});

test('nobody is led to another site after signing in', () => {
  expect(localPath('//elsewhere.example')).toBe('/');
  expect(localPath('/\\elsewhere.example')).toBe('/');
  expect(localPath('/\t/elsewhere.example')).toBe('/');
  expect(localPath('https://elsewhere.example')).toBe('/');
  expect(localPath('/profile?x=1')).toBe('/profile?x=1');
});

test('the login page says what the server refused', async () => {
  serve({ 'POST /auth/login': problem(401, 'The e-mail address or the password is wrong.') });
  open('/login');
  await userEvent.type(await screen.findByLabelText('E-mail'), 'ada@example.org');
  await userEvent.type(screen.getByLabelText('Password'), 'wrong');
  await userEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  expect(await screen.findByRole('alert')).toHaveTextContent('the password is wrong');
});

test('the form for an account names what is missing and where', async () => {
  const sent = serve({});
  open('/register');
  await userEvent.type(await screen.findByLabelText('E-mail'), 'nobody');
  await userEvent.type(screen.getByLabelText('Password'), 'short');
  await userEvent.click(screen.getByRole('button', { name: 'Create account' }));
  expect(screen.getByLabelText('Name')).toHaveAccessibleDescription('Name is needed.');
  expect(screen.getByLabelText('E-mail')).toBeInvalid();
  expect(screen.getByLabelText('Password')).toBeInvalid();
  await waitFor(() => expect(screen.getByLabelText('Name')).toHaveFocus());
  expect(sent).toHaveLength(0);
});

test('an address that is taken is shown at its field', async () => {
  serve({
    'POST /auth/register': problem(409, 'Taken', [
      { path: 'email', message: 'This value is already taken.' },
    ]),
  });
  open('/register');
  await userEvent.type(await screen.findByLabelText('Name'), 'Ada');
  await userEvent.type(screen.getByLabelText('E-mail'), 'ada@example.org');
  await userEvent.type(screen.getByLabelText('Password'), 'secret words');
  await userEvent.click(screen.getByRole('button', { name: 'Create account' }));
  expect(await screen.findByText('This value is already taken.')).toBeVisible();
});

test('a forgotten password: the answer does not tell whether there is an account', async () => {
  serve({ 'POST /auth/forgot': { status: 204 } });
  open('/forgot');
  await userEvent.type(await screen.findByLabelText('E-mail'), 'ada@example.org');
  await userEvent.click(screen.getByRole('button', { name: 'Send the link' }));
  expect(await screen.findByRole('status')).toHaveTextContent('If an account belongs to');
});

test('a reset link brings its token to the server only with the new password', async () => {
  const sent = serve({ 'POST /auth/reset': { status: 204 } });
  open('/reset#token=secret-1');
  await userEvent.type(await screen.findByLabelText('New password'), 'secret words');
  await userEvent.click(screen.getByRole('button', { name: 'Save password' }));
  expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeVisible();
  expect(sent.find(({ path }) => path === '/auth/reset')?.body).toEqual({
    token: 'secret-1',
    password: 'secret words',
  });
});

test('a reset link without its token is not a dead end', async () => {
  serve({});
  open('/reset');
  expect(await screen.findByRole('link', { name: 'Ask for a new one' })).toHaveAttribute(
    'href',
    '/forgot',
  );
});

test('a visit begins with the session of the last one', async () => {
  serve({ 'POST /auth/refresh': credentials });
  window.dispatchEvent(new StorageEvent('storage', { key: 'signed-in', newValue: ADA.id }));
  open('/');
  expect(await screen.findByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
});

test('signing out tells the server and leaves a guest', async () => {
  signInAs({});
  const sent = serve({ 'POST /auth/logout': { status: 204 } });
  open('/');
  await userEvent.click(await screen.findByRole('button', { name: 'Sign out' }));
  await waitFor(() => expect(session.get().status).toBe('guest'));
  expect(sent.some(({ path }) => path === '/auth/logout')).toBe(true);
});

test('a password is changed in the profile, and a wrong one is shown at its field', async () => {
  signInAs({});
  serve({
    'POST /me/password': problem(400, 'Not valid', [
      { path: 'currentPassword', message: 'This is not your password.' },
    ]),
  });
  open('/profile');
  const form = await screen.findByRole('form', { name: 'Password' });
  await userEvent.type(within(form).getByLabelText('Current password'), 'guessed it');
  await userEvent.type(within(form).getByLabelText('New password'), 'secret words');
  await userEvent.click(within(form).getByRole('button', { name: 'Change password' }));
  expect(await within(form).findByText('This is not your password.')).toBeVisible();
});

test('accounts are for administrators', async () => {
  signInAs({ role: 'user' });
  serve({});
  open('/admin/users');
  expect(await screen.findByRole('heading', { name: 'This is not open to you' })).toBeVisible();
});

test('an administrator gives out a role', async () => {
  signInAs({ role: 'admin' });
  const bob = { id: 'user-2', email: 'bob@example.org', name: 'Bob', role: 'user' };
  const sent = serve({
    'GET /users': { body: { items: [bob], page: 1, pageSize: 20, total: 1 } },
    'PATCH /users/user-2': { body: { ...bob, role: 'admin' } },
  });
  open('/admin/users');
  await userEvent.selectOptions(await screen.findByLabelText('Role of Bob'), 'admin');
  expect(await screen.findByText('Bob now has the role admin.')).toBeVisible();
  expect(sent.find(({ method }) => method === 'PATCH')?.body).toEqual({ role: 'admin' });
});

test('what is told is no landmark, whose name a list might have', async () => {
  serve({});
  open('/login');
  expect(await screen.findByRole('log', { name: 'Messages' })).toHaveAttribute(
    'aria-live',
    'polite',
  );
  expect(screen.queryByRole('region', { name: 'Messages' })).toBeNull();
});

test('an address that leads nowhere says so', async () => {
  serve({});
  open('/no/such/page');
  expect(await screen.findByRole('heading', { name: 'There is nothing here' })).toBeVisible();
});
