import { useState, type ReactNode } from 'react';
import type { Row } from '../api/resource';
import { useUser } from '../auth/useSession';
import { Button, LinkButton } from '../components/Button';
import { IconFilter, IconPlus } from '../components/icons';
import { PageHeader } from '../components/PageHeader';
import { EmptyState, ErrorState, LoadingRows } from '../components/states';
import { DeleteDialog } from './DeleteDialog';
import { fieldsOf, type Entity, type FieldName } from './entity';
import { canCreate } from './entry';
import { filterKeys, Filters, hasFilter } from './Filters';
import { Pagination } from './Pagination';
import { RowTable } from './RowTable';
import { SearchBox } from './SearchBox';
import { useListState, type ListState } from './useListState';
import { useRows } from './useRows';

export type Cells<T extends Row> = Partial<Record<FieldName<T>, (row: T) => ReactNode>>;

/** The list page of an entity. `cells` may draw single columns in a way of their own. */
export function EntityList<T extends Row, Input>({
  entity,
  title,
  columns,
  filters,
  cells,
}: {
  entity: Entity<T, Input>;
  title: string;
  columns: readonly FieldName<T>[];
  filters: readonly FieldName<T>[];
  cells?: Cells<T>;
}) {
  const user = useUser();
  const filterFields = fieldsOf(entity, filters).filter(hasFilter);
  const state = useListState(filterFields.flatMap(filterKeys));
  const [filtersShown, showFilters] = useState(state.filters.size > 0);
  const [doomed, setDoomed] = useState<T | null>(null);
  const rows = useRows(entity, {
    ...Object.fromEntries(state.filters),
    page: state.page,
    pageSize: state.pageSize,
    sort: state.sort,
    q: state.q,
  });
  const create = canCreate(user, entity) && (
    <LinkButton to={`${entity.path}/new`}>
      <IconPlus className="size-4" />
      <span className="truncate">New {entity.label}</span>
    </LinkButton>
  );

  return (
    <>
      <PageHeader title={title} description={entity.description} actions={create} />
      <div className="mb-4 flex flex-wrap items-center gap-2">
        {entity.searchable && (
          <SearchBox label={`Search ${entity.plural}`} value={state.q} onSearch={state.setSearch} />
        )}
        {filterFields.length > 0 && (
          <Button
            look="secondary"
            aria-expanded={filtersShown}
            aria-controls="filters"
            className="h-10"
            onClick={() => showFilters(!filtersShown)}
          >
            <IconFilter className="size-4" />
            Filters
            {state.filters.size > 0 && (
              <span className="rounded-full bg-brand px-1.5 text-xs text-on-brand">
                {state.filters.size}
              </span>
            )}
          </Button>
        )}
      </div>
      <div id="filters" hidden={!filtersShown}>
        {filtersShown && <Filters fields={filterFields} state={state} />}
      </div>
      <section aria-label={title} aria-busy={rows.isFetching} className="card overflow-hidden">
        {rows.isPending ? (
          <LoadingRows label={`Loading ${entity.plural}`} />
        ) : rows.isError ? (
          <ErrorState error={rows.error} onRetry={() => void rows.refetch()} />
        ) : rows.data.items.length === 0 ? (
          <NoRows entity={entity} state={state} create={create} />
        ) : (
          <RowTable
            entity={entity}
            rows={rows.data.items}
            fields={fieldsOf(entity, columns)}
            cells={cells}
            sort={state.sort}
            onSort={state.toggleSort}
            onDelete={setDoomed}
          />
        )}
      </section>
      {rows.data && rows.data.total > 0 && <Pagination {...rows.data} state={state} />}
      {doomed && <DeleteDialog entity={entity} row={doomed} onClose={() => setDoomed(null)} />}
    </>
  );
}

function NoRows<T extends Row, Input>({
  entity,
  state,
  create,
}: {
  entity: Entity<T, Input>;
  state: ListState;
  create: ReactNode;
}) {
  if (state.q || state.filters.size > 0) {
    return (
      <EmptyState
        title="Nothing matches"
        action={
          <Button look="secondary" onClick={state.clear}>
            Clear search and filters
          </Button>
        }
      >
        Try other words, or fewer filters.
      </EmptyState>
    );
  }
  if (state.page > 1) {
    return (
      <EmptyState
        title="This page is empty"
        action={
          <Button look="secondary" onClick={() => state.setPage(1)}>
            Back to the first page
          </Button>
        }
      />
    );
  }
  return (
    <EmptyState title={`No ${entity.plural} yet`} action={create}>
      {create ? 'What you create will be listed here.' : 'There is nothing to see here so far.'}
    </EmptyState>
  );
}
