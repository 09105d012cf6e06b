import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { User } from '../api/session';
import { changeRole, listUsers } from '../api/users';
import { app } from '../app';
import { useUser } from '../auth/useSession';
import { PageHeader } from '../components/PageHeader';
import { EmptyState, ErrorState, LoadingRows } from '../components/states';
import { toast } from '../components/toast';
import { Pagination } from '../crud/Pagination';
import { SearchBox } from '../crud/SearchBox';
import { useListState } from '../crud/useListState';

/** Where an administrator sees who has an account, and gives out roles. */
export default function Users() {
  const state = useListState();
  const query = { page: state.page, pageSize: state.pageSize, q: state.q };
  const users = useQuery({
    queryKey: ['users', query],
    queryFn: ({ signal }) => listUsers(query, signal),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <PageHeader title="Accounts" description="Everyone with an account, and what they may do." />
      <div className="mb-4 flex">
        <SearchBox label="Search accounts" value={state.q} onSearch={state.setSearch} />
      </div>
      <section aria-label="Accounts" className="card overflow-hidden">
        {users.isPending ? (
          <LoadingRows label="Loading accounts" />
        ) : users.isError ? (
          <ErrorState error={users.error} onRetry={() => void users.refetch()} />
        ) : users.data.items.length === 0 ? (
          <EmptyState title="Nobody matches">Try other words.</EmptyState>
        ) : (
          <ul className="divide-y divide-line">
            {users.data.items.map((account) => (
              <AccountRow key={account.id} account={account} />
            ))}
          </ul>
        )}
      </section>
      {users.data && users.data.total > 0 && <Pagination {...users.data} state={state} />}
    </>
  );
}

function AccountRow({ account }: { account: User }) {
  const me = useUser();
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (role: string) => changeRole(account.id, role),
    onSuccess: ({ name, role }) => toast.done(`${name} now has the role ${role}.`),
    onError: (error) => toast.failed(error.message),
    onSettled: () => client.invalidateQueries({ queryKey: ['users'] }),
  });
  return (
    <li className="flex flex-wrap items-center gap-x-6 gap-y-2 px-5 py-3.5 text-sm">
      <div className="min-w-0 grow basis-52">
        <p className="truncate font-medium">
          {account.name}
          {account.id === me?.id && <span className="font-normal text-muted"> (you)</span>}
        </p>
        <p className="truncate text-muted">{account.email}</p>
      </div>
      <select
        aria-label={`Role of ${account.name}`}
        className="input h-9 w-36 pr-7"
        value={change.isPending ? change.variables : account.role}
        disabled={change.isPending || account.id === me?.id}
        onChange={(event) => change.mutate(event.target.value)}
      >
        {app.roles.map((role) => (
          <option key={role}>{role}</option>
        ))}
      </select>
    </li>
  );
}
