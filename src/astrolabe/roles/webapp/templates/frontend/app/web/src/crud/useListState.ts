import { useSearchParams } from 'react-router';

export const PAGE_SIZES = [10, 20, 50, 100];
const DEFAULT_SORT = '-createdAt';
const DEFAULT_PAGE_SIZE = 20;

/**
 * Page, order, search and filters of a list, kept in the address so that Back, reload and sharing keep them too.
 * `filterKeys` are the parameters that filter; the API refuses those it does not know.
 */
export function useListState(filterKeys: readonly string[] = []) {
  const [params, setParams] = useSearchParams();

  /** Anything but a step to another page starts again at the first. */
  function set(changes: Readonly<Record<string, string>>, keepPage = false) {
    setParams(
      (current) => {
        const next = new URLSearchParams(current);
        if (!keepPage) next.delete('page');
        for (const [key, value] of Object.entries(changes)) {
          if (value === '') next.delete(key);
          else next.set(key, value);
        }
        return next;
      },
      { replace: true },
    );
  }

  const sort = params.get('sort') ?? DEFAULT_SORT;
  const filters = new Map(
    [...params].filter(([key, value]) => filterKeys.includes(key) && value !== ''),
  );
  const pageSize = Number(params.get('pageSize'));
  return {
    page: Math.max(1, Math.trunc(Number(params.get('page'))) || 1),
    pageSize: PAGE_SIZES.includes(pageSize) ? pageSize : DEFAULT_PAGE_SIZE,
    sort,
    q: params.get('q') ?? '',
    filters: filters as ReadonlyMap<string, string>,
    setPage: (page: number) => set({ page: page > 1 ? String(page) : '' }, true),
    setPageSize: (size: number) =>
      set({ pageSize: size === DEFAULT_PAGE_SIZE ? '' : String(size) }),
    setSearch: (q: string) => set({ q }),
    setFilter: (key: string, value: string) => set({ [key]: value }),
    /** Up, then down, then as it was. */
    toggleSort: (name: string) =>
      set({ sort: sort === name ? `-${name}` : sort === `-${name}` ? '' : name }),
    clear: () => setParams({}, { replace: true }),
  };
}

export type ListState = ReturnType<typeof useListState>;
