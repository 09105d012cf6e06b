import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Row } from '../api/resource';
import { may } from '../auth/permissions';
import { useUser } from '../auth/useSession';
import { Button, LinkButton } from '../components/Button';
import { IconArrowDown, IconArrowUp, IconPencil, IconSort, IconTrash } from '../components/icons';
import { useMediaQuery } from '../hooks/useMediaQuery';
import { titleOf, type Entity, type FieldName, type FieldSpec } from './entity';
import type { Cells } from './EntityList';
import { Value } from './Value';

interface TableProps<T extends Row, Input> {
  entity: Entity<T, Input>;
  rows: readonly T[];
  fields: readonly FieldSpec<FieldName<T>>[];
  cells?: Cells<T>;
  sort?: string;
  onSort?: (name: string) => void;
  onDelete?: (row: T) => void;
}

/** Rows as a table, or as cards where there is no room for one. */
export function RowTable<T extends Row, Input>(props: TableProps<T, Input>) {
  return useMediaQuery('(max-width: 47.99rem)') ? <Cards {...props} /> : <Table {...props} />;
}

function Table<T extends Row, Input>(props: TableProps<T, Input>) {
  const { entity, rows, fields, sort, onSort, onDelete } = props;
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-left text-sm">
        <thead className="border-b border-line bg-canvas/60 text-muted">
          <tr>
            {fields.map((field) => (
              <ColumnHeader
                key={field.name}
                field={field}
                isTitle={field.name === entity.display}
                sort={sort}
                onSort={onSort}
              />
            ))}
            {onDelete && (
              <th scope="col" className="w-0 px-5 py-2.5">
                <span className="sr-only">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((row) => (
            <tr key={row.id} className="hover:bg-canvas/60">
              {fields.map((field) => (
                <td
                  key={field.name}
                  className={`max-w-80 truncate px-5 py-3 ${field.name === entity.display ? 'font-medium' : ''} ${isNumber(field) ? 'text-right tabular-nums' : ''}`}
                >
                  <Cell {...props} row={row} field={field} />
                </td>
              ))}
              {onDelete && (
                <td className="px-3 py-1.5 text-right whitespace-nowrap">
                  <RowActions entity={entity} row={row} onDelete={onDelete} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** There is little room on a card: what has no value is left out. */
const isEmpty = (value: unknown) =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0);

const isNumber = (field: FieldSpec) => field.kind === 'integer' || field.kind === 'decimal';

function ColumnHeader({
  field,
  isTitle,
  sort,
  onSort,
}: {
  field: FieldSpec;
  isTitle: boolean;
  sort?: string;
  onSort?: (name: string) => void;
}) {
  const order =
    sort === field.name ? 'ascending' : sort === `-${field.name}` ? 'descending' : undefined;
  const side = isNumber(field) ? 'text-right' : '';
  return (
    <th
      scope="col"
      aria-sort={order}
      className={`px-5 py-2.5 text-xs font-semibold tracking-wide whitespace-nowrap ${side} ${isTitle ? 'w-2/5' : ''}`}
    >
      {field.sortable && onSort ? (
        <button
          type="button"
          onClick={() => onSort(field.name)}
          className="group inline-flex items-center gap-1 rounded-sm hover:text-ink focus-visible:outline-2 focus-visible:outline-offset-2 focus-visible:outline-brand"
        >
          <span className="max-w-48 truncate">{field.label}</span>
          {order === 'ascending' && <IconArrowUp className="size-3.5" />}
          {order === 'descending' && <IconArrowDown className="size-3.5" />}
          {!order && <IconSort className="size-3.5 opacity-50 group-hover:opacity-100" />}
        </button>
      ) : (
        <span className="inline-block max-w-48 truncate align-bottom">{field.label}</span>
      )}
    </th>
  );
}

function Cards<T extends Row, Input>(props: TableProps<T, Input>) {
  const { entity, rows, fields, onDelete } = props;
  const title = fields.find((field) => field.name === entity.display);
  return (
    <ul className="divide-y divide-line">
      {rows.map((row) => (
        <li key={row.id} className="flex items-start gap-3 px-5 py-4">
          <div className="min-w-0 grow">
            <p className="truncate font-medium">
              {title ? (
                <Cell {...props} row={row} field={title} />
              ) : (
                <RowLink entity={entity} row={row} />
              )}
            </p>
            <dl className="mt-2 space-y-1.5 text-sm">
              {fields
                .filter((field) => field !== title && !isEmpty(row[field.name]))
                .map((field) => (
                  <div key={field.name} className="flex gap-3">
                    <dt className="w-24 shrink-0 truncate text-muted">{field.label}</dt>
                    <dd className="min-w-0 truncate">
                      <Cell {...props} row={row} field={field} />
                    </dd>
                  </div>
                ))}
            </dl>
          </div>
          {onDelete && <RowActions entity={entity} row={row} onDelete={onDelete} />}
        </li>
      ))}
    </ul>
  );
}

function Cell<T extends Row, Input>({
  entity,
  row,
  field,
  cells,
}: TableProps<T, Input> & { row: T; field: FieldSpec<FieldName<T>> }): ReactNode {
  const draw = cells?.[field.name];
  if (draw) return draw(row);
  if (field.name === entity.display) return <RowLink entity={entity} row={row} />;
  return <Value field={field} value={row[field.name]} />;
}

function RowLink<T extends Row, Input>({ entity, row }: { entity: Entity<T, Input>; row: T }) {
  const title = titleOf(entity, row);
  if (!entity.pages.detail) return title;
  return (
    <Link className="link" to={`${entity.path}/${row.id}`}>
      {title}
    </Link>
  );
}

function RowActions<T extends Row, Input>({
  entity,
  row,
  onDelete,
}: {
  entity: Entity<T, Input>;
  row: T;
  onDelete: (row: T) => void;
}) {
  const user = useUser();
  const title = titleOf(entity, row);
  return (
    <span className="inline-flex">
      {entity.pages.form && may(user, 'update', entity.permissions, row) && (
        <LinkButton
          look="quiet"
          square
          to={`${entity.path}/${row.id}/edit`}
          aria-label={`Edit ${title}`}
        >
          <IconPencil className="size-4" />
        </LinkButton>
      )}
      {may(user, 'delete', entity.permissions, row) && (
        <Button look="quiet" square aria-label={`Delete ${title}`} onClick={() => onDelete(row)}>
          <IconTrash className="size-4" />
        </Button>
      )}
    </span>
  );
}
