import { Link, useSearchParams } from 'react-router';
import { signIn } from '../api/auth';
import { PageHeader } from '../components/PageHeader';
import { SimpleForm } from '../forms/SimpleForm';

export default function SignIn() {
  const [params] = useSearchParams();
  return (
    <>
      <PageHeader title="Sign in" />
      <SimpleForm
        wide
        label="Sign in"
        submitLabel="Sign in"
        fields={[
          { name: 'email', label: 'E-mail', type: 'email', autoComplete: 'username' },
          {
            name: 'password',
            label: 'Password',
            type: 'password',
            autoComplete: 'current-password',
          },
        ]}
        onSubmit={signIn}
      />
      <p className="mt-6 flex flex-wrap justify-between gap-2 text-sm">
        <Link className="link" to={`/register?${params.toString()}`}>
          Create an account
        </Link>
        <Link className="link" to="/forgot">
          Forgot your password?
        </Link>
      </p>
    </>
  );
}
