import { Link } from 'react-router';
import { app } from '../app';

const initial = [...app.name][0]?.toUpperCase();

export function Brand() {
  return (
    <Link
      to="/"
      className="flex min-w-0 items-center gap-3 rounded-lg font-semibold tracking-tight focus-visible:outline-2 focus-visible:outline-brand"
    >
      <span
        aria-hidden="true"
        className="grid size-8 shrink-0 place-items-center rounded-lg bg-brand text-sm font-bold text-on-brand"
      >
        {initial}
      </span>
      <span className="truncate">{app.name}</span>
    </Link>
  );
}
