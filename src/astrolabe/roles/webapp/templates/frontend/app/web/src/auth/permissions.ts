import type { Row } from '../api/resource';
import type { User } from '../api/session';

export type Action = 'create' | 'read' | 'update' | 'delete';

/** Who may do what: `anyone`, `signed_in`, `owner`, or the name of a role. */
export type Permissions = Readonly<Record<Action, readonly string[]>>;

/**
 * Tell whether to offer an action; the API decides for itself. Without a row, an owner's permission counts for
 * everyone who is signed in, because the rows they will meet may be theirs.
 */
export function may(
  user: User | null,
  action: Action,
  permissions: Permissions,
  row?: Pick<Row, 'ownerId'>,
): boolean {
  return permissions[action].some((principal) => {
    if (principal === 'anyone') return true;
    if (!user) return false;
    if (principal === 'signed_in' || principal === user.role) return true;
    return principal === 'owner' && (row === undefined || row.ownerId === user.id);
  });
}
