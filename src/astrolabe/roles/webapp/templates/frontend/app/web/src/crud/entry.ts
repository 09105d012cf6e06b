import { may } from '../auth/permissions';
import type { User } from '../api/session';
import type { EntitySummary } from './entity';

type Pages = Pick<EntitySummary, 'pages' | 'permissions'>;

/** Whether somebody finds rows in a list of their own. */
export const canList = (user: User | null, { pages, permissions }: Pages) =>
  pages.list && may(user, 'read', permissions);

/** Whether somebody finds the form of a new row. */
export const canCreate = (user: User | null, { pages, permissions }: Pages) =>
  pages.form && may(user, 'create', permissions);
