import { LinkButton } from '../components/Button';
import { PageHeader } from '../components/PageHeader';

export function Forbidden() {
  return (
    <div className="mx-auto max-w-md py-16 text-center">
      <PageHeader title="This is not open to you" />
      <p className="-mt-4 mb-6 text-sm text-muted">
        Your role does not allow it. An administrator can change that.
      </p>
      <LinkButton to="/">Go home</LinkButton>
    </div>
  );
}
