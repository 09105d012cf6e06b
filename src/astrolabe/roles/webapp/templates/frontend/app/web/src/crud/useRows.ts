import {
  hashKey,
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from '@tanstack/react-query';
import type { ListQuery, Page, Row } from '../api/resource';
import { toast } from '../components/toast';
import { titleOf, type Entity } from './entity';

export function useRows<T extends Row, Input>(
  entity: Entity<T, Input>,
  query: ListQuery,
): UseQueryResult<Page<T>> {
  return useQuery({
    queryKey: [entity.name, 'list', query],
    queryFn: ({ signal }) => entity.api.list(query, signal),
    placeholderData: keepPreviousData,
  });
}

export function useRow<T extends Row, Input>(entity: Entity<T, Input>, id: string | undefined) {
  return useQuery({
    queryKey: [entity.name, 'row', id],
    queryFn: ({ signal }) => entity.api.get(id ?? '', signal),
    enabled: id !== undefined,
  });
}

export function useSave<T extends Row, Input>(entity: Entity<T, Input>, id: string | undefined) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: Input) =>
      id === undefined ? entity.api.create(input) : entity.api.update(id, input),
    onSuccess: (row) => {
      toast.done(`${titleOf(entity, row)} was ${id === undefined ? 'created' : 'saved'}.`);
      // Labels of this row also appear in other entities' rows.
      void client.invalidateQueries();
    },
  });
}

export function useRemove<T extends Row, Input>(entity: Entity<T, Input>, onDeleted?: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (row: T) => entity.api.remove(row.id),
    onSuccess: (_, row) => {
      toast.done(`${titleOf(entity, row)} was deleted.`);
      onDeleted?.();
      // The page of the row may still be on its way out: it must not ask for what is gone.
      const gone = hashKey([entity.name, 'row', row.id]);
      void client.invalidateQueries({
        queryKey: [entity.name, 'row', row.id],
        refetchType: 'none',
      });
      void client.invalidateQueries({ predicate: (query) => query.queryHash !== gone });
    },
    onError: (error) => toast.failed(error.message),
  });
}
