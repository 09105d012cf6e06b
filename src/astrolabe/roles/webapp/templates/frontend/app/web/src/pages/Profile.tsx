import { useState, type ReactNode } from 'react';
import { changePassword, updateProfile } from '../api/auth';
import { useUser } from '../auth/useSession';
import { PageHeader } from '../components/PageHeader';
import { toast } from '../components/toast';
import { SimpleForm } from '../forms/SimpleForm';
import { NEW_PASSWORD } from './password';

export default function Profile() {
  const user = useUser();
  const [saves, setSaves] = useState(0);
  if (!user) return null;
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader title="Your profile" description={`${user.email} · ${user.role}`} />
      <Part title="Name">
        <SimpleForm
          label="Name"
          submitLabel="Save name"
          fields={[{ name: 'name', label: 'Name', autoComplete: 'name', value: user.name }]}
          onSubmit={async (name = '') => {
            await updateProfile({ name });
            toast.done('Your name was saved.');
          }}
        />
      </Part>
      <Part title="Password">
        <SimpleForm
          key={saves}
          label="Password"
          submitLabel="Change password"
          fields={[
            {
              name: 'currentPassword',
              label: 'Current password',
              type: 'password',
              autoComplete: 'current-password',
            },
            { ...NEW_PASSWORD, name: 'newPassword', label: 'New password' },
          ]}
          onSubmit={async (current = '', next = '') => {
            await changePassword(current, next);
            toast.done('Your password was changed.');
            setSaves(saves + 1);
          }}
        />
      </Part>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="card mb-6 p-5 sm:p-7">
      <h2 className="mb-5 text-lg font-semibold">{title}</h2>
      {children}
    </section>
  );
}
