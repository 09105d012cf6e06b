import { useQuery } from '@tanstack/react-query';
import { Link, Navigate } from 'react-router';
import { app } from '../app';
import { useUser } from '../auth/useSession';
import { LinkButton } from '../components/Button';
import { IconPlus } from '../components/icons';
import { PageHeader } from '../components/PageHeader';
import { EmptyState } from '../components/states';
import type { EntitySummary } from '../crud/entity';
import { canCreate, canList } from '../crud/entry';
import { formatNumber } from '../crud/format';
import { entities } from '../entities';

/** What there is, at a glance. */
export function Home() {
  const user = useUser();
  const open = entities.filter((entity) => canList(user, entity) || canCreate(user, entity));
  if (!user && open.length === 0) return <Navigate to="/login" replace />;
  return (
    <>
      <PageHeader title={user ? `Hello, ${user.name}` : app.name} description={app.description} />
      {open.length === 0 ? (
        <div className="card">
          <EmptyState title="Nothing here for you yet">
            Your role does not give access to anything. Ask an administrator.
          </EmptyState>
        </div>
      ) : (
        <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
          {open.map((entity) =>
            canList(user, entity) ? (
              <Card key={entity.path} entity={entity} />
            ) : (
              <FormCard key={entity.path} entity={entity} />
            ),
          )}
        </ul>
      )}
    </>
  );
}

/** What somebody may add to, but not look through. */
function FormCard({ entity }: { entity: EntitySummary }) {
  return (
    <li className="card p-5">
      <h2 className="text-lg font-semibold wrap-anywhere">
        <Link className="link text-ink" to={`${entity.path}/new`}>
          New {entity.label}
        </Link>
      </h2>
      {entity.description && <p className="text-sm text-muted">{entity.description}</p>}
    </li>
  );
}

const NEWEST = 3;

function Card({ entity }: { entity: EntitySummary }) {
  const user = useUser();
  const { data } = useQuery({
    queryKey: [entity.name, 'list', 'newest'],
    queryFn: ({ signal }) => entity.newest(NEWEST, signal),
  });
  return (
    <li className="card flex flex-col p-5">
      <div className="flex items-start gap-3">
        <h2 className="min-w-0 grow text-lg font-semibold wrap-anywhere">
          <Link className="link text-ink" to={entity.path}>
            {entity.plural}
          </Link>
        </h2>
        {canCreate(user, entity) && (
          <LinkButton
            look="secondary"
            square
            to={`${entity.path}/new`}
            aria-label={`New ${entity.label}`}
          >
            <IconPlus className="size-4" />
          </LinkButton>
        )}
      </div>
      <p className="text-sm text-muted" aria-live="polite">
        {data ? countOf(data.total) : 'Counting…'}
      </p>
      {data && data.rows.length > 0 && (
        <ul className="mt-4 space-y-2 border-t border-line pt-4 text-sm" aria-label="Newest">
          {data.rows.map(({ id, label }) => (
            <li key={id} className="truncate">
              {entity.pages.detail ? (
                <Link className="link" to={`${entity.path}/${id}`}>
                  {label}
                </Link>
              ) : (
                label
              )}
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

function countOf(total: number) {
  if (total === 0) return 'None yet';
  return `${formatNumber(total)} in all`;
}
