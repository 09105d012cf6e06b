import { useLocation, useNavigate, useParams } from 'react-router';
import { ApiError } from '../api/http';
import type { Row } from '../api/resource';
import { may } from '../auth/permissions';
import { useUser } from '../auth/useSession';
import { PageHeader } from '../components/PageHeader';
import { ErrorState, LoadingRows } from '../components/states';
import { EntityForm } from '../forms/EntityForm';
import { Forbidden } from '../pages/Forbidden';
import { NotFound } from '../pages/NotFound';
import { titleOf, type Entity, type FieldName } from './entity';
import { canList } from './entry';
import { useRow } from './useRows';

/** The page that creates a row, or changes the one whose id is in the address. */
export function EntityEditor<T extends Row, Input>({
  entity,
  fields,
}: {
  entity: Entity<T, Input>;
  fields: readonly FieldName<T>[];
}) {
  const { id } = useParams();
  const user = useUser();
  const location = useLocation();
  const navigate = useNavigate();
  const row = useRow(entity, id);
  if (id !== undefined && row.isPending) {
    return (
      <div className="card">
        <LoadingRows label={`Loading ${entity.label}`} />
      </div>
    );
  }
  if (row.isError && !row.data) {
    if (row.error instanceof ApiError && row.error.status === 404) return <NotFound />;
    return <ErrorState error={row.error} onRetry={() => void row.refetch()} />;
  }
  if (row.data && !may(user, 'update', entity.permissions, row.data)) return <Forbidden />;

  // Who creates a row need not be who may see it.
  const list = canList(user, entity)
    ? { to: entity.path, label: entity.plural }
    : { to: '/', label: 'Home' };
  const hasPage = (of: T) => entity.pages.detail && may(user, 'read', entity.permissions, of);
  const pageOf = (of: T) => (hasPage(of) ? `${entity.path}/${of.id}` : list.to);
  const state = location.state as { given?: Record<string, unknown> } | null;
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader
        title={row.data ? `Edit ${titleOf(entity, row.data)}` : `New ${entity.label}`}
        back={
          row.data && hasPage(row.data)
            ? { to: pageOf(row.data), label: titleOf(entity, row.data) }
            : list
        }
      />
      <EntityForm
        key={id ?? 'new'}
        entity={entity}
        fields={fields}
        row={row.data}
        given={state?.given}
        onSaved={(saved) => void navigate(pageOf(saved))}
        onCancel={() => void navigate(row.data ? pageOf(row.data) : list.to)}
      />
    </div>
  );
}
