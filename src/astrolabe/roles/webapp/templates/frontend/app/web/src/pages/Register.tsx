import { Link, useSearchParams } from 'react-router';
import { register } from '../api/auth';
import { PageHeader } from '../components/PageHeader';
import { SimpleForm } from '../forms/SimpleForm';
import { NEW_PASSWORD } from './password';

export default function Register() {
  const [params] = useSearchParams();
  return (
    <>
      <PageHeader title="Create an account" />
      <SimpleForm
        wide
        label="Create an account"
        submitLabel="Create account"
        fields={[
          { name: 'name', label: 'Name', autoComplete: 'name' },
          { name: 'email', label: 'E-mail', type: 'email', autoComplete: 'username' },
          { ...NEW_PASSWORD, name: 'password', label: 'Password' },
        ]}
        onSubmit={register}
      />
      <p className="mt-6 text-sm">
        <Link className="link" to={`/login?${params.toString()}`}>
          I have an account
        </Link>
      </p>
    </>
  );
}
