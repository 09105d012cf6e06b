import { useQuery } from '@tanstack/react-query';
import { Link, Navigate } from 'react-router';
import { app } from '../app';
import { may } from '../auth/permissions';
import { useUser } from '../auth/useSession';
import { LinkButton } from '../components/Button';
import { IconPlus } from '../components/icons';
import { PageHeader } from '../components/PageHeader';
import { EmptyState } from '../components/states';
import { formatNumber } from '../crud/format';
import { entities, type EntitySummary } from '../entities';

/** What there is, at a glance. */
export function Home() {
  const user = useUser();
  const readable = entities.filter(
    ({ pages, permissions }) => pages.list && may(user, 'read', permissions),
  );
  if (!user && readable.length === 0) return <Navigate to="/login" replace />;
  return (
    <>
      <PageHeader title={user ? `Hello, ${user.name}` : app.name} description={app.description} />
      {readable.length === 0 ? (
        <div className="card">
          <EmptyState title="Nothing here for you yet">
            Your role does not give access to anything. Ask an administrator.
          </EmptyState>
        </div>
      ) : (
        <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
          {readable.map((entity) => (
            <Card key={entity.path} entity={entity} />
          ))}
        </ul>
      )}
    </>
  );
}

function Card({ entity }: { entity: EntitySummary }) {
  const user = useUser();
  const { data } = useQuery({
    queryKey: [entity.name, 'list', 'count'],
    queryFn: ({ signal }) => entity.api.list({ pageSize: 1 }, signal),
  });
  return (
    <li className="card relative flex flex-col gap-1 p-5 transition-shadow hover:shadow-md">
      <h2 className="font-semibold wrap-anywhere">
        <Link
          to={entity.path}
          className="rounded-sm after:absolute after:inset-0 after:rounded-2xl focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-brand"
        >
          {entity.plural}
        </Link>
      </h2>
      {entity.description && (
        <p className="line-clamp-2 text-sm text-muted">{entity.description}</p>
      )}
      <div className="mt-auto flex items-end justify-between pt-4">
        <p className="text-3xl font-semibold tracking-tight tabular-nums" aria-live="polite">
          {data ? formatNumber(data.total) : <span className="text-muted">…</span>}
        </p>
        {entity.pages.form && may(user, 'create', entity.permissions) && (
          <LinkButton
            look="secondary"
            square
            className="relative"
            to={`${entity.path}/new`}
            aria-label={`New ${entity.label}`}
          >
            <IconPlus className="size-4" />
          </LinkButton>
        )}
      </div>
    </li>
  );
}
