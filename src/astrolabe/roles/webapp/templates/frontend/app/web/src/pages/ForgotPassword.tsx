import { useState } from 'react';
import { Link } from 'react-router';
import { forgotPassword } from '../api/auth';
import { PageHeader } from '../components/PageHeader';
import { SimpleForm } from '../forms/SimpleForm';

export default function ForgotPassword() {
  const [sentTo, setSentTo] = useState<string | null>(null);
  return (
    <>
      <PageHeader
        title="Forgot your password?"
        description="Say who you are, and a link to choose a new password comes by e-mail."
      />
      {sentTo ? (
        <p role="status" className="text-sm">
          If an account belongs to <strong className="wrap-anywhere">{sentTo}</strong>, a message is
          on its way. The link in it works once and not for long.
        </p>
      ) : (
        <SimpleForm
          wide
          label="Forgot your password?"
          submitLabel="Send the link"
          fields={[{ name: 'email', label: 'E-mail', type: 'email', autoComplete: 'username' }]}
          onSubmit={async (email = '') => {
            await forgotPassword(email);
            setSentTo(email);
          }}
        />
      )}
      <p className="mt-6 text-sm">
        <Link className="link" to="/login">
          Back to sign in
        </Link>
      </p>
    </>
  );
}
