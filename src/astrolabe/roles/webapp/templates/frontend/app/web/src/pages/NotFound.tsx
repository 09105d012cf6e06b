import { LinkButton } from '../components/Button';
import { PageHeader } from '../components/PageHeader';

export function NotFound() {
  return (
    <div className="mx-auto max-w-md py-16 text-center">
      <p aria-hidden="true" className="text-6xl font-bold tracking-tight text-brand-ink">
        404
      </p>
      <div className="mt-4">
        <PageHeader title="There is nothing here" />
      </div>
      <p className="-mt-4 mb-6 text-sm text-muted">
        The address may be wrong, or what was here is gone or not yours to see.
      </p>
      <LinkButton to="/">Go home</LinkButton>
    </div>
  );
}
