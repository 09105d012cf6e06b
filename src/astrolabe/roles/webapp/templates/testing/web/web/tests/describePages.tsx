import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import type { Row } from '../src/api/resource';
import { app } from '../src/app';
import { may, type Action } from '../src/auth/permissions';
import { titleOf, type Entity } from '../src/crud/entity';
import { ADA, open, signInAs } from './open';
import { problem, serve } from './server';

const input = (name: string) => {
  // Without a selector for the name: jsdom's takes an attribute that is not there for one that is "null".
  const all = [...document.querySelectorAll<HTMLElement>('main [data-field]')];
  const found = all.find((each) => each.dataset.field === name);
  if (!found) throw new Error(`The form has no input for "${name}".`);
  return found;
};

/** What every entity's pages must do, tried with two rows as the API would send them. */
export function describePages<T extends Row, Input>(entity: Entity<T, Input>, row: T, other: T) {
  const url = entity.path;
  const page = (items: T[]) => ({ body: { items, page: 1, pageSize: 20, total: items.length } });
  const roleFor = (...actions: Action[]) =>
    app.roles.find((role) =>
      actions.every((action) => may({ ...ADA, role }, action, entity.permissions, row)),
    );
  const reader = roleFor('read');
  const editor = roleFor('read', 'update');
  const remover = roleFor('read', 'delete');
  const creator = app.roles.find((role) => may({ ...ADA, role }, 'create', entity.permissions));

  describe.runIf(entity.pages.list && reader)('the list', () => {
    test('shows its rows', async () => {
      signInAs({ role: reader });
      const sent = serve({ [`GET ${url}`]: page([row, other]) });
      open(url);
      await waitFor(() => expect(screen.getAllByRole('row')).toHaveLength(3));
      expect(document.querySelector('main tbody')).toHaveTextContent(
        titleOf(entity, row).replace(/\s+/g, ' ').trim(),
      );
      expect(sent.find(({ path }) => path === url)?.query.get('sort')).toBe('-createdAt');
    });

    test('says when there is nothing', async () => {
      signInAs({ role: reader });
      serve({});
      open(url);
      expect(await screen.findByText(/^No .* yet$/s)).toBeVisible();
    });

    test('says what went wrong, and tries again', async () => {
      signInAs({ role: reader });
      let isDown = true;
      serve({ [`GET ${url}`]: () => (isDown ? problem(500, 'Out of order') : page([row])) });
      open(url);
      expect(await screen.findByRole('alert')).toHaveTextContent('Out of order');
      isDown = false;
      await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
      await waitFor(() => expect(screen.getAllByRole('row')).toHaveLength(2));
    });
  });

  describe.runIf(entity.pages.list && remover)('deleting', () => {
    test('asks first', async () => {
      signInAs({ role: remover });
      const sent = serve({
        [`GET ${url}`]: page([row]),
        [`DELETE ${url}/${row.id}`]: { status: 204 },
      });
      const deletions = () => sent.filter(({ method }) => method === 'DELETE');
      open(url);
      await userEvent.click(await screen.findByRole('button', { name: /^Delete / }));
      const dialog = screen.getByRole('dialog');
      await userEvent.click(within(dialog).getByRole('button', { name: 'Cancel' }));
      expect(deletions()).toHaveLength(0);
      await userEvent.click(screen.getByRole('button', { name: /^Delete / }));
      await userEvent.click(
        within(screen.getByRole('dialog')).getByRole('button', { name: 'Delete' }),
      );
      await waitFor(() => expect(deletions()).toHaveLength(1));
    });
  });

  describe.runIf(entity.pages.detail && reader)('the page of a row', () => {
    test('shows every field', async () => {
      signInAs({ role: reader });
      serve({ [`GET ${url}/${row.id}`]: { body: row } });
      open(`${url}/${row.id}`);
      await waitFor(() =>
        expect(document.querySelectorAll('main dt')).toHaveLength(entity.fields.length),
      );
    });

    test('says when there is no such row', async () => {
      signInAs({ role: reader });
      serve({ [`GET ${url}/gone`]: problem(404, 'There is no such row.') });
      open(`${url}/gone`);
      expect(await screen.findByRole('heading', { name: 'There is nothing here' })).toBeVisible();
    });
  });

  describe.runIf(entity.pages.form && creator)('the form of a new row', () => {
    test('is found by somebody who may fill it in', async () => {
      signInAs({ role: creator });
      serve({});
      const router = open('/');
      const isListed =
        entity.pages.list && may({ ...ADA, role: creator ?? '' }, 'read', entity.permissions);
      const address = isListed ? url : `${url}/new`;
      const link = await waitFor(() => {
        const all = [...document.querySelectorAll<HTMLElement>('main a')];
        const found = all.find((each) => each.getAttribute('href') === address);
        return found ?? expect.fail(`Nothing leads to ${address}.`);
      });
      await userEvent.click(link);
      await waitFor(() => expect(router.state.location.pathname).toBe(address));
    });

    test('has a labelled input for every field', async () => {
      signInAs({ role: creator });
      serve({});
      open(`${url}/new`);
      await screen.findByRole('form');
      for (const field of entity.fields) {
        const found = input(field.name);
        expect(found).toHaveAccessibleName();
        expect(document.querySelector(`label[for="${found.id}"]`)?.textContent).toContain(
          field.label,
        );
      }
    });

    test('does not send what is not complete', async () => {
      signInAs({ role: creator });
      const sent = serve({});
      open(`${url}/new`);
      const form = await screen.findByRole('form');
      const isEmpty = entity.fields.find(
        (field) =>
          field.required &&
          field.kind !== 'boolean' &&
          (field.kind === 'relation' || field.defaultValue === undefined),
      );
      await userEvent.click(within(form).getByRole('button', { name: /^Create / }));
      if (isEmpty) {
        await waitFor(() => expect(input(isEmpty.name)).toBeInvalid());
        expect(sent.some(({ method }) => method === 'POST')).toBe(false);
      } else {
        await waitFor(() => expect(sent.some(({ method }) => method === 'POST')).toBe(true));
      }
    });
  });

  describe.runIf(entity.pages.form && editor)('the form of a row', () => {
    test('shows a fault the API found at its field, and as a whole when it has none', async () => {
      signInAs({ role: editor });
      let fault = problem(400, 'Not valid', [
        { path: entity.display, message: 'This value is already taken.' },
      ]);
      serve({ [`GET ${url}/${row.id}`]: { body: row }, [`PATCH ${url}/${row.id}`]: () => fault });
      open(`${url}/${row.id}/edit`);
      await screen.findByRole('form');
      await userEvent.click(screen.getByRole('button', { name: 'Save changes' }));
      expect(await screen.findByText('This value is already taken.')).toBeVisible();
      expect(input(entity.display)).toBeInvalid();
      await waitFor(() => expect(input(entity.display)).toHaveFocus());

      fault = problem(409, 'Somebody was faster.');
      await userEvent.click(screen.getByRole('button', { name: 'Save changes' }));
      expect(await screen.findByText('Somebody was faster.')).toBeVisible();
    });

    test('goes on to the row when it is saved', async () => {
      signInAs({ role: editor });
      const sent = serve({
        [`GET ${url}/${row.id}`]: { body: row },
        [`PATCH ${url}/${row.id}`]: { body: row },
      });
      const router = open(`${url}/${row.id}/edit`);
      await screen.findByRole('form');
      await userEvent.click(screen.getByRole('button', { name: 'Save changes' }));
      await waitFor(() => expect(router.state.location.pathname).not.toMatch(/edit$/));
      expect(sent.find(({ method }) => method === 'PATCH')?.body).toEqual({});
    });
  });

  test.runIf(!entity.permissions.read.includes('anyone'))(
    'guests are asked to sign in',
    async () => {
      serve({});
      const router = open(entity.pages.list ? url : `${url}/${row.id}`);
      const hasPage = entity.pages.list || entity.pages.detail;
      if (hasPage) await waitFor(() => expect(router.state.location.pathname).toBe('/login'));
      else
        expect(await screen.findByRole('heading', { name: 'There is nothing here' })).toBeVisible();
    },
  );
}
