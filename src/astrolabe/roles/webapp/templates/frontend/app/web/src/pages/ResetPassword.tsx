import { Link, useLocation, useNavigate } from 'react-router';
import { resetPassword } from '../api/auth';
import { PageHeader } from '../components/PageHeader';
import { toast } from '../components/toast';
import { SimpleForm } from '../forms/SimpleForm';
import { NEW_PASSWORD } from './password';

export default function ResetPassword() {
  const { hash } = useLocation();
  const navigate = useNavigate();
  const token = new URLSearchParams(hash.slice(1)).get('token');
  return (
    <>
      <PageHeader title="Choose a new password" />
      {token ? (
        <SimpleForm
          wide
          label="Choose a new password"
          submitLabel="Save password"
          fields={[{ ...NEW_PASSWORD, name: 'password', label: 'New password' }]}
          onSubmit={async (password = '') => {
            await resetPassword(token, password);
            toast.done('Your password was changed. Sign in with the new one.');
            await navigate('/login');
          }}
        />
      ) : (
        <p role="alert" className="text-sm">
          This link is not complete.{' '}
          <Link className="link" to="/forgot">
            Ask for a new one
          </Link>
        </p>
      )}
    </>
  );
}
