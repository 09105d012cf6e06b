import { useState, type ReactNode } from 'react';
import { useNavigate, useParams } from 'react-router';
import { ApiError } from '../api/http';
import type { Row } from '../api/resource';
import { may } from '../auth/permissions';
import { useUser } from '../auth/useSession';
import { Button, LinkButton } from '../components/Button';
import { IconPencil, IconTrash } from '../components/icons';
import { PageHeader } from '../components/PageHeader';
import { ErrorState, LoadingRows } from '../components/states';
import { NotFound } from '../pages/NotFound';
import { DeleteDialog } from './DeleteDialog';
import { fieldsOf, titleOf, type Entity, type FieldName } from './entity';
import type { Cells } from './EntityList';
import { formatMoment } from './format';
import { useRow } from './useRows';
import { Value } from './Value';

/** The page of one row; `children` come below its fields. */
export function EntityDetail<T extends Row, Input>({
  entity,
  fields,
  cells,
  children,
}: {
  entity: Entity<T, Input>;
  fields: readonly FieldName<T>[];
  cells?: Cells<T>;
  children?: (row: T) => ReactNode;
}) {
  const { id } = useParams();
  const row = useRow(entity, id);
  if (row.isPending) {
    return (
      <div className="card">
        <LoadingRows label={`Loading ${entity.label}`} />
      </div>
    );
  }
  if (row.isError) {
    if (row.error instanceof ApiError && row.error.status === 404) return <NotFound />;
    return <ErrorState error={row.error} onRetry={() => void row.refetch()} />;
  }
  return (
    <>
      <Header entity={entity} row={row.data} />
      <Facts entity={entity} row={row.data} fields={fields} cells={cells} />
      {children?.(row.data)}
    </>
  );
}

function Header<T extends Row, Input>({ entity, row }: { entity: Entity<T, Input>; row: T }) {
  const user = useUser();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const back = entity.pages.list ? entity.path : '/';
  return (
    <>
      <PageHeader
        title={titleOf(entity, row)}
        back={{ to: back, label: entity.pages.list ? entity.plural : 'Home' }}
        actions={
          <>
            {entity.pages.form && may(user, 'update', entity.permissions, row) && (
              <LinkButton look="secondary" to={`${entity.path}/${row.id}/edit`}>
                <IconPencil className="size-4" />
                Edit
              </LinkButton>
            )}
            {may(user, 'delete', entity.permissions, row) && (
              <Button look="warning" onClick={() => setAsking(true)}>
                <IconTrash className="size-4" />
                Delete
              </Button>
            )}
          </>
        }
      />
      {asking && (
        <DeleteDialog
          entity={entity}
          row={row}
          onClose={() => setAsking(false)}
          onDeleted={() => void navigate(back)}
        />
      )}
    </>
  );
}

function Facts<T extends Row, Input>({
  entity,
  row,
  fields,
  cells,
}: {
  entity: Entity<T, Input>;
  row: T;
  fields: readonly FieldName<T>[];
  cells?: Cells<T>;
}) {
  return (
    <div className="card">
      <dl className="divide-y divide-line px-5 text-sm sm:px-7">
        {fieldsOf(entity, fields).map((field) => (
          <div key={field.name} className="grid gap-1 py-4 sm:grid-cols-[12rem_1fr] sm:gap-6">
            <dt className="font-medium wrap-anywhere text-muted">{field.label}</dt>
            <dd className="min-w-0 wrap-anywhere whitespace-pre-line">
              {cells?.[field.name]?.(row) ?? <Value field={field} value={row[field.name]} />}
            </dd>
          </div>
        ))}
      </dl>
      <p className="rounded-b-2xl border-t border-line bg-canvas/60 px-5 py-3 text-xs text-muted sm:px-7">
        Created {formatMoment(row.createdAt)} · Changed {formatMoment(row.updatedAt)}
      </p>
    </div>
  );
}
