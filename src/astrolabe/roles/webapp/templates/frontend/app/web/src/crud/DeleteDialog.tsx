import type { Row } from '../api/resource';
import { ConfirmDialog } from '../components/ConfirmDialog';
import { titleOf, type Entity } from './entity';
import { useRemove } from './useRows';

export function DeleteDialog<T extends Row, Input>({
  entity,
  row,
  onClose,
  onDeleted,
}: {
  entity: Entity<T, Input>;
  row: T;
  onClose: () => void;
  onDeleted?: () => void;
}) {
  const remove = useRemove(entity, onDeleted);
  return (
    <ConfirmDialog
      title={`Delete ${titleOf(entity, row)}?`}
      confirmLabel="Delete"
      busy={remove.isPending}
      onClose={onClose}
      onConfirm={() => remove.mutate(row, { onSettled: onClose })}
    >
      It will be gone for good.
    </ConfirmDialog>
  );
}
