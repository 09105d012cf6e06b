import type { Reference, Row } from '../api/resource';
import { may } from '../auth/permissions';
import { useUser } from '../auth/useSession';
import { LinkButton } from '../components/Button';
import { IconPlus } from '../components/icons';
import { ErrorState, LoadingRows } from '../components/states';
import { fieldsOf, type Entity, type FieldName } from './entity';
import { canCreate } from './entry';
import { RowTable } from './RowTable';
import { useRows } from './useRows';

const SHOWN = 5;

/** The newest rows of another entity that point to this one through its relation `through`. */
export function RelatedRows<T extends Row, Input>({
  entity,
  title,
  through,
  to,
  columns,
}: {
  entity: Entity<T, Input>;
  /** Where rows of the same entity are shown twice on a page: what tells them apart. */
  title?: string;
  through: FieldName<T>;
  to: Reference;
  columns: readonly FieldName<T>[];
}) {
  const user = useUser();
  return may(user, 'read', entity.permissions) ? (
    <Section
      entity={entity}
      title={title ?? entity.plural}
      through={through}
      to={to}
      columns={columns}
    />
  ) : null;
}

function Section<T extends Row, Input>({
  entity,
  title,
  through,
  to,
  columns,
}: Parameters<typeof RelatedRows<T, Input>>[0]) {
  const user = useUser();
  const relation = fieldsOf(entity, [through])[0];
  if (relation?.kind !== 'relation') throw new Error(`"${through}" is not a relation.`);
  const rows = useRows(entity, { [relation.key]: to.id, pageSize: SHOWN, sort: '-createdAt' });
  const given = { [relation.name]: relation.many ? [to] : to };
  const total = rows.data?.total ?? 0;
  return (
    <section className="mt-8" aria-label={title}>
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <h2 className="min-w-0 grow text-lg font-semibold wrap-anywhere">{title}</h2>
        {total > SHOWN && entity.pages.list && (
          <LinkButton look="quiet" to={`${entity.path}?${relation.key}=${to.id}`}>
            Show all {total}
          </LinkButton>
        )}
        {canCreate(user, entity) && (
          <LinkButton look="secondary" to={`${entity.path}/new`} state={{ given }}>
            <IconPlus className="size-4" />
            <span className="truncate">New {entity.label}</span>
          </LinkButton>
        )}
      </div>
      <div className="card overflow-hidden">
        {rows.isPending ? (
          <LoadingRows label={`Loading ${entity.plural}`} rows={2} />
        ) : rows.isError ? (
          <ErrorState error={rows.error} onRetry={() => void rows.refetch()} />
        ) : total === 0 ? (
          <p className="px-5 py-6 text-sm text-muted">None so far.</p>
        ) : (
          <RowTable entity={entity} rows={rows.data.items} fields={fieldsOf(entity, columns)} />
        )}
      </div>
    </section>
  );
}
