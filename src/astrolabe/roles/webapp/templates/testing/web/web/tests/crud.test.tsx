import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { resource, type Reference, type Row } from '../src/api/resource';
import { described, linkTo } from '../src/crud/entity';
import { EntityDetail } from '../src/crud/EntityDetail';
import { EntityEditor } from '../src/crud/EntityEditor';
import { EntityList } from '../src/crud/EntityList';
import { RelatedRows } from '../src/crud/RelatedRows';
import { openRoutes, signInAs } from './open';
import { problem, serve } from './server';

// An entity of the tests' own, with every kind of field.

interface Sample extends Row {
  title: string;
  rank: number | null;
  on: string | null;
  at: string | null;
  done: boolean;
  maybe: boolean | null;
  state: string | null;
  site: string | null;
  body: string | null;
  parentId: string | null;
  parent: Reference | null;
  tagIds: string[];
  tags: Reference[];
}

type SampleInput = Partial<Omit<Sample, keyof Row | 'parent' | 'tags'>>;

const samples = resource<Sample, SampleInput>('/samples');

const entity = described<Sample, SampleInput>({
  name: 'Sample',
  label: 'Sample',
  plural: 'Samples',
  path: '/samples',
  display: 'title',
  searchable: true,
  fields: [
    { name: 'title', kind: 'string', label: 'Title', required: true, sortable: true },
    { name: 'rank', kind: 'integer', label: 'Rank', filterable: true },
    { name: 'on', kind: 'date', label: 'Day', filterable: true },
    { name: 'at', kind: 'datetime', label: 'Moment', filterable: true },
    { name: 'done', kind: 'boolean', label: 'Done', required: true, filterable: true },
    { name: 'maybe', kind: 'boolean', label: 'Maybe' },
    {
      name: 'state',
      kind: 'enum',
      label: 'State',
      filterable: true,
      choices: [{ value: 'open', label: 'Still open' }],
    },
    { name: 'site', kind: 'url', label: 'Site' },
    { name: 'body', kind: 'text', label: 'Body' },
    {
      name: 'parent',
      key: 'parentId',
      kind: 'relation',
      label: 'Parent',
      many: false,
      filterable: true,
      target: 'Sample',
      path: '/samples',
      ...linkTo(samples, 'title'),
    },
    {
      name: 'tags',
      key: 'tagIds',
      kind: 'relation',
      label: 'Tags',
      many: true,
      target: 'Tag',
      ...linkTo(samples, 'title'),
    },
  ],
  permissions: {
    create: ['signed_in'],
    read: ['anyone'],
    update: ['owner'],
    delete: ['admin'],
  },
  pages: { list: true, detail: true, form: true },
  api: samples,
});

const names = entity.fields.map(({ name }) => name);
const one: Sample = {
  id: 's1',
  createdAt: '2024-05-01T10:00:00.000Z',
  updatedAt: '2024-05-01T10:00:00.000Z',
  ownerId: 'user-1',
  title: 'First',
  rank: 1234,
  on: '2024-05-01',
  at: '2024-05-01T10:00:00.000Z',
  done: true,
  maybe: null,
  state: 'open',
  site: 'https://example.org/path/',
  body: null,
  parentId: 'p1',
  parent: { id: 'p1', label: 'Parent one' },
  tagIds: ['t1'],
  tags: [{ id: 't1', label: 'Tag one' }],
};
const options = {
  body: {
    items: [
      { id: 'p1', label: 'Parent one' },
      { id: 'p2', label: 'Parent two' },
    ],
  },
};
const page = (items: Sample[], total = items.length) => ({
  body: { items, page: 1, pageSize: 20, total },
});

const routes = [
  {
    path: '/samples',
    element: <EntityList entity={entity} title="All samples" columns={names} filters={names} />,
  },
  {
    path: '/samples/:id',
    element: (
      <EntityDetail entity={entity} fields={names} cells={{ rank: ({ rank }) => `No. ${rank}` }}>
        {(row) => (
          <RelatedRows
            entity={entity}
            through="parent"
            to={{ id: row.id, label: row.title }}
            columns={['title']}
          />
        )}
      </EntityDetail>
    ),
  },
  { path: '/samples/new', element: <EntityEditor entity={entity} fields={names} /> },
  { path: '/samples/:id/edit', element: <EntityEditor entity={entity} fields={names} /> },
];

const lastQuery = (sent: ReturnType<typeof serve>) =>
  sent
    .filter(({ path }) => path === '/samples')
    .at(-1)
    ?.query.toString() ?? '';

test('a list is searched, sorted, filtered and paged through its address', async () => {
  signInAs({});
  const sent = serve({ 'GET /samples': page([one], 45), 'GET /samples/options': options });
  const router = openRoutes(routes, '/samples');
  await screen.findByRole('link', { name: 'First' });

  await userEvent.type(screen.getByRole('searchbox'), 'fir');
  await waitFor(() => expect(lastQuery(sent)).toContain('q=fir'));

  await userEvent.click(screen.getByRole('button', { name: 'Title' }));
  await waitFor(() => expect(lastQuery(sent)).toContain('sort=title'));
  await userEvent.click(screen.getByRole('button', { name: 'Title' }));
  await waitFor(() => expect(lastQuery(sent)).toContain('sort=-title'));
  expect(screen.getByRole('columnheader', { name: 'Title' })).toHaveAttribute(
    'aria-sort',
    'descending',
  );

  await userEvent.click(screen.getByRole('button', { name: 'Filters' }));
  const form = screen.getByRole('form', { name: 'Filters' });
  await userEvent.selectOptions(within(form).getByLabelText('State'), 'open');
  await userEvent.type(within(form).getByLabelText('Rank, from'), '3{Enter}');
  await userEvent.type(within(form).getByLabelText('Moment, up to'), '2024-05-02{Enter}');
  await userEvent.click(within(form).getByRole('combobox', { name: 'Parent' }));
  await userEvent.click(await within(form).findByRole('option', { name: 'Parent two' }));
  await waitFor(() => expect(lastQuery(sent)).toContain('parentId=p2'));
  expect(lastQuery(sent)).toContain('state=open');
  expect(lastQuery(sent)).toContain('rankMin=3');
  expect(lastQuery(sent)).toContain('atMax=2024-05-0');

  await userEvent.click(screen.getByRole('button', { name: 'Next page' }));
  await waitFor(() => expect(lastQuery(sent)).toContain('page=2'));
  expect(router.state.location.search).toContain('page=2');
  await userEvent.selectOptions(screen.getByLabelText('Rows per page'), '50');
  await waitFor(() => expect(lastQuery(sent)).toContain('pageSize=50'));
  expect(lastQuery(sent)).toContain('page=1');

  await userEvent.click(screen.getByRole('button', { name: 'Clear search and filters' }));
  await waitFor(() => expect(router.state.location.search).toBe(''));
  expect(screen.getByRole('searchbox')).toHaveValue('');
});

test('a parameter the list does not know is not sent on', async () => {
  const sent = serve({ 'GET /samples': page([one]) });
  openRoutes(routes, '/samples?utm_source=mail&page=-3&pageSize=7');
  await screen.findByRole('link', { name: 'First' });
  expect(lastQuery(sent)).toBe('page=1&pageSize=20&sort=-createdAt');
});

test('only what somebody may do is offered', async () => {
  signInAs({ id: 'user-2' });
  serve({ 'GET /samples': page([one]) });
  openRoutes(routes, '/samples');
  await screen.findByRole('link', { name: 'First' });
  expect(screen.getByRole('link', { name: 'New Sample' })).toBeVisible();
  expect(screen.queryByRole('link', { name: 'Edit First' })).toBeNull();
  expect(screen.queryByRole('button', { name: 'Delete First' })).toBeNull();
});

test('values are shown the way people read them', async () => {
  serve({
    'GET /samples/s1': { body: { ...one, site: 'javascript:alert(1)' } },
    'GET /samples': page([{ ...one, id: 's2', title: 'Child' }]),
  });
  openRoutes(routes, '/samples/s1');
  expect(await screen.findByRole('heading', { level: 1, name: 'First' })).toBeVisible();
  expect(screen.getByText('No. 1234')).toBeVisible();
  expect(screen.getByText('Still open')).toBeVisible();
  expect(screen.getByRole('link', { name: 'Parent one' })).toHaveAttribute('href', '/samples/p1');
  expect(screen.getByText('Tag one')).toBeVisible();
  expect(screen.getByText('javascript:alert(1)').closest('a')).toBeNull();
  expect(await screen.findByRole('link', { name: 'Child' })).toBeVisible();
});

test('rows are picked with the keyboard', async () => {
  signInAs({});
  const sent = serve({
    'GET /samples/options': options,
    'POST /samples': { status: 201, body: one },
    'GET /samples/s1': { body: one },
  });
  const router = openRoutes(routes, '/samples/new');
  await userEvent.type(await screen.findByLabelText('Title *'), 'Fresh');

  const parent = screen.getByRole('combobox', { name: 'Parent' });
  await userEvent.type(parent, 'par');
  await screen.findByRole('option', { name: 'Parent two' });
  await userEvent.keyboard('{ArrowDown}{Enter}');
  expect(parent).toHaveValue('Parent two');
  await userEvent.click(screen.getByRole('button', { name: 'Clear Parent' }));
  expect(parent).toHaveValue('');

  await userEvent.click(screen.getByRole('combobox', { name: 'Tags' }));
  await screen.findByRole('option', { name: 'Parent one' });
  await userEvent.keyboard('{Enter}{ArrowUp}{Enter}');
  expect(screen.getByRole('button', { name: 'Remove Parent one' })).toBeVisible();
  await userEvent.keyboard('{Escape}{Backspace}');
  expect(screen.queryByRole('button', { name: 'Remove Parent two' })).toBeNull();

  await userEvent.selectOptions(screen.getByLabelText('Maybe'), 'true');
  await userEvent.click(screen.getByRole('button', { name: 'Create Sample' }));
  await waitFor(() => expect(router.state.location.pathname).toBe('/samples/s1'));
  expect(sent.find(({ method }) => method === 'POST')?.body).toMatchObject({
    title: 'Fresh',
    maybe: true,
    done: false,
    parentId: null,
    tagIds: ['p1'],
  });
});

test('changes that were not saved are not lost without a question', async () => {
  signInAs({});
  serve({ 'GET /samples/s1': { body: one } });
  const router = openRoutes(routes, '/samples/s1/edit');
  await userEvent.type(await screen.findByLabelText('Title *'), '!');
  await userEvent.click(screen.getByRole('button', { name: 'Cancel' }));
  const dialog = await screen.findByRole('dialog', { name: 'Leave without saving?' });
  await userEvent.click(within(dialog).getByRole('button', { name: 'Cancel' }));
  expect(router.state.location.pathname).toBe('/samples/s1/edit');
  await userEvent.click(screen.getByRole('button', { name: 'Cancel' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Leave' }));
  await waitFor(() => expect(router.state.location.pathname).toBe('/samples/s1'));
});

test('who may create a row but not see it is led to where they may go', async () => {
  serve({ 'POST /samples': { status: 201, body: one } });
  const dropped = {
    ...entity,
    permissions: { ...entity.permissions, create: ['anyone'], read: ['admin'] },
  };
  const router = openRoutes(
    [
      { path: '/', element: <h1>Home</h1> },
      { path: '/samples/new', element: <EntityEditor entity={dropped} fields={['title']} /> },
    ],
    '/samples/new',
  );
  await userEvent.type(await screen.findByLabelText('Title *'), 'First');
  await userEvent.click(screen.getByRole('button', { name: 'Create Sample' }));
  expect(await screen.findByText('First was created.')).toBeVisible();
  await waitFor(() => expect(router.state.location.pathname).toBe('/'));
});

test('a fault is shown at the input of its field, of a relation at its id', async () => {
  signInAs({});
  serve({
    'GET /samples/s1': { body: one },
    'PATCH /samples/s1': problem(400, 'Not valid', [
      { path: 'body', message: 'Too long.' },
      { path: 'parentId', message: 'It does not exist.' },
      { path: 'tagIds.0', message: 'One of them does not exist.' },
    ]),
  });
  openRoutes(routes, '/samples/s1/edit');
  await userEvent.click(await screen.findByRole('button', { name: 'Save changes' }));
  expect(await screen.findByText('It does not exist.')).toBeVisible();
  expect(screen.getByRole('textbox', { name: 'Body' })).toBeInvalid();
  expect(screen.getByRole('combobox', { name: 'Parent' })).toBeInvalid();
  expect(screen.getByRole('combobox', { name: 'Tags' })).toBeInvalid();
});

test('what is refused when deleting is said', async () => {
  signInAs({ role: 'admin' });
  serve({
    'GET /samples/s1': { body: one },
    'DELETE /samples/s1': problem(409, 'Something else still refers to this.'),
  });
  openRoutes(routes, '/samples/s1');
  await userEvent.click(await screen.findByRole('button', { name: 'Delete' }));
  await userEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Delete' }));
  expect(await screen.findByText('Something else still refers to this.')).toBeVisible();
  expect(screen.getByRole('heading', { level: 1, name: 'First' })).toBeVisible();
});

test('a telephone gets cards instead of a table', async () => {
  window.matchMedia = ((original) => (query: string) => ({ ...original(query), matches: true }))(
    window.matchMedia,
  );
  serve({ 'GET /samples': page([one]) });
  openRoutes(routes, '/samples');
  expect(await screen.findByRole('link', { name: 'First' })).toBeVisible();
  expect(screen.queryByRole('table')).toBeNull();
});
